//! Sign-in sessions: rows, found by the hash of the token in the cookie, ended by deleting them.

pub mod service;
