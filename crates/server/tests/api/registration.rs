//! Dynamic client registration.

use http::{Method, StatusCode};
use pocket_id_oidc::jose::{Algorithm, UnverifiedJws};
use pocket_id_server::signing_keys::{PreviousKeys, rotate};
use serde_json::{Value, json};

use crate::oidc::{CALLBACK, authorize_path, code, exchange, interact, parameter, text};
use crate::support::{Answer, Browser, OtherServer, TestApp, both_engines};

async fn policy(admin: &mut Browser, mode: &str, requires_approval: bool) {
    let body = json!({"mode": mode, "requiresApproval": requires_approval});
    let answer = admin.put("/api/oidc/registration-policy", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

async fn initial_token(admin: &mut Browser, uses: i32) -> String {
    let body = json!({"name": "CI", "maxUses": uses, "expiresAt": "2100-01-01T00:00:00Z"});
    let answer = admin.post("/api/oidc/registration-tokens", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    text(&answer.json()["token"]).to_owned()
}

fn metadata() -> Value {
    json!({"redirect_uris": [CALLBACK], "client_name": "Self made", "grant_types": ["authorization_code", "refresh_token"]})
}

async fn send(
    app: &TestApp,
    method: Method,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Answer {
    let mut browser = app.browser();
    let mut request = browser.request(method, path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    browser.send(request).await
}

async fn register(app: &TestApp, token: Option<&str>, body: &Value) -> Answer {
    send(app, Method::POST, "/api/oidc/register", token, Some(body)).await
}

/// The path of a registered client's own endpoint.
fn own_path(app: &TestApp, registered: &Value) -> String {
    text(&registered["registration_client_uri"])
        .strip_prefix(&app.url)
        .unwrap()
        .to_owned()
}

both_engines!(off_until_somebody_switches_it_on, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let answer = register(&app, None, &metadata()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let document = admin.get("/.well-known/openid-configuration").await.json();
    assert_eq!(document["registration_endpoint"], json!(null));
    assert_eq!(document["response_types_supported"], json!(["code"]));
    policy(&mut admin, "token", false).await;
    let document = admin.get("/.well-known/openid-configuration").await.json();
    // What OpenID Connect Core asks of providers that clients register at.
    assert_eq!(
        document["response_types_supported"],
        json!(["code", "id_token", "id_token token"])
    );
    assert_eq!(
        document["registration_endpoint"],
        format!("{}/api/oidc/register", app.url)
    );
    for (body, field) in [(json!({"mode": "sometimes"}), "mode"), (json!({}), "mode")] {
        let answer = admin.put("/api/oidc/registration-policy", &body).await;
        assert_eq!(answer.json()["details"]["fields"][0]["field"], field);
    }
    let mut stranger = app.browser();
    let answer = stranger.get("/api/oidc/registration-policy").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
});

both_engines!(
    with_a_token_an_app_registers_and_signs_people_in,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "token", true).await;
        let token = initial_token(&mut admin, 1).await;
        for wrong in [None, Some("wrong")] {
            let answer = register(&app, wrong, &metadata()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong:?}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
        let broken = register(&app, Some(&token), &json!({"redirect_uris": ["javascript:1"]})).await;
        assert_eq!(broken.json()["error"], "invalid_redirect_uri");
        let answer = register(&app, Some(&token), &metadata()).await;
        assert_eq!(
            answer.status,
            StatusCode::CREATED,
            "a refused attempt does not use the token up: {answer:?}"
        );
        assert_eq!(answer.header("cache-control"), "no-store");
        let registered = answer.json();
        assert_eq!(registered["client_secret_expires_at"], 0);
        assert!(registered["client_id_issued_at"].is_i64());
        let again = register(&app, Some(&token), &metadata()).await;
        assert_eq!(again.status, StatusCode::UNAUTHORIZED, "one use is one use");

        let client = crate::oidc::Client {
            id: text(&registered["client_id"]).to_owned(),
            secret: text(&registered["client_secret"]).to_owned(),
        };
        let shown = admin
            .get(&format!("/api/oidc/clients/{}", client.id))
            .await
            .json();
        assert_eq!(
            (&shown["isDynamic"], &shown["isApproved"]),
            (&json!(true), &json!(true))
        );
        let code = code(&mut admin, &client, &[]).await;
        // It registered for client_secret_basic, so the form is not its way.
        let in_form = exchange(&app, &client, &code).await;
        assert_eq!(in_form.json()["error"], "invalid_client");
        let mut browser = app.browser();
        let request = browser
            .request(Method::POST, "/api/oidc/token")
            .basic_auth(&client.id, Some(&client.secret))
            .form(&[
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", crate::oidc::VERIFIER),
            ]);
        let tokens = browser.send(request).await;
        assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");

        let listed = admin.get("/api/oidc/registration-tokens").await;
        assert!(!listed.text.contains(&token), "shown once");
        let listed = listed.json();
        assert_eq!(
            (&listed[0]["usesLeft"], &listed[0]["maxUses"]),
            (&json!(0), &json!(1))
        );
        let path = format!("/api/oidc/registration-tokens/{}", text(&listed[0]["id"]));
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(admin.delete(&path).await.status, StatusCode::NOT_FOUND);
    }
);

both_engines!(
    of_64_apps_with_a_token_for_one_only_one_is_let_in,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "token", false).await;
        let token = initial_token(&mut admin, 1).await;
        let before = app.count("oidc_clients").await;
        let url = format!("{}/api/oidc/register", app.url);
        let tries: Vec<_> = (0..64)
            .map(|_| {
                let (url, token) = (url.clone(), token.clone());
                tokio::spawn(async move {
                    let request = reqwest::Client::new()
                        .post(url)
                        .bearer_auth(token)
                        .json(&metadata());
                    request.send().await.unwrap().status()
                })
            })
            .collect();
        let mut created = 0;
        for attempt in tries {
            match attempt.await.unwrap() {
                StatusCode::CREATED => created += 1,
                status => assert_eq!(status, StatusCode::UNAUTHORIZED),
            }
        }
        assert_eq!(created, 1);
        assert_eq!(app.count("oidc_clients").await, before + 1);
    }
);

both_engines!(
    a_client_manages_itself_and_nobody_else,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        let mine = register(&app, None, &metadata()).await.json();
        let other = register(&app, None, &metadata()).await.json();
        let (path, token) = (
            own_path(&app, &mine),
            text(&mine["registration_access_token"]).to_owned(),
        );
        let read = send(&app, Method::GET, &path, Some(&token), None).await;
        assert_eq!(read.status, StatusCode::OK);
        assert_eq!(read.json()["client_name"], "Self made");
        assert_eq!(read.json()["registration_access_token"], json!(token));
        assert_eq!(
            read.json()["client_secret"],
            json!(null),
            "secrets are shown once"
        );
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let mut program = app.browser();
            let request = program.request(method, &path).json(&metadata());
            let answer = program
                .send(request.bearer_auth(&token).bearer_auth(&token))
                .await;
            assert_eq!(
                (answer.status, text(&answer.json()["error"])),
                (StatusCode::BAD_REQUEST, "invalid_request"),
                "{answer:?}"
            );
        }
        let foreign = text(&other["registration_access_token"]);
        for wrong in [
            None,
            Some("wrong"),
            Some(foreign),
            Some(text(&mine["client_secret"])),
        ] {
            for method in [Method::GET, Method::PUT, Method::DELETE] {
                let answer = send(&app, method, &path, wrong, Some(&metadata())).await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong:?}");
            }
        }
        let unknown = send(
            &app,
            Method::GET,
            "/api/oidc/register/unknown",
            Some(&token),
            None,
        )
        .await;
        assert_eq!(
            unknown.status,
            StatusCode::UNAUTHORIZED,
            "who is not known is not told apart"
        );

        let mut changed = metadata();
        changed["client_id"] = other["client_id"].clone();
        let answer = send(&app, Method::PUT, &path, Some(&token), Some(&changed)).await;
        assert_eq!(answer.json()["error"], "invalid_client_metadata");
        changed["client_id"] = mine["client_id"].clone();
        changed["client_name"] = json!("Renamed");
        let answer = send(&app, Method::PUT, &path, Some(&token), Some(&changed)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.json()["client_name"], "Renamed");
        let renewed = text(&answer.json()["registration_access_token"]).to_owned();
        let old = send(&app, Method::GET, &path, Some(&token), None).await;
        assert_eq!(old.status, StatusCode::UNAUTHORIZED, "the token was replaced");
        let gone = send(&app, Method::DELETE, &path, Some(&renewed), None).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        let after = send(&app, Method::GET, &path, Some(&renewed), None).await;
        assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    }
);

