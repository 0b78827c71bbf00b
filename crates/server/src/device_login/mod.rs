//! Signing in with another device: a browser without a passkey shows a code, a signed-in person approves it elsewhere
//! with a passkey just used, and the waiting browser, nobody else, becomes that person's.

mod deciding;
mod dto;
mod routes;
mod waiting;

pub use routes::routes;

use pocket_id_store::types::TokenHash;

use crate::config::Config;
use crate::random::Random;
use crate::short_codes;

/// Letters and digits nobody takes for another one.
const ALPHABET: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ0123456789";
/// Letters after the first, which tells these codes from those of the OIDC device flow.
const LENGTH: usize = 7;

fn new_code(random: Random) -> String {
    format!("P{}", random.text(ALPHABET, LENGTH))
}

fn hash(config: &Config, code: &str) -> TokenHash {
    short_codes::hash(config, short_codes::Kind::DeviceLogin, code)
}
