//! Lists stay fast with many rows: an index for each order that also holds what decides between equals and the
//! identifier, so that pages are passed over in the index; one text to search people by; and counts of audit entries
//! that are kept by the database itself. See `docs/adr/0017-fast-lists.md`.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// Indices the new ones replace: name, table, columns.
const OLD: [(&str, &str, &str); 17] = [
    ("users_created_at", "users", "created_at"),
    ("users_order_username", "users", "username"),
    ("users_order_first_name", "users", "first_name"),
    ("users_order_last_name", "users", "last_name"),
    ("users_order_display_name", "users", "display_name"),
    ("user_groups_order_friendly_name", "user_groups", "friendly_name"),
    ("user_groups_order_created_at", "user_groups", "created_at"),
    ("oidc_clients_name", "oidc_clients", "name"),
    ("oidc_clients_created_at", "oidc_clients", "created_at"),
    ("audit_logs_created_at", "audit_logs", "created_at"),
    ("audit_logs_user_created_at", "audit_logs", "user_id, created_at"),
    ("audit_logs_event_created_at", "audit_logs", "event, created_at"),
    (
        "audit_logs_client_created_at",
        "audit_logs",
        "client_name, created_at",
    ),
    (
        "audit_logs_country_created_at",
        "audit_logs",
        "country, created_at",
    ),
    ("audit_logs_city", "audit_logs", "city"),
    ("audit_logs_ip_address", "audit_logs", "ip_address"),
    ("audit_logs_user_agent", "audit_logs", "user_agent"),
];

/// Orders of lists: name, table, what decides before the age.
const ORDERS: [(&str, &str, &str); 18] = [
    ("users_list_username", "users", "username, "),
    ("users_list_email", "users", "email, "),
    ("users_list_email_verified", "users", "email_verified, "),
    ("users_list_first_name", "users", "first_name, "),
    ("users_list_last_name", "users", "last_name, "),
    ("users_list_display_name", "users", "display_name, "),
    ("users_list_is_admin", "users", "is_admin, "),
    ("users_list_disabled", "users", "disabled, "),
    ("user_groups_list_friendly_name", "user_groups", "friendly_name, "),
    ("user_groups_list_created_at", "user_groups", ""),
    ("oidc_clients_list_name", "oidc_clients", "lower(name), "),
    ("oidc_clients_list_created_at", "oidc_clients", ""),
    ("audit_logs_list_created_at", "audit_logs", ""),
    ("audit_logs_list_event", "audit_logs", "event, "),
    ("audit_logs_list_country", "audit_logs", "country, "),
    ("audit_logs_list_city", "audit_logs", "city, "),
    ("audit_logs_list_ip_address", "audit_logs", "ip_address, "),
    ("audit_logs_list_user_agent", "audit_logs", "user_agent, "),
];

/// Indices with something of their own: name, table, columns.
const OTHERS: [(&str, &str, &str); 3] = [
    // The event is there so that entries of somebody or of a client can be counted by event, and the name so that those
    // who have entries are found without reading any.
    (
        "audit_logs_list_user",
        "audit_logs",
        "user_id, created_at, id, event, username",
    ),
    (
        "audit_logs_list_client",
        "audit_logs",
        "client_name, created_at, id, event",
    ),
    (
        "audit_logs_list_internal",
        "audit_logs",
        "(country = 'Internal Network'), created_at, id",
    ),
];

/// What people are searched by. The character between the parts stands in none of them.
const SEARCH_TEXT: [(DbBackend, &str); 2] = [
    (
        DbBackend::Postgres,
        "ALTER TABLE users ADD COLUMN search_text text GENERATED ALWAYS AS (lower(
             coalesce(email, '') || chr(31) || first_name || chr(31) || last_name || chr(31) || username
         )) STORED",
    ),
    (
        DbBackend::Sqlite,
        "ALTER TABLE users ADD COLUMN search_text text GENERATED ALWAYS AS (lower(
             coalesce(email, '') || char(31) || first_name || char(31) || last_name || char(31) || username
         )) VIRTUAL",
    ),
];

/// Longer ones would not fit into PostgreSQL's index.
const SHORTEN_USER_AGENTS: &str =
    "UPDATE audit_logs SET user_agent = substr(user_agent, 1, 512) WHERE length(user_agent) > 512";

const COUNT_ENTRIES: &str = "INSERT INTO audit_log_counts (event, internal, bucket, entries)
     SELECT event, country = 'Internal Network', created_at >> 28, count(*) FROM audit_logs GROUP BY 1, 2, 3";

