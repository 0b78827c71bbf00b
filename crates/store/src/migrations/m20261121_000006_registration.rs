//! Dynamic client registration: tokens that allow it, and what clients said of themselves.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, integer, json_binary, string, uuid, uuid_null,
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

fn references(
    column: &'static str,
    to: (&'static str, &'static str),
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col(column)
        .to(to.0, to.1)
        .on_delete(on_delete)
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("oidc_registration_tokens")
                    .col(uuid("id").primary_key())
                    .col(string("name"))
                    .col(binary("token_hash"))
                    .col(integer("uses_left"))
                    .col(integer("max_uses"))
                    .col(uuid_null("created_by"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .col(big_integer_null("last_used_at"))
                    .foreign_key(&mut references(
                        "created_by",
                        ("users", "id"),
                        ForeignKeyAction::SetNull,
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("oidc_registration_tokens_hash")
                    .table("oidc_registration_tokens")
                    .col("token_hash")
                    .unique()
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("oidc_client_registrations")
                    .col(string("client_id").primary_key())
                    .col(binary("access_token_hash"))
                    .col(json_binary("metadata"))
                    .col(uuid_null("token_id"))
                    .col(big_integer("created_at"))
                    .foreign_key(&mut references(
                        "client_id",
                        ("oidc_clients", "id"),
                        ForeignKeyAction::Cascade,
                    ))
                    .foreign_key(&mut references(
                        "token_id",
                        ("oidc_registration_tokens", "id"),
                        ForeignKeyAction::SetNull,
                    ))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["oidc_client_registrations", "oidc_registration_tokens"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
