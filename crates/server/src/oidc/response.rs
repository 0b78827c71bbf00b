//! Wire forms shared by the protocol endpoints.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use pocket_id_oidc::client_auth::PresentedError;
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use serde::Serialize;

use crate::http::authorization::SeveralHeaders;
use crate::http::error::ApiError;

/// A failure of a JSON protocol endpoint.
#[derive(Debug)]
pub enum Failure {
    /// The client's.
    OAuth(OAuthError),
    /// The client's: its request is larger than it may be.
    TooLarge(OAuthError),
    /// The proof of possession; the client learns the nonce to use (RFC 9449 §8).
    Dpop(OAuthError, String),
    /// Ours; the cause goes to the log, the client learns `server_error`.
    Internal(ApiError),
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}

impl From<SeveralHeaders> for OAuthError {
    fn from(error: SeveralHeaders) -> Self {
        Self::new(ErrorCode::InvalidRequest, error.to_string())
    }
}

impl From<SeveralHeaders> for Failure {
    fn from(error: SeveralHeaders) -> Self {
        Self::OAuth(error.into())
    }
}

impl From<PresentedError> for Failure {
    fn from(error: PresentedError) -> Self {
        Self::OAuth(error.into())
    }
}

impl From<pocket_id_store::StoreError> for Failure {
    fn from(error: pocket_id_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Internal(error)
    }
}

impl From<crate::signing_keys::SigningKeysError> for Failure {
    fn from(error: crate::signing_keys::SigningKeysError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<pocket_id_oidc::jose::KeyError> for Failure {
    fn from(error: pocket_id_oidc::jose::KeyError) -> Self {
        Self::Internal(ApiError::internal(error))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::OAuth(error) => {
                let status =
                    StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut response = json(status, &error.body());
                let challenge = match error.code {
                    ErrorCode::InvalidClient | ErrorCode::RequestUnauthorized => {
                        Some("Basic realm=\"Pocket ID\"".to_owned())
                    }
                    ErrorCode::InvalidToken | ErrorCode::InsufficientScope => Some(error.bearer_challenge()),
                    _ => None,
                };
                if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
                    response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
                }
                response
            }
            Self::TooLarge(error) => json(StatusCode::PAYLOAD_TOO_LARGE, &error.body()),
            Self::Dpop(error, nonce) => {
                let mut response = json(StatusCode::BAD_REQUEST, &error.body());
                if let Ok(nonce) = HeaderValue::from_str(&nonce) {
                    response.headers_mut().insert(super::dpop::NONCE_HEADER, nonce);
                }
                response
            }
            Self::Internal(error) => {
                tracing::error!(error = ?error, "a protocol request failed");
                let error = OAuthError::new(ErrorCode::ServerError, "Something went wrong.");
                json(StatusCode::INTERNAL_SERVER_ERROR, &error.body())
            }
        }
    }
}

/// JSON that nobody may keep (RFC 6749 §5.1).
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let Ok(text) = serde_json::to_vec(body) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json;charset=UTF-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ];
    (status, headers, text).into_response()
}

/// A signed answer that nobody may keep.
pub fn jwt(token: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/jwt")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ];
    (StatusCode::OK, headers, token).into_response()
}

/// For `HEAD` where reading has effects: a program that only looks at links must not use up what a person came with
/// (RFC 9110 §9.2.1).
pub fn head_refused() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response()
}

/// An answer without a body that nobody may keep.
pub fn empty(status: StatusCode) -> Response {
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ];
    (status, headers).into_response()
}

/// A redirect that nobody may keep.
pub fn redirect(status: StatusCode, location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        return ApiError::internal("a redirect target is not a header value").into_response();
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ];
    (status, headers).into_response()
}