/// SQLite has one writer at a time: the counts are kept in place.
const SQLITE_COUNTS: [&str; 4] = [
    "CREATE TABLE audit_log_counts (
         event varchar NOT NULL,
         internal boolean NOT NULL,
         bucket bigint NOT NULL,
         entries bigint NOT NULL,
         PRIMARY KEY (event, internal, bucket)
     ) WITHOUT ROWID",
    "CREATE TRIGGER audit_logs_count_insert AFTER INSERT ON audit_logs BEGIN
         INSERT INTO audit_log_counts (event, internal, bucket, entries)
         VALUES (NEW.event, NEW.country = 'Internal Network', NEW.created_at >> 28, 1)
         ON CONFLICT (event, internal, bucket) DO UPDATE SET entries = entries + 1;
     END",
    "CREATE TRIGGER audit_logs_count_delete AFTER DELETE ON audit_logs BEGIN
         UPDATE audit_log_counts SET entries = entries - 1
         WHERE event = OLD.event AND internal = (OLD.country = 'Internal Network')
             AND bucket = OLD.created_at >> 28;
     END",
    "CREATE TRIGGER audit_logs_count_update AFTER UPDATE OF event, country, created_at ON audit_logs BEGIN
         UPDATE audit_log_counts SET entries = entries - 1
         WHERE event = OLD.event AND internal = (OLD.country = 'Internal Network')
             AND bucket = OLD.created_at >> 28;
         INSERT INTO audit_log_counts (event, internal, bucket, entries)
         VALUES (NEW.event, NEW.country = 'Internal Network', NEW.created_at >> 28, 1)
         ON CONFLICT (event, internal, bucket) DO UPDATE SET entries = entries + 1;
     END",
];

/// PostgreSQL has many: each statement adds what it changed in rows of its own, so that nobody waits for anybody.
const POSTGRES_COUNTS: [&str; 8] = [
    "CREATE TABLE audit_log_counts (
         event varchar NOT NULL,
         internal boolean NOT NULL,
         bucket bigint NOT NULL,
         entries bigint NOT NULL
     )",
    "CREATE INDEX audit_log_counts_key ON audit_log_counts (event, internal, bucket)",
    "CREATE FUNCTION audit_logs_count_added() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
         INSERT INTO audit_log_counts (event, internal, bucket, entries)
         SELECT event, country = 'Internal Network', created_at >> 28, count(*) FROM added GROUP BY 1, 2, 3;
         RETURN NULL;
     END $$",
    "CREATE FUNCTION audit_logs_count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
         IF TG_OP = 'TRUNCATE' THEN
             DELETE FROM audit_log_counts;
         ELSE
             INSERT INTO audit_log_counts (event, internal, bucket, entries)
             SELECT event, country = 'Internal Network', created_at >> 28, -count(*) FROM removed GROUP BY 1, 2, 3;
         END IF;
         RETURN NULL;
     END $$",
    "CREATE TRIGGER audit_logs_count_insert AFTER INSERT ON audit_logs
     REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_logs_count_added();
     CREATE TRIGGER audit_logs_count_update_added AFTER UPDATE ON audit_logs
     REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_logs_count_added()",
    "CREATE TRIGGER audit_logs_count_delete AFTER DELETE ON audit_logs
     REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION audit_logs_count_removed()",
    "CREATE TRIGGER audit_logs_count_update_removed AFTER UPDATE ON audit_logs
     REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION audit_logs_count_removed()",
    "CREATE TRIGGER audit_logs_count_truncate AFTER TRUNCATE ON audit_logs
     FOR EACH STATEMENT EXECUTE FUNCTION audit_logs_count_removed()",
];

/// On SQLite the text to search by is part of the default order: a search reads the index and no row.
fn by_age(engine: DbBackend) -> &'static str {
    match engine {
        DbBackend::Postgres => "created_at, id",
        _ => "created_at, id, search_text",
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        let connection = manager.get_connection();
        for (name, _, _) in OLD {
            connection
                .execute_unprepared(&format!("DROP INDEX {name}"))
                .await?;
        }
        connection.execute_unprepared(SHORTEN_USER_AGENTS).await?;
        for (name, table, first) in ORDERS {
            connection
                .execute_unprepared(&format!("CREATE INDEX {name} ON {table} ({first}created_at, id)"))
                .await?;
        }
        for (name, table, columns) in OTHERS {
            connection
                .execute_unprepared(&format!("CREATE INDEX {name} ON {table} ({columns})"))
                .await?;
        }
        for (of, statement) in SEARCH_TEXT {
            if of == engine {
                connection.execute_unprepared(statement).await?;
            }
        }
        connection
            .execute_unprepared(&format!(
                "CREATE INDEX users_list_created_at ON users ({})",
                by_age(engine)
            ))
            .await?;
        let counts: &[&str] = match engine {
            DbBackend::Postgres => &POSTGRES_COUNTS,
            _ => &SQLITE_COUNTS,
        };
        for statement in counts {
            connection.execute_unprepared(statement).await?;
        }
        connection.execute_unprepared(COUNT_ENTRIES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            // Their triggers go with them.
            for function in ["audit_logs_count_added", "audit_logs_count_removed"] {
                connection
                    .execute_unprepared(&format!("DROP FUNCTION {function} CASCADE"))
                    .await?;
            }
        } else {
            for change in ["insert", "delete", "update"] {
                connection
                    .execute_unprepared(&format!("DROP TRIGGER audit_logs_count_{change}"))
                    .await?;
            }
        }
        connection
            .execute_unprepared("DROP TABLE audit_log_counts")
            .await?;
        connection
            .execute_unprepared("DROP INDEX users_list_created_at")
            .await?;
        connection
            .execute_unprepared("ALTER TABLE users DROP COLUMN search_text")
            .await?;
        for (name, _, _) in ORDERS.into_iter().chain(OTHERS) {
            connection
                .execute_unprepared(&format!("DROP INDEX {name}"))
                .await?;
        }
        for (name, table, columns) in OLD {
            connection
                .execute_unprepared(&format!("CREATE INDEX {name} ON {table} ({columns})"))
                .await?;
        }
        Ok(())
    }
}