both_engines!(
    of_64_changes_with_one_management_token_one_counts,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        let registered = register(&app, None, &metadata()).await.json();
        let path = own_path(&app, &registered);
        let token = text(&registered["registration_access_token"]).to_owned();
        let tries: Vec<_> = (0..64)
            .map(|number| {
                let mut browser = app.browser();
                let mut body = metadata();
                body["client_id"] = registered["client_id"].clone();
                body["client_name"] = json!(format!("Number {number}"));
                let request = browser
                    .request(Method::PUT, &path)
                    .bearer_auth(&token)
                    .json(&body);
                tokio::spawn(async move { browser.send(request).await })
            })
            .collect();
        let mut winners = Vec::new();
        for attempt in tries {
            let answer = attempt.await.unwrap();
            if answer.status == StatusCode::OK {
                winners.push(answer.json());
            } else {
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
            }
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        let token = text(&winners[0]["registration_access_token"]);
        let read = send(&app, Method::GET, &path, Some(token), None).await.json();
        assert_eq!(read["client_name"], winners[0]["client_name"]);
    }
);

both_engines!(
    a_client_registers_for_tokens_without_a_code_and_is_held_to_it,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        let mut body = json!({
            "redirect_uris": [CALLBACK], "client_name": "Old page", "token_endpoint_auth_method": "none",
            "response_types": ["token id_token"], "grant_types": ["implicit"]
        });
        for (name, value, error) in [
            (
                "response_types",
                json!(["id_token", "code"]),
                "invalid_client_metadata",
            ),
            ("response_types", json!(null), "invalid_client_metadata"),
            ("grant_types", json!(null), "invalid_client_metadata"),
            (
                "redirect_uris",
                json!(["http://localhost/cb"]),
                "invalid_redirect_uri",
            ),
            ("dpop_bound_access_tokens", json!(true), "invalid_client_metadata"),
        ] {
            let mut wrong = body.clone();
            wrong[name] = value;
            let answer = register(&app, None, &wrong).await;
            assert_eq!(answer.json()["error"], error, "{name}: {answer:?}");
        }
        let answer = register(&app, None, &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let registered = answer.json();
        assert_eq!(registered["response_types"], json!(["id_token token"]));
        assert_eq!(registered["grant_types"], json!(["implicit"]));
        let client = crate::oidc::Client {
            id: text(&registered["client_id"]).to_owned(),
            secret: String::new(),
        };
        let tokens = [
            ("response_type", "id_token token"),
            ("code_challenge", ""),
            ("code_challenge_method", ""),
        ];
        let answer = admin.get(&authorize_path(&client, &tokens)).await;
        let answer = interact(&mut admin, &answer).await;
        assert!(answer.header("location").contains("#access_token="), "{answer:?}");
        let answer = admin.get(&authorize_path(&client, &[])).await;
        assert_eq!(
            parameter(&answer, "error").as_deref(),
            Some("unauthorized_client")
        );

        // It turns to codes: what people agreed to was another way.
        let (path, token) = (
            own_path(&app, &registered),
            text(&registered["registration_access_token"]),
        );
        body["client_id"] = registered["client_id"].clone();
        body["response_types"] = json!(["code"]);
        body["grant_types"] = json!(["authorization_code"]);
        let changed = send(&app, Method::PUT, &path, Some(token), Some(&body)).await;
        assert_eq!(changed.json()["response_types"], json!(["code"]), "{changed:?}");
        let answer = admin.get(&authorize_path(&client, &tokens)).await;
        assert!(
            answer.header("location").contains("#error=unauthorized_client"),
            "{answer:?}"
        );
        let answer = admin.get(&authorize_path(&client, &[])).await;
        assert!(parameter(&answer, "interaction").is_some(), "{answer:?}");
    }
);

