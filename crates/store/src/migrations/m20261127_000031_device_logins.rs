//! Sign-ins that wait for approval on another device.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, string, string_null, text, uuid_null};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("device_logins")
                    .col(binary("code_hash").primary_key())
                    .col(binary("device_token_hash"))
                    .col(string("status"))
                    .col(uuid_null("user_id"))
                    .col(string_null("ip_address"))
                    .col(text("user_agent"))
                    .col(string_null("approved_from"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .from_col("user_id")
                            .to("users", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        for (name, column) in [
            ("device_logins_user", "user_id"),
            ("device_logins_expiry", "expires_at"),
        ] {
            let index = Index::create()
                .name(name)
                .table("device_logins")
                .col(column)
                .take();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("device_logins").take())
            .await
    }
}
