//! The whole code flow.

use http::StatusCode;
use serde_json::json;

use super::*;
use crate::support::both_engines;

both_engines!(
    a_client_gets_tokens_that_say_who_signed_in,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let me = admin.get("/api/users/me").await.json();

        // The first time the user is asked.
        let answer = admin.get(&authorize_path(&client, &[])).await;
        assert_eq!(answer.status, StatusCode::FOUND);
        let id = parameter(&answer, "interaction").unwrap();
        let interaction = admin.get(&format!("/api/oidc/interactions/{id}")).await.json();
        assert_eq!(interaction["requiredSteps"], json!(["consent"]));
        assert_eq!(
            interaction["scopes"],
            json!(["openid", "profile", "email", "groups"])
        );
        assert_eq!(interaction["client"]["name"], "App");
        let answer = interact(&mut admin, &answer).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let (uri, parameters) = target(&answer);
        assert_eq!(uri, CALLBACK);
        let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["code", "state", "scope", "iss"]);
        assert_eq!(parameter(&answer, "state").as_deref(), Some("state-1"));
        assert_eq!(parameter(&answer, "iss").as_deref(), Some(app.url.as_str()));
        assert_eq!(answer.header("cache-control"), "no-store");

        let answer = exchange(&app, &client, &parameter(&answer, "code").unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("pragma"), "no-cache");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let tokens = answer.json();
        assert_eq!(
            (&tokens["token_type"], &tokens["expires_in"]),
            (&json!("bearer"), &json!(3600))
        );

        let id_token = claims(text(&tokens["id_token"]));
        assert_eq!(id_token["iss"], app.url);
        assert_eq!(id_token["sub"], me["id"]);
        assert_eq!(id_token["aud"], json!([client.id]));
        assert_eq!(id_token["nonce"], "nonce-1");
        assert_eq!(id_token["email"], "tim@example.com");
        assert_eq!(id_token["preferred_username"], "tim");
        assert_eq!(id_token["groups"], json!([]));
        assert_eq!(id_token["amr"], json!(["otp"]));
        let access_token = claims(text(&tokens["access_token"]));
        assert_eq!(access_token["aud"], json!([client.id, app.url]));
        assert_eq!(access_token["scope"], "openid profile email groups");

        let info = userinfo(&app, text(&tokens["access_token"])).await;
        assert_eq!(info.status, StatusCode::OK);
        assert_eq!(info.json()["sub"], id_token["sub"]);
        assert_eq!(
            info.json()["picture"],
            format!("{}/api/users/{}/profile-picture.png", app.url, text(&me["id"]))
        );

        // The second time nobody is asked.
        let answer = admin.get(&authorize_path(&client, &[])).await;
        assert_eq!(
            (answer.status, target(&answer).0.as_str()),
            (StatusCode::SEE_OTHER, CALLBACK)
        );
    }
);

