//! Passkeys: WebAuthn registration and sign-in.
//!
//! The files here are the pure part: what we send to the browser, what we accept back and why. Nothing in
//! them reads a clock, a random source or the database. [`ceremony`] decides, [`wire`] holds the shapes both
//! sides speak, [`policy`] what the administrator allows, [`aaguid`] how a new passkey is called.
//!
//! Verification is our own, over `aws-lc-rs`: see `docs/adr/0007-webauthn-verification.md` for why no
//! library does it.

pub mod aaguid;
mod administration;
mod attestation;
mod authenticator_data;
mod cbor;
pub mod ceremony;
mod client_data;
mod cose;
mod dto;
mod error;
pub mod metadata;
pub mod models;
pub mod policy;
mod routes;
mod service;
mod sign_in;
pub mod wire;

pub use routes::routes;
