//! Token exchange (RFC 8693).

use http::StatusCode;
use serde_json::json;

use super::dpop::{Key, token_with_nonce};
use super::*;
use crate::support::both_engines;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

async fn trade(app: &TestApp, client: &Client, token: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    form.extend_from_slice(more);
    app.browser().post_form("/api/oidc/token", &form).await
}

both_engines!(
    a_client_acts_for_its_user_if_an_administrator_says_so,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let plain = register(&mut admin, |_| {}).await;
        let first = tokens(&app, &mut admin, &plain).await;
        let refused = trade(&app, &plain, text(&first["access_token"]), &[]).await;
        assert_eq!(refused.json()["error"], "unauthorized_client");

        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"allowTokenDelegation": true});
        })
        .await;
        let tokens = tokens(&app, &mut admin, &client).await;
        let subject = text(&tokens["access_token"]);
        app.pass_seconds(600);
        let answer = trade(&app, &client, subject, &[("scope", "openid email")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let answer = answer.json();
        assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
        assert_eq!(
            (&answer["refresh_token"], &answer["id_token"]),
            (&json!(null), &json!(null))
        );
        assert_eq!(answer["expires_in"], 3000, "not longer than the user's token");
        let (said, before) = (claims(text(&answer["access_token"])), claims(subject));
        assert_eq!(said["sub"], before["sub"]);
        assert_eq!(said["act"], json!({"sub": format!("client-{}", client.id)}));
        assert_eq!(said["scope"], "openid email");
        let info = userinfo(&app, text(&answer["access_token"])).await.json();
        assert_eq!(
            (&info["email"], &info["groups"]),
            (&json!("tim@example.com"), &json!(null))
        );

        let stolen = trade(&app, &client, text(&first["access_token"]), &[]).await;
        assert_eq!(
            stolen.json()["error"],
            "invalid_request",
            "another client's token"
        );
        let log = app.audit_log().await;
        let entry = log.iter().find(|entry| entry.event == "TOKEN_EXCHANGE").unwrap();
        assert_eq!(entry.data.0["actor"], format!("client-{}", client.id));
    }
);

both_engines!(impersonation_leaves_no_actor, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |body| {
        body["protocol"] = json!({"allowTokenImpersonation": true});
    })
    .await;
    let tokens = tokens(&app, &mut admin, &client).await;
    let subject = text(&tokens["access_token"]);
    let answer = trade(&app, &client, subject, &[]).await.json();
    assert_eq!(claims(text(&answer["access_token"]))["act"], json!(null));
    let named = [("actor_token", subject), ("actor_token_type", ACCESS_TOKEN)];
    let refused = trade(&app, &client, subject, &named).await;
    assert_eq!(
        refused.json()["error"],
        "unauthorized_client",
        "naming an actor is another permission"
    );
    for (token, more, error) in [
        ("nonsense", ("scope", "openid"), "invalid_request"),
        (text(&tokens["id_token"]), ("scope", "openid"), "invalid_request"),
        (subject, ("scope", "openid phone"), "invalid_scope"),
        (subject, ("audience", "other"), "invalid_target"),
    ] {
        let answer = trade(&app, &client, token, &[more]).await;
        assert_eq!(answer.json()["error"], error, "{more:?}");
    }
    app.pass_seconds(3601);
    let late = trade(&app, &client, subject, &[]).await;
    assert_eq!(late.json()["error"], "invalid_request");
});

both_engines!(
    an_actors_token_bound_to_a_key_needs_that_key,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"allowTokenDelegation": true});
        })
        .await;
        let given = tokens(&app, &mut admin, &client).await;
        let (key, thief) = (Key::new(1), Key::new(2));
        let own = [
            ("grant_type", "client_credentials"),
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
        ];
        let actor = token_with_nonce(&app, &key, &own, "own").await.json();
        assert_eq!(actor["token_type"], "DPoP");
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
            ("subject_token", text(&given["access_token"])),
            ("subject_token_type", ACCESS_TOKEN),
            ("actor_token", text(&actor["access_token"])),
            ("actor_token_type", ACCESS_TOKEN),
        ];
        let unproven = app.browser().post_form("/api/oidc/token", &form).await;
        assert_eq!(unproven.json()["error"], "invalid_request", "{unproven:?}");
        let stolen = token_with_nonce(&app, &thief, &form, "thief").await;
        assert_eq!(stolen.json()["error"], "invalid_request", "{stolen:?}");
        let good = token_with_nonce(&app, &key, &form, "good").await;
        assert_eq!(good.status, StatusCode::OK, "{good:?}");
        let said = claims(text(&good.json()["access_token"]));
        assert_eq!(said["act"], json!({"sub": format!("client-{}", client.id)}));
    }
);

