//! The audit log outlives whom it is about: entries keep the identifiers of deleted users, may be about nobody known,
//! and name their client in a column that filters can use.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, json_binary, string, string_null, text, uuid, uuid_null};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// Every order and filter of the list has one, so that a page of millions of entries is read, not sorted.
const INDICES: [(&str, &[&str]); 8] = [
    ("audit_logs_created_at", &["created_at"]),
    ("audit_logs_user_created_at", &["user_id", "created_at"]),
    ("audit_logs_event_created_at", &["event", "created_at"]),
    ("audit_logs_client_created_at", &["client_name", "created_at"]),
    ("audit_logs_country_created_at", &["country", "created_at"]),
    ("audit_logs_city", &["city"]),
    ("audit_logs_ip_address", &["ip_address"]),
    ("audit_logs_user_agent", &["user_agent"]),
];

const COLUMNS: &str = "id, created_at, event, user_id, username, ip_address, country, city, user_agent, data";

fn table(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(uuid("id").primary_key())
        .col(big_integer("created_at"))
        .col(string("event"))
        .col(uuid_null("user_id"))
        .col(string("username"))
        .col(string_null("client_name"))
        .col(string_null("ip_address"))
        .col(string("country"))
        .col(string("city"))
        .col(text("user_agent"))
        .col(json_binary("data"))
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite cannot drop a foreign key, so the table is made anew on both engines.
        manager.create_table(table("audit_logs_new")).await?;
        let client_name = match manager.get_database_backend() {
            DbBackend::Postgres => "data ->> 'clientName'",
            _ => "json_extract(data, '$.clientName')",
        };
        manager
            .get_connection()
            .execute_unprepared(&format!(
                "INSERT INTO audit_logs_new ({COLUMNS}, client_name) SELECT {COLUMNS}, {client_name} FROM audit_logs"
            ))
            .await?;
        manager
            .drop_table(Table::drop().table("audit_logs").take())
            .await?;
        manager
            .rename_table(Table::rename().table("audit_logs_new", "audit_logs").take())
            .await?;
        for (name, columns) in INDICES {
            let mut index = Index::create();
            index.name(name).table("audit_logs");
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut old = table("audit_logs_old");
        old.foreign_key(
            ForeignKey::create()
                .from_col("user_id")
                .to("users", "id")
                .on_delete(ForeignKeyAction::SetNull),
        );
        manager.create_table(old).await?;
        manager
            .get_connection()
            .execute_unprepared(&format!(
                "INSERT INTO audit_logs_old ({COLUMNS}) SELECT {COLUMNS} FROM audit_logs \
                 WHERE user_id IS NULL OR user_id IN (SELECT id FROM users)"
            ))
            .await?;
        manager
            .drop_table(Table::drop().table("audit_logs").take())
            .await?;
        manager
            .rename_table(Table::rename().table("audit_logs_old", "audit_logs").take())
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("audit_logs")
                    .drop_column("client_name")
                    .take(),
            )
            .await?;
        for (name, columns) in INDICES.iter().take(3) {
            let mut index = Index::create();
            index.name(*name).table("audit_logs");
            for column in *columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
