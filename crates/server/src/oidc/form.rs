//! Parameters of protocol requests: from the query, a form, or both.

use axum::extract::{FromRequest as _, Multipart, Request};
use http::{HeaderMap, header};
use pocket_id_oidc::parameters::Parameters;

use crate::http::body::read_limited;

/// The largest form accepted, in bytes.
const LIMIT: usize = 1024 * 1024;

/// Why a form cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Not a form.
    #[error("The request body must be a form (application/x-www-form-urlencoded).")]
    NotAForm,
    /// Larger than [`LIMIT`] or cut off.
    #[error("The request body is too large or incomplete.")]
    Unreadable,
}

/// The pairs of a request's query.
pub fn query_pairs(request: &Request) -> Vec<(String, String)> {
    pairs(request.uri().query().unwrap_or_default().as_bytes())
}

/// The pairs of a request's form; none for an empty body.
pub async fn body_pairs(request: Request) -> Result<Vec<(String, String)>, FormError> {
    if media_type(request.headers()) == "multipart/form-data" {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(
            parts,
            axum::body::Body::new(http_body_util::Limited::new(body, LIMIT)),
        );
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
    let is_form = media_type(request.headers()) == "application/x-www-form-urlencoded";
    let bytes = read_limited(request, LIMIT)
        .await
        .map_err(|_| FormError::Unreadable)?;
    if !bytes.is_empty() && !is_form {
        return Err(FormError::NotAForm);
    }
    Ok(pairs(&bytes))
}

/// The form of a protocol request.
pub async fn body(request: Request) -> Result<Parameters, FormError> {
    body_pairs(request).await.map(Parameters::from_pairs)
}

/// The `Authorization` header as text.
pub fn authorization(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
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
