//! The form of login codes, and what is stored of them.

use pocket_id_store::types::TokenHash;
use secrecy::{ExposeSecret, SecretString};

use crate::config::Config;
use crate::random::Random;
use crate::short_codes;

/// Letters and digits nobody takes for another one.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ0123456789";

/// Seconds up to which a code is a short one.
const SHORT_LIVED: i64 = 15 * 60;

/// Characters of a code that does not live long.
const SHORT_LENGTH: usize = 6;

/// Lengths codes have, and those of older versions.
const LENGTHS: [usize; 3] = [SHORT_LENGTH, 12, 16];

/// A new code for some seconds: the longer it lives, the harder it is to guess.
pub fn new(random: Random, lifetime_seconds: i64) -> SecretString {
    let length = if lifetime_seconds <= SHORT_LIVED {
        SHORT_LENGTH
    } else {
        12
    };
    random.text(ALPHABET, length).into()
}

/// Whether a code is one of those that live long, and cannot be found by trying.
pub fn is_long(code: &SecretString) -> bool {
    code.expose_secret().chars().count() > SHORT_LENGTH
}

/// What was typed, as the code it can be: letters that look like digits are those digits.
pub fn typed(text: &str) -> Option<SecretString> {
    if !LENGTHS.contains(&text.chars().count()) {
        return None;
    }
    let code: String = text
        .chars()
        .map(|letter| match letter {
            'i' | 'I' => '1',
            'o' | 'O' => '0',
            other => other,
        })
        .collect();
    Some(code.into())
}

/// What is stored of a code.
pub fn hash(config: &Config, code: &SecretString) -> TokenHash {
    short_codes::hash(config, short_codes::Kind::Login, code.expose_secret())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_long_when_they_live_long() {
        for (seconds, length) in [(1, 6), (900, 6), (901, 12)] {
            let code = new(Random, seconds);
            assert_eq!(code.expose_secret().len(), length, "{seconds}");
            let again = typed(code.expose_secret()).unwrap();
            assert_eq!(
                again.expose_secret(),
                code.expose_secret(),
                "no letter is another one"
            );
        }
    }

    #[test]
    fn letters_that_look_like_digits_are_digits() {
        for (text, expected) in [
            ("iIoOab", Some("1100ab")),
            ("lLxxxx", Some("lLxxxx")),
            ("abcde", None),
            ("abcdefg", None),
            ("", None),
            ("ääääää", Some("ääääää")),
        ] {
            let code = typed(text);
            assert_eq!(code.as_ref().map(ExposeSecret::expose_secret), expected, "{text}");
        }
    }
}