both_engines!(
    what_nobody_approved_is_marked_and_can_be_kept_from_use,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        let registered = register(&app, None, &metadata()).await.json();
        let client = crate::oidc::Client {
            id: text(&registered["client_id"]).to_owned(),
            secret: String::new(),
        };
        let answer = admin.get(&authorize_path(&client, &[])).await;
        let id = parameter(&answer, "interaction").unwrap();
        let interaction = admin.get(&format!("/api/oidc/interactions/{id}")).await.json();
        assert_eq!(interaction["clientIsApproved"], false, "people are warned");

        policy(&mut admin, "open", true).await;
        let refused = admin.get(&authorize_path(&client, &[])).await;
        assert!(
            refused.header("location").contains("/interaction/error"),
            "{refused:?}"
        );
        let approve = format!("/api/oidc/clients/{}/approve", client.id);
        let mut stranger = app.browser();
        assert_eq!(
            stranger.post_nothing(&approve).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(admin.post_nothing(&approve).await.status, StatusCode::NO_CONTENT);
        let answer = admin.get(&authorize_path(&client, &[])).await;
        let answer = interact(&mut admin, &answer).await;
        assert!(parameter(&answer, "code").is_some(), "{answer:?}");

        // What was approved was this address; another one has to be looked at again, and agreed to again.
        let mut moved = metadata();
        moved["client_id"] = registered["client_id"].clone();
        moved["redirect_uris"] = json!([CALLBACK, "https://elsewhere.example/cb"]);
        let (path, token) = (
            own_path(&app, &registered),
            text(&registered["registration_access_token"]),
        );
        let answer = send(&app, Method::PUT, &path, Some(token), Some(&moved)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let refused = admin.get(&authorize_path(&client, &[])).await;
        assert!(
            refused.header("location").contains("/interaction/error"),
            "{refused:?}"
        );
        assert_eq!(app.count("oidc_consents").await, 0);
        assert_eq!(
            admin
                .post_nothing("/api/oidc/clients/unknown/approve")
                .await
                .status,
            StatusCode::NOT_FOUND
        );
    }
);

both_engines!(
    what_waits_for_approval_gets_no_tokens_by_any_way,
    |app: TestApp| async move {
        const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
        const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        let mut body = metadata();
        body["token_endpoint_auth_method"] = json!("client_secret_post");
        body["grant_types"] = json!([
            "authorization_code",
            "refresh_token",
            "client_credentials",
            DEVICE
        ]);
        let registered = register(&app, None, &body).await.json();
        let client = crate::oidc::Client {
            id: text(&registered["client_id"]).to_owned(),
            secret: text(&registered["client_secret"]).to_owned(),
        };
        let tokens = crate::oidc::tokens(&app, &mut admin, &client).await;
        let pending = code(&mut admin, &client, &[]).await;
        let own = [
            ("client_id", client.id.as_str()),
            ("client_secret", &client.secret),
        ];
        let started = app.browser().post_form("/api/oidc/device/authorize", &own).await;
        assert_eq!(started.status, StatusCode::OK, "{started:?}");
        let device_code = text(&started.json()["device_code"]).to_owned();

        policy(&mut admin, "open", true).await;
        let (access, renewal) = (text(&tokens["access_token"]), text(&tokens["refresh_token"]));
        let ways = [
            ("token", vec![("grant_type", "client_credentials")]),
            (
                "token",
                vec![("grant_type", "refresh_token"), ("refresh_token", renewal)],
            ),
            (
                "token",
                vec![
                    ("grant_type", "authorization_code"),
                    ("code", &pending),
                    ("redirect_uri", CALLBACK),
                    ("code_verifier", crate::oidc::VERIFIER),
                ],
            ),
            (
                "token",
                vec![
                    ("grant_type", EXCHANGE),
                    ("subject_token", access),
                    (
                        "subject_token_type",
                        "urn:ietf:params:oauth:token-type:access_token",
                    ),
                ],
            ),
            (
                "token",
                vec![("grant_type", DEVICE), ("device_code", &device_code)],
            ),
            ("device/authorize", vec![]),
            (
                "par",
                vec![
                    ("response_type", "code"),
                    ("redirect_uri", CALLBACK),
                    ("scope", "openid"),
                ],
            ),
        ];
        for (endpoint, mut form) in ways.clone() {
            form.extend(own);
            let answer = app
                .browser()
                .post_form(&format!("/api/oidc/{endpoint}"), &form)
                .await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{form:?}");
            let told = answer.json();
            assert_eq!(told["error"], "unauthorized_client", "{form:?}");
            assert_eq!(
                told["error_description"], "The client waits for approval.",
                "{form:?}"
            );
        }
        // Nothing of it was used up.
        let approve = format!("/api/oidc/clients/{}/approve", client.id);
        assert_eq!(admin.post_nothing(&approve).await.status, StatusCode::NO_CONTENT);
        for (endpoint, mut form) in ways {
            if form.contains(&("grant_type", EXCHANGE)) || form.contains(&("grant_type", DEVICE)) {
                continue;
            }
            form.extend(own);
            let answer = app
                .browser()
                .post_form(&format!("/api/oidc/{endpoint}"), &form)
                .await;
            assert!(answer.status.is_success(), "{form:?} {answer:?}");
        }
    }
);

both_engines!(
    what_an_approved_client_makes_of_itself_has_to_be_approved_again,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", true).await;
        let registered = register(&app, None, &metadata()).await.json();
        let (path, id) = (
            own_path(&app, &registered),
            text(&registered["client_id"]).to_owned(),
        );
        let approve = format!("/api/oidc/clients/{id}/approve");
        let mut token = text(&registered["registration_access_token"]).to_owned();
        let mut body = metadata();
        body["client_id"] = json!(id);
        for (member, value, approved) in [
            ("contacts", json!(["me@app.example"]), true),
            ("client_secret", registered["client_secret"].clone(), true),
            ("client_name", json!("Your bank"), false),
            ("client_name#de", json!("Ihre Bank"), false),
            ("client_uri", json!("https://bank.example/"), false),
            ("policy_uri", json!("https://bank.example/policy"), false),
            ("tos_uri", json!("https://bank.example/terms"), false),
            ("request_uris", json!(["https://app.example/r"]), false),
            ("backchannel_logout_uri", json!("https://app.example/bye"), false),
            ("frontchannel_logout_uri", json!("https://app.example/out"), false),
            (
                "grant_types",
                json!(["authorization_code", "refresh_token", "client_credentials"]),
                false,
            ),
        ] {
            assert_eq!(
                admin.post_nothing(&approve).await.status,
                StatusCode::NO_CONTENT,
                "{member}"
            );
            body[member] = value;
            let answer = send(&app, Method::PUT, &path, Some(&token), Some(&body)).await;
            assert_eq!(answer.status, StatusCode::OK, "{member}: {answer:?}");
            text(&answer.json()["registration_access_token"]).clone_into(&mut token);
            let shown = admin.get(&format!("/api/oidc/clients/{id}")).await.json();
            assert_eq!(shown["isApproved"], approved, "{member}");
        }
        for wrong in [json!("wrong"), json!(""), json!(7)] {
            body["client_secret"] = wrong;
            let answer = send(&app, Method::PUT, &path, Some(&token), Some(&body)).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
            assert_eq!(answer.json()["error"], "invalid_client_metadata");
        }
        let still = send(&app, Method::GET, &path, Some(&token), None).await;
        assert_eq!(still.status, StatusCode::OK, "nothing changed");
    }
);

