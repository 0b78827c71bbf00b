//! The database: one schema on SQLite and PostgreSQL, its migrations, rows and queries.
//!
//! The only place that knows SQL. One module per concern holds its queries: reads take any connection,
//! writes take a [`Tx`]; who begins a transaction commits it. Single-use artefacts are taken by one guarded
//! statement whose affected-row count decides, so two processes can never both win.

pub mod access_lists;
pub mod access_tokens;
pub mod api_keys;
pub mod apis;
pub mod app_config;
pub mod audit_logs;
pub mod authorization_codes;
pub mod client_access_tokens;
pub mod client_lists;
pub mod client_sessions;
pub mod clients;
pub mod connect;
pub mod consents;
pub mod custom_claims;
pub mod device_logins;
pub mod device_requests;
pub mod email_verifications;
pub mod entity;
pub mod error;
pub mod grants;
pub mod groups;
pub mod instance_lock;
pub mod interactions;
pub mod jobs;
pub mod jtis;
pub mod kv;
pub mod list;
pub mod login_code_requests;
pub mod login_codes;
pub mod logout_deliveries;
pub mod mails;
pub mod metadata_clients;
pub mod migrations;
pub mod passkeys;
pub mod postgres_options;
pub mod pushed_requests;
pub mod reauthentication_tokens;
pub mod recovery_codes;
pub mod refresh_tokens;
pub mod refused_authorizations;
pub mod registrations;
pub mod scim;
pub mod sessions;
pub mod signing_keys;
pub mod signup_tokens;
pub mod sqlite_options;
pub mod stored_files;
pub mod types;
pub mod users;
pub mod webauthn_challenges;
pub mod wrong_guesses;

pub use connect::{ConnectError, Engine, Store, Tx, commit};
pub use error::{StoreError, StoreResult};
