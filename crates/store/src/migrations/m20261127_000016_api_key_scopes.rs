//! API keys that may do less than their owner.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, json_binary_null};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            boolean("read_only").default(false).take(),
            json_binary_null("resources"),
        ] {
            manager
                .alter_table(Table::alter().table("api_keys").add_column(column).take())
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["resources", "read_only"] {
            manager
                .alter_table(Table::alter().table("api_keys").drop_column(column).take())
                .await?;
        }
        Ok(())
    }
}
