//! The form of recovery codes, and what is stored of them.

use pocket_id_store::types::TokenHash;
use secrecy::SecretString;

use crate::config::Config;
use crate::random::Random;
use crate::short_codes;

/// Letters and digits nobody takes for another one, on paper too.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// So many of them are 79 bits.
const LENGTH: usize = 16;
const GROUP: usize = 4;

/// A new code, in groups that are easy to read.
pub fn new(random: Random) -> SecretString {
    let letters: Vec<char> = random.text(ALPHABET, LENGTH).chars().collect();
    let groups: Vec<String> = letters
        .chunks(GROUP)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-").into()
}

/// What is stored of a code, however it was typed; none of what cannot be one.
pub fn hash(config: &Config, typed: &str) -> Option<TokenHash> {
    let letters: String = typed
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let plausible = letters.len() == LENGTH && letters.bytes().all(|letter| ALPHABET.contains(&letter));
    plausible.then(|| short_codes::hash(config, short_codes::Kind::Recovery, &letters))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::config::AppUrl;

    #[test]
    fn codes_are_known_however_they_are_typed() {
        let url = AppUrl::parse("http://localhost:1411").unwrap();
        let config = Config::for_tests(url, std::path::Path::new("."));
        let code = new(Random);
        let code = code.expose_secret();
        assert_eq!(code.len(), LENGTH + 3);
        let stored = hash(&config, code).unwrap();
        for typed in [
            code.to_uppercase(),
            code.replace('-', ""),
            format!("  {} ", code.replace('-', " ")),
        ] {
            assert_eq!(hash(&config, &typed), Some(stored.clone()), "{typed}");
        }
        for typed in ["", "abcd", "abcd-efgh-jkmn-pqr1", "abcd-efgh-jkmn-pqrä"] {
            assert_eq!(hash(&config, typed), None, "{typed}");
        }
    }
}
