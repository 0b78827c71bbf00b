//! APIs (resource servers) and what clients may have of them.

mod dto;
mod grants;
mod routes;
mod service;
mod serving;

pub use routes::routes;
