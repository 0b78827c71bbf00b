//! Fills a database with more than most installations will ever have: people, groups, clients, two years of entries of
//! the audit log. Straight into the tables: through the program it would take hours.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use crate::error::Error;

pub const USERS: u64 = 100_000;
pub const GROUPS: u64 = 10_000;
pub const CLIENTS: u64 = 1000;

const TWO_YEARS: u64 = 2 * 365 * 24 * 60 * 60 * 1000;
/// Rows in one statement.
const AT_ONCE: u64 = 500;
/// Entries of the audit log in one statement.
const ENTRIES_AT_ONCE: u64 = 500_000;

const FIRST_NAMES: [&str; 40] = [
    "Ada", "Alan", "Amina", "Anna", "Ben", "Bruno", "Carla", "Chen", "Clara", "Daniel", "David", "Elena",
    "Emil", "Emma", "Fatima", "Felix", "Grace", "Hana", "Hugo", "Ines", "Ivan", "Jan", "Jonas", "Julia",
    "Karl", "Laura", "Leon", "Lina", "Luca", "Maria", "Max", "Mia", "Nina", "Noah", "Olga", "Paul", "Rosa",
    "Samir", "Tim", "Zoe",
];
const LAST_NAMES: [&str; 50] = [
    "Abel", "Adler", "Bauer", "Becker", "Bernard", "Brown", "Costa", "Cruz", "Dubois", "Dupont", "Evans",
    "Ferrari", "Fischer", "Fontaine", "Garcia", "Gomez", "Haas", "Hansen", "Hoffmann", "Ivanov", "Jansen",
    "Jensen", "Keller", "Khan", "Koch", "Kumar", "Lang", "Lopez", "Martin", "Meyer", "Moreau", "Murphy",
    "Nakamura", "Novak", "Okafor", "Olsen", "Petit", "Petrov", "Ricci", "Rossi", "Santos", "Schmidt",
    "Silva", "Smith", "Suzuki", "Tanaka", "Visser", "Wagner", "Weber", "Wong",
];
const COUNTRIES: [&str; 30] = [
    "Argentina",
    "Australia",
    "Austria",
    "Belgium",
    "Brazil",
    "Canada",
    "Chile",
    "China",
    "Czechia",
    "Denmark",
    "Finland",
    "France",
    "Germany",
    "Greece",
    "India",
    "Ireland",
    "Italy",
    "Japan",
    "Mexico",
    "Netherlands",
    "Norway",
    "Poland",
    "Portugal",
    "South Africa",
    "Spain",
    "Sweden",
    "Switzerland",
    "Turkey",
    "United Kingdom",
    "United States",
];

/// An open database and how its SQL differs.
pub struct Fill {
    connection: DatabaseConnection,
    engine: DbBackend,
    /// Now, in Unix milliseconds.
    now: u64,
}

impl Fill {
    pub async fn open(address: &str) -> Result<Self, Error> {
        let address = if address.starts_with("postgres") {
            address.to_owned()
        } else {
            format!("sqlite://{address}")
        };
        // One connection: what is set for it holds for everything.
        let connection =
            Database::connect(ConnectOptions::new(address).max_connections(1).to_owned()).await?;
        let engine = connection.get_database_backend();
        let fill = Self {
            connection,
            engine,
            now: u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default(),
        };
        if engine == DbBackend::Sqlite {
            fill.run("PRAGMA synchronous = OFF").await?;
            fill.run("PRAGMA cache_size = -500000").await?;
            fill.run("PRAGMA temp_store = MEMORY").await?;
        }
        Ok(fill)
    }

    async fn run(&self, sql: &str) -> Result<(), Error> {
        self.connection.execute_unprepared(sql).await?;
        Ok(())
    }

