//! `POST /api/oidc/introspect` and `POST /api/oidc/revoke`.

use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde_json::json;

use super::*;
use crate::support::both_engines;

fn basic(client: &Client) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", client.id, client.secret))
    )
}

async fn introspect(app: &TestApp, authorization: &str, form: &[(&str, &str)]) -> Answer {
    let mut browser = app.browser();
    let mut request = browser.request(Method::POST, "/api/oidc/introspect").form(form);
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    browser.send(request).await
}

async fn revoke(app: &TestApp, client: &Client, form: &[(&str, &str)]) -> Answer {
    let mut browser = app.browser();
    let request = browser
        .request(Method::POST, "/api/oidc/revoke")
        .header("authorization", basic(client))
        .form(form);
    browser.send(request).await
}

async fn is_active(app: &TestApp, client: &Client, token: &str) -> bool {
    let answer = introspect(app, &basic(client), &[("token", token)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["active"].as_bool().unwrap()
}

async fn own_token(app: &TestApp, client: &Client) -> Value {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
    ];
    let answer = app.browser().post_form("/api/oidc/token", &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

both_engines!(a_client_learns_what_its_tokens_say, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let tokens = tokens(&app, &mut admin, &client).await;
    let access_token = text(&tokens["access_token"]);
    let said = claims(access_token);
    app.pass_seconds(10);
    let answer = introspect(&app, &basic(&client), &[("token", access_token)])
        .await
        .json();
    for name in ["iss", "sub", "aud", "client_id", "scope", "exp", "iat", "jti"] {
        assert_eq!(answer[name], said[name], "{name}");
    }
    assert_eq!(
        (&answer["active"], &answer["token_type"], &answer["username"]),
        (&json!(true), &json!("access_token"), &said["sub"])
    );
    let refresh_token = text(&tokens["refresh_token"]);
    let hinted = [("token", refresh_token), ("token_type_hint", "refresh_token")];
    let answer = introspect(&app, &basic(&client), &hinted).await.json();
    assert_eq!(answer["token_type"], "refresh_token");
    assert_eq!(
        answer["exp"].as_i64().unwrap() - answer["iat"].as_i64().unwrap(),
        43_200 * 60,
        "of the refresh token, not of the access token"
    );
    // A wrong hint is only a hint.
    let wrong = [("token", refresh_token), ("token_type_hint", "access_token")];
    assert_eq!(
        introspect(&app, &basic(&client), &wrong).await.json()["active"],
        true
    );
    let scoped = [("token", access_token), ("scope", "openid phone")];
    assert_eq!(
        introspect(&app, &basic(&client), &scoped).await.json(),
        json!({"active": false})
    );

    // Another valid access token of the same client may ask; the token itself may not.
    let own = own_token(&app, &client).await;
    let own = text(&own["access_token"]);
    let answer = introspect(&app, &format!("Bearer {own}"), &[("token", access_token)]).await;
    assert_eq!(answer.json()["active"], true);
    let described = introspect(&app, &basic(&client), &[("token", own)]).await.json();
    assert_eq!(described["sub"], format!("client-{}", client.id));
    for authorization in [
        String::new(),
        format!("Bearer {own}"),
        "Bearer nonsense".to_owned(),
    ] {
        let answer = introspect(&app, &authorization, &[("token", own)]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{authorization}");
        assert_eq!(answer.json()["error"], "request_unauthorized");
    }
    for form in [&[][..], &[("token", own), ("token", access_token)]] {
        let answer = introspect(&app, &basic(&client), form).await;
        assert_eq!(answer.json()["error"], "invalid_request");
    }

    // Secrets are not taken from the body here: the header is open to those that send theirs so elsewhere.
    let poster = register(&mut admin, |body| {
        body["protocol"] = json!({"tokenEndpointAuthMethod": "client_secret_post"});
    })
    .await;
    let answer = introspect(&app, &basic(&poster), &[("token", own)]).await;
    assert_eq!(
        (answer.status, answer.json()),
        (StatusCode::OK, json!({"active": false}))
    );
});

both_engines!(
    nobody_learns_of_tokens_that_are_not_theirs_or_not_good,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let other = register(&mut admin, |_| {}).await;
        let public = register(&mut admin, |body| body["isPublic"] = json!(true)).await;
        let tokens = tokens(&app, &mut admin, &client).await;
        let access_token = text(&tokens["access_token"]);
        let foreign = introspect(&app, &basic(&other), &[("token", access_token)]).await;
        assert_eq!(foreign.json(), json!({"active": false}));
        let by_name = introspect(&app, &basic(&public), &[("token", access_token)]).await;
        assert_eq!(by_name.status, StatusCode::UNAUTHORIZED, "{by_name:?}");
        let wrong = format!("Basic {}", STANDARD.encode(format!("{}:wrong", client.id)));
        let answer = introspect(&app, &wrong, &[("token", access_token)]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        for token in ["nonsense", text(&tokens["id_token"])] {
            assert!(!is_active(&app, &client, token).await, "{token}");
        }
        app.pass_seconds(3601);
        assert!(!is_active(&app, &client, access_token).await, "expired");
        assert!(is_active(&app, &client, text(&tokens["refresh_token"])).await);
    }
);

both_engines!(two_headers_name_nobody, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let (first, second) = (own_token(&app, &client).await, own_token(&app, &client).await);
    let (asked, bearer) = (
        text(&first["access_token"]),
        format!("Bearer {}", text(&second["access_token"])),
    );
    let mut browser = app.browser();
    for headers in [
        [basic(&client), basic(&client)],
        [basic(&client), bearer.clone()],
        [bearer.clone(), bearer.clone()],
    ] {
        let request = browser.request(Method::POST, "/api/oidc/introspect");
        let request = headers
            .iter()
            .fold(request, |request, header| request.header("authorization", header))
            .form(&[("token", asked)]);
        let answer = browser.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{headers:?} {answer:?}");
        assert_eq!(answer.json()["error"], "invalid_request", "{headers:?}");
        // One of them is enough.
        let answer = introspect(&app, &headers[0], &[("token", asked)]).await;
        assert_eq!(answer.json()["active"], true, "{headers:?} {answer:?}");
    }
});

both_engines!(a_revoked_token_is_not_good_anywhere, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let other = register(&mut admin, |_| {}).await;
    let first = tokens(&app, &mut admin, &client).await;
    let (access_token, refresh_token) = (text(&first["access_token"]), text(&first["refresh_token"]));

    let foreign = revoke(&app, &other, &[("token", access_token)]).await;
    assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
    assert!(
        is_active(&app, &client, access_token).await,
        "another client ends nothing"
    );

    let answer = revoke(&app, &client, &[("token", access_token)]).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
    assert_eq!(
        userinfo(&app, access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
    let renewed = refresh(&app, &client, refresh_token).await;
    assert_eq!(renewed.status, StatusCode::OK, "the refresh token lives on");

    let renewed = renewed.json();
    let hint = ("token_type_hint", "access_token");
    let token = ("token", text(&renewed["refresh_token"]));
    assert_eq!(revoke(&app, &client, &[token, hint]).await.status, StatusCode::OK);
    assert!(!is_active(&app, &client, text(&renewed["access_token"])).await);
    let gone = refresh(&app, &client, text(&renewed["refresh_token"])).await;
    assert_eq!(gone.json()["error"], "invalid_grant");

    let own = own_token(&app, &client).await;
    let own = text(&own["access_token"]);
    assert!(is_active(&app, &client, own).await);
    assert_eq!(
        revoke(&app, &client, &[("token", own)]).await.status,
        StatusCode::OK
    );
    assert!(!is_active(&app, &client, own).await);

    for token in ["nonsense", access_token] {
        let answer = revoke(&app, &client, &[("token", token)]).await;
        assert_eq!(answer.status, StatusCode::OK, "RFC 7009 §2.2: already as wished");
    }
    assert_eq!(
        revoke(&app, &client, &[]).await.json()["error"],
        "invalid_request"
    );
    let mut stranger = app.browser();
    let answer = stranger
        .post_form("/api/oidc/revoke", &[("token", own), ("client_id", &client.id)])
        .await;
    assert_eq!(answer.json()["error"], "invalid_client");
});

both_engines!(a_client_gets_tokens_of_its_own, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let answer = own_token(&app, &client).await;
    assert_eq!(
        (&answer["refresh_token"], &answer["id_token"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(answer["expires_in"], 3600);
    let said = claims(text(&answer["access_token"]));
    assert_eq!(said["sub"], format!("client-{}", client.id));
    assert_eq!((&said["aud"], &said["scp"]), (&json!([client.id]), &json!([])));
    let info = userinfo(&app, text(&answer["access_token"])).await;
    assert_eq!(info.status, StatusCode::UNAUTHORIZED, "it is nobody's");
    let public = register(&mut admin, |body| body["isPublic"] = json!(true)).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", public.id.as_str()),
    ];
    let refused = app.browser().post_form("/api/oidc/token", &form).await;
    assert_eq!(refused.json()["error"], "unauthorized_client");
});
