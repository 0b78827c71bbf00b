//! The HTTP surface, asked as a browser or a program would, on SQLite and on a real PostgreSQL.
//!
//! Modules mirror the URL tree. `support` starts the real server on a free port for each test.

mod support;

mod clients;
mod oidc;
mod passkeys;
mod shell;
mod signup;
mod users;