    async fn column<T: sea_orm::TryGetable>(&self, sql: &str) -> Result<Vec<T>, Error> {
        let rows = self
            .connection
            .query_all_raw(Statement::from_string(self.engine, sql))
            .await?;
        rows.iter()
            .map(|row| row.try_get_by_index(0).map_err(Error::from))
            .collect()
    }

    /// The literal of a UUID that looks random and is always the same.
    fn id(&self, kind: u8, number: u64) -> String {
        let hash =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{kind} {number}").as_bytes());
        let mut bytes = [0; 16];
        for (byte, random) in bytes.iter_mut().zip(hash.as_ref()) {
            *byte = *random;
        }
        let hex = format!("{:032x}", u128::from_be_bytes(bytes));
        match self.engine {
            DbBackend::Postgres => format!("'{hex}'"),
            _ => format!("X'{hex}'"),
        }
    }

    /// Inserts rows that a function makes of their numbers.
    async fn rows(&self, into: &str, count: u64, row: impl Fn(u64) -> String) -> Result<(), Error> {
        let mut first = 0;
        while first < count {
            let last = (first + AT_ONCE).min(count);
            let rows: Vec<String> = (first..last).map(&row).collect();
            self.run(&format!(
                "INSERT INTO {into} VALUES {} ON CONFLICT DO NOTHING",
                rows.join(",")
            ))
            .await?;
            first = last;
        }
        Ok(())
    }

    pub async fn people(&self) -> Result<(), Error> {
        self.run("BEGIN").await?;
        let began = self.now - TWO_YEARS;
        self.rows(
            "users (id, username, email, email_verified, first_name, last_name, display_name, is_admin, disabled, \
             phone_number_verified, created_at)",
            USERS - 1,
            |number| {
                let first = pick(&FIRST_NAMES, number);
                let last = pick(&LAST_NAMES, number / 40);
                let name = format!("{}.{}{number}", first.to_lowercase(), last.to_lowercase());
                format!(
                    "({}, '{name}', '{name}@example.com', {}, '{first}', '{last}', '{first} {last}', {}, {}, false, {})",
                    self.id(1, number),
                    number % 3 != 0,
                    number % 1000 == 7,
                    number % 50 == 9,
                    began + number * (TWO_YEARS / USERS)
                )
            },
        )
        .await?;
        self.rows(
            "user_groups (id, friendly_name, name, created_at)",
            GROUPS,
            |number| {
                format!(
                    "({}, 'Team {} {number}', 'team_{number}', {})",
                    self.id(2, number),
                    pick(&LAST_NAMES, number * 7),
                    began + number * (TWO_YEARS / GROUPS)
                )
            },
        )
        .await?;
        // Everybody is in a group of three dozen large ones and in two of all.
        self.rows(
            "user_groups_users (user_id, user_group_id)",
            USERS * 3,
            |number| {
                let user = number % (USERS - 1);
                let group = match number / USERS {
                    0 => user % 36,
                    1 => (user * 7919) % GROUPS,
                    _ => (user * 104_729 + 13) % GROUPS,
                };
                format!("({}, {})", self.id(1, user), self.id(2, group))
            },
        )
        .await?;
        self.run("COMMIT").await
    }

    /// Copies of one client under other names.
    pub async fn clients(&self) -> Result<(), Error> {
        let columns: Vec<String> = self
            .column(match self.engine {
                DbBackend::Postgres => {
                    "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'oidc_clients'"
                }
                _ => "SELECT name FROM pragma_table_info('oidc_clients')",
            })
            .await?;
        let values: Vec<String> = columns
            .iter()
            .map(|column| match column.as_str() {
                "id" => "'client-' || n.i".to_owned(),
                "name" => "'Application ' || n.i".to_owned(),
                "created_at" => format!("{} + n.i * {}", self.now - TWO_YEARS, TWO_YEARS / CLIENTS),
                "pkce_enabled" => "n.i % 2 = 0".to_owned(),
                "is_group_restricted" => "n.i % 5 = 0".to_owned(),
                other => format!("c.{other}"),
            })
            .collect();
        let (with, series) = self.series(1, CLIENTS);
        self.run(&format!(
            "{with} INSERT INTO oidc_clients ({}) SELECT {} FROM oidc_clients c, {series} WHERE c.name = 'Bench'",
            columns.join(", "),
            values.join(", ")
        ))
        .await?;
        self.rows(
            "oidc_client_allowed_groups (client_id, user_group_id)",
            CLIENTS * 4,
            |number| {
                let client = number / 4 + 1;
                format!("('client-{client}', {})", self.id(2, (number * 31) % GROUPS))
            },
        )
        .await
    }

