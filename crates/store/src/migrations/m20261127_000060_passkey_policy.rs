//! Which passkey opened a session or proved something, what is known of it, and what a client's users need.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, boolean, json_binary, string, uuid_null};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// New columns by table. SQLite adds one column per statement.
fn columns() -> Vec<(&'static str, ColumnDef)> {
    vec![
        // No foreign keys: the sessions of a removed passkey are ended by name, and word of it goes to clients.
        ("sessions", uuid_null("passkey_id")),
        ("reauthentication_tokens", uuid_null("passkey_id")),
        ("passkeys", big_integer_null("counter_regressed_at")),
        ("passkeys", boolean("model_verified").default(false).take()),
        ("oidc_clients", string("minimum_passkey").default("any").take()),
        (
            "oidc_clients",
            json_binary("allowed_authenticator_models").default("[]").take(),
        ),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in columns() {
            manager
                .alter_table(Table::alter().table(table).add_column(&mut column).take())
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            let name = column.get_column_name();
            manager
                .alter_table(Table::alter().table(table).drop_column(name).take())
                .await?;
        }
        Ok(())
    }
}
