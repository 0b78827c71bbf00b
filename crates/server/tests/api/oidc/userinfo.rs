//! `/api/oidc/userinfo`

use http::{Method, StatusCode};

use super::*;
use crate::support::both_engines;

both_engines!(
    the_token_may_come_in_header_form_or_query,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let tokens = tokens(&app, &mut admin, &client).await;
        let token = text(&tokens["access_token"]);
        let mut browser = app.browser();
        let requests = [
            browser
                .request(Method::GET, "/api/oidc/userinfo")
                .bearer_auth(token),
            browser
                .request(Method::POST, "/api/oidc/userinfo")
                .bearer_auth(token),
            browser
                .request(Method::POST, "/api/oidc/userinfo")
                .form(&[("access_token", token)]),
            browser.request(Method::GET, &format!("/api/oidc/userinfo?access_token={token}")),
        ];
        for request in requests {
            let answer = browser.send(request).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            assert_eq!(answer.json()["preferred_username"], "tim");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
        }
    }
);

both_engines!(
    a_token_sent_twice_is_a_malformed_request,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let tokens = tokens(&app, &mut admin, &client).await;
        let token = text(&tokens["access_token"]);
        let mut browser = app.browser();
        let by_query = format!("/api/oidc/userinfo?access_token={token}");
        let requests = [
            browser.request(Method::GET, &by_query).bearer_auth(token),
            browser
                .request(Method::GET, "/api/oidc/userinfo")
                .bearer_auth(token)
                .bearer_auth(token),
            browser
                .request(Method::GET, "/api/oidc/userinfo")
                .bearer_auth(token)
                .header("authorization", "Basic x"),
            browser
                .request(Method::POST, "/api/oidc/userinfo")
                .header("authorization", "Basic x")
                .bearer_auth(token),
            browser
                .request(Method::POST, "/api/oidc/userinfo")
                .bearer_auth(token)
                .form(&[("access_token", token)]),
            browser
                .request(Method::POST, &by_query)
                .form(&[("access_token", token)]),
            browser
                .request(Method::POST, "/api/oidc/userinfo")
                .form(&[("access_token", token), ("access_token", token)]),
        ];
        for request in requests {
            let answer = browser.send(request).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
            assert_eq!(answer.json()["error"], "invalid_request");
            assert!(
                answer
                    .header("www-authenticate")
                    .starts_with("Bearer error=\"invalid_request\""),
                "{answer:?}"
            );
        }
        let answer = browser.get("/api/oidc/userinfo").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
);

both_engines!(bad_tokens_are_challenged, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let tokens = tokens(&app, &mut admin, &client).await;
    let access_token = text(&tokens["access_token"]).to_owned();
    let mut tampered = access_token.clone();
    tampered.replace_range(access_token.len() - 5.., "AAAAA");
    for token in [
        "nonsense",
        text(&tokens["id_token"]),
        text(&tokens["refresh_token"]),
        &tampered,
    ] {
        let answer = userinfo(&app, token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(answer.json()["error"], "invalid_token");
        assert!(
            answer
                .header("www-authenticate")
                .starts_with("Bearer error=\"invalid_token\""),
            "{answer:?}"
        );
    }
    let answer = app.browser().get("/api/oidc/userinfo").await;
    assert_eq!(
        (answer.status, answer.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Bearer")
    );
    app.pass_seconds(3600);
    assert_eq!(
        userinfo(&app, &access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
});

both_engines!(scopes_limit_what_is_told, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    for (scope, status, names) in [
        ("openid", StatusCode::OK, vec!["sub"]),
        (
            "openid email",
            StatusCode::OK,
            vec!["email", "email_verified", "sub"],
        ),
        ("", StatusCode::OK, vec!["sub"]),
        (
            "profile",
            StatusCode::FORBIDDEN,
            vec!["error", "error_description"],
        ),
    ] {
        let code = code(&mut admin, &client, &[("scope", scope)]).await;
        let tokens = exchange(&app, &client, &code).await.json();
        let answer = userinfo(&app, text(&tokens["access_token"])).await;
        assert_eq!(answer.status, status, "{scope}");
        let json = answer.json();
        let found: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(found, names, "{scope}");
    }
});
