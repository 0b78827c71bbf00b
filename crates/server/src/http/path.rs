//! Identifiers in paths.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::extract::Path;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use pocket_id_store::types::ClientId;

use super::error::ApiError;
use crate::state::AppState;

/// A path's identifier; none when the path holds something that cannot be one, which the feature answers like
/// an unknown one.
pub struct PathId<T>(pub Option<T>);

impl<T: FromStr + Send> FromRequestParts<AppState> for PathId<T> {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        Ok(Self(text.and_then(|Path(text)| text.parse().ok())))
    }
}

/// A path's client ID. `~` and base64url stand for IDs that are URLs.
pub struct ClientIdPath(pub ClientId);

impl FromRequestParts<AppState> for ClientIdPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::not_found("OIDC client"))?;
        let id = decode_client_id(&text);
        // PostgreSQL cannot be asked for a text with NUL, and no client has one.
        if id.0.contains('\0') {
            Err(ApiError::not_found("OIDC client"))
        } else {
            Ok(Self(id))
        }
    }
}

/// A client ID as it stands in a path; undecodable text is taken as it is.
pub fn decode_client_id(text: &str) -> ClientId {
    let decoded = text
        .strip_prefix('~')
        .and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    ClientId(decoded.unwrap_or_else(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tilde_ids_are_decoded() {
        for (text, expected) in [
            ("abc", "abc"),
            ("~aHR0cHM6Ly9hLmV4L2M", "https://a.ex/c"),
            ("~%%%", "~%%%"),
            ("~", ""),
        ] {
            assert_eq!(decode_client_id(text).0, expected, "{text}");
        }
    }
}
