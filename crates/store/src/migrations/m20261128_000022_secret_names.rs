//! Names of client secrets.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_null;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("oidc_client_secrets")
                    .add_column(string_null("name"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("oidc_client_secrets")
                    .drop_column("name")
                    .take(),
            )
            .await
    }
}
