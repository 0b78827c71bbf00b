//! The `form_post` response mode (OAuth 2.0 Form Post Response Mode): a page that posts itself to the client.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};
use pocket_id_oidc::redirect_uri::RedirectUri;

const SCRIPT: &str = "document.forms[0].submit()";

/// The page.
pub fn page(redirect_uri: &RedirectUri, parameters: &[(&str, String)]) -> Response {
    let action = redirect_uri.url().as_str();
    let mut inputs = String::new();
    for (name, value) in parameters {
        let _ = write!(
            inputs,
            r#"<input type="hidden" name="{}" value="{}">"#,
            escape(name),
            escape(value)
        );
    }
    let html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signing in…</title></head><body><form method="post" action="{}">{inputs}<noscript><button type="submit">Continue</button></noscript></form><script>{SCRIPT}</script></body></html>"#,
        escape(action)
    );
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, SCRIPT.as_bytes()));
    let policy = format!(
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {}; script-src 'sha256-{hash}'",
        form_action(redirect_uri)
    );
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The redirect URI as a policy source: its origin, or its scheme where it has none. Sources cannot hold queries.
fn form_action(redirect_uri: &RedirectUri) -> String {
    let url = redirect_uri.url();
    let origin = url.origin();
    if origin.is_tuple() {
        origin.ascii_serialization()
    } else {
        format!("{}:", url.scheme())
    }
}

/// Text as it stands in HTML and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn values_cannot_break_out_and_only_the_client_is_posted_to() {
        let uri = RedirectUri::parse("https://app.example/cb?a=1&b=2").unwrap();
        let response = page(&uri, &[("state", "\"><script>alert(1)</script>".to_owned())]);
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            policy.contains("form-action 'self' https://app.example;"),
            "{policy}"
        );
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(html.matches("<script>").count(), 1);
        assert!(html.contains("https://app.example/cb?a=1&amp;b=2"), "{html}");
    }
}
