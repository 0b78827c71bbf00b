//! The `Authorization` header.

use http::{HeaderMap, header};

/// A request with several of them says several things at once about who it is from (RFC 6749 §2.3, RFC 6750 §2). None is
/// picked: what stands before this server may have looked at another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The request has more than one Authorization header.")]
pub struct SeveralHeaders;

/// The header's text, if it is one.
pub fn read(headers: &HeaderMap) -> Result<Option<&str>, SeveralHeaders> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    match (all.next(), all.next()) {
        (_, Some(_)) => Err(SeveralHeaders),
        (first, None) => Ok(first.and_then(|value| value.to_str().ok())),
    }
}

/// The token of a scheme; without one, the header is about something else.
pub fn token<'h>(header: Option<&'h str>, scheme: &str) -> Option<&'h str> {
    header
        .and_then(|value| value.split_once(' '))
        .filter(|(found, _)| found.eq_ignore_ascii_case(scheme))
        .map(|(_, token)| token.trim())
}