/// A token made of a token made of a user's token, by which the user is known until what it came of ends.
async fn derived(app: &TestApp, client: &Client, subject: &str) -> String {
    let first = trade(app, client, subject, &[]).await.json();
    let second = trade(app, client, text(&first["access_token"]), &[]).await;
    assert_eq!(second.status, StatusCode::OK, "{second:?}");
    text(&second.json()["access_token"]).to_owned()
}

both_engines!(
    what_ends_a_token_s_authorization_ends_what_was_made_of_it,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"allowTokenImpersonation": true});
        })
        .await;
        for way in [
            "revocation",
            "code again",
            "refresh token again",
            "session at client",
            "consent",
            "sign-out",
        ] {
            let code = code(&mut admin, &client, &[]).await;
            let given = exchange(&app, &client, &code).await.json();
            let renewal = text(&given["refresh_token"]);
            let token = derived(&app, &client, text(&given["access_token"])).await;
            assert_eq!(userinfo(&app, &token).await.status, StatusCode::OK, "{way}");
            match way {
                "revocation" => {
                    let form = [
                        ("token", renewal),
                        ("client_id", client.id.as_str()),
                        ("client_secret", &client.secret),
                    ];
                    let answer = app.browser().post_form("/api/oidc/revoke", &form).await;
                    assert_eq!(answer.status, StatusCode::OK);
                }
                "code again" => {
                    let again = exchange(&app, &client, &code).await;
                    assert_eq!(again.json()["error"], "invalid_grant");
                }
                "refresh token again" => {
                    assert_eq!(refresh(&app, &client, renewal).await.status, StatusCode::OK);
                    assert_eq!(
                        userinfo(&app, &token).await.status,
                        StatusCode::OK,
                        "renewing ends nothing"
                    );
                    app.pass_seconds(1);
                    let again = refresh(&app, &client, renewal).await;
                    assert_eq!(again.json()["error"], "invalid_grant");
                }
                "session at client" => {
                    let sessions = admin.get("/api/sessions").await.json();
                    let sessions = sessions.get("data").unwrap_or(&sessions);
                    let (id, at_client) = (text(&sessions[0]["id"]), text(&sessions[0]["clients"][0]["id"]));
                    let path = format!("/api/sessions/{id}/clients/{at_client}");
                    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
                }
                "consent" => {
                    let path = format!("/api/oidc/users/me/authorized-clients/{}", client.id);
                    let answer = admin.delete(&path).await;
                    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
                }
                _ => {
                    let hint = text(&given["id_token"]);
                    let answer = admin
                        .get(&format!("/api/oidc/end-session?id_token_hint={hint}"))
                        .await;
                    assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
                }
            }
            assert_eq!(
                userinfo(&app, &token).await.status,
                StatusCode::UNAUTHORIZED,
                "{way}"
            );
        }
    }
);

both_engines!(
    nothing_exchanged_at_the_moment_of_a_revocation_outlives_it,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"allowTokenImpersonation": true});
        })
        .await;
        let mut exchanged = Vec::new();
        // In each of the rounds the revocation comes while exchanges are under way.
        for round in 0..8 {
            let given = tokens(&app, &mut admin, &client).await;
            let subject = text(&given["access_token"]).to_owned();
            let first = derived(&app, &client, &subject).await;
            let mut tasks = tokio::task::JoinSet::new();
            let mut send = |path: &'static str, form: Vec<(&'static str, &str)>| {
                let mut browser = app.browser();
                let request = browser
                    .request(http::Method::POST, path)
                    .basic_auth(&client.id, Some(&client.secret))
                    .form(&form);
                tasks.spawn(async move { (path, browser.send(request).await) });
            };
            for number in 0..8 {
                if number == round {
                    send("/api/oidc/revoke", vec![("token", text(&given["refresh_token"]))]);
                }
                // Of the user's token, and of one made of it.
                let of = if number % 2 == 0 { &subject } else { &first };
                let exchange = vec![
                    ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                    ("subject_token", of.as_str()),
                    ("subject_token_type", ACCESS_TOKEN),
                ];
                send("/api/oidc/token", exchange);
            }
            for (path, answer) in tasks.join_all().await {
                match answer.status {
                    StatusCode::OK if path == "/api/oidc/token" => {
                        exchanged.push(text(&answer.json()["access_token"]).to_owned());
                    }
                    StatusCode::OK => {}
                    _ => assert_eq!(answer.json()["error"], "invalid_request", "{path}: {answer:?}"),
                }
            }
            exchanged.extend([subject, first]);
        }
        for token in &exchanged {
            assert_eq!(userinfo(&app, token).await.status, StatusCode::UNAUTHORIZED);
            let mut browser = app.browser();
            let request = browser
                .request(http::Method::POST, "/api/oidc/introspect")
                .basic_auth(&client.id, Some(&client.secret))
                .form(&[("token", token)]);
            let answer = browser.send(request).await;
            assert_eq!(
                (answer.status, &answer.json()["active"]),
                (StatusCode::OK, &json!(false)),
                "{answer:?}"
            );
        }
    }
);
