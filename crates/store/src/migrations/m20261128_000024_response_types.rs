//! What clients may ask for, and where their request objects are.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{json_binary, json_binary_null};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// SQLite adds one column per statement.
fn columns() -> Vec<ColumnDef> {
    vec![
        json_binary_null("response_types"),
        json_binary("request_uris").default("[]").take(),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut column in columns() {
            manager
                .alter_table(
                    Table::alter()
                        .table("oidc_clients")
                        .add_column(&mut column)
                        .take(),
                )
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            manager
                .alter_table(
                    Table::alter()
                        .table("oidc_clients")
                        .drop_column(column.get_column_name())
                        .take(),
                )
                .await?;
        }
        Ok(())
    }
}
