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

    /// A UUID that sorts by time (version 7, RFC 9562): of `millis` since 1970, and of those of one millisecond by number.
    pub fn timed_uuid(self, millis: u64, number: u32) -> Uuid {
        let mut rest = self.bytes::<10>();
        // 18 bits of the number: 4 beside the version, 8, and 6 beside the variant.
        let number = number & 0x3_FFFF;
        let [first, second, third, ..] = &mut rest;
        *first = u8::try_from(number >> 14).unwrap_or(0);
        *second = u8::try_from((number >> 6) & 0xFF).unwrap_or(0);
        *third = u8::try_from(number & 0x3F).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
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
    fn timed_uuids_sort_by_time_and_number() {
        let mut last = Random.timed_uuid(1_767_225_600_000, 0);
        for (millis, number) in [
            (1_767_225_600_000, 1),
            (1_767_225_600_000, 63),
            (1_767_225_600_000, 64),
            (1_767_225_600_000, 16_384),
            (1_767_225_600_000, 262_143),
            (1_767_225_600_001, 0),
        ] {
            let next = Random.timed_uuid(millis, number);
            assert!(last < next, "{millis} {number}");
            assert_eq!(
                (next.get_version_num(), next.get_variant()),
                (7, uuid::Variant::RFC4122)
            );
            last = next;
        }
    }

    #[test]
    fn each_letter_is_drawn() {
        let text = Random.text(b"abc", 300);
        assert!(b"abc".iter().all(|letter| text.as_bytes().contains(letter)));
    }
}
