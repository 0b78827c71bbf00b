//! The audit log: what happened to accounts, written in the transaction that did it.

mod location;
mod service;

pub use location::Location;
pub use service::{Event, place, record};
