//! OIDC clients: what administrators decide about the apps people sign in to.

mod dto;
mod metadata_document;
pub mod protocol;
mod routes;
pub mod secrets;
pub mod service;

pub use dto::{ClientMetaDto, ClientWithGroupsDto};
pub use metadata_document::{MetadataDocuments, resolve};
pub use routes::routes;
