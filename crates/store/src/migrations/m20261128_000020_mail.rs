//! Mail on its way, requests for mailed login codes, and addresses being verified.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, integer, string, string_null, text, text_null, uuid,
    uuid_null,
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

fn of_user() -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col("user_id")
        .to("users", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("mails")
                    .col(uuid("id").primary_key())
                    .col(string("kind"))
                    .col(uuid_null("user_id"))
                    .col(string("recipient"))
                    .col(binary_null("sealed_content"))
                    .col(string("state"))
                    .col(integer("attempts"))
                    .col(big_integer("next_attempt_at"))
                    .col(text_null("last_error"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("expires_at"))
                    .col(big_integer_null("sent_at"))
                    .foreign_key(&mut of_user())
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("login_code_requests")
                    .col(uuid("id").primary_key())
                    .col(string("email"))
                    .col(binary("device_token_hash"))
                    .col(text_null("redirect_path"))
                    .col(string_null("ip_address"))
                    .col(text("user_agent"))
                    .col(big_integer("created_at"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("email_verifications")
                    .col(uuid("user_id").primary_key())
                    .col(binary("token_hash"))
                    .col(string("email"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .foreign_key(&mut of_user())
                    .take(),
            )
            .await?;
        for (name, table, columns) in [
            ("mails_due", "mails", &["state", "next_attempt_at"][..]),
            ("mails_created", "mails", &["created_at", "id"]),
            ("mails_user", "mails", &["user_id"]),
            (
                "login_code_requests_created",
                "login_code_requests",
                &["created_at"],
            ),
            (
                "email_verifications_expiry",
                "email_verifications",
                &["expires_at"],
            ),
            ("api_keys_expiry", "api_keys", &["expires_at"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        // Both engines have indexes on expressions; the builder's form differs between them.
        manager
            .get_connection()
            .execute_unprepared("CREATE INDEX users_email_folded ON users (lower(email))")
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("login_codes")
                    .add_column(binary_null("device_token_hash"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("login_codes")
                    .drop_column("device_token_hash")
                    .take(),
            )
            .await?;
        for (name, table) in [("users_email_folded", "users"), ("api_keys_expiry", "api_keys")] {
            manager
                .drop_index(Index::drop().name(name).table(table).to_owned())
                .await?;
        }
        for table in ["email_verifications", "login_code_requests", "mails"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
