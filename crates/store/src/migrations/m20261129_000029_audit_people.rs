//! Whom the audit log is about, with the number of their entries, kept by the database like the other numbers of it: the
//! names to filter by are found without looking for each among millions of entries. And on SQLite each order of people
//! holds the text they are searched by. See `docs/adr/0017-fast-lists.md`.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

const COUNT_ENTRIES: &str = "INSERT INTO audit_log_people (user_id, entries)
     SELECT user_id, count(*) FROM audit_logs WHERE user_id IS NOT NULL GROUP BY user_id";

const SQLITE_PEOPLE: [&str; 4] = [
    "CREATE TABLE audit_log_people (
         user_id uuid_text NOT NULL PRIMARY KEY,
         entries bigint NOT NULL
     ) WITHOUT ROWID",
    "CREATE TRIGGER audit_logs_people_insert AFTER INSERT ON audit_logs WHEN NEW.user_id IS NOT NULL BEGIN
         INSERT INTO audit_log_people (user_id, entries) VALUES (NEW.user_id, 1)
         ON CONFLICT (user_id) DO UPDATE SET entries = entries + 1;
     END",
    "CREATE TRIGGER audit_logs_people_delete AFTER DELETE ON audit_logs WHEN OLD.user_id IS NOT NULL BEGIN
         UPDATE audit_log_people SET entries = entries - 1 WHERE user_id = OLD.user_id;
     END",
    "CREATE TRIGGER audit_logs_people_update AFTER UPDATE OF user_id ON audit_logs BEGIN
         UPDATE audit_log_people SET entries = entries - 1 WHERE user_id = OLD.user_id;
         INSERT INTO audit_log_people (user_id, entries) SELECT NEW.user_id, 1 WHERE NEW.user_id IS NOT NULL
         ON CONFLICT (user_id) DO UPDATE SET entries = entries + 1;
     END",
];

/// What [`super::m20261128_000018_list_speed`] made, of which there is more to do now. Each statement of the log adds what
/// it changed in rows of its own, so that nobody waits for anybody.
const POSTGRES_PEOPLE: [&str; 5] = [
    // Nothing is added between the count and the moment from which the functions below note more.
    "LOCK TABLE audit_logs IN SHARE ROW EXCLUSIVE MODE",
    "CREATE TABLE audit_log_people (user_id uuid NOT NULL, entries bigint NOT NULL)",
    "CREATE INDEX audit_log_people_key ON audit_log_people (user_id, entries)",
    "CREATE OR REPLACE FUNCTION audit_logs_count_added() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
         INSERT INTO audit_log_counts (event, internal, bucket, entries)
         SELECT event, country = 'Internal Network', created_at >> 28, count(*) FROM added GROUP BY 1, 2, 3;
         INSERT INTO audit_log_people (user_id, entries)
         SELECT user_id, count(*) FROM added WHERE user_id IS NOT NULL GROUP BY 1;
         RETURN NULL;
     END $$",
    "CREATE OR REPLACE FUNCTION audit_logs_count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
         IF TG_OP = 'TRUNCATE' THEN
             DELETE FROM audit_log_counts;
             DELETE FROM audit_log_people;
         ELSE
             INSERT INTO audit_log_counts (event, internal, bucket, entries)
             SELECT event, country = 'Internal Network', created_at >> 28, -count(*) FROM removed GROUP BY 1, 2, 3;
             INSERT INTO audit_log_people (user_id, entries)
             SELECT user_id, -count(*) FROM removed WHERE user_id IS NOT NULL GROUP BY 1;
         END IF;
         RETURN NULL;
     END $$",
];

const POSTGRES_WITHOUT_PEOPLE: [&str; 3] = [
    // Nobody is in the middle of noting what there is no table for any more.
    "LOCK TABLE audit_logs IN SHARE ROW EXCLUSIVE MODE",
    "CREATE OR REPLACE FUNCTION audit_logs_count_added() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
         INSERT INTO audit_log_counts (event, internal, bucket, entries)
         SELECT event, country = 'Internal Network', created_at >> 28, count(*) FROM added GROUP BY 1, 2, 3;
         RETURN NULL;
     END $$",
    "CREATE OR REPLACE FUNCTION audit_logs_count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
         IF TG_OP = 'TRUNCATE' THEN
             DELETE FROM audit_log_counts;
         ELSE
             INSERT INTO audit_log_counts (event, internal, bucket, entries)
             SELECT event, country = 'Internal Network', created_at >> 28, -count(*) FROM removed GROUP BY 1, 2, 3;
         END IF;
         RETURN NULL;
     END $$",
];

/// Orders of people, on SQLite: name, column.
const ORDERS: [(&str, &str); 8] = [
    ("users_list_username", "username"),
    ("users_list_email", "email"),
    ("users_list_email_verified", "email_verified"),
    ("users_list_first_name", "first_name"),
    ("users_list_last_name", "last_name"),
    ("users_list_display_name", "display_name"),
    ("users_list_is_admin", "is_admin"),
    ("users_list_disabled", "disabled"),
];

async fn order_people(connection: &SchemaManagerConnection<'_>, rest: &str) -> Result<(), DbErr> {
    for (name, column) in ORDERS {
        connection
            .execute_unprepared(&format!("DROP INDEX {name}"))
            .await?;
        connection
            .execute_unprepared(&format!("CREATE INDEX {name} ON users ({column}, {rest})"))
            .await?;
    }
    Ok(())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let engine = manager.get_database_backend();
        let people: &[&str] = match engine {
            DbBackend::Postgres => &POSTGRES_PEOPLE,
            _ => &SQLITE_PEOPLE,
        };
        for statement in people {
            connection.execute_unprepared(statement).await?;
        }
        connection.execute_unprepared(COUNT_ENTRIES).await?;
        if engine == DbBackend::Sqlite {
            order_people(connection, "created_at, id, search_text").await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            for statement in POSTGRES_WITHOUT_PEOPLE {
                connection.execute_unprepared(statement).await?;
            }
        } else {
            for change in ["insert", "delete", "update"] {
                connection
                    .execute_unprepared(&format!("DROP TRIGGER audit_logs_people_{change}"))
                    .await?;
            }
            order_people(connection, "created_at, id").await?;
        }
        connection
            .execute_unprepared("DROP TABLE audit_log_people")
            .await?;
        Ok(())
    }
}
