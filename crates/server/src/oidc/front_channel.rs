//! Front-channel logout (OpenID Connect Front-Channel Logout 1.0): a page that loads addresses of clients in hidden
//! frames, then goes on.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aws_lc_rs::digest;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};
use url::Url;

use super::form_post::escape;

/// Goes on when all frames have loaded, or after five seconds. A frame that failed reports as loaded too.
const SCRIPT: &str = "(()=>{let gone=false;const go=()=>{if(!gone){gone=true;location.replace(document.getElementById('next').href)}};addEventListener('load',go);setTimeout(go,5000)})()";

/// Frames on one page; nobody waits for more.
const MOST_FRAMES: usize = 50;

/// The page.
pub fn page(addresses: &[Url], target: &str) -> Response {
    let mut frames = String::new();
    let mut origins = BTreeSet::new();
    let framed = addresses
        .iter()
        .filter_map(|url| Some((url, source(url)?)))
        .take(MOST_FRAMES);
    for (url, origin) in framed {
        let _ = write!(
            frames,
            r#"<iframe hidden sandbox="allow-scripts allow-same-origin" referrerpolicy="no-referrer" src="{}"></iframe>"#,
            escape(url.as_str())
        );
        origins.insert(origin);
    }
    let target = escape(target);
    let html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Signing out…</title></head><body><p>Signing out… <a id="next" href="{target}">Continue</a></p><script>{SCRIPT}</script>{frames}</body></html>"#
    );
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, SCRIPT.as_bytes()));
    let origins: Vec<String> = origins.into_iter().collect();
    let policy = format!(
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; frame-src {}; script-src 'sha256-{hash}'",
        if origins.is_empty() {
            "'none'".to_owned()
        } else {
            origins.join(" ")
        }
    );
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// An address as a policy source: its origin. Hosts may hold characters that mean something else in a policy; those
/// are nobody's real address.
fn source(url: &Url) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/' | '[' | ']');
    let origin = url.origin();
    let text = origin.ascii_serialization();
    let web = matches!(url.scheme(), "http" | "https") && origin.is_tuple();
    (web && text.chars().all(plain)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_clients_are_framed_and_nothing_breaks_out() {
        let addresses = [
            "https://a.example/out?x=1&sid=\"><script>alert(1)</script>",
            "https://b.example:8443/out",
            "https://a.example/again",
            "https://a;script-src*.example/",
            "javascript:alert(1)",
        ];
        let addresses: Vec<Url> = addresses.iter().filter_map(|url| Url::parse(url).ok()).collect();
        let response = page(&addresses, "https://app.example/bye?state=\"><b>");
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            policy.contains("frame-src https://a.example https://b.example:8443; script-src 'sha256-"),
            "{policy}"
        );
        let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(html.matches("<script>").count(), 1, "{html}");
        assert_eq!(html.matches("<iframe ").count(), 3, "{html}");
        assert!(!html.contains("<b>"), "{html}");
    }
}
