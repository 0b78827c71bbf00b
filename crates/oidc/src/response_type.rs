//! What an authorization request asks for directly (OAuth 2.0 Multiple Response Type Encoding Practices, OIDC Core §3).

use std::fmt;
use std::str::FromStr;

/// The grant type that stands for tokens given without a code (OIDC Registration §2).
pub const IMPLICIT: &str = "implicit";

/// A response type of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseType {
    /// A code to be exchanged (OIDC Core §3.1).
    Code,
    /// An ID token through the browser (OIDC Core §3.2).
    IdToken,
    /// The same with an access token.
    IdTokenToken,
}

/// Not a response type of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the response type is not supported")]
pub struct UnknownResponseType;

impl ResponseType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Code, Self::IdToken, Self::IdTokenToken];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
        }
    }

    /// Whether tokens come without a code.
    pub fn is_implicit(self) -> bool {
        self != Self::Code
    }

    /// Whether the browser carries an access token.
    pub fn gives_access_token(self) -> bool {
        self == Self::IdTokenToken
    }

    /// The grant type that goes with it (OIDC Registration §2, RFC 7591 §2.1).
    pub fn grant_type(self) -> &'static str {
        match self {
            Self::Code => "authorization_code",
            Self::IdToken | Self::IdTokenToken => IMPLICIT,
        }
    }
}

impl FromStr for ResponseType {
    type Err = UnknownResponseType;

    /// The order of its words does not matter (RFC 6749 §3.1.1).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        words.sort_unstable();
        match words.as_slice() {
            ["code"] => Ok(Self::Code),
            ["id_token"] => Ok(Self::IdToken),
            ["id_token", "token"] => Ok(Self::IdTokenToken),
            _ => Err(UnknownResponseType),
        }
    }
}

impl fmt::Display for ResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether an answer to a response type, supported or not, must not travel in a query: it asks for a token (OAuth 2.0
/// Multiple Response Type Encoding Practices §§3 and 5).
pub fn asks_for_tokens(text: &str) -> bool {
    text.split(' ').any(|word| matches!(word, "token" | "id_token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_and_their_order_does_not() {
        for (text, expected) in [
            ("code", Ok(ResponseType::Code)),
            ("id_token", Ok(ResponseType::IdToken)),
            ("id_token token", Ok(ResponseType::IdTokenToken)),
            ("token id_token", Ok(ResponseType::IdTokenToken)),
            ("", Err(UnknownResponseType)),
            ("token", Err(UnknownResponseType)),
            ("none", Err(UnknownResponseType)),
            ("Code", Err(UnknownResponseType)),
            ("code id_token", Err(UnknownResponseType)),
            ("code token", Err(UnknownResponseType)),
            ("code id_token token", Err(UnknownResponseType)),
            ("id_token id_token", Err(UnknownResponseType)),
            ("id_token,token", Err(UnknownResponseType)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
        for kind in ResponseType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(asks_for_tokens(kind.as_str()), kind.is_implicit(), "{kind}");
        }
        assert!(asks_for_tokens("code token") && asks_for_tokens("code id_token"));
    }
}
