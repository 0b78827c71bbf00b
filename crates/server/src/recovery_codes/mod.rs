//! Recovery codes: a printed set for whoever loses their passkeys. Off until an administrator allows them; each code
//! signs its owner in once, and then a passkey can be added.

mod code;
mod dto;
mod managing;
mod routes;
mod signing_in;

pub use routes::routes;
