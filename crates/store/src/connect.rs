//! Opening the database: SQLite or PostgreSQL by connection string, pools, pragmas, migrations.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, IsolationLevel,
    SqliteTransactionMode, SqlxPostgresConnector, SqlxSqliteConnector, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use crate::error::{StoreError, StoreResult};
use crate::instance_lock::{InstanceLock, InstanceLockError};
use crate::migrations::Migrator;
use crate::postgres_options::{PostgresOptions, PostgresOptionsError};
use crate::sqlite_options::{SqliteLocation, SqliteOptions, SqliteOptionsError};

/// A write transaction: whoever begins it commits it; dropping it rolls back.
pub type Tx = DatabaseTransaction;

/// Rows or ids in one statement: both engines limit its parameters.
pub(crate) const AT_ONCE: usize = 1000;

/// Which engine a connection string names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded, one process.
    Sqlite,
    /// A server, any number of processes.
    Postgres,
}

impl Engine {
    /// `postgres://` and `postgresql://` mean PostgreSQL, anything else a SQLite file.
    pub fn of_connection_string(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::Postgres
        } else {
            Self::Sqlite
        }
    }

    /// The name used in logs and archives.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The SQLite connection string is wrong.
    #[error(transparent)]
    SqliteOptions(#[from] SqliteOptionsError),
    /// The PostgreSQL connection string is wrong.
    #[error(transparent)]
    PostgresOptions(#[from] PostgresOptionsError),
    /// Another process uses this SQLite database, or the lock file cannot be made.
    #[error(transparent)]
    InstanceLock(#[from] InstanceLockError),
    /// The SQLite file or its folder cannot be made.
    #[error("cannot create {path}: {source}")]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The engine refused the connection.
    #[error("cannot connect to the database: {0}")]
    Connect(#[source] sqlx::Error),
    /// A migration failed; nothing of it was kept.
    #[error("cannot migrate the database: {0}")]
    Migrate(#[source] DbErr),
}

/// The open database. Cheap to clone; all clones share the pools.
///
/// SQLite has one writing connection, so writers queue in this process instead of polling the file lock,
/// and several reading ones. PostgreSQL has one pool for both.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Engine,
    read: DatabaseConnection,
    write: DatabaseConnection,
    lock: Option<std::sync::Arc<InstanceLock>>,
}

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// See [`ConnectError`]; on SQLite a second process on the same file is refused.
    pub async fn open(engine: Engine, connection_string: &str) -> Result<Self, ConnectError> {
        Self::open_as(Tenancy::Server, engine, connection_string).await
    }

    /// [`Self::open`] for a command that does a small thing and ends. On SQLite too it may run beside the server:
    /// their transactions take turns at the file's lock. Then the schema is the server's and stays as it is.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn open_beside(engine: Engine, connection_string: &str) -> Result<Self, ConnectError> {
        Self::open_as(Tenancy::Command, engine, connection_string).await
    }

    async fn open_as(
        tenancy: Tenancy,
        engine: Engine,
        connection_string: &str,
    ) -> Result<Self, ConnectError> {
        match engine {
            Engine::Sqlite => {
                let mut store = Self::open_sqlite(&SqliteOptions::parse(connection_string)?, tenancy).await?;
                if tenancy == Tenancy::Server || store.lock.is_some() {
                    store.migrate().await.map_err(ConnectError::Migrate)?;
                }
                if tenancy == Tenancy::Command {
                    store.lock = None;
                }
                Ok(store)
            }
            Engine::Postgres => {
                let store = Self::open_postgres(connection_string).await?;
                store.migrate().await.map_err(ConnectError::Migrate)?;
                Ok(store)
            }
        }
    }

    async fn open_sqlite(options: &SqliteOptions, tenancy: Tenancy) -> Result<Self, ConnectError> {
        for warning in &options.warnings {
            tracing::warn!("SQLite connection string: {warning}");
        }
        let mut connect = SqliteConnectOptions::new()
            .busy_timeout(options.busy_timeout)
            .foreign_keys(true)
            .read_only(options.read_only)
            .create_if_missing(!options.read_only)
            // For searching: SQLite itself folds the letters of ASCII only.
            .with_regexp()
            .pragma("journal_mode", options.journal_mode.clone());
        for (name, value) in &options.pragmas {
            connect = connect.pragma(name.clone(), value.clone());
        }
        let mut lock = None;
        match &options.location {
            SqliteLocation::Memory => connect = connect.in_memory(true),
            SqliteLocation::File(path) => {
                create_private_folder(path)?;
                if !options.read_only {
                    create_private_file(path)?;
                    lock = match InstanceLock::acquire(path) {
                        Ok(lock) => Some(std::sync::Arc::new(lock)),
                        Err(InstanceLockError::Taken(_)) if tenancy == Tenancy::Command => None,
                        Err(error) => return Err(error.into()),
                    };
                }
                connect = connect.filename(path);
            }
        }

        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(30))
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(connect.clone())
            .await
            .map_err(ConnectError::Connect)?;
        let write = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer);
        let read = if matches!(options.location, SqliteLocation::Memory) {
            // Each further connection would open a memory database of its own.
            write.clone()
        } else {
            let readers = SqlitePoolOptions::new()
                .max_connections(options.max_connections.unwrap_or(4))
                .acquire_timeout(Duration::from_secs(30))
                .idle_timeout(Duration::from_mins(5))
                .connect_lazy_with(connect);
            SqlxSqliteConnector::from_sqlx_sqlite_pool(readers)
        };
        Ok(Self {
            engine: Engine::Sqlite,
            read,
            write,
            lock,
        })
    }

    async fn open_postgres(connection_string: &str) -> Result<Self, ConnectError> {
        let options = PostgresOptions::parse(connection_string)?;
        let connect = PgConnectOptions::from_str(&options.url)
            .map_err(ConnectError::Connect)?
            .application_name("pocket-id");
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .min_connections(options.min_connections)
            .max_lifetime(options.max_lifetime)
            .idle_timeout(options.idle_timeout)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(connect)
            .await
            .map_err(ConnectError::Connect)?;
        let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        Ok(Self {
            engine: Engine::Postgres,
            read: connection.clone(),
            write: connection,
            lock: None,
        })
    }

    async fn migrate(&self) -> Result<(), DbErr> {
        if self.engine == Engine::Postgres {
            // Replicas that start together take turns: the lock ends with its transaction.
            let gate = self.write.begin().await?;
            gate.execute_unprepared("SELECT pg_advisory_xact_lock(5077219030614901)")
                .await?;
            Migrator::up(&self.write, None).await?;
            return gate.commit().await;
        }
        Migrator::up(&self.write, None).await
    }

    /// Which engine this is; for logs and archives, not for decisions elsewhere.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// A connection for reading. Inside a transaction read through the transaction instead.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Begins a write transaction (immediate on SQLite, read committed on PostgreSQL).
    pub async fn begin(&self) -> StoreResult<Tx> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self.engine == Engine::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.write
            .begin_with_options(options)
            .await
            .map_err(StoreError::from)
    }

    /// Begins a transaction whose every read is of the same moment.
    pub(crate) async fn begin_snapshot(&self) -> StoreResult<Tx> {
        let options = match self.engine {
            // A reading connection keeps to the moment of its first read.
            Engine::Sqlite => TransactionOptions::default(),
            Engine::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
        };
        self.read
            .begin_with_options(options)
            .await
            .map_err(StoreError::from)
    }

    /// One round trip to the database, for readiness.
    pub async fn ping(&self) -> StoreResult<()> {
        self.read.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Closes all connections after their statements; SQLite checkpoints its log.
    pub async fn close(self) -> StoreResult<()> {
        self.read.close_by_ref().await?;
        self.write.close_by_ref().await?;
        Ok(())
    }
}

/// Whether a process is the one that serves from a SQLite database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tenancy {
    /// It holds the lock as long as it runs.
    Server,
    /// It holds the lock while it migrates, if nobody else has it.
    Command,
}

/// Commits a transaction.
pub async fn commit(tx: Tx) -> StoreResult<()> {
    tx.commit().await.map_err(StoreError::from)
}

fn create_private_folder(database: &Path) -> Result<(), ConnectError> {
    let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| ConnectError::Folder {
        path: folder.to_owned(),
        source,
    })
}

/// Makes the database file, if it is missing, for its owner alone; SQLite gives its log the same mode.
fn create_private_file(database: &Path) -> Result<(), ConnectError> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(database)
        .map(drop)
        .map_err(|source| ConnectError::Folder {
            path: database.to_owned(),
            source,
        })
}