    /// The start of a statement and a source of it: numbers as `n.i`.
    fn series(&self, from: u64, to: u64) -> (String, String) {
        match self.engine {
            DbBackend::Postgres => (
                String::new(),
                format!("(SELECT generate_series({from}::bigint, {to}) AS i) n"),
            ),
            _ => (
                format!(
                    "WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to})"
                ),
                "n".to_owned(),
            ),
        }
    }

    /// Entries of the audit log, ascending in time. One in 500 is about the administrator who looks at the lists.
    pub async fn entries(&self, count: u64) -> Result<(), Error> {
        // Indices are made at once afterwards: a hundred times as fast as row by row.
        let indices = self.indices_of_the_log().await?;
        for (name, _) in &indices {
            self.run(&format!("DROP INDEX {name}")).await?;
        }
        self.run("CREATE TEMPORARY TABLE bench_people (n integer PRIMARY KEY, id uuid, username text)")
            .await?;
        self.run(
            "INSERT INTO bench_people SELECT row_number() OVER (ORDER BY username <> 'ada', id) - 1, id, username FROM users",
        )
        .await?;
        self.run("CREATE TEMPORARY TABLE bench_countries (n integer PRIMARY KEY, name text)")
            .await?;
        self.rows("bench_countries", COUNTRIES.len() as u64, |number| {
            format!("({number}, '{}')", pick(&COUNTRIES, number))
        })
        .await?;
        let mut first = 1;
        while first <= count {
            let last = (first + ENTRIES_AT_ONCE - 1).min(count);
            self.run(&self.some_entries(first, last, count)).await?;
            first = last + 1;
        }
        for (_, definition) in &indices {
            self.run(definition).await?;
        }
        Ok(())
    }

    async fn indices_of_the_log(&self) -> Result<Vec<(String, String)>, Error> {
        let (names, definitions) = match self.engine {
            DbBackend::Postgres => (
                "SELECT indexname::text FROM pg_indexes WHERE tablename = 'audit_logs' \
                 AND indexname LIKE 'audit_logs_list_%' ORDER BY 1",
                "SELECT indexdef FROM pg_indexes WHERE tablename = 'audit_logs' \
                 AND indexname LIKE 'audit_logs_list_%' ORDER BY indexname",
            ),
            _ => (
                "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'audit_logs' \
                 AND sql IS NOT NULL ORDER BY name",
                "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'audit_logs' \
                 AND sql IS NOT NULL ORDER BY name",
            ),
        };
        let names: Vec<String> = self.column(names).await?;
        let definitions: Vec<String> = self.column(definitions).await?;
        Ok(names.into_iter().zip(definitions).collect())
    }

