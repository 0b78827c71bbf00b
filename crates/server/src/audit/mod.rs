//! The audit log: what happened to accounts and what administrators changed, written in the transaction that did it.

mod device;
mod dto;
mod event;
mod export;
mod failures;
mod ids;
mod location;
mod routes;
mod service;

pub use device::name as device_name;
pub use event::Event;
pub use failures::{Failure, note_failed_sign_in, note_failure};
pub use ids::EntryIds;
pub use location::Location;
pub use routes::routes;
pub use service::{place, record, record_change, record_of_command};