both_engines!(
    refresh_tokens_rotate_and_a_replay_ends_everything,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let first = tokens(&app, &mut admin, &client).await;
        app.pass_seconds(60);
        let answer = refresh(&app, &client, text(&first["refresh_token"])).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let second = answer.json();
        assert_ne!(first["refresh_token"], second["refresh_token"]);
        assert_eq!(claims(text(&second["id_token"]))["nonce"], json!(null));
        assert_eq!(
            claims(text(&second["id_token"]))["auth_time"],
            claims(text(&first["id_token"]))["auth_time"]
        );
        assert_eq!(
            userinfo(&app, text(&first["access_token"])).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            userinfo(&app, text(&second["access_token"])).await.status,
            StatusCode::OK
        );

        app.pass_seconds(1);
        let replay = refresh(&app, &client, text(&first["refresh_token"])).await;
        assert_eq!(
            (replay.status, &replay.json()["error"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_grant"))
        );
        assert_eq!(
            userinfo(&app, text(&second["access_token"])).await.status,
            StatusCode::UNAUTHORIZED
        );
        let last = refresh(&app, &client, text(&second["refresh_token"])).await;
        assert_eq!(last.json()["error"], "invalid_grant");
    }
);

both_engines!(
    a_code_used_twice_takes_back_what_it_gave,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let code = code(&mut admin, &client, &[]).await;
        let tokens = exchange(&app, &client, &code).await.json();
        app.pass_seconds(31);
        let replay = exchange(&app, &client, &code).await;
        assert_eq!(
            (replay.status, &replay.json()["error"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_grant"))
        );
        assert_eq!(
            userinfo(&app, text(&tokens["access_token"])).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            refresh(&app, &client, text(&tokens["refresh_token"]))
                .await
                .json()["error"],
            "invalid_grant"
        );
    }
);

both_engines!(of_64_redemptions_of_a_code_one_wins, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = std::sync::Arc::new(register(&mut admin, |_| {}).await);
    let code = code(&mut admin, &client, &[]).await;
    let app = std::sync::Arc::new(app);
    let attempts: Vec<_> = (0..64)
        .map(|_| {
            let (app, client, code) = (app.clone(), client.clone(), code.clone());
            tokio::spawn(async move { exchange(&app, &client, &code).await.status })
        })
        .collect();
    let mut won = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            StatusCode::OK => won += 1,
            status => assert_eq!(status, StatusCode::BAD_REQUEST),
        }
    }
    assert_eq!(won, 1);
    // One set of tokens was made. A code presented twice takes back what it gave (RFC 6749 §4.1.2), also when both
    // came at once: whoever shows a code a second time may have stolen it, and the app can simply ask again.
    assert_eq!(app.count("oidc_access_tokens").await, 1);
    assert_eq!(app.count("oidc_refresh_tokens").await, 1);
    assert_eq!(live_grants(&app).await, 0);
});

/// How many grants have not been ended.
async fn live_grants(app: &TestApp) -> i64 {
    app.count("oidc_grants WHERE revoked_at IS NULL").await
}

both_engines!(
    of_64_rotations_of_a_refresh_token_one_wins_and_keeps_what_it_got,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = std::sync::Arc::new(register(&mut admin, |_| {}).await);
        let tokens = tokens(&app, &mut admin, &client).await;
        app.pass_seconds(60);
        let app = std::sync::Arc::new(app);
        let attempts: Vec<_> = (0..64)
            .map(|_| {
                let (app, client, token) = (
                    app.clone(),
                    client.clone(),
                    text(&tokens["refresh_token"]).to_owned(),
                );
                tokio::spawn(async move { refresh(&app, &client, &token).await })
            })
            .collect();
        // The clock of tests stands still, so that all of them came at once: on SQLite the losers find the token used
        // at the moment they came, on PostgreSQL also unused and then lose the race for it. Neither ends anything.
        let mut winners = Vec::new();
        for attempt in attempts {
            let answer = attempt.await.unwrap();
            if answer.status == StatusCode::OK {
                winners.push(answer.json());
                continue;
            }
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert_eq!(answer.json()["error"], "invalid_request", "{answer:?}");
            assert!(
                text(&answer.json()["error_description"]).contains("Please retry"),
                "{answer:?}"
            );
        }
        assert_eq!(winners.len(), 1);
        let winner = &winners[0];
        assert_eq!(live_grants(&app).await, 1);
        assert_eq!(app.count("oidc_access_tokens").await, 1);
        assert_eq!(app.count("oidc_refresh_tokens WHERE used_at IS NULL").await, 1);
        assert_eq!(
            userinfo(&app, text(&winner["access_token"])).await.status,
            StatusCode::OK
        );
        let next = refresh(&app, &client, text(&winner["refresh_token"])).await;
        assert_eq!(next.status, StatusCode::OK, "{next:?}");

        // The same token later is a replay, by somebody who may have stolen it.
        app.pass_seconds(1);
        let late = refresh(&app, &client, text(&tokens["refresh_token"])).await;
        assert_eq!(late.json()["error"], "invalid_grant", "{late:?}");
        assert_eq!(live_grants(&app).await, 0);
        let ended = refresh(&app, &client, text(&next.json()["refresh_token"])).await;
        assert_eq!(ended.json()["error"], "invalid_grant", "{ended:?}");
    }
);