both_engines!(
    what_an_administrator_imposed_is_not_the_clients_to_give_back,
    |app: TestApp| async move {
        const SAFEGUARDS: [(&str, &str); 3] = [
            (
                "require_pushed_authorization_requests",
                "/requiresPushedAuthorizationRequests",
            ),
            (
                "require_signed_request_object",
                "/protocol/requireSignedRequestObject",
            ),
            ("dpop_bound_access_tokens", "/protocol/dpopBoundAccessTokens"),
        ];
        let mut admin = app.set_up().await;
        policy(&mut admin, "token", true).await;
        let initial = initial_token(&mut admin, 2).await;
        let mut own = metadata();
        for (member, _) in SAFEGUARDS {
            own[member] = json!(true);
        }
        own["default_max_age"] = json!(600);

        // Its own wishes come and go.
        let registered = register(&app, Some(&initial), &own).await.json();
        let path = own_path(&app, &registered);
        let mut body = metadata();
        body["client_id"] = registered["client_id"].clone();
        let token = text(&registered["registration_access_token"]).to_owned();
        let answer = send(&app, Method::PUT, &path, Some(&token), Some(&body))
            .await
            .json();
        for (member, _) in SAFEGUARDS {
            assert_eq!(answer[member], json!(null), "{member}");
        }
        assert_eq!(answer["default_max_age"], json!(null));

        // An administrator's stay, however often it asks, and also after it asked for the same itself.
        let registered = register(&app, Some(&initial), &metadata()).await.json();
        let id = text(&registered["client_id"]).to_owned();
        let at = format!("/api/oidc/clients/{id}");
        let mut client = admin.get(&at).await.json();
        client["pkceEnabled"] = json!(true);
        client["protocol"]["defaultMaxAge"] = json!(300);
        for (_, field) in SAFEGUARDS {
            *client.pointer_mut(field).unwrap() = json!(true);
        }
        let saved = admin.put(&at, &client).await;
        assert_eq!(saved.status, StatusCode::OK, "{saved:?}");
        let path = own_path(&app, &registered);
        let mut token = text(&registered["registration_access_token"]).to_owned();
        let shown = send(&app, Method::GET, &path, Some(&token), None).await.json();
        for (member, _) in SAFEGUARDS {
            assert_eq!(shown[member], true, "{member}: what holds");
        }
        let mut given_back = metadata();
        for (member, _) in SAFEGUARDS {
            given_back[member] = json!(false);
        }
        let mut longer = own.clone();
        longer["default_max_age"] = json!(86_400);
        for mut body in [metadata(), given_back, longer, metadata()] {
            body["client_id"] = json!(id);
            let answer = send(&app, Method::PUT, &path, Some(&token), Some(&body)).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            let answer = answer.json();
            text(&answer["registration_access_token"]).clone_into(&mut token);
            let client = admin.get(&at).await.json();
            for (member, field) in SAFEGUARDS {
                assert_eq!(client.pointer(field), Some(&json!(true)), "{body}");
                assert_eq!(answer[member], true, "{body}");
            }
            assert_eq!(client["pkceEnabled"], true, "{body}");
            assert_eq!(client["protocol"]["defaultMaxAge"], 300, "{body}");
            assert_eq!(answer["default_max_age"], 300, "{body}");
        }
        let mut body = metadata();
        body["client_id"] = json!(id);
        body["request_object_signing_alg"] = json!("none");
        let refused = send(&app, Method::PUT, &path, Some(&token), Some(&body)).await;
        assert_eq!(refused.json()["error"], "invalid_client_metadata", "{refused:?}");
    }
);

