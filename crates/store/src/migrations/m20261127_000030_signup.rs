//! Sign-up by token.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, integer, uuid};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("signup_tokens")
                    .col(uuid("id").primary_key())
                    .col(binary("token_hash").unique_key())
                    .col(binary("sealed_token"))
                    .col(integer("usage_limit"))
                    .col(integer("usage_count").default(0))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .take(),
            )
            .await?;
        for (name, columns) in [
            ("signup_tokens_order", &["created_at", "id"] as &[&str]),
            ("signup_tokens_expiry", &["expires_at"]),
        ] {
            let mut index = Index::create().name(name).table("signup_tokens").take();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("signup_token_groups")
                    .col(uuid("signup_token_id"))
                    .col(uuid("user_group_id"))
                    .primary_key(Index::create().col("signup_token_id").col("user_group_id"))
                    .foreign_key(
                        ForeignKey::create()
                            .from_col("signup_token_id")
                            .to("signup_tokens", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .from_col("user_group_id")
                            .to("user_groups", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        let index = Index::create()
            .name("signup_token_groups_group")
            .table("signup_token_groups")
            .col("user_group_id")
            .take();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["signup_token_groups", "signup_tokens"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
