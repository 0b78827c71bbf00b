//! Telling apps who may use them (SCIM 2.0, RFC 7643 and 7644): accounts and groups are made, changed and removed at
//! the app as they are here.
//!
//! A run takes one look at what is here and one at what is there, decides what to do, and does it. `plan` decides and
//! touches nothing; what may be deleted is decided there alone. `remote` speaks with the app, `running` brings the two
//! together, `due` says when.

mod dto;
mod local;
mod plan;
mod remote;
mod routes;
mod running;
mod schedule;
mod service;

pub use routes::routes;
pub use schedule::sync_due;
