//! The HTTP surface, asked as a browser or a program would, on SQLite and on a real PostgreSQL.
//!
//! Modules mirror the URL tree. `support` starts the real server on a free port for each test.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails by panicking"
)]

mod support;

mod api_keys;
mod apis;
mod app_config;
mod audit;
mod audit_trail;
mod clients;
mod consents;
mod device_login;
mod document;
mod email_verification;
mod geolite;
mod groups;
mod guesses;
mod images;
mod login_code_mail;
mod login_codes;
mod logout;
mod mail;
mod mail_servers;
mod notices;
mod oidc;
mod outbound;
mod passkeys;
mod rate_limits;
mod recovery_codes;
mod registration;
mod replicas;
mod scim;
mod sessions;
mod shell;
mod signing_keys;
mod signup;
mod users;
mod version;
mod versions;
mod ways_in;
