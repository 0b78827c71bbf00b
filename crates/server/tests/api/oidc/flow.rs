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
});

both_engines!(
    of_64_rotations_of_a_refresh_token_one_wins,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = std::sync::Arc::new(register(&mut admin, |_| {}).await);
        let tokens = tokens(&app, &mut admin, &client).await;
        let app = std::sync::Arc::new(app);
        let attempts: Vec<_> = (0..64)
            .map(|_| {
                let (app, client, token) = (
                    app.clone(),
                    client.clone(),
                    text(&tokens["refresh_token"]).to_owned(),
                );
                tokio::spawn(async move { refresh(&app, &client, &token).await.status })
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
