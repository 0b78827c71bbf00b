//! User groups: who is in them, and which restricted clients they may use.

pub mod dto;
mod routes;
pub mod service;

pub use routes::routes;
