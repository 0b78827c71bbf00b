//! Handles of pushed authorization requests (RFC 9126 §2.2).

use aws_lc_rs::digest;
use serde::Serialize;

use crate::jose::base64url;

/// What every handle begins with.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Seconds a pushed request waits for its user.
pub const LIFETIME: i64 = 90;

/// The handle of 32 random bytes.
pub fn handle(random: [u8; 32]) -> String {
    format!("{PREFIX}{}", base64url(&random))
}

/// The secret part of a `request_uri`; none if it is not a handle.
pub fn secret(request_uri: &str) -> Option<&str> {
    request_uri.strip_prefix(PREFIX)
}

/// What is stored of a handle's secret part.
pub fn hash(secret: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    hash
}

/// The answer to a push.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The handle.
    pub request_uri: String,
    /// Seconds it is good for.
    pub expires_in: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_known_again_and_nothing_else_is() {
        let handle = handle([7; 32]);
        assert_eq!(secret(&handle).map(str::len), Some(43));
        assert_eq!(secret("https://app.example/request.jwt"), None);
        assert_ne!(hash("a"), hash("b"));
    }
}
