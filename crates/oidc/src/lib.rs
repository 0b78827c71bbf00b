//! OAuth 2 and OpenID Connect decisions: types and pure functions. No database, no HTTP, no clock.
//!
//! A handler loads facts, asks this crate, and carries the answer out:
//!
//! * `/authorize`: [`parameters::Parameters::from_pairs`] → [`authorize::validate`] (request and client alone) →
//!   [`authorize::check_hint`] → [`authorize::decide`] with the signed-in user, or [`authorize::resume`] after an
//!   [`interaction`]. The decision is to issue a code or tokens, to interact, or to refuse, on a page or at the
//!   client's redirect URI. Answers: [`authorize::code_response`], [`authorize::token_response`] or
//!   [`authorize::error_response`], sent to [`authorize::response_location`] or in a form. When a code is issued to a redirect URI whose
//!   [`redirect_uri::Proof`] is `FirstUse`, that one is registered in the same transaction.
//! * A step of an interaction: [`interaction::Progress::expects`] it; then `bind` (signed in or account chosen,
//!   with [`authorize::asked_of_user`]), `reauthenticated` or `consented`.
//! * Token endpoint: [`token::parse`] → [`client_auth::Credentials::read`] and `verify` → the grant's `evaluate`
//!   (`Ok` to redeem, [`token::Denial`] otherwise) → redeem in the database, exactly once →
//!   [`access_token::issue`] and [`id_token::issue`]. Who loses the race for a redemption gets `invalid_grant`.
//! * Codes and refresh tokens: [`opaque::OpaqueToken::new`]; only their hash is stored.
//! * Userinfo: [`userinfo::bearer_token`] → [`access_token::verify`] → [`userinfo::authorize`] →
//!   [`claims::Person::claims`].
//! * End session: [`id_token::read_hint`] → [`end_session::evaluate`]; clients are told with
//!   [`logout_token::issue`].
//! * Errors: [`error::OAuthError`] has the status, the body and the `WWW-Authenticate` value.
//!
//! Times are Unix milliseconds unless a function says seconds. Randomness comes from the caller.
#![deny(missing_docs)]

pub mod access_token;
pub mod acr;
pub mod authorize;
pub mod claims;
pub mod claims_request;
pub mod client;
pub mod client_assertion;
pub mod client_auth;
pub mod client_metadata_document;
pub mod device;
pub mod discovery;
pub mod dpop;
pub mod end_session;
pub mod error;
pub mod grant;
pub mod http_caching;
pub mod id_token;
pub mod interaction;
pub mod introspection;
pub mod jose;
pub mod jwk_set;
pub mod logout_token;
pub mod opaque;
pub mod parameters;
pub mod passkey;
pub mod pkce;
pub mod pushed_request;
pub mod redirect_uri;
pub mod registration;
pub mod request_object;
pub mod request_uri;
pub mod resource;
pub mod response_type;
pub mod scope;
pub mod token;
pub mod userinfo;
