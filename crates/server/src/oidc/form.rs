//! Parameters of protocol requests: from the query, a form, or both.

use axum::extract::{FromRequest as _, Multipart, Request};
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use pocket_id_oidc::parameters::Parameters;

/// The largest form accepted, in bytes.
pub const LIMIT: usize = 1024 * 1024;

/// The largest authorization request accepted, in bytes. What it says is stored for people nobody knows yet.
pub const REQUEST_LIMIT: usize = 64 * 1024;

/// Why a form cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Not a form.
    #[error("The request body must be a form (application/x-www-form-urlencoded).")]
    NotAForm,
    /// Larger than allowed.
    #[error("The request body is too large.")]
    TooLarge,
    /// Cut off.
    #[error("The request body is incomplete.")]
    Unreadable,
}

/// The pairs of a request's query.
pub fn query_pairs(request: &Request) -> Vec<(String, String)> {
    pairs(request.uri().query().unwrap_or_default().as_bytes())
}

/// The pairs of a request's form of at most `limit` bytes; none for an empty body.
pub async fn body_pairs(request: Request, limit: usize) -> Result<Vec<(String, String)>, FormError> {
    let kind = media_type(request.headers());
    let (parts, body) = request.into_parts();
    let bytes = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(FormError::TooLarge),
        Err(_) => return Err(FormError::Unreadable),
    };
    if kind == "multipart/form-data" {
        let request = Request::from_parts(parts, axum::body::Body::from(bytes));
        let mut form = Multipart::from_request(request, &())
            .await
            .map_err(|_| FormError::NotAForm)?;
        let mut found = Vec::new();
        while let Some(field) = form.next_field().await.map_err(|_| FormError::Unreadable)? {
            let name = field.name().unwrap_or_default().to_owned();
            found.push((name, field.text().await.map_err(|_| FormError::Unreadable)?));
        }
        return Ok(found);
    }
    let is_form = kind == "application/x-www-form-urlencoded";
    if !bytes.is_empty() && !is_form {
        return Err(FormError::NotAForm);
    }
    Ok(pairs(&bytes))
}

/// The form of a protocol request.
pub async fn body(request: Request) -> Result<Parameters, FormError> {
    body_pairs(request, LIMIT).await.map(Parameters::from_pairs)
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}
