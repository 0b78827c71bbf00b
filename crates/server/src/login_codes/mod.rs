//! Login codes: one sign-in without a passkey. Administrators make them for others, people for another device of their
//! own, and the command line for whoever is locked out.

mod by_mail;
mod code;
mod exchange;
mod issue;
mod routes;
mod ttl;

pub use by_mail::answer_requests;
pub use issue::{Issued, LifetimeInput, NewCodeError, for_command, lifetime};
pub use routes::routes;
pub use ttl::Lifetime;