both_engines!(
    a_client_that_takes_back_how_it_must_sign_loses_its_approval,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", true).await;
        let registered = register(&app, None, &metadata()).await.json();
        let id = text(&registered["client_id"]).to_owned();
        let at = format!("/api/oidc/clients/{id}");
        assert_eq!(
            admin.post_nothing(&format!("{at}/approve")).await.status,
            StatusCode::NO_CONTENT
        );
        let mut client = admin.get(&at).await.json();
        client["protocol"]["requestObjectSigningAlg"] = json!("ES256");
        assert_eq!(admin.put(&at, &client).await.status, StatusCode::OK);
        let mut body = metadata();
        body["client_id"] = json!(id);
        let token = text(&registered["registration_access_token"]).to_owned();
        let path = own_path(&app, &registered);
        let answer = send(&app, Method::PUT, &path, Some(&token), Some(&body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(admin.get(&at).await.json()["isApproved"], false);
    }
);

both_engines!(
    what_a_client_signs_with_is_kept_and_held_to,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        let mut body = metadata();
        body["grant_types"] = json!(["authorization_code", "client_credentials"]);
        body["token_endpoint_auth_method"] = json!("client_secret_jwt");
        body["request_object_signing_alg"] = json!("none");
        for wrong in ["XX", "none", "RS256"] {
            body["token_endpoint_auth_signing_alg"] = json!(wrong);
            let answer = register(&app, None, &body).await;
            assert_eq!(answer.json()["error"], "invalid_client_metadata", "{wrong}");
        }
        body["token_endpoint_auth_signing_alg"] = json!("HS256");
        let registered = register(&app, None, &body).await.json();
        assert_eq!(registered["token_endpoint_auth_signing_alg"], "HS256");
        assert_eq!(registered["request_object_signing_alg"], "none");
        let id = text(&registered["client_id"]);
        let mut client = admin.get(&format!("/api/oidc/clients/{id}")).await.json();
        assert_eq!(client["protocol"]["tokenEndpointAuthSigningAlg"], "HS256");
        assert_eq!(client["protocol"]["requestObjectSigningAlg"], "none");
        let secret = text(&registered["client_secret"]);
        for (algorithm, status) in [("HS384", 401), ("HS256", 200)] {
            let now = app.app.state.now().seconds();
            let claims = json!({
                "iss": id, "sub": id, "aud": app.url, "jti": algorithm, "iat": now, "exp": now + 60
            });
            let assertion = crate::oidc::with_secret(secret, algorithm, &claims);
            let form = [
                ("grant_type", "client_credentials"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", &assertion),
            ];
            let answer = app.browser().post_form("/api/oidc/token", &form).await;
            assert_eq!(answer.status, status, "{algorithm} {answer:?}");
        }
        let object = crate::oidc::with_secret(secret, "HS256", &json!({"state": "signed"}));
        let one = crate::oidc::Client {
            id: id.to_owned(),
            secret: String::new(),
        };
        let answer = admin.get(&authorize_path(&one, &[("request", &object)])).await;
        assert_eq!(
            parameter(&answer, "error").as_deref(),
            Some("invalid_request_object"),
            "{answer:?}"
        );
        // An administrator has the same rules.
        for (algorithm, fine) in [("ES256", false), ("XX", false), ("HS512", true)] {
            client["protocol"]["tokenEndpointAuthSigningAlg"] = json!(algorithm);
            let answer = admin.put(&format!("/api/oidc/clients/{id}"), &client).await;
            assert_eq!(answer.status == StatusCode::OK, fine, "{algorithm} {answer:?}");
            if !fine {
                let rules = answer.failed_rules();
                assert_eq!(rules[0].0, "tokenEndpointAuthSigningAlg", "{rules:?}");
            }
        }
    }
);

both_engines!(
    a_client_that_turns_to_assertions_gets_a_secret_to_make_them_from,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        let mut body = metadata();
        body["grant_types"] = json!(["authorization_code", "client_credentials"]);
        let registered = register(&app, None, &body).await.json();
        let (path, id) = (
            own_path(&app, &registered),
            text(&registered["client_id"]).to_owned(),
        );
        let mut token = text(&registered["registration_access_token"]).to_owned();
        let old = text(&registered["client_secret"]).to_owned();
        let mut put = async |method: &str| {
            let mut changed = body.clone();
            changed["client_id"] = json!(id);
            changed["token_endpoint_auth_method"] = json!(method);
            let answer = send(&app, Method::PUT, &path, Some(&token), Some(&changed)).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            let answer = answer.json();
            text(&answer["registration_access_token"]).clone_into(&mut token);
            answer["client_secret"].as_str().map(str::to_owned)
        };
        let ask = async |secret: &str, jti: &str| {
            let now = app.app.state.now().seconds();
            let claims = json!({
                "iss": id, "sub": id, "aud": app.url, "jti": jti, "iat": now, "exp": now + 60
            });
            let assertion = crate::oidc::with_secret(secret, "HS256", &claims);
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", id.as_str()),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", assertion.as_str()),
            ];
            app.browser().post_form("/api/oidc/token", &form).await.status
        };
        let new = put("client_secret_jwt").await.expect("a new secret is told");
        assert_eq!(ask(&new, "new").await, StatusCode::OK);
        assert_eq!(ask(&old, "old").await, StatusCode::UNAUTHORIZED);
        assert_eq!(put("client_secret_jwt").await, None, "it has one");
        assert_eq!(ask(&new, "again").await, StatusCode::OK);

        // Back again: the secret is as good in a header, and the first one stays gone.
        assert_eq!(put("client_secret_basic").await, None);
        for (secret, status) in [(&new, StatusCode::OK), (&old, StatusCode::UNAUTHORIZED)] {
            let mut browser = app.browser();
            let request = browser
                .request(Method::POST, "/api/oidc/token")
                .basic_auth(&id, Some(secret))
                .form(&[("grant_type", "client_credentials")]);
            assert_eq!(browser.send(request).await.status, status);
        }
    }
);

