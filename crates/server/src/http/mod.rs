//! The HTTP shell: everything around the handlers that knows no feature.

pub mod access;
pub mod access_log;
pub mod assets;
pub mod authorization;
pub mod body;
pub mod client_ip;
pub mod conditional;
pub mod cookies;
pub mod cors;
pub mod cross_site;
pub mod error;
pub mod error_codes;
pub mod headers;
pub mod image;
pub mod list_query;
pub mod path;
pub mod peer;
pub mod rate_limit;
pub mod shown_once;
pub mod time_format;
pub mod validation;
