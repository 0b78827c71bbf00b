//! The embedded UI: files with ETags and precompressed variants.

use std::path::Path;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `npm run build` left in `web/build`. Debug builds read it from there at run time.
#[derive(RustEmbed)]
#[folder = "../../web/build"]
#[allow_missing = true]
struct Files;

/// The page every route of the UI starts from, if the UI was built.
pub fn index_html() -> Option<String> {
    let file = Files::get("index.html")?;
    String::from_utf8(file.data.into_owned()).ok()
}

/// A file of the UI by its URL path; none when there is no such file.
pub fn file(method: &Method, path: &str, request_headers: &HeaderMap) -> Option<Response> {
    let name = path.trim_start_matches('/');
    // Compressed siblings and the page itself are not files of their own.
    let extension = Path::new(name).extension().and_then(std::ffi::OsStr::to_str);
    if name.is_empty() || name == "index.html" || matches!(extension, Some("br" | "gz")) {
        return None;
    }
    let plain = Files::get(name)?;
    let etag = etag(&plain);
    let immutable = name.starts_with("_app/immutable/") || name.starts_with("fonts/");
    let cache = if immutable {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=86400"
    };

    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, value);
    }
    let compressible =
        Files::get(&format!("{name}.gz")).is_some() || Files::get(&format!("{name}.br")).is_some();
    if compressible {
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if matches_etag(request_headers, &etag) {
        return Some((StatusCode::NOT_MODIFIED, headers).into_response());
    }

    let type_ = mime_guess::from_path(name).first_or_octet_stream();
    let type_ = if type_.type_() == mime_guess::mime::TEXT && type_.get_param("charset").is_none() {
        format!("{type_}; charset=utf-8")
    } else if extension == Some("webmanifest") {
        "application/manifest+json".to_owned()
    } else {
        type_.to_string()
    };
    if let Ok(value) = HeaderValue::from_str(&type_) {
        headers.insert(header::CONTENT_TYPE, value);
    }
    let mut content = plain;
    if compressible {
        for (encoding, extension) in preferred_encodings(request_headers) {
            if let Some(file) = Files::get(&format!("{name}.{extension}")) {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
                content = file;
                break;
            }
        }
    }
    let length = content.data.len();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    let body = if *method == Method::HEAD {
        Body::empty()
    } else {
        match content.data {
            std::borrow::Cow::Borrowed(bytes) => Body::from(bytes),
            std::borrow::Cow::Owned(bytes) => Body::from(bytes),
        }
    };
    Some((headers, body).into_response())
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    format!("\"{}\"", hex::encode(hash.get(..16).unwrap_or(&hash)))
}

/// Whether the client has this version already.
pub fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value
                .split(',')
                .map(str::trim)
                .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
        })
}

/// Encodings the client takes, best first; brotli wins ties.
fn preferred_encodings(headers: &HeaderMap) -> Vec<(&'static str, &'static str)> {
    let accepted: Vec<String> = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(str::to_ascii_lowercase)
        .collect();
    let quality = |encoding: &str| -> f32 {
        let mut wildcard = 0.0;
        for item in accepted.iter().flat_map(|value| value.split(',')) {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let q = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| {
                q.parse::<f32>()
                    .ok()
                    .filter(|q| (0.0..=1.0).contains(q))
                    .unwrap_or(0.0)
            });
            if name == encoding {
                return q;
            }
            if name == "*" {
                wildcard = q;
            }
        }
        wildcard
    };
    let mut found: Vec<(f32, (&'static str, &'static str))> = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .map(|entry| (quality(entry.0), entry))
        .collect();
    found.retain(|(q, _)| *q > 0.0);
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.into_iter().map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_encoding_wins() {
        for (value, expected) in [
            ("", vec![]),
            ("gzip, deflate, br", vec!["br", "gzip"]),
            ("br;q=0.5, gzip", vec!["gzip", "br"]),
            ("*", vec!["br", "gzip"]),
            ("*;q=0, gzip", vec!["gzip"]),
            ("br;q=nonsense", vec![]),
            ("identity", vec![]),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            let found: Vec<_> = preferred_encodings(&headers)
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            assert_eq!(found, expected, "{value}");
        }
    }
}
