//! Which clients run an API.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string, uuid};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

fn owned_by(column: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col(column)
        .to(table, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("api_serving_clients")
                    .col(string("client_id"))
                    .col(uuid("api_id"))
                    .primary_key(Index::create().col("client_id").col("api_id"))
                    .foreign_key(&mut owned_by("client_id", "oidc_clients"))
                    .foreign_key(&mut owned_by("api_id", "apis"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("api_serving_clients_api")
                    .table("api_serving_clients")
                    .col("api_id")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("api_serving_clients").take())
            .await
    }
}