    fn some_entries(&self, first: u64, last: u64, count: u64) -> String {
        let (with, series) = self.series(first, last);
        let (random, id, data) = match self.engine {
            DbBackend::Postgres => (
                "floor(random() * 1000000)::bigint",
                "gen_random_uuid()",
                "CASE WHEN client IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('clientName', client) END",
            ),
            _ => (
                "abs(random() % 1000000)",
                "randomblob(16)",
                "CASE WHEN client IS NULL THEN '{}' ELSE json_object('clientName', client) END",
            ),
        };
        let step = TWO_YEARS / count;
        let began = self.now - step * count;
        // Materialized: chance is rolled once for each entry, not each time it is mentioned.
        format!(
            "{with}{} dice AS MATERIALIZED (SELECT n.i, {random} AS a, {random} AS b, {random} AS c FROM {series}), \
             entry AS MATERIALIZED (SELECT dice.*, \
                 CASE WHEN a < 2000 THEN 0 ELSE (b * c / 1000000) / 10 END AS person, \
                 CASE WHEN b < 450000 THEN 'CLIENT_AUTHORIZATION' WHEN b < 750000 THEN 'SIGN_IN' \
                      WHEN b < 850000 THEN 'SIGN_OUT' WHEN b < 900000 THEN 'TOKEN_EXCHANGE' \
                      WHEN b < 950000 THEN 'SIGN_IN_FAILED' WHEN b < 970000 THEN 'NEW_CLIENT_AUTHORIZATION' \
                      WHEN b < 999000 THEN 'USER_UPDATED' WHEN b < 999980 THEN 'PASSKEY_ADDED' \
                      ELSE 'PASSKEY_COUNTER_WENT_BACK' END AS event, \
                 CASE WHEN b < 450000 OR b BETWEEN 850000 AND 899999 OR b BETWEEN 950000 AND 969999 \
                      THEN 'Application ' || (a * c / 1000000 * a / 1000000 / 1000 + 1) END AS client \
                 FROM dice) \
             INSERT INTO audit_logs (id, created_at, event, user_id, username, client_name, ip_address, country, city, \
                 user_agent, data) \
             SELECT {id}, {began} + i * {step} - a % {step}, event, people.id, people.username, client, \
                 CASE WHEN c < 400000 THEN '10.0.' || (a % 256) || '.' || (b % 256) \
                      ELSE (a % 200 + 11) || '.' || (b % 256) || '.' || (c % 256) || '.' || (a % 256) END, \
                 CASE WHEN c < 400000 THEN 'Internal Network' ELSE countries.name END, \
                 CASE WHEN c < 400000 THEN 'LAN' ELSE 'City ' || (b % 20) || ' of ' || countries.name END, \
                 'Mozilla/5.0 (X11; Linux x86_64; rv:' || (100 + b % 50) || '.0) Gecko/20100101 Firefox/' \
                      || (100 + b % 50) || '.0', \
                 {data} \
             FROM entry JOIN bench_people people ON people.n = entry.person \
             JOIN bench_countries countries ON countries.n = entry.a % 30",
            if with.is_empty() { "WITH" } else { "," },
        )
    }

    /// What an engine does by itself in the course of time.
    pub async fn settle(&self) -> Result<(), Error> {
        if self.engine == DbBackend::Postgres {
            self.run("VACUUM ANALYZE").await?;
            self.run("CHECKPOINT").await
        } else {
            self.run("PRAGMA wal_checkpoint(TRUNCATE)").await
        }
    }

    /// Bytes of the database.
    pub async fn size(&self) -> Result<i64, Error> {
        let size = self
            .column(match self.engine {
                DbBackend::Postgres => "SELECT pg_database_size(current_database())",
                _ => "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
            })
            .await?;
        size.first()
            .copied()
            .ok_or(Error::Missing("the size of the database"))
    }

    pub async fn close(self) -> Result<(), Error> {
        Ok(self.connection.close().await?)
    }
}

/// One of a few, again and again.
fn pick(some: &[&'static str], number: u64) -> &'static str {
    let index = usize::try_from(number).unwrap_or_default() % some.len().max(1);
    some.get(index).copied().unwrap_or_default()
}

/// A new database on a server.
pub async fn new_postgres_database(server: &str) -> Result<String, Error> {
    let name = format!("bench_{}", std::process::id());
    let connection = Database::connect(server).await?;
    connection
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await?;
    connection.close().await?;
    let mut address = url::Url::parse(server)?;
    address.set_path(&name);
    Ok(address.into())
}
