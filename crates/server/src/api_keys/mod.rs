//! API keys: programs use the REST API as a key's owner.

pub mod authentication;
mod dto;
mod routes;
mod scope;
mod service;

pub use routes::routes;
