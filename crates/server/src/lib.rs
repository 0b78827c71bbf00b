//! The application: one folder per feature, an HTTP shell that knows no feature, background jobs.
//!
//! # How a request travels
//! `router.rs` mounts the features' routes inside the shell (`http/`): request id and log, headers, error
//! bodies, limits, cross-site guard. A handler's arguments say who may call it (`http::access`: `Admin`,
//! `CurrentUser`, `BrowserUser`, `MaybeUser`), which limit it is under (`http::rate_limit::Limited<P>`), and what
//! it reads (`JsonBody`, `ListQuery`, `ClientIdPath`). It calls its feature's `service.rs`, which loads facts,
//! decides (the protocol's rules live in `pocket-id-oidc`), writes in one transaction and answers.
//!
//! # How to add a feature
//! A folder with `mod.rs` (what it is, its public face), `service.rs` (rules and transactions), `routes.rs`
//! (`pub fn routes() -> OpenApiRouter<AppState>`, handlers with `#[utoipa::path]`), `dto.rs` (wire types). Its
//! typed error has one `From<…> for ApiError`. Queries live in `pocket-id-store`. Reads use
//! `state.store.reader()`; writes `let tx = state.store.begin().await?; …; commit(tx).await?`.

mod api_document;
pub mod api_keys;
pub mod apis;
pub mod app_config;
pub mod audit;
pub mod clients;
pub mod clock;
pub mod config;
pub mod consents;
pub mod custom_claims;
pub mod device_login;
pub mod email_verification;
pub mod encrypted_text;
pub mod files;
pub mod geolite;
pub mod groups;
pub mod guesses;
pub mod health;
pub mod http;
pub mod images;
pub mod jobs;
pub mod login_codes;
pub mod mail;
pub mod oidc;
pub mod outbound;
pub mod passkeys;
pub mod profile_pictures;
pub mod random;
pub mod recovery_codes;
pub mod refused_authorizations;
pub mod registration;
pub mod router;
pub mod scim;
pub mod secret_token;
pub mod sessions;
mod short_codes;
pub mod signing_keys;
pub mod signup;
pub mod start;
pub mod state;
pub mod users;
pub mod version;
mod web_page;

pub use start::{App, StartError, start};
