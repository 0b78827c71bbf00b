//! Proving that an address is one's own, by a link mailed to it.

mod routes;
mod service;

pub use routes::routes;
