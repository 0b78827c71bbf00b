//! Texts that must be readable again, encrypted: AES-256-GCM under a key derived from `ENCRYPTION_KEY`, as existing
//! installations store them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::config::{Config, EncryptionKey};
use crate::random::Random;

const INFO: &[u8] = b"pocketid/encrypted_string";
const ASSOCIATED: &[u8] = b"encrypted_string";

/// Why a text cannot be encrypted or read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptedTextError {
    /// The server was started without any encryption key.
    #[error("no encryption key is configured")]
    NoKey,
    /// The cryptographic library refused.
    #[error("the cryptographic library refused")]
    Refused,
    /// It was encrypted with another key, or changed since.
    #[error("an encrypted text cannot be decrypted: ENCRYPTION_KEY is not the one it was stored with")]
    WrongKey,
}

impl From<Unspecified> for EncryptedTextError {
    fn from(_: Unspecified) -> Self {
        Self::Refused
    }
}

/// Encrypts and decrypts.
pub struct TextKey(LessSafeKey);

impl TextKey {
    /// The key of this installation.
    pub fn of(config: &Config) -> Result<Self, EncryptedTextError> {
        let key = config.encryption_key.as_ref().ok_or(EncryptedTextError::NoKey)?;
        Self::derive(key)
    }

    /// The key that an encryption key gives.
    pub fn derive(key: &EncryptionKey) -> Result<Self, EncryptedTextError> {
        let pseudorandom = Salt::new(HKDF_SHA256, &[]).extract(key.expose());
        let key = pseudorandom.expand(&[INFO], &AES_256_GCM)?;
        Ok(Self(LessSafeKey::new(UnboundKey::from(key))))
    }

    /// Nonce, ciphertext and tag.
    pub fn seal(&self, text: &str, random: Random) -> Result<Vec<u8>, EncryptedTextError> {
        self.seal_with(text, random.bytes())
    }

    fn seal_with(&self, text: &str, nonce: [u8; NONCE_LEN]) -> Result<Vec<u8>, EncryptedTextError> {
        let mut sealed = text.as_bytes().to_vec();
        self.0.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(ASSOCIATED),
            &mut sealed,
        )?;
        let mut blob = nonce.to_vec();
        blob.append(&mut sealed);
        Ok(blob)
    }

    /// The text that was sealed.
    pub fn open(&self, blob: &[u8]) -> Result<SecretString, EncryptedTextError> {
        let wrong = EncryptedTextError::WrongKey;
        let (nonce, sealed) = blob.split_at_checked(NONCE_LEN).ok_or(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong)?;
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let plain = self
            .0
            .open_in_place(nonce, Aad::from(ASSOCIATED), &mut buffer)
            .map_err(|_| wrong)?;
        let text = std::str::from_utf8(plain).map_err(|_| wrong)?;
        Ok(SecretString::from(text))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::config::KeyOrigin;

    fn key(text: &str) -> TextKey {
        let key = EncryptionKey::new(text.as_bytes().to_vec(), KeyOrigin::Configured);
        TextKey::derive(&key).unwrap()
    }

    /// What existing installations store.
    #[test]
    fn known_answer() {
        let blob = key("test-encryption-key")
            .seal_with("scim-token", [0; 12])
            .unwrap();
        assert_eq!(
            STANDARD.encode(blob),
            "AAAAAAAAAAAAAAAAZSMW1jO8+biSF6UON/Ga3vJ0I7CpvyFHbuw="
        );
    }

    #[test]
    fn only_the_same_key_opens_it() {
        let mut blob = key("0123456789abcdef").seal("secret", Random).unwrap();
        let opened = key("0123456789abcdef").open(&blob).unwrap();
        assert_eq!(opened.expose_secret(), "secret");
        let wrong = |blob: &[u8], text: &str| key(text).open(blob).unwrap_err();
        assert_eq!(wrong(&blob, "0123456789abcdeg"), EncryptedTextError::WrongKey);
        assert_eq!(wrong(&[], "0123456789abcdef"), EncryptedTextError::WrongKey);
        *blob.last_mut().unwrap() ^= 1;
        assert_eq!(wrong(&blob, "0123456789abcdef"), EncryptedTextError::WrongKey);
    }
}