both_engines!(
    a_client_that_names_no_algorithm_gets_the_one_of_the_specification,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        rotate(
            &app.app.state.config,
            &app.clock,
            Algorithm::Es256,
            PreviousKeys::Revoked,
        )
        .await
        .unwrap();
        let published = async || {
            let keys = app.browser().get("/.well-known/jwks.json").await.json();
            let mut algorithms: Vec<String> = keys["keys"]
                .as_array()
                .unwrap()
                .iter()
                .map(|key| text(&key["alg"]).to_owned())
                .collect();
            algorithms.sort();
            algorithms
        };
        assert_eq!(published().await, ["ES256"]);
        let registered = register(&app, None, &metadata()).await.json();
        assert_eq!(registered["id_token_signed_response_alg"], "RS256");
        assert_eq!(
            published().await,
            ["ES256", "RS256"],
            "before any token is signed with it"
        );

        let mut changed = metadata();
        changed["client_id"] = registered["client_id"].clone();
        changed["userinfo_signed_response_alg"] = json!("EdDSA");
        let token = text(&registered["registration_access_token"]);
        let path = own_path(&app, &registered);
        let answer = send(&app, Method::PUT, &path, Some(token), Some(&changed)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(published().await, ["ES256", "EdDSA", "RS256"]);

        let client = crate::oidc::Client {
            id: text(&registered["client_id"]).to_owned(),
            secret: text(&registered["client_secret"]).to_owned(),
        };
        let code = code(&mut admin, &client, &[]).await;
        let mut browser = app.browser();
        let request = browser
            .request(Method::POST, "/api/oidc/token")
            .basic_auth(&client.id, Some(&client.secret))
            .form(&[
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", crate::oidc::VERIFIER),
            ]);
        let tokens = browser.send(request).await.json();
        let algorithm = |token: &Value| UnverifiedJws::parse(text(token)).unwrap().algorithm;
        assert_eq!(algorithm(&tokens["id_token"]), Some(Algorithm::Rs256));
        assert_eq!(
            algorithm(&tokens["access_token"]),
            Some(Algorithm::Es256),
            "APIs read the instance's"
        );
    }
);

