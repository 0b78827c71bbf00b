//! Refuses requests another site makes with our cookies.
//!
//! `SameSite=Lax` cookies already stay home on cross-site POSTs; this closes the rest (same-site subdomains,
//! sign-in routes that set a session and need no cookie). Programs send neither header and pass, or an API key and no
//! session.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};

use super::access::X_API_KEY;
use super::cookies::Cookie;
use super::cors;
use super::error::ApiError;
use crate::config::{AppUrl, Config};
use crate::state::AppState;

/// Endpoints of the OAuth protocol take no cookies, or are meant to be called from other sites.
fn is_protocol(path: &str) -> bool {
    path == "/authorize" || cors::PATHS.contains(&path)
}

/// Middleware: lets changing requests through only from our own pages or from programs.
pub async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let headers = request.headers();
    if changes
        && !is_protocol(request.uri().path())
        && !is_own(headers, &state.config)
        && !is_by_key_alone(headers, &state.config.app_url)
    {
        return ApiError::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "This request was made by another site and has been refused",
        )
        .into_response();
    }
    next.run(request).await
}

/// Whether a key is all a request comes with: browsers add cookies by themselves, but never a key. A request with both
/// may be a session's.
fn is_by_key_alone(headers: &HeaderMap, app_url: &AppUrl) -> bool {
    headers.get(X_API_KEY).is_some_and(|key| !key.is_empty())
        && Cookie::AccessToken.read(headers, app_url).is_none()
}

fn is_own(headers: &HeaderMap, config: &Config) -> bool {
    if let Some(origin) = headers.get(header::ORIGIN) {
        // The pages are also at the related origins, with cookies of their own there.
        let is = |ours: &AppUrl| origin.as_bytes().eq_ignore_ascii_case(ours.origin().as_bytes());
        return is(&config.app_url) || config.webauthn_related_origins.iter().any(is);
    }
    match headers.get("sec-fetch-site") {
        Some(site) => matches!(site.as_bytes(), b"same-origin" | b"none"),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_and_programs_may_change_things() {
        let app_url = AppUrl::parse("https://id.example.com").unwrap();
        let mut config = Config::for_tests(app_url, std::path::Path::new("/nowhere"));
        config.webauthn_related_origins = vec![AppUrl::parse("https://id.example.net").unwrap()];
        for (headers, own) in [
            (vec![], true),
            (vec![("origin", "https://id.example.com")], true),
            (vec![("origin", "https://ID.example.com")], true),
            (vec![("origin", "https://id.example.net")], true),
            (vec![("origin", "https://sub.id.example.net")], false),
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("origin", "https://evil.example.com")], false),
            (vec![("origin", "null")], false),
            (vec![("origin", "http://id.example.com")], false),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in &headers {
                map.insert(*name, value.parse().unwrap());
            }
            assert_eq!(is_own(&map, &config), own, "{headers:?}");
        }
    }
}
