//! The shell around all routes: errors, headers, bodies, methods, redirects, health.

use http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Database, TestApp, both_engines};

both_engines!(health_and_readiness_answer, |app: TestApp| async move {
    let mut browser = app.browser();
    for path in ["/healthz", "/readyz"] {
        let answer = browser.get(path).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (StatusCode::NO_CONTENT, ""),
            "{path}"
        );
    }
});

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let app = TestApp::start(Database::Sqlite).await;
    let mut browser = app.browser();
    for path in [
        "/healthz",
        "/api/users/me",
        "/api/nothing",
        "/api/application-configuration",
    ] {
        let request = browser.request(Method::GET, path).header("x-request-id", "mine");
        let answer = browser.send(request).await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
        assert_eq!(answer.header("cache-control"), "private, no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with(
                "default-src 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'none';"
            )
        );
        assert!(policy.contains("script-src 'self' 'nonce-"), "{policy}");
    }
}

#[tokio::test]
async fn json_names_its_charset() {
    let app = TestApp::start(Database::Sqlite).await;
    let mut browser = app.browser();
    for path in [
        "/api/application-configuration",
        "/.well-known/openid-configuration",
        "/api/openapi.json",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(
            answer.header("content-type"),
            "application/json; charset=utf-8",
            "{path}"
        );
    }
}

