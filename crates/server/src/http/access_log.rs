//! The request's id and its line in the log.
//!
//! The log has the path but never the query: queries of this product carry codes, states and hints. Of paths that carry
//! a code it has what stands before it.

use std::borrow::Cow;
use std::fmt;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, header};
use uuid::Uuid;

use super::client_ip::{ClientIp, RequestOrigin};
use super::error::ApiError;
use crate::state::AppState;

/// Identifies a request in its response and in the log. An id sent by the client is ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Requests too frequent and too dull for the log.
const QUIET: &[(Method, &str)] = &[
    (Method::GET, "/api/application-images/"),
    (Method::GET, "/_app"),
    (Method::GET, "/fonts"),
    (Method::GET, "/healthz"),
    (Method::HEAD, "/healthz"),
];

/// What stands before something that lets people in, or that stands for somebody who waits to be let in.
const BEFORE_SECRETS: &[&str] = &[
    "/lc/",
    "/st/",
    "/api/one-time-access-token/",
    "/api/device-login/requests/",
];

/// A path as the log may have it.
fn logged(path: &str) -> Cow<'_, str> {
    let secret = BEFORE_SECRETS.iter().find(|before| {
        path.get(..before.len())
            .is_some_and(|begins| begins.eq_ignore_ascii_case(before))
            && path.len() > before.len()
    });
    match secret {
        Some(before) => format!("{before}…").into(),
        None => path.into(),
    }
}

/// Outermost middleware: gives the request an id and a client address, and writes the log line.
pub async fn record(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId(state.random.uuid());
    let ip = super::client_ip::resolve(&state.config, request.extensions(), request.headers());
    let user_agent = text(request.headers().get(header::USER_AGENT));
    request.extensions_mut().insert(id);
    request.extensions_mut().insert(RequestOrigin {
        ip,
        user_agent: user_agent.clone(),
    });

    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|matched| matched.as_str().to_owned());
    let mut response = next.run(request).await;

    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    if !QUIET
        .iter()
        .any(|(quiet, prefix)| *quiet == method && path.starts_with(prefix))
    {
        let status = response.status().as_u16();
        let error_code = response.extensions().get::<ApiError>().map(ApiError::code);
        let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ip = ClientIp(ip);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    status,
                    method = %method,
                    path = %logged(&path),
                    route = route.as_deref(),
                    ip = %ip,
                    latency_ms,
                    user_agent = %user_agent,
                    request_id = %id,
                    error_code,
                    "HTTP request completed"
                )
            };
        }
        match status {
            429 => line!(warn),
            500.. => line!(error),
            _ => line!(info),
        }
    }
    response
}

fn text(value: Option<&HeaderValue>) -> String {
    value
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::logged;

    #[test]
    fn what_lets_people_in_is_not_logged() {
        for (path, expected) in [
            ("/lc/q7Rk2P", "/lc/…"),
            ("/LC/q7Rk2P", "/lc/…"),
            ("/lc/", "/lc/"),
            ("/lc", "/lc"),
            ("/st/abc", "/st/…"),
            (
                "/api/one-time-access-token/q7Rk2P",
                "/api/one-time-access-token/…",
            ),
            (
                "/api/device-login/requests/ABCD/exchange",
                "/api/device-login/requests/…",
            ),
            ("/api/device-login/requests", "/api/device-login/requests"),
            ("/api/users/me", "/api/users/me"),
            ("/ö", "/ö"),
        ] {
            assert_eq!(logged(path), expected);
        }
    }
}
