//! Bearer secrets we hand out and know again only by their hash.

use aws_lc_rs::digest;
use pocket_id_store::types::TokenHash;
use secrecy::{ExposeSecret, SecretString};

use crate::random::Random;

/// A fresh secret and what the database may keep of it.
#[derive(Debug)]
pub struct SecretToken {
    /// What the holder gets.
    pub value: SecretString,
    /// What is stored.
    pub hash: TokenHash,
}

impl SecretToken {
    /// 256 random bits.
    pub fn generate(random: Random) -> Self {
        let value = SecretString::from(random.token());
        let hash = hash(value.expose_secret());
        Self { value, hash }
    }
}

/// The stored form of a presented token. Tokens carry 256 random bits, so a plain SHA-256 cannot be searched.
pub fn hash(token: &str) -> TokenHash {
    TokenHash(
        digest::digest(&digest::SHA256, token.as_bytes())
            .as_ref()
            .to_vec(),
    )
}
