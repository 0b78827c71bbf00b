//! Sign-in on devices (RFC 8628).

use http::StatusCode;
use serde_json::json;

use super::*;
use crate::support::both_engines;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn start(app: &TestApp, client: &Client, scope: &str) -> Value {
    let form = [
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
        ("scope", scope),
    ];
    let answer = app.browser().post_form("/api/oidc/device/authorize", &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}

async fn poll(app: &TestApp, client: &Client, device_code: &str) -> Answer {
    let form = [
        ("grant_type", GRANT),
        ("device_code", device_code),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
    ];
    app.browser().post_form("/api/oidc/token", &form).await
}

fn at(action: &str, code: &str) -> String {
    format!("/api/oidc/device/{action}?code={code}")
}

both_engines!(a_device_is_let_in_once, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let started = start(&app, &client, "openid email unheard_of").await;
    let (device_code, user_code) = (text(&started["device_code"]), text(&started["user_code"]));
    assert!(device_code.starts_with("pocket_id_dc_"));
    assert_eq!((user_code.len(), &user_code[..1]), (8, "E"));
    assert_eq!(started["verification_uri"], format!("{}/device", app.url));
    assert_eq!(
        started["verification_uri_complete"],
        format!("{}/device?user_code={user_code}", app.url)
    );
    assert_eq!(
        (&started["expires_in"], &started["interval"]),
        (&json!(900), &json!(5))
    );

    assert_eq!(
        poll(&app, &client, device_code).await.json()["error"],
        "authorization_pending"
    );
    assert_eq!(
        poll(&app, &client, device_code).await.json()["error"],
        "slow_down"
    );
    app.pass_seconds(6);
    assert_eq!(
        poll(&app, &client, device_code).await.json()["error"],
        "slow_down",
        "the wait has grown to ten seconds"
    );
    app.pass_seconds(16);
    assert_eq!(
        poll(&app, &client, device_code).await.json()["error"],
        "authorization_pending"
    );

    let typed = format!("{}-{}", user_code[..4].to_lowercase(), &user_code[4..]);
    let info = admin.get(&at("info", &typed)).await.json();
    assert_eq!(info["scope"], json!(["openid", "email"]));
    assert_eq!(
        (&info["authorizationRequired"], &info["reauthenticationRequired"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(info["client"]["name"], "App");
    assert_eq!(
        admin.post_nothing(&at("verify", &typed)).await.status,
        StatusCode::NO_CONTENT
    );
    let again = admin.post_nothing(&at("verify", &typed)).await;
    assert_eq!(again.code(), "oidc_invalid_device_code", "answered is answered");

    let answer = poll(&app, &client, device_code).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let tokens = answer.json();
    let id_token = claims(text(&tokens["id_token"]));
    assert_eq!(
        (&id_token["email"], &id_token["aud"]),
        (&json!("tim@example.com"), &json!([client.id]))
    );
    let access_token = text(&tokens["access_token"]);
    assert_eq!(userinfo(&app, access_token).await.status, StatusCode::OK);
    let log = app.audit_log().await;
    assert!(
        log.iter()
            .any(|entry| entry.event == "NEW_DEVICE_CODE_AUTHORIZATION")
    );

    // Whoever comes with the code again may have stolen it, or been stolen from.
    assert_eq!(
        poll(&app, &client, device_code).await.json()["error"],
        "invalid_grant"
    );
    assert_eq!(
        userinfo(&app, access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
    let renewed = refresh(&app, &client, text(&tokens["refresh_token"])).await;
    assert_eq!(renewed.json()["error"], "invalid_grant");
});

both_engines!(of_64_polls_one_gets_the_tokens, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let started = start(&app, &client, "openid").await;
    let approved = admin
        .post_nothing(&at("verify", text(&started["user_code"])))
        .await;
    assert_eq!(approved.status, StatusCode::NO_CONTENT);
    let url = format!("{}/api/oidc/token", app.url);
    let form = [
        ("grant_type", GRANT.to_owned()),
        ("device_code", text(&started["device_code"]).to_owned()),
        ("client_id", client.id.clone()),
        ("client_secret", client.secret.clone()),
    ];
    let tries: Vec<_> = (0..64)
        .map(|_| {
            let (url, form) = (url.clone(), form.clone());
            tokio::spawn(async move {
                reqwest::Client::new()
                    .post(url)
                    .form(&form)
                    .send()
                    .await
                    .unwrap()
                    .status()
            })
        })
        .collect();
    let mut good = 0;
    for attempt in tries {
        match attempt.await.unwrap() {
            StatusCode::OK => good += 1,
            status => assert_eq!(status, StatusCode::BAD_REQUEST),
        }
    }
    assert_eq!(good, 1);
});

both_engines!(of_64_answers_for_a_device_one_counts, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let started = start(&app, &client, "openid").await;
    let verify = at("verify", text(&started["user_code"]));
    let tries: Vec<_> = (0..64)
        .map(|_| {
            let (mut browser, verify) = (admin.clone(), verify.clone());
            tokio::spawn(async move { browser.post_nothing(&verify).await })
        })
        .collect();
    let mut counted = 0;
    for attempt in tries {
        let answer = attempt.await.unwrap();
        match answer.status {
            StatusCode::NO_CONTENT => counted += 1,
            // Not so many answers at once are taken for anything but guesses.
            StatusCode::TOO_MANY_REQUESTS => {}
            _ => assert_eq!(answer.code(), "oidc_invalid_device_code", "{answer:?}"),
        }
    }
    assert_eq!(counted, 1);
    assert_eq!(app.count("oidc_grants").await, 1);
    let log = app.audit_log().await;
    let approvals = log.iter().filter(|entry| entry.event.contains("DEVICE_CODE"));
    assert_eq!(approvals.count(), 1);
    let tokens = poll(&app, &client, text(&started["device_code"])).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
});

both_engines!(
    refused_expired_foreign_and_unknown_codes,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let other = register(&mut admin, |_| {}).await;
        let started = start(&app, &client, "openid").await;
        let device_code = text(&started["device_code"]);
        assert_eq!(
            poll(&app, &other, device_code).await.json()["error"],
            "invalid_grant"
        );
        assert_eq!(
            poll(&app, &client, "pocket_id_dc_made-up").await.json()["error"],
            "invalid_grant"
        );
        let denied = admin.post_nothing(&at("deny", text(&started["user_code"]))).await;
        assert_eq!(denied.status, StatusCode::NO_CONTENT);
        let answer = poll(&app, &client, device_code).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (StatusCode::FORBIDDEN, &json!("access_denied"))
        );

        let late = start(&app, &client, "openid").await;
        app.pass_seconds(901);
        let info = admin.get(&at("info", text(&late["user_code"]))).await;
        assert_eq!(
            (info.status, info.code().as_str()),
            (StatusCode::BAD_REQUEST, "oidc_device_code_expired")
        );
        assert_eq!(
            poll(&app, &client, text(&late["device_code"])).await.json()["error"],
            "expired_token"
        );

        let mut stranger = app.browser();
        for action in ["verify", "deny"] {
            let answer = stranger.post_nothing(&at(action, "EABC1234")).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(
            stranger.get(&at("info", "EABC1234")).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            admin.get("/api/oidc/device/info").await.code(),
            "validation_failed"
        );
        let form = [("client_id", client.id.as_str()), ("client_secret", "wrong")];
        let answer = app.browser().post_form("/api/oidc/device/authorize", &form).await;
        assert_eq!(answer.json()["error"], "invalid_client");
    }
);

both_engines!(
    codes_cannot_be_guessed_whichever_replica_is_asked,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let started = start(&app, &client, "openid").await;
        for number in 0..10 {
            let answer = admin.get(&at("info", &format!("EAAAAAA{number}"))).await;
            assert_eq!(answer.code(), "oidc_invalid_device_code");
        }
        for action in ["verify", "deny"] {
            let answer = admin.post_nothing(&at(action, text(&started["user_code"]))).await;
            assert_eq!(
                answer.status,
                StatusCode::TOO_MANY_REQUESTS,
                "even the right one: {answer:?}"
            );
            assert!(!answer.header("retry-after").is_empty());
        }
        app.pass_seconds(901);
        let started = start(&app, &client, "openid").await;
        let answer = admin
            .post_nothing(&at("verify", text(&started["user_code"])))
            .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    }
);

both_engines!(
    a_careful_client_wants_the_passkey_first,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut passkey = app.passkey(1);
        admin.add_passkey(&mut passkey).await;
        admin.sign_in(&mut passkey).await;
        let client = register(&mut admin, |body| body["requiresReauthentication"] = json!(true)).await;
        let started = start(&app, &client, "openid").await;
        let verify = at("verify", text(&started["user_code"]));
        let info = admin.get(&at("info", text(&started["user_code"]))).await.json();
        assert_eq!(info["reauthenticationRequired"], true);
        let refused = admin.post_nothing(&verify).await;
        assert_eq!(refused.code(), "reauthentication_required");
        let assertion = admin.assertion(&mut passkey).await;
        admin.post("/api/webauthn/reauthenticate", &assertion).await;
        assert_eq!(admin.post_nothing(&verify).await.status, StatusCode::NO_CONTENT);
    }
);

both_engines!(
    only_members_of_a_group_let_devices_in,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| body["isGroupRestricted"] = json!(true)).await;
        let started = start(&app, &client, "openid").await;
        let answer = admin
            .post_nothing(&at("verify", text(&started["user_code"])))
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "oidc_access_denied")
        );
    }
);
