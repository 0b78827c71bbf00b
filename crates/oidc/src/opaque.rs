//! Codes and refresh tokens: what the holder gets and what is stored of it.
//!
//! A prefix tells people and secret scanners what they have found; it is not part of the secret and may be left
//! out. The rest is 256 random bits, so a plain SHA-256 of it cannot be searched.

use aws_lc_rs::digest;
use zeroize::Zeroizing;

use crate::jose::base64url;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An authorization code.
    AuthorizationCode,
    /// A refresh token.
    RefreshToken,
    /// A device code.
    DeviceCode,
}

impl Kind {
    /// What its tokens begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "pocket_id_ac_",
            Self::RefreshToken => "pocket_id_rt_",
            Self::DeviceCode => "pocket_id_dc_",
        }
    }

    /// What is stored of a token somebody presents as one of this kind.
    pub fn hash(self, presented: &str) -> [u8; 32] {
        let secret = presented.strip_prefix(self.prefix()).unwrap_or(presented);
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
        hash
    }
}

/// A new token.
pub struct OpaqueToken {
    text: Zeroizing<String>,
    hash: [u8; 32],
}

impl std::fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpaqueToken(..)")
    }
}

impl OpaqueToken {
    /// A token of 32 random bytes.
    pub fn new(kind: Kind, random: [u8; 32]) -> Self {
        let text = Zeroizing::new(format!("{}{}", kind.prefix(), base64url(&random)));
        let hash = kind.hash(&text);
        Self { text, hash }
    }

    /// What the holder gets.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is stored.
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_again_with_and_without_its_prefix() {
        for kind in [Kind::AuthorizationCode, Kind::RefreshToken, Kind::DeviceCode] {
            let token = OpaqueToken::new(kind, [9; 32]);
            let bare = token.expose().strip_prefix(kind.prefix()).unwrap();
            assert_eq!(bare.len(), 43);
            assert_eq!(kind.hash(token.expose()), token.hash());
            assert_eq!(kind.hash(bare), token.hash());
            assert_ne!(kind.hash(&bare.to_ascii_lowercase()), token.hash());
        }
    }

    #[test]
    fn one_kind_does_not_pass_for_another() {
        let code = OpaqueToken::new(Kind::AuthorizationCode, [9; 32]);
        assert_ne!(Kind::RefreshToken.hash(code.expose()), code.hash());
    }

    #[test]
    fn a_printed_token_shows_nothing() {
        let token = OpaqueToken::new(Kind::RefreshToken, [9; 32]);
        assert_eq!(format!("{token:?}"), "OpaqueToken(..)");
    }
}
