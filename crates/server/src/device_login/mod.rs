//! Signing in with another device: a browser without a passkey shows a code, a signed-in person approves it elsewhere
//! with a passkey just used, and the waiting browser, nobody else, becomes that person's.

mod deciding;
mod dto;
mod routes;
mod waiting;

pub use routes::routes;

use pocket_id_oidc::device::{ALPHABET, RANDOM_LETTERS};
use pocket_id_store::types::TokenHash;

use crate::config::Config;
use crate::random::Random;
use crate::short_codes;

/// A code like those of the OIDC device flow, which are typed on the same page, but for the letter it begins with.
fn new_code(random: Random) -> String {
    format!("P{}", random.text(ALPHABET, RANDOM_LETTERS))
}

fn hash(config: &Config, code: &str) -> TokenHash {
    short_codes::hash(config, short_codes::Kind::DeviceLogin, code)
}
