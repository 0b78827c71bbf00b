//! How sure we are of a user: `acr` values (OIDC Core §2, RFC 9470).

use std::fmt;
use std::str::FromStr;

/// An authentication context class. Later ones are stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acr {
    /// A remembered session, however it began. OIDC Core §2 gives `0` for exactly that: a long-lived cookie.
    Remembered,
    /// A passkey used for this very request, with its owner verified: phishing-resistant, `phr` (OpenID Connect
    /// Extended Authentication Profile ACR Values §2).
    FreshPasskey,
}

impl Acr {
    /// Every value, weakest first.
    pub const ALL: [Self; 2] = [Self::Remembered, Self::FreshPasskey];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Remembered => "0",
            Self::FreshPasskey => "phr",
        }
    }
}

impl fmt::Display for Acr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no class of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a supported acr value")]
pub struct UnknownAcr;

impl FromStr for Acr {
    type Err = UnknownAcr;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|acr| acr.as_str() == text)
            .ok_or(UnknownAcr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_one_name_and_a_place() {
        for (text, expected) in [
            ("0", Ok(Acr::Remembered)),
            ("phr", Ok(Acr::FreshPasskey)),
            ("phrh", Err(UnknownAcr)),
            ("PHR", Err(UnknownAcr)),
            ("1", Err(UnknownAcr)),
            (" 0", Err(UnknownAcr)),
            ("", Err(UnknownAcr)),
        ] {
            assert_eq!(text.parse::<Acr>(), expected, "{text}");
        }
        for acr in Acr::ALL {
            assert_eq!(acr.to_string().parse(), Ok(acr));
        }
        assert!(Acr::ALL.is_sorted(), "weakest first");
        assert!(Acr::Remembered < Acr::FreshPasskey);
    }
}
