//! What is stored of codes that are short enough to type: a hash under a key, because a copy of the database could be
//! searched for them.

use aws_lc_rs::hmac;
use pocket_id_store::types::TokenHash;

use crate::config::{Config, EncryptionKey};

/// The kinds of such codes: the same letters as two of them are two different hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One sign-in without a passkey.
    Login,
    /// A device waiting for its tokens (RFC 8628).
    Device,
    /// A browser waiting to be signed in from another device.
    DeviceLogin,
    /// One sign-in of somebody who has lost their passkeys.
    Recovery,
}

impl Kind {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Login => b"pocketid/login-code",
            Self::Device => b"pocketid/device-user-code",
            Self::DeviceLogin => b"pocketid/device-login-code",
            Self::Recovery => b"pocketid/recovery-code",
        }
    }
}

/// The stored form of a code.
pub fn hash(config: &Config, kind: Kind, code: &str) -> TokenHash {
    let secret = config
        .encryption_key
        .as_ref()
        .map_or(&[] as &[u8], EncryptionKey::expose);
    let key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), kind.label());
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
    TokenHash(hmac::sign(&key, code.as_bytes()).as_ref().to_vec())
}
