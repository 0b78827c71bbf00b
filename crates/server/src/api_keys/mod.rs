//! API keys: programs use the REST API as a key's owner.

pub mod authentication;
mod dto;
mod expiry_mail;
mod routes;
mod scope;
mod service;

pub use expiry_mail::announce_ends;
pub use routes::routes;
