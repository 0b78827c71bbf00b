//! What can go wrong between us and the database.

use sea_orm::{DbErr, SqlErr};

/// A failed database operation.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A uniqueness rule of the schema refused the write; the text names the constraint or columns.
    #[error("a value that must be unique is taken: {0}")]
    Duplicate(String),
    /// A row that others must refer to is missing.
    #[error("a referenced row does not exist: {0}")]
    MissingReference(String),
    /// The database could not do it: lost connection, full disk, corrupt data.
    #[error("database: {0}")]
    Database(#[source] DbErr),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(message)) => Self::Duplicate(message),
            Some(SqlErr::ForeignKeyConstraintViolation(message)) => Self::MissingReference(message),
            _ => Self::Database(error),
        }
    }
}

/// The result of a store function.
pub type StoreResult<T> = Result<T, StoreError>;
