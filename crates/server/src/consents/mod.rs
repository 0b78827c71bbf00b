//! What people allowed clients: they see it, and take it back.

mod dto;
mod routes;
mod service;

pub use routes::routes;
