//! Proof Key for Code Exchange (RFC 7636).

use aws_lc_rs::digest;
use subtle::ConstantTimeEq as _;

use crate::jose::base64url;

/// How a challenge was made from its verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The challenge is the hash of the verifier.
    S256,
    /// The challenge is the verifier. Only for clients that are explicitly allowed it.
    Plain,
}

impl Method {
    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::S256 => "S256",
            Self::Plain => "plain",
        }
    }

    /// The method named; an absent name means `plain` (RFC 7636 §4.3).
    pub fn from_parameter(text: Option<&str>) -> Option<Self> {
        match text {
            Some("S256") => Some(Self::S256),
            Some("plain") | None => Some(Self::Plain),
            Some(_) => None,
        }
    }
}

/// A challenge as it was sent with the authorization request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// `code_challenge`.
    pub value: String,
    /// `code_challenge_method`.
    pub method: Method,
}

/// Whether a challenge has the form RFC 7636 §4.2 gives it: 43 to 128 unreserved characters.
pub fn is_well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

impl Challenge {
    /// Whether a verifier is the one this challenge was made from, compared in constant time.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        if !is_well_formed(verifier) {
            return false;
        }
        let expected = match self.method {
            Method::S256 => base64url(digest::digest(&digest::SHA256, verifier.as_bytes()).as_ref()),
            Method::Plain => verifier.to_owned(),
        };
        expected.as_bytes().ct_eq(self.value.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    /// RFC 7636, Appendix B.
    #[test]
    fn known_answer() {
        let challenge = Challenge {
            value: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
            method: Method::S256,
        };
        assert!(challenge.is_met_by(VERIFIER));
        assert!(!challenge.is_met_by(&VERIFIER.replace('d', "e")));
        assert!(!challenge.is_met_by(&challenge.value));
    }

    #[test]
    fn verifiers_have_a_form() {
        let plain = |value: &str| Challenge {
            value: value.to_owned(),
            method: Method::Plain,
        };
        assert!(plain(VERIFIER).is_met_by(VERIFIER));
        for text in [
            "",
            "short",
            &"a".repeat(42),
            &"a".repeat(129),
            &format!("{} {}", "a".repeat(30), "b".repeat(30)),
        ] {
            assert!(!plain(text).is_met_by(text), "{text}");
        }
    }
}
