//! Encrypting the signing key: AES-256-GCM under a key derived from `ENCRYPTION_KEY` and the instance id.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use hmac::{Hmac, Mac as _};
use sha3::Sha3_256;
use zeroize::Zeroizing;

use crate::random::Random;

/// Opens and closes stored signing keys.
pub struct KeyEncryptionKey(Zeroizing<Vec<u8>>);

/// HMAC-SHA3-256 of the instance id under the encryption key, as existing installations derive it.
pub fn key_encryption_key(encryption_key: &[u8], instance_id: &str) -> KeyEncryptionKey {
    let mut bytes = Zeroizing::new(Vec::with_capacity(32));
    // HMAC takes keys of any length.
    if let Ok(mut mac) = Hmac::<Sha3_256>::new_from_slice(encryption_key) {
        mac.update(format!("pocketid/{instance_id}/jwk-kek").as_bytes());
        bytes.extend_from_slice(&mac.finalize().into_bytes());
    }
    KeyEncryptionKey(bytes)
}

impl KeyEncryptionKey {
    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.0).ok().map(LessSafeKey::new)
    }

    /// Nonce, ciphertext and tag.
    pub fn seal(&self, plain: &[u8], random: Random) -> Option<Vec<u8>> {
        let nonce = random.bytes::<NONCE_LEN>();
        let mut sealed = plain.to_vec();
        self.cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .ok()?;
        let mut blob = nonce.to_vec();
        blob.append(&mut sealed);
        Some(blob)
    }

    /// The text that was sealed; none with another key or a changed blob.
    pub fn open(&self, blob: &[u8]) -> Option<Zeroizing<String>> {
        let (nonce, sealed) = blob.split_at_checked(NONCE_LEN)?;
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self
            .cipher()?
            .open_in_place(nonce, Aad::empty(), &mut buffer)
            .ok()?;
        String::from_utf8(plain.to_vec()).ok().map(Zeroizing::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_instance_open_it() {
        let kek = key_encryption_key(b"0123456789abcdef", "instance");
        let mut blob = kek.seal(b"secret", Random).unwrap();
        assert_eq!(kek.open(&blob).as_deref().map(String::as_str), Some("secret"));
        assert!(
            key_encryption_key(b"0123456789abcdeg", "instance")
                .open(&blob)
                .is_none()
        );
        assert!(
            key_encryption_key(b"0123456789abcdef", "other")
                .open(&blob)
                .is_none()
        );
        *blob.last_mut().unwrap() ^= 1;
        assert!(kek.open(&blob).is_none());
        assert!(kek.open(&[]).is_none());
    }

    /// The derivation of existing installations, by the vector they document for the same construction.
    #[test]
    fn derivation_known_answer() {
        let mut mac = Hmac::<Sha3_256>::new_from_slice(b"test-encryption-key").unwrap();
        mac.update(b"pocketid/actors-psk/ee05c3eb-8129-47a6-a1c7-849998b6f876");
        assert_eq!(
            hex::encode(mac.finalize().into_bytes()),
            "db09067fa194c3731bf77b6415a1c5d903f03d4557605ba3236b31f6eddfc8d7"
        );
    }
}
