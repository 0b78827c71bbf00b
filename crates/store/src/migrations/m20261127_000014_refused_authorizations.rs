//! Requests of clients that were refused, for whoever administers them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, integer, string, text, uuid};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("refused_authorizations")
                    .col(uuid("id").primary_key())
                    .col(string("client_id"))
                    .col(binary("fingerprint"))
                    .col(string("reason"))
                    .col(text("detail"))
                    .col(text("redirect_uri"))
                    .col(string("username"))
                    .col(integer("count"))
                    .col(big_integer("created_at"))
                    .col(big_integer("last_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .from_col("client_id")
                            .to("oidc_clients", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        let mut unique = Index::create();
        unique
            .name("refused_authorizations_fingerprint")
            .table("refused_authorizations")
            .col("client_id")
            .col("fingerprint")
            .unique();
        manager.create_index(unique).await?;
        let mut newest = Index::create();
        newest
            .name("refused_authorizations_last_at")
            .table("refused_authorizations")
            .col("client_id")
            .col("last_at");
        manager.create_index(newest).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("refused_authorizations").take())
            .await
    }
}
