//! OIDC clients: what administrators decide about the apps people sign in to.

mod dto;
pub mod protocol;
mod routes;
mod secrets;
mod service;

pub use dto::ClientMetaDto;
pub use routes::routes;
