//! Why a measurement could not be made.

use std::process::ExitStatus;

/// Any failure of the bench: it has one reader, who wants to know what went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("HTTP: {0}")]
    Http(#[from] http::Error),
    #[error("HTTP: {0}")]
    Hyper(#[from] hyper::Error),
    #[error("HTTP: {0}")]
    Reqwest(#[from] reqwest::Error),
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("URL: {0}")]
    Url(#[from] url::ParseError),
    #[error("the software passkey: {0}")]
    Passkey(#[from] pocket_id_soft_passkey::Error),
    #[error("a task ended early: {0}")]
    Join(#[from] tokio::task::JoinError),
    #[error("the cryptographic library refused")]
    Crypto(#[from] aws_lc_rs::error::Unspecified),
    #[error("the database: {0}")]
    Database(#[from] sea_orm::DbErr),
    #[error("BENCH_AUDIT_ROWS is not a number above 0")]
    AuditRows,
    #[error("the server could not be signalled: {0}")]
    Signal(#[from] rustix::io::Errno),
    #[error("the server was not ready in time")]
    NotReady,
    #[error("the server ended: {0}")]
    Ended(ExitStatus),
    #[error("the server answered {status} to {request}: {body}")]
    Answer {
        request: String,
        status: u16,
        body: String,
    },
    #[error("an answer lacks {0}")]
    Missing(&'static str),
}
