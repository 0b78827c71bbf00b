//! `POST /api/oidc/token`: client authentication and malformed requests.

use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde_json::json;

use super::*;
use crate::support::both_engines;

both_engines!(each_way_to_authenticate, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    for (number, good) in [(0, true), (1, true), (2, false), (3, false), (4, false)] {
        let code = code(&mut admin, &client, &[]).await;
        let mut browser = app.browser();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("{}:{secret}", client.id)));
        let request = browser.request(Method::POST, "/api/oidc/token");
        let mut form = form.to_vec();
        let request = match number {
            0 => request.header("authorization", basic(&client.secret)),
            1 => {
                form.extend([
                    ("client_id", client.id.as_str()),
                    ("client_secret", client.secret.as_str()),
                ]);
                request
            }
            2 => request.header("authorization", basic("wrong")),
            3 => {
                form.push(("client_id", client.id.as_str()));
                request
            }
            _ => {
                form.extend([
                    ("client_id", "unknown"),
                    ("client_secret", client.secret.as_str()),
                ]);
                request
            }
        };
        let answer = browser.send(request.form(&form)).await;
        if good {
            assert_eq!(answer.status, StatusCode::OK, "{number}: {answer:?}");
        } else {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{number}: {answer:?}");
            assert_eq!(answer.json()["error"], "invalid_client");
            assert!(answer.header("www-authenticate").starts_with("Basic"), "{number}");
            // The attempt did not burn the code.
            assert_eq!(
                exchange(&app, &client, &code).await.status,
                StatusCode::OK,
                "{number}"
            );
        }
    }
});

both_engines!(
    a_wrong_verifier_does_not_burn_the_code,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let code = code(&mut admin, &client, &[]).await;
        for verifier in [Some(CHALLENGE), None] {
            let mut form = vec![
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("client_id", client.id.as_str()),
                ("client_secret", client.secret.as_str()),
            ];
            form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
            let answer = app.browser().post_form("/api/oidc/token", &form).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]),
                (StatusCode::BAD_REQUEST, &json!("invalid_grant"))
            );
        }
        assert_eq!(exchange(&app, &client, &code).await.status, StatusCode::OK);
    }
);

both_engines!(malformed_requests_by_error, |app: TestApp| async move {
    let mut browser = app.browser();
    let form = "application/x-www-form-urlencoded";
    for (content_type, body, error) in [
        (form, "", "invalid_request"),
        (form, "grant_type=authorization_code", "invalid_request"),
        (form, "grant_type=password&client_id=a", "unsupported_grant_type"),
        (
            form,
            "grant_type=refresh_token&refresh_token=a&refresh_token=b",
            "invalid_request",
        ),
        (
            form,
            "grant_type=refresh_token&refresh_token=%00&client_id=a",
            "invalid_request",
        ),
        (
            form,
            "grant_type=refresh_token&refresh_token=%ff&client_id=nobody",
            "invalid_request",
        ),
        (
            form,
            "grant_type=refresh_token&refresh_token=a&client_id=nobody",
            "invalid_client",
        ),
        (
            "application/json",
            r#"{"grant_type":"refresh_token"}"#,
            "invalid_request",
        ),
    ] {
        let request = browser
            .request(Method::POST, "/api/oidc/token")
            .header("content-type", content_type)
            .body(body);
        let answer = browser.send(request).await;
        assert_eq!(answer.json()["error"], error, "{body}");
        assert!(answer.status.is_client_error(), "{body}");
        assert_eq!(answer.header("content-type"), "application/json;charset=UTF-8");
    }
    assert_eq!(browser.get("/api/oidc/token").await.status, StatusCode::NOT_FOUND);
    let request = browser.request(Method::OPTIONS, "/api/oidc/token");
    let answer = browser.send(request).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (StatusCode::NO_CONTENT, "*")
    );
});

both_engines!(
    codes_expire_and_belong_to_their_client,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let other = register(&mut admin, |_| {}).await;
        let foreign = code(&mut admin, &client, &[]).await;
        assert_eq!(
            exchange(&app, &other, &foreign).await.json()["error"],
            "invalid_grant"
        );
        assert_eq!(exchange(&app, &client, &foreign).await.status, StatusCode::OK);
        let late = code(&mut admin, &client, &[]).await;
        app.pass_seconds(15 * 60);
        assert_eq!(
            exchange(&app, &client, &late).await.json()["error"],
            "invalid_grant"
        );
    }
);

