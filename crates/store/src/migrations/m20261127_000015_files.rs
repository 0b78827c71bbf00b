//! Files in the database, for installations that keep none on a disk, and which logos clients have.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, string, string_null};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("stored_files")
                    .col(string("key").primary_key())
                    .col(blob("content"))
                    .col(big_integer("updated_at"))
                    .take(),
            )
            .await?;
        for column in ["logo_extension", "dark_logo_extension"] {
            manager
                .alter_table(
                    Table::alter()
                        .table("oidc_clients")
                        .add_column(string_null(column))
                        .take(),
                )
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["logo_extension", "dark_logo_extension"] {
            manager
                .alter_table(Table::alter().table("oidc_clients").drop_column(column).take())
                .await?;
        }
        manager
            .drop_table(Table::drop().table("stored_files").take())
            .await
    }
}
