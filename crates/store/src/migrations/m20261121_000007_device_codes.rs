//! Sign-ins on devices without a browser, and counters of wrong guesses.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, integer, json_binary, string, text_null, uuid_null,
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
                    .table("oidc_device_requests")
                    .col(binary("device_code_hash").primary_key())
                    .col(binary("user_code_hash"))
                    .col(string("client_id"))
                    .col(json_binary("scope"))
                    .col(text_null("resource"))
                    .col(string("status"))
                    .col(uuid_null("grant_id"))
                    .col(integer("interval_seconds"))
                    .col(big_integer_null("last_polled_at"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .foreign_key(&mut references(
                        "client_id",
                        ("oidc_clients", "id"),
                        ForeignKeyAction::Cascade,
                    ))
                    .foreign_key(&mut references(
                        "grant_id",
                        ("oidc_grants", "id"),
                        ForeignKeyAction::SetNull,
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("oidc_device_requests_user_code")
                    .table("oidc_device_requests")
                    .col("user_code_hash")
                    .unique()
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("oidc_device_requests_expiry")
                    .table("oidc_device_requests")
                    .col("expires_at")
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("wrong_guesses")
                    .col(string("subject").primary_key())
                    .col(integer("count"))
                    .col(big_integer("forgotten_at"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["wrong_guesses", "oidc_device_requests"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
