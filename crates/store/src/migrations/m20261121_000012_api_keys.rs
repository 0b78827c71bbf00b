//! Keys for the REST API.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, binary, boolean, string, string_null, uuid};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("api_keys")
                    .col(uuid("id").primary_key())
                    .col(uuid("user_id"))
                    .col(string("name"))
                    .col(string_null("description"))
                    .col(binary("key_hash"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .col(big_integer_null("last_used_at"))
                    .col(boolean("expiration_email_sent"))
                    .foreign_key(
                        ForeignKey::create()
                            .from_col("user_id")
                            .to("users", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        for (name, columns) in [
            ("api_keys_hash", &["key_hash"][..]),
            ("api_keys_user_name", &["user_id", "name"][..]),
        ] {
            let mut index = Index::create();
            index.name(name).table("api_keys").unique();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("api_keys").take()).await
    }
}