both_engines!(
    a_sector_document_is_fetched_safely_and_believed_only_if_it_fits,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        let site = OtherServer::start(&app, "sector.example").await;
        site.json("/good", &json!([CALLBACK, "https://b.example/"]));
        site.json("/bad", &json!(["https://b.example/"]));
        for (url, fine) in [
            ("https://sector.example/good", true),
            ("https://sector.example/bad", false),
            ("https://sector.example/missing", false),
            ("https://127.0.0.1/good", false),
            ("https://[::1]/good", false),
            ("https://169.254.169.254/latest/meta-data", false),
        ] {
            let mut body = metadata();
            body["sector_identifier_uri"] = json!(url);
            let answer = register(&app, None, &body).await;
            assert_eq!(answer.status == StatusCode::CREATED, fine, "{url} {answer:?}");
        }
    }
);

both_engines!(
    nothing_but_json_is_read_and_nothing_fails_badly,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        let mut browser = app.browser();
        for (kind, body) in [
            ("application/x-www-form-urlencoded", "a=b".to_owned()),
            ("application/json", String::new()),
            ("application/json", "{".to_owned()),
            ("application/json", "[]".to_owned()),
            (
                "application/json",
                format!("{{\"client_name\":\"{}\"}}", "x".repeat(70_000)),
            ),
            (
                "application/json",
                r#"{"redirect_uris":["https://app.example/\u0000"]}"#.to_owned(),
            ),
        ] {
            let request = browser
                .request(Method::POST, "/api/oidc/register")
                .header("content-type", kind)
                .body(body.clone());
            let answer = browser.send(request).await;
            assert_eq!(
                answer.status,
                StatusCode::BAD_REQUEST,
                "{}",
                &body[..body.len().min(80)]
            );
        }
        assert_eq!(app.count("oidc_client_registrations").await, 0);
    }
);

