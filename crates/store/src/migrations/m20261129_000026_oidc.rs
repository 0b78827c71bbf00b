//! Which grant a token was exchanged from: what ends that one ends what was made of it. And what a client signs its
//! assertions with, and what a refresh asked for when it was less than it could have.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{json_binary_null, string_null, uuid_null};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

const ALGORITHM: &str = "token_endpoint_auth_signing_alg";
const INDEX: &str = "idx_oidc_grants_parent_id";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite takes a foreign key with a new column only as part of it. Nothing outlives what it was made of, also
        // when that goes with its client.
        let mut column = uuid_null("parent_id")
            .extra("REFERENCES oidc_grants (id) ON DELETE CASCADE")
            .take();
        manager
            .alter_table(Table::alter().table("oidc_grants").add_column(&mut column).take())
            .await?;
        manager
            .create_index(
                Index::create()
                    .name(INDEX)
                    .table("oidc_grants")
                    .col("parent_id")
                    .take(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("oidc_clients")
                    .add_column(string_null(ALGORITHM))
                    .take(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("oidc_access_tokens")
                    .add_column(json_binary_null("scope"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("oidc_access_tokens")
                    .drop_column("scope")
                    .take(),
            )
            .await?;
        manager
            .alter_table(Table::alter().table("oidc_clients").drop_column(ALGORITHM).take())
            .await?;
        manager
            .drop_index(Index::drop().name(INDEX).table("oidc_grants").to_owned())
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("oidc_grants")
                    .drop_column("parent_id")
                    .take(),
            )
            .await
    }
}