both_engines!(
    of_64_continuations_of_an_interaction_one_yields_a_code,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let answer = admin.get(&authorize_path(&client, &[])).await;
        let id = parameter(&answer, "interaction").unwrap();
        let complete = format!("/api/oidc/interactions/{id}/complete");
        assert_eq!(
            admin.post(&complete, &json!({"step": "consent"})).await.status,
            StatusCode::OK
        );
        let attempts: Vec<_> = (0..64)
            .map(|_| {
                let (mut browser, id) = (admin.clone(), id.clone());
                tokio::spawn(async move { browser.get(&format!("/authorize?interaction={id}")).await })
            })
            .collect();
        let mut won = 0;
        for attempt in attempts {
            let answer = attempt.await.unwrap();
            if parameter(&answer, "code").is_some() {
                won += 1;
            } else {
                assert!(
                    answer.header("location").contains("/interaction/error?"),
                    "{answer:?}"
                );
            }
        }
        assert_eq!(won, 1);
    }
);

both_engines!(
    first_consents_at_once_do_not_get_in_each_others_way,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let mut ids = Vec::new();
        for scope in ["openid", "openid email", "openid profile", "openid groups"].repeat(8) {
            let answer = admin.get(&authorize_path(&client, &[("scope", scope)])).await;
            ids.push(parameter(&answer, "interaction").unwrap());
        }
        let attempts: Vec<_> = ids
            .into_iter()
            .map(|id| {
                let mut browser = admin.clone();
                let complete = format!("/api/oidc/interactions/{id}/complete");
                tokio::spawn(async move {
                    let answer = browser.post(&complete, &json!({"step": "consent"})).await;
                    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
                    browser.get(&format!("/authorize?interaction={id}")).await
                })
            })
            .collect();
        for attempt in attempts {
            let answer = attempt.await.unwrap();
            assert!(parameter(&answer, "code").is_some(), "{answer:?}");
        }
        // Nothing anybody agreed to was lost.
        for scope in ["openid email", "openid profile", "openid groups"] {
            let answer = admin.get(&authorize_path(&client, &[("scope", scope)])).await;
            assert!(parameter(&answer, "code").is_some(), "{scope}: {answer:?}");
        }
    }
);

both_engines!(
    a_public_client_needs_pkce_and_no_secret,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| body["isPublic"] = json!(true)).await;
        let answer = admin
            .get(&authorize_path(
                &client,
                &[("code_challenge", ""), ("code_challenge_method", "")],
            ))
            .await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_request"));
        let tokens = tokens(&app, &mut admin, &client).await;
        let renewed = refresh(&app, &client, text(&tokens["refresh_token"])).await;
        assert_eq!(renewed.status, StatusCode::OK);
    }
);

both_engines!(
    a_client_without_callbacks_learns_its_first_one,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| body["callbackURLs"] = json!([])).await;
        let path = format!("/api/oidc/clients/{}", client.id);
        let answer = admin.get(&authorize_path(&client, &[])).await;
        assert_eq!(admin.get(&path).await.json()["callbackURLs"], json!([]));
        let trusted = async || {
            let log = app.audit_log().await;
            log.into_iter()
                .filter(|entry| entry.event == "CALLBACK_URL_TRUSTED")
                .map(|entry| (entry.username, json!(entry.data)))
                .collect::<Vec<_>>()
        };
        assert_eq!(trusted().await, [], "it was asked for, and nobody agreed yet");
        interact(&mut admin, &answer).await;
        assert_eq!(admin.get(&path).await.json()["callbackURLs"], json!([CALLBACK]));
        let learned = [(
            "tim".to_owned(),
            json!({"clientName": "App", "callbackURL": CALLBACK}),
        )];
        assert_eq!(trusted().await, learned);
        code(&mut admin, &client, &[]).await;
        assert_eq!(trusted().await, learned, "the second time nothing is learned");
        let other = admin
            .get(&authorize_path(
                &client,
                &[("redirect_uri", "https://evil.example/cb")],
            ))
            .await;
        assert!(
            other.header("location").contains("/interaction/error?"),
            "{other:?}"
        );
        assert_eq!(trusted().await, learned);
    }
);