#[tokio::test]
async fn failures_have_one_shape_and_their_request_id() {
    let app = TestApp::start(Database::Sqlite).await;
    let answer = app.browser().get("/api/users/me").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(
        answer.json(),
        json!({"error": "You are not signed in", "code": "not_signed_in", "request_id": answer.header("x-request-id")})
    );
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_are_not_found() {
    let app = TestApp::start(Database::Sqlite).await;
    let mut browser = app.browser();
    for (method, path) in [
        (Method::GET, "/api/nothing"),
        (Method::GET, "/.well-known/nothing"),
        (Method::DELETE, "/api/users"),
        (Method::PATCH, "/api/users/me"),
        (Method::OPTIONS, "/api/users"),
    ] {
        let request = browser.request(method.clone(), path);
        let answer = browser.send(request).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        assert_eq!(
            answer.json(),
            json!({"error": "API endpoint not found"}),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn trailing_slashes_are_redirected_within_this_host() {
    let app = TestApp::start(Database::Sqlite).await;
    let mut browser = app.browser();
    for (method, path, status, location) in [
        (Method::GET, "/api/users/me/", 301, "/api/users/me"),
        (Method::GET, "/settings/?a=b", 301, "/settings?a=b"),
        (Method::POST, "/api/signup/setup/", 307, "/api/signup/setup"),
        (Method::GET, "//evil.example/", 301, "/evil.example"),
    ] {
        let request = browser.request(method, path);
        let answer = browser.send(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (status, location),
            "{path}"
        );
    }
}

#[tokio::test]
async fn bad_bodies_are_refused_by_name() {
    let app = TestApp::start(Database::Sqlite).await;
    let mut browser = app.browser();
    let path = "/api/signup/setup";
    for (content_type, body) in [
        (Some("text/plain"), r#"{"username":"tim"}"#),
        (None, r#"{"username":"tim"}"#),
        (Some("application/json"), ""),
        (Some("application/json"), "{"),
        (Some("application/json"), "[]"),
        (Some("application/json"), r#"{"username":1}"#),
        (Some("application/json"), "\u{0}"),
    ] {
        let mut request = browser.request(Method::POST, path).body(body);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = browser.send(request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_request_body"),
            "{body:?}"
        );
    }
    let request = browser
        .request(Method::POST, path)
        .header("content-type", "application/json")
        .body(format!(r#"{{"username":"{}"}}"#, "x".repeat(2 * 1024 * 1024)));
    let answer = browser.send(request).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "file_too_large")
    );
    let request = browser
        .request(Method::POST, path)
        .header("content-type", "application/json")
        .body(vec![0xff, 0xfe]);
    assert_eq!(browser.send(request).await.code(), "invalid_request_body");
}

#[tokio::test]
async fn other_sites_cannot_change_anything() {
    let app = TestApp::start(Database::Sqlite).await;
    let mut browser = app.browser();
    let body = json!({"username": "eve", "email": "eve@example.com"});
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let request = browser
            .request(Method::POST, "/api/signup/setup")
            .header(name, value)
            .json(&body);
        let answer = browser.send(request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "forbidden"),
            "{name}"
        );
    }
    assert_eq!(
        browser.get("/api/signup/setup").await.status,
        StatusCode::NO_CONTENT
    );
    let request = browser
        .request(Method::POST, "/api/signup/setup")
        .header("origin", &app.url)
        .json(&body);
    assert_eq!(browser.send(request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_flood_is_told_to_wait() {
    let app = TestApp::start_with(Database::Sqlite, |config| {
        config.rate_limiting = true.into();
    })
    .await;
    let mut browser = app.browser();
    let mut refused = None;
    for _ in 0..400 {
        let answer = browser.get("/api/application-configuration").await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("400 requests in a row were all let through");
    assert_eq!(refused.code(), "rate_limited");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(browser.get("/healthz").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn sessions_end_with_their_time() {
    let app = TestApp::start(Database::Sqlite).await;
    let mut admin = app.set_up().await;
    app.pass_seconds(59 * 60);
    assert_eq!(admin.get("/api/users/me").await.status, StatusCode::OK);
    app.pass_seconds(60);
    assert_eq!(admin.get("/api/users/me").await.code(), "not_signed_in");
}

#[tokio::test]
async fn a_session_works_as_a_bearer_value_where_there_is_no_cookie() {
    let app = TestApp::start(Database::Sqlite).await;
    let admin = app.set_up().await;
    let mut program = app.browser();
    let token = &admin.cookies["access_token"];
    let request = program
        .request(Method::GET, "/api/users/me")
        .header("authorization", format!("Bearer {token}"));
    assert_eq!(program.send(request).await.status, StatusCode::OK);
    let request = program
        .request(Method::GET, "/api/users/me")
        .header("authorization", "Bearer nonsense");
    assert_eq!(program.send(request).await.code(), "not_signed_in");
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let app = TestApp::start(Database::Sqlite).await;
    let mut browser = app.browser();
    let full = browser.get("/api/application-configuration").await;
    let request = browser.request(Method::HEAD, "/api/application-configuration");
    let head = browser.send(request).await;
    assert_eq!((head.status, head.text.as_str()), (full.status, ""));
    assert_eq!(head.header("content-length"), full.text.len().to_string());
}

both_engines!(
    strange_addresses_never_break_the_server,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        for path in [
            "/api/users/%ff",
            "/api/users/%00",
            "/api/users/%00/profile-picture.png",
            "/api/users?search=%00",
            "/api/users?filters[isAdmin]=%00",
            "/api/oidc/clients?search=%00&filters[clientType]=%00",
            "/api/oidc/clients/%00",
            "/api/oidc/clients/%ff",
            "/api/oidc/clients/~AA",
            "/api/oidc/clients/%00/meta",
            "/api/oidc/interactions/%ff",
            "/api/application-images/%ff",
            "/authorize?client_id=%00",
            "/authorize?client_id=%ff&redirect_uri=%ff",
            "/api/oidc/end-session?id_token_hint=%00&state=%00",
            "/api/oidc/userinfo?access_token=%00",
            "/%ff",
            "/%00",
            "/..%2f..%2fetc/passwd",
            "//",
            "/?",
        ] {
            let answer = admin.get(path).await;
            assert!(answer.status.as_u16() < 500, "{path}: {answer:?}");
            if path.starts_with("/api/users/%") || path.starts_with("/api/oidc/clients/") {
                assert!(!answer.code().is_empty(), "{path}: {answer:?}");
            }
        }
        for path in [
            "/api/oidc/clients/%ff/secrets/%ff",
            "/api/oidc/clients/%00/secrets/x",
            "/api/users/%ff",
        ] {
            let answer = admin.delete(path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {answer:?}");
            assert!(!answer.code().is_empty(), "{path}");
        }
    }
);

both_engines!(
    apps_in_browsers_reach_the_protocol_from_their_own_sites,
    |app: TestApp| async move {
        for path in [
            "/api/oidc/token",
            "/api/oidc/revoke",
            "/api/oidc/introspect",
            "/api/oidc/par",
            "/api/oidc/device/authorize",
            "/api/oidc/register",
        ] {
            let mut spa = app.browser();
            let request = spa
                .request(http::Method::POST, path)
                .header("origin", "https://app.example")
                .header("sec-fetch-site", "cross-site")
                .form(&[("token", "x")]);
            let answer = spa.send(request).await;
            // Refused for what it says, not for where it comes from.
            assert_ne!(answer.code(), "forbidden", "{path}: {answer:?}");
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        }
    }
);
