//! The audit log: what happened to accounts, written in the transaction that did it.

mod location;
mod service;

pub use service::{Event, record};
