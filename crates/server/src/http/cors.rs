//! Cross-origin access to the protocol endpoints that browser apps call; without credentials.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// The endpoints.
pub const PATHS: &[&str] = &[
    "/api/oidc/token",
    "/api/oidc/userinfo",
    "/api/oidc/end-session",
    "/api/oidc/introspect",
    "/api/oidc/revoke",
    "/api/oidc/par",
    "/api/oidc/device/authorize",
    "/api/oidc/register",
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
];

/// Where registered clients manage themselves, each below at its own address (RFC 7592 §2).
const MANAGEMENT: &str = "/api/oidc/register/";

/// Middleware: answers preflights and marks answers, failed ones too, as readable from anywhere.
pub async fn allow(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let managed = path.starts_with(MANAGEMENT);
    if !managed && !PATHS.contains(&path) {
        return next.run(request).await;
    }
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let methods = if managed { "GET, PUT, DELETE" } else { "GET, POST" };
    mark(response.headers_mut(), methods);
    response
}

fn mark(headers: &mut HeaderMap, methods: &'static str) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    // More than the reference allows: clients that send JSON or protocol headers fail preflight there.
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Authorization, Content-Type, DPoP, MCP-Protocol-Version"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(methods),
    );
    // What a browser app has to read of an error (RFC 6750, RFC 9449 §8).
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate"),
    );
}
