//! What a sign-in session holds with each client, and word of its end on the way to clients.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, integer_null, string, text_null, uuid, uuid_null,
};

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
                    .table("oidc_client_sessions")
                    .col(uuid("id").primary_key())
                    .col(uuid("session_id"))
                    .col(uuid("user_id"))
                    .col(string("client_id"))
                    .col(big_integer("created_at"))
                    .col(big_integer("last_used_at"))
                    .foreign_key(&mut owned_by("session_id", "sessions"))
                    .foreign_key(&mut owned_by("user_id", "users"))
                    .foreign_key(&mut owned_by("client_id", "oidc_clients"))
                    .take(),
            )
            .await?;
        // No foreign key: tokens that were given out keep naming the session after its end.
        manager
            .alter_table(
                Table::alter()
                    .table("oidc_grants")
                    .add_column(uuid_null("client_session_id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("logout_deliveries")
                    .col(uuid("id").primary_key())
                    .col(string("client_id"))
                    .col(string("subject"))
                    .col(string("sid"))
                    .col(string("state"))
                    .col(integer("attempts"))
                    .col(big_integer("next_attempt_at"))
                    .col(integer_null("last_status"))
                    .col(text_null("last_error"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("delivered_at"))
                    .foreign_key(&mut owned_by("client_id", "oidc_clients"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("oidc_client_sessions_unique")
                    .table("oidc_client_sessions")
                    .col("session_id")
                    .col("client_id")
                    .unique()
                    .take(),
            )
            .await?;
        for (name, table, columns) in [
            (
                "oidc_client_sessions_client",
                "oidc_client_sessions",
                ["client_id"].as_slice(),
            ),
            ("oidc_client_sessions_user", "oidc_client_sessions", &["user_id"]),
            (
                "oidc_grants_client_session",
                "oidc_grants",
                &["client_session_id"],
            ),
            (
                "logout_deliveries_due",
                "logout_deliveries",
                &["state", "next_attempt_at"],
            ),
            (
                "logout_deliveries_client",
                "logout_deliveries",
                &["client_id", "created_at"],
            ),
        ] {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(
                Index::drop()
                    .name("oidc_grants_client_session")
                    .table("oidc_grants")
                    .to_owned(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("oidc_grants")
                    .drop_column("client_session_id")
                    .take(),
            )
            .await?;
        for table in ["logout_deliveries", "oidc_client_sessions"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
