//! OAuth 2 and OpenID Connect decisions: pure functions over facts. No database, HTTP, clock or chance.
#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic, clippy::expect_used))]

pub mod error;
pub mod jose;
pub mod parameters;
pub mod pkce;
pub mod redirect_uri;
pub mod scope;
