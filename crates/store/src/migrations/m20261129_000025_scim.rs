//! Apps that are told of users and groups by SCIM, and what they were told.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_null, string, text, text_null, uuid, uuid_null,
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("scim_service_providers")
                    .col(uuid("id").primary_key())
                    .col(string("oidc_client_id"))
                    .col(text("endpoint"))
                    .col(binary_null("sealed_token"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("last_synced_at"))
                    .col(big_integer_null("last_attempt_at"))
                    .col(text_null("last_error"))
                    .col(big_integer("next_sync_at"))
                    .col(uuid_null("lease"))
                    .col(big_integer_null("lease_until"))
                    .foreign_key(
                        ForeignKey::create()
                            .from_col("oidc_client_id")
                            .to("oidc_clients", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("scim_resources")
                    .col(uuid("provider_id"))
                    .col(string("kind"))
                    .col(uuid("local_id"))
                    .col(text_null("remote_id"))
                    .col(text("remote_name"))
                    .col(string("origin"))
                    .col(binary_null("sent_hash"))
                    .col(binary_null("seen_hash"))
                    .primary_key(Index::create().col("provider_id").col("kind").col("local_id"))
                    .foreign_key(
                        ForeignKey::create()
                            .from_col("provider_id")
                            .to("scim_service_providers", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        for (name, column) in [
            ("scim_service_providers_client", "oidc_client_id"),
            ("scim_service_providers_due", "next_sync_at"),
        ] {
            manager
                .create_index(
                    Index::create()
                        .name(name)
                        .table("scim_service_providers")
                        .col(column)
                        .take(),
                )
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["scim_resources", "scim_service_providers"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
