//! Answers that are pictures: cacheable, with an ETag.

use aws_lc_rs::digest;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// A picture as an answer to a request. With the query parameter `skipCache` it may not be kept.
pub fn answer(
    bytes: Bytes,
    content_type: &'static str,
    cache_control: &'static str,
    query: Option<&str>,
    request_headers: &HeaderMap,
) -> Response {
    let hash = digest::digest(&digest::SHA256, &bytes);
    let etag = format!("\"{}\"", hex::encode(hash.as_ref().get(..16).unwrap_or_default()));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, value);
    }
    let skip = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .any(|(name, _)| name == "skipCache");
    if !skip {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    }
    if content_type == "image/svg+xml" {
        // Opened by itself, an SVG is a page: nothing in it may run or be loaded.
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"),
        );
    }
    if super::assets::matches_etag(request_headers, &etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, bytes).into_response()
}

/// Whether a query asks for the picture of light mode, which it does unless `light` says otherwise.
pub fn is_light(query: Option<&str>) -> bool {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "light")
        .is_none_or(|(_, value)| matches!(value.as_ref(), "1" | "t" | "T" | "true" | "True" | "TRUE"))
}
