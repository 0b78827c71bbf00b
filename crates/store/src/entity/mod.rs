//! One module per table: the row as Rust sees it.

pub mod access_token;
pub mod app_config;
pub mod audit_log;
pub mod authorization_code;
pub mod client_access_token;
pub mod client_allowed_group;
pub mod client_secret;
pub mod consent;
pub mod custom_claim;
pub mod grant;
pub mod group_member;
pub mod interaction;
pub mod job;
pub mod jti;
pub mod kv;
pub mod oidc_client;
pub mod passkey;
pub mod pushed_request;
pub mod reauthentication_token;
pub mod refresh_token;
pub mod session;
pub mod signing_key;
pub mod user;
pub mod user_group;
pub mod webauthn_challenge;