both_engines!(
    nobody_is_sent_to_a_first_address_unasked,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        // Neither a client that needs no consent nor consent given before is agreement to an address.
        let client = register(&mut admin, |body| {
            body["callbackURLs"] = json!([]);
            body["skipConsent"] = json!(true);
        })
        .await;
        let path = format!("/api/oidc/clients/{}", client.id);
        let answer = admin.get(&authorize_path(&client, &[])).await;
        assert!(answer.header("location").contains("/interaction?"), "{answer:?}");
        let silent = admin.get(&authorize_path(&client, &[("prompt", "none")])).await;
        assert!(
            silent.header("location").contains("/interaction/error?"),
            "{silent:?}"
        );
        assert_eq!(admin.get(&path).await.json()["callbackURLs"], json!([]));
        interact(&mut admin, &answer).await;
        assert_eq!(admin.get(&path).await.json()["callbackURLs"], json!([CALLBACK]));
        // From now on it is as the client says.
        let again = admin.get(&authorize_path(&client, &[])).await;
        assert!(again.header("location").starts_with(CALLBACK), "{again:?}");

        // A client whose addresses were taken away learns none.
        let emptied = admin
            .put(&path, &json!({"name": "App", "skipConsent": true}))
            .await;
        assert_eq!(emptied.json()["callbackURLs"], json!([]), "{emptied:?}");
        let evil = [("redirect_uri", "https://evil.example/cb")];
        for more in [&evil[..], &[]] {
            let answer = admin.get(&authorize_path(&client, more)).await;
            assert!(
                answer.header("location").contains("/interaction/error?"),
                "{answer:?}"
            );
        }
        assert_eq!(admin.get(&path).await.json()["callbackURLs"], json!([]));

        // Nor does one that had them from the beginning.
        let other = register(&mut admin, |_| {}).await;
        let path = format!("/api/oidc/clients/{}", other.id);
        admin.put(&path, &json!({"name": "Other"})).await;
        let answer = admin.get(&authorize_path(&other, &evil)).await;
        assert!(
            answer.header("location").contains("/interaction/error?"),
            "{answer:?}"
        );
        // One that never had any still may, also after something else was changed.
        let third = register(&mut admin, |body| body["callbackURLs"] = json!([])).await;
        let path = format!("/api/oidc/clients/{}", third.id);
        admin.put(&path, &json!({"name": "Third"})).await;
        let answer = admin.get(&authorize_path(&third, &[])).await;
        interact(&mut admin, &answer).await;
        assert_eq!(admin.get(&path).await.json()["callbackURLs"], json!([CALLBACK]));
    }
);

both_engines!(
    an_address_that_looks_like_another_is_not_learned,
    |app: TestApp| async move {
        const MISLEADING: &str = "https://bank.example@evil.example/cb";
        let mut admin = app.set_up().await;
        for callbacks in [json!([]), json!(["*"])] {
            let client = register(&mut admin, |body| body["callbackURLs"] = callbacks.clone()).await;
            let path = authorize_path(&client, &[("redirect_uri", MISLEADING)]);
            let refused = admin.get(&path).await;
            assert!(
                refused.header("location").contains("/interaction/error?"),
                "{callbacks}: {refused:?}"
            );
            // Nor does an administrator make it one with the button of the refused requests.
            let attempts = format!("/api/oidc/clients/{}/refused-authorizations", client.id);
            let attempts = admin.get(&attempts).await.json();
            assert_eq!(
                (&attempts[0]["redirectUri"], &attempts[0]["canBeAccepted"]),
                (&json!(MISLEADING), &json!(false))
            );
            let path = format!("/api/oidc/clients/{}", client.id);
            assert_eq!(admin.get(&path).await.json()["callbackURLs"], callbacks);
        }
    }
);

both_engines!(
    a_removed_client_takes_its_tokens_with_it,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let tokens = tokens(&app, &mut admin, &client).await;
        assert_eq!(
            admin
                .delete(&format!("/api/oidc/clients/{}", client.id))
                .await
                .status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            userinfo(&app, text(&tokens["access_token"])).await.status,
            StatusCode::UNAUTHORIZED
        );
        let answer = refresh(&app, &client, text(&tokens["refresh_token"])).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (StatusCode::UNAUTHORIZED, &json!("invalid_client"))
        );
    }
);