both_engines!(
    what_a_client_shows_of_itself_is_shown_with_care,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        let site = OtherServer::start(&app, "app.example").await;
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        site.page("/logo.svg", 200, &[("content-type", "image/svg+xml")], svg);
        site.page("/page", 200, &[("content-type", "text/html")], "<html></html>");
        site.page("/broken.png", 200, &[], "nonsense");
        site.page("/large.svg", 200, &[], format!("{svg}{}", " ".repeat(300_000)));
        let at = |path: &str| format!("{}{path}", site.origin);
        let shown = async |admin: &mut Browser, id: &str| {
            let client = admin.get(&format!("/api/oidc/clients/{id}")).await.json();
            client["hasLogo"].as_bool().unwrap()
        };
        for (logo, had) in [
            (at("/logo.svg"), true),
            (at("/page"), false),
            (at("/broken.png"), false),
            (at("/large.svg"), false),
            (at("/missing.svg"), false),
            ("https://127.0.0.1/logo.svg".to_owned(), false),
            ("http://169.254.169.254/latest".to_owned(), false),
        ] {
            let mut body = metadata();
            body["logo_uri"] = json!(logo);
            let answer = register(&app, None, &body).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{logo} {answer:?}");
            assert_eq!(answer.json()["logo_uri"], logo);
            let id = text(&answer.json()["client_id"]).to_owned();
            assert_eq!(shown(&mut admin, &id).await, had, "{logo}");
        }
        let wrong = register(&app, Some("wrong"), &{
            let mut body = metadata();
            body["logo_uri"] = json!(at("/logo.svg"));
            body
        })
        .await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        assert_eq!(site.hits("/logo.svg"), 1, "only for who was let in");

        let mut body = metadata();
        for (name, path) in [
            ("logo_uri", "/logo.svg"),
            ("policy_uri", "/policy"),
            ("tos_uri", "/terms?a=1&b=2"),
        ] {
            body[name] = json!(at(path));
        }
        let registered = register(&app, None, &body).await.json();
        let client = crate::oidc::Client {
            id: text(&registered["client_id"]).to_owned(),
            secret: String::new(),
        };
        let interaction = async |admin: &mut Browser| {
            let answer = admin.get(&authorize_path(&client, &[])).await;
            let id = parameter(&answer, "interaction").unwrap();
            admin.get(&format!("/api/oidc/interactions/{id}")).await.json()
        };
        let seen = interaction(&mut admin).await;
        assert_eq!(
            (&seen["policyUri"], &seen["tosUri"], &seen["client"]["hasLogo"]),
            (&json!(at("/policy")), &json!(at("/terms?a=1&b=2")), &json!(true))
        );
        for name in ["logo_uri", "policy_uri", "tos_uri"] {
            let mut bad = metadata();
            bad[name] = json!("javascript:alert(1)");
            let answer = register(&app, None, &bad).await;
            assert_eq!(answer.json()["error"], "invalid_client_metadata", "{name}");
        }

        // An approval was of that logo; one that is not named any more is gone.
        let approve = format!("/api/oidc/clients/{}/approve", client.id);
        assert_eq!(admin.post_nothing(&approve).await.status, StatusCode::NO_CONTENT);
        let mut changed = metadata();
        changed["client_id"] = registered["client_id"].clone();
        let (path, token) = (
            own_path(&app, &registered),
            text(&registered["registration_access_token"]),
        );
        let answer = send(&app, Method::PUT, &path, Some(token), Some(&changed)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let seen = interaction(&mut admin).await;
        assert_eq!(
            (
                &seen["policyUri"],
                &seen["client"]["hasLogo"],
                &seen["clientIsApproved"]
            ),
            (&json!(null), &json!(false), &json!(false))
        );
        let logo = format!("/api/oidc/clients/{}/logo", client.id);
        assert_eq!(admin.get(&logo).await.status, StatusCode::NOT_FOUND);
    }
);

both_engines!(
    clients_nobody_approved_or_used_are_named_when_they_go,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        policy(&mut admin, "open", false).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            let registered = register(&app, None, &metadata()).await.json();
            ids.push(text(&registered["client_id"]).to_owned());
        }
        let approve = format!("/api/oidc/clients/{}/approve", ids[1]);
        assert_eq!(admin.post_nothing(&approve).await.status, StatusCode::NO_CONTENT);
        let used = crate::oidc::Client {
            id: ids[2].clone(),
            secret: String::new(),
        };
        code(&mut admin, &used, &[]).await;
        let registered_at = app.app.state.now();
        app.pass_seconds(1);
        let gone = async |before| {
            let tx = app.app.state.store.begin().await.unwrap();
            let gone = pocket_id_store::registrations::delete_unused(&tx, before)
                .await
                .unwrap();
            pocket_id_store::commit(tx).await.unwrap();
            gone.into_iter().map(|client| client.id.0).collect::<Vec<_>>()
        };
        assert!(gone(registered_at).await.is_empty(), "not that old");
        assert_eq!(gone(app.app.state.now()).await, [ids[0].clone()]);
        assert!(gone(app.app.state.now()).await.is_empty());
        assert_eq!(app.count("oidc_clients").await, 2);
    }
);
