//! Requests of known clients that were refused: who administers the client sees what was sent and why it was not
//! accepted, and may register a redirect URI that was missing.

mod dto;
mod routes;
mod service;

pub use routes::routes;
pub use service::{Attempt, Reason, note};
