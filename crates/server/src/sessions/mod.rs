//! Sign-in sessions: rows, found by the hash of the token in the cookie, ended by deleting them. With each client a
//! session holds a client session; clients that asked for it are told when that ends.

pub mod deliveries;
pub mod device;
mod dto;
pub mod ending;
pub mod freshness;
mod new_device;
mod routes;
pub mod service;
pub mod signing_in;

pub use routes::routes;