both_engines!(a_disabled_user_gets_nothing_more, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let tokens = tokens(&app, &mut admin, &client).await;
    let me = admin.get("/api/users/me").await.json();
    let second = json!({"username": "second", "email": "second@example.com", "isAdmin": true});
    assert_eq!(
        admin.post("/api/users", &second).await.status,
        StatusCode::CREATED
    );
    let disabled = json!({"username": "tim", "email": "tim@example.com", "isAdmin": true, "disabled": true});
    let path = format!("/api/users/{}", text(&me["id"]));
    assert_eq!(admin.put(&path, &disabled).await.status, StatusCode::OK);
    assert_eq!(
        refresh(&app, &client, text(&tokens["refresh_token"]))
            .await
            .json()["error"],
        "invalid_grant"
    );
    assert_eq!(
        userinfo(&app, text(&tokens["access_token"])).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(admin.get("/api/users/me").await.code(), "not_signed_in");
});

both_engines!(one_way_to_authenticate_per_request, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let (a, b) = (
        register(&mut admin, |_| {}).await,
        register(&mut admin, |_| {}).await,
    );
    let basic = |client: &Client| {
        let pair = format!("{}:{}", client.id, client.secret);
        format!("Basic {}", STANDARD.encode(pair))
    };
    let assertion = [
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", "a.b.c"),
    ];
    for (headers, more, status) in [
        (
            vec![basic(&a)],
            vec![("client_id", a.id.as_str())],
            StatusCode::OK,
        ),
        (
            vec![basic(&a)],
            vec![("client_id", a.id.as_str()), ("client_secret", "wrong")],
            StatusCode::OK,
        ),
        (
            vec![basic(&a)],
            vec![("client_id", &b.id)],
            StatusCode::BAD_REQUEST,
        ),
        (
            vec![basic(&a)],
            vec![("client_id", b.id.as_str()), ("client_secret", &b.secret)],
            StatusCode::BAD_REQUEST,
        ),
        (vec![basic(&b)], assertion.to_vec(), StatusCode::BAD_REQUEST),
        (
            vec!["Other x".to_owned()],
            [assertion.to_vec(), vec![("client_secret", &a.secret)]].concat(),
            StatusCode::BAD_REQUEST,
        ),
        (vec![basic(&a), basic(&a)], vec![], StatusCode::BAD_REQUEST),
        (
            vec![basic(&a), "Other x".to_owned()],
            vec![],
            StatusCode::BAD_REQUEST,
        ),
        (
            vec!["Other x".to_owned(), basic(&a)],
            vec![],
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let own = [
            ("grant_type", "client_credentials"),
            ("token", "x"),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
        ];
        let form = [own.to_vec(), more].concat();
        for endpoint in ["token", "par", "revoke", "device/authorize"] {
            let mut browser = app.browser();
            let request = browser.request(Method::POST, &format!("/api/oidc/{endpoint}"));
            let request = headers
                .iter()
                .fold(request, |request, header| request.header("authorization", header))
                .form(&form);
            let answer = browser.send(request).await;
            if status == StatusCode::OK {
                assert!(
                    answer.status.is_success(),
                    "{endpoint} {headers:?} {form:?} {answer:?}"
                );
            } else {
                assert_eq!(
                    answer.status, status,
                    "{endpoint} {headers:?} {form:?} {answer:?}"
                );
                assert_eq!(
                    answer.json()["error"],
                    "invalid_request",
                    "{endpoint} {headers:?} {form:?}"
                );
            }
        }
    }
});

both_engines!(
    a_refresh_asks_for_less_and_not_for_more,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let given = tokens(&app, &mut admin, &client).await;
        let renew = async |token: &str, scope: &str| {
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token),
                ("scope", scope),
                ("client_id", client.id.as_str()),
                ("client_secret", &client.secret),
            ];
            app.browser().post_form("/api/oidc/token", &form).await
        };
        let first = text(&given["refresh_token"]);
        for more in ["openid phone", "openid profile email groups offline_access"] {
            let refused = renew(first, more).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{more}");
            assert_eq!(refused.json()["error"], "invalid_scope", "{more}");
        }
        let fewer = renew(first, "openid email").await;
        assert_eq!(
            fewer.status,
            StatusCode::OK,
            "a refusal uses nothing up: {fewer:?}"
        );
        let fewer = fewer.json();
        assert_eq!(fewer["scope"], "openid email");
        let access = text(&fewer["access_token"]);
        assert_eq!(claims(access)["scope"], "openid email");
        let id_token = claims(text(&fewer["id_token"]));
        assert_eq!(
            (&id_token["email"], &id_token["given_name"]),
            (&json!("tim@example.com"), &json!(null))
        );
        let info = userinfo(&app, access).await.json();
        assert_eq!(
            (&info["email"], &info["given_name"], &info["groups"]),
            (&json!("tim@example.com"), &json!(null), &json!(null))
        );
        let without = renew(text(&fewer["refresh_token"]), "email").await.json();
        assert_eq!(without["id_token"], json!(null), "openid was not asked for");
        let refused = userinfo(&app, text(&without["access_token"])).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        let all = renew(
            text(&without["refresh_token"]),
            "openid profile email groups name",
        )
        .await;
        assert_eq!(
            all.json()["scope"],
            "openid profile email groups",
            "what was granted stays: {all:?}"
        );
    }
);
