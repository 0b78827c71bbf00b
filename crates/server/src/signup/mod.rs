//! The first administrator. Self sign-up belongs here too.

mod dto;
mod routes;
mod service;

pub use routes::routes;
pub use service::setup_available;
