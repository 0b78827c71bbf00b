//! What assertions and proofs need: the ids of those seen (`jti`), and secrets that can be read back, for
//! assertions a client authenticates with its secret.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, binary_null, string};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("oidc_jtis")
                    .col(string("namespace"))
                    .col(binary("jti_hash"))
                    .col(big_integer("expires_at"))
                    .primary_key(Index::create().col("namespace").col("jti_hash"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("oidc_jtis_expiry")
                    .table("oidc_jtis")
                    .col("expires_at")
                    .take(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("oidc_client_secrets")
                    .add_column(binary_null("sealed"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("oidc_client_secrets")
                    .drop_column("sealed")
                    .take(),
            )
            .await?;
        manager.drop_table(Table::drop().table("oidc_jtis").take()).await
    }
}
