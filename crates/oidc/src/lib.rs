//! OAuth 2 and OpenID Connect decisions: types and pure functions. No database, no HTTP, no clock.
//!
//! A handler loads facts, asks this crate, and carries the answer out:
//!
//! * `/authorize`: [`parameters::Parameters::from_pairs`] → [`authorize::validate`] (request and client alone) →
//!   [`authorize::decide`] with the signed-in user, or [`authorize::resume`] after an [`interaction`]. The
//!   decision is to issue a code, to interact, or to refuse, on a page or at the client's redirect URI.
//! * Token endpoint: [`client_auth::Credentials::read`] and `verify` → [`token::parse`] → the grant's `evaluate`
//!   (`Ok` to redeem, [`token::Denial`] otherwise) → [`access_token::issue`] and [`id_token::issue`].
//! * Userinfo: [`userinfo::bearer_token`] → [`access_token::verify`] → [`userinfo::authorize`] →
//!   [`claims::Person::claims`].
//! * End session: [`id_token::read_hint`] → [`end_session::evaluate`].
//!
//! Times are Unix milliseconds unless a function says seconds. Randomness comes from the caller.
#![deny(missing_docs)]

pub mod access_token;
pub mod authorize;
pub mod claims;
pub mod client;
pub mod client_auth;
pub mod discovery;
pub mod end_session;
pub mod error;
pub mod grant;
pub mod id_token;
pub mod interaction;
pub mod jose;
pub mod parameters;
pub mod pkce;
pub mod redirect_uri;
pub mod scope;
pub mod token;
pub mod userinfo;
