//! People's accounts: administrators keep them, everybody edits their own.

pub mod dto;
mod routes;
pub mod service;

pub use routes::routes;
