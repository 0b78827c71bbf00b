//! JSON Object Signing (RFC 7515, 7517, 7518, 7638, 8037) over aws-lc-rs.

mod algorithm;
mod der;
mod hmac;
mod jwk;
mod jws;
mod key;

pub use algorithm::Algorithm;
pub use hmac::{HmacAlgorithm, verify_hmac};
pub use jwk::{Jwk, JwkError};
pub use jws::{JwsError, UnverifiedJws, sign};
pub use key::{KeyError, PrivateKey, Signer};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Unpadded base64url (RFC 7515 §2).
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of unpadded base64url text; none for anything else.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
