//! x
pub mod error;
pub mod jose;
pub mod parameters;
pub mod pkce;
pub mod redirect_uri;
pub mod scope;
