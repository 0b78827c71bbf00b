//! OIDC clients: what administrators decide about the apps people sign in to.

mod dto;
mod logo_routes;
pub mod logos;
mod metadata_document;
pub mod protocol;
mod routes;
pub mod secrets;
pub mod service;

pub use dto::{ClientMetaDto, ClientWithGroupsDto};
pub use logo_routes::routes as logo_routes;
pub use metadata_document::{MetadataDocuments, resolve};
pub use routes::routes;
