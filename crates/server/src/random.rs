//! The one source of chance.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// Letters and digits.
pub const ALPHANUMERIC: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Cryptographically strong random values.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

impl Random {
    /// Random bytes.
    pub fn bytes<const N: usize>(self) -> [u8; N] {
        let mut bytes = [0; N];
        if aws_lc_rs::rand::fill(&mut bytes).is_err() {
            // Every secret depends on this; going on without it would be worse than stopping.
            tracing::error!("the system's random source failed");
            std::process::abort();
        }
        bytes
    }

    /// A random (version 4) UUID.
    pub fn uuid(self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// 256 random bits as unpadded base64url text.
    pub fn token(self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// Text of `length` characters chosen uniformly from an alphabet of at most 256 bytes.
    pub fn text(self, alphabet: &[u8], length: usize) -> String {
        let size = alphabet.len().clamp(1, 256);
        // Bytes past the last full multiple of the alphabet's size would favour its first letters.
        let limit = 256 - (256 % size);
        let mut text = String::with_capacity(length);
        while text.len() < length {
            for byte in self.bytes::<32>() {
                let index = usize::from(byte);
                if index < limit
                    && text.len() < length
                    && let Some(letter) = alphabet.get(index % size)
                {
                    text.push(char::from(*letter));
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_length_and_letters_asked_for() {
        let text = Random.text(ALPHANUMERIC, 32);
        assert_eq!(text.len(), 32);
        assert!(text.bytes().all(|byte| ALPHANUMERIC.contains(&byte)));
        assert_ne!(text, Random.text(ALPHANUMERIC, 32));
    }

    #[test]
    fn each_letter_is_drawn() {
        let text = Random.text(b"abc", 300);
        assert!(b"abc".iter().all(|letter| text.as_bytes().contains(letter)));
    }
}
