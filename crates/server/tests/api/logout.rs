//! Single logout: clients hear of a sign-out, by the back channel and through the browser.

use http::StatusCode;
use pocket_id_oidc::jose::{Jwk, UnverifiedJws};
use serde_json::{Value, json};

use crate::oidc::{Client, claims, refresh, register, text, tokens, userinfo};
use crate::support::{Answer, Browser, OtherServer, TestApp, both_engines};

/// A client that is told at `/out` of a server of its own.
async fn told_client(app: &TestApp, admin: &mut Browser, name: &str) -> (OtherServer, Client) {
    let server = OtherServer::start(app, name).await;
    server.page("/out", 200, &[], "");
    let uri = format!("https://{name}/out");
    let client = register(admin, |body| {
        body["name"] = json!(name);
        body["protocol"] = json!({"backchannelLogoutUri": uri});
    })
    .await;
    (server, client)
}

/// A client's deliveries, once none of them is under way for the first time any more.
async fn deliveries(admin: &mut Browser, client: &Client) -> Value {
    let path = format!("/api/oidc/clients/{}/logout-deliveries", client.id);
    for _ in 0..2_000 {
        let answer = admin.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let list = answer.json();
        let settled = |one: &Value| one["state"] != "pending" || !one["lastError"].is_null();
        if list.as_array().unwrap().iter().all(settled) {
            return list;
        }
    }
    panic!("a delivery is not attempted");
}

/// Attempts what is due until a client's newest delivery has seen so many attempts.
async fn retry(app: &TestApp, admin: &mut Browser, client: &Client, attempts: i64) -> Value {
    for _ in 0..200 {
        pocket_id_server::sessions::deliveries::run_due(&app.app.state)
            .await
            .unwrap();
        let list = deliveries(admin, client).await;
        if list[0]["attempts"].as_i64().unwrap() >= attempts {
            return list[0].clone();
        }
    }
    panic!("no attempt {attempts}");
}

async fn keys(app: &TestApp) -> Vec<Jwk> {
    let answer = app.browser().get("/.well-known/jwks.json").await;
    serde_json::from_value(answer.json()["keys"].clone()).unwrap()
}

/// The verified claims of the logout tokens that were posted to a server.
async fn logout_tokens(app: &TestApp, server: &OtherServer) -> Vec<Value> {
    let keys = keys(app).await;
    let bodies = server.bodies("/out").into_iter().map(|body| {
        let token = body.strip_prefix("logout_token=").unwrap().to_owned();
        let parsed = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(parsed.typ.as_deref(), Some("logout+jwt"));
        Value::from(parsed.verify(&keys).unwrap())
    });
    bodies.collect()
}

async fn second_browser(app: &TestApp, first: &mut Browser) -> Browser {
    let mut passkey = app.passkey(7);
    assert_eq!(first.add_passkey(&mut passkey).await.status, StatusCode::OK);
    let mut second = app.browser();
    assert_eq!(second.sign_in(&mut passkey).await.status, StatusCode::OK);
    second
}

fn end_session(hint: &Value) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("id_token_hint", text(hint));
    query.append_pair("post_logout_redirect_uri", "https://app.example/bye");
    format!("/api/oidc/end-session?{}", query.finish())
}

both_engines!(
    signing_out_tells_every_client_of_that_browser_and_no_other,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let (wiki, wiki_client) = told_client(&app, &mut admin, "wiki.example").await;
        let (mail, mail_client) = told_client(&app, &mut admin, "mail.example").await;
        let silent = register(&mut admin, |_| {}).await;
        let mut other = second_browser(&app, &mut admin).await;
        let first = tokens(&app, &mut other, &wiki_client).await;
        let again = tokens(&app, &mut other, &wiki_client).await;
        let second = tokens(&app, &mut other, &mail_client).await;
        tokens(&app, &mut other, &silent).await;
        let stays = tokens(&app, &mut admin, &wiki_client).await;
        let sid = |tokens: &Value| claims(text(&tokens["id_token"]))["sid"].clone();
        // The same at each sign-in of a browser, and different for each client and browser.
        assert_eq!(sid(&first), sid(&again));
        assert_ne!(sid(&first), sid(&second));
        assert_ne!(sid(&first), sid(&stays));

        assert_eq!(
            other.post_nothing("/api/webauthn/logout").await.status,
            StatusCode::NO_CONTENT
        );
        for (server, client, tokens) in [(&wiki, &wiki_client, &again), (&mail, &mail_client, &second)] {
            let list = deliveries(&mut admin, client).await;
            assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
            assert_eq!(
                (&list[0]["state"], &list[0]["attempts"], &list[0]["lastStatus"]),
                (&json!("delivered"), &json!(1), &json!(200)),
                "{list}"
            );
            let told = logout_tokens(&app, server).await;
            assert_eq!(told.len(), 1);
            let told = &told[0];
            let id_token = claims(text(&tokens["id_token"]));
            assert_eq!(
                (&told["iss"], &told["aud"], &told["sub"], &told["sid"]),
                (
                    &json!(app.url),
                    &json!(client.id),
                    &id_token["sub"],
                    &id_token["sid"]
                )
            );
            assert_eq!(
                told["events"],
                json!({"http://schemas.openid.net/event/backchannel-logout": {}})
            );
            assert!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap() <= 120);
            assert!(told["jti"].is_string() && told.get("nonce").is_none());
            assert_eq!(
                userinfo(&app, text(&tokens["access_token"])).await.status,
                StatusCode::UNAUTHORIZED
            );
        }
        assert_eq!(deliveries(&mut admin, &silent).await, json!([]));
        assert_eq!(
            refresh(&app, &wiki_client, text(&first["refresh_token"]))
                .await
                .json()["error"],
            "invalid_grant"
        );
        assert_eq!(
            userinfo(&app, text(&stays["access_token"])).await.status,
            StatusCode::OK
        );
        let log = app.audit_log().await;
        assert_eq!(log.iter().filter(|entry| entry.event == "SIGN_OUT").count(), 1);
    }
);

both_engines!(
    a_client_that_does_not_answer_is_told_again_and_given_up_in_the_end,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let (server, client) = told_client(&app, &mut admin, "wiki.example").await;
        let mut passkey = app.passkey(1);
        admin.add_passkey(&mut passkey).await;
        let mut other = app.browser();
        other.sign_in(&mut passkey).await;
        tokens(&app, &mut other, &client).await;
        server.page("/out", 503, &[], "");
        other.post_nothing("/api/webauthn/logout").await;
        let list = deliveries(&mut admin, &client).await;
        assert_eq!(
            (&list[0]["state"], &list[0]["lastStatus"]),
            (&json!("pending"), &json!(503))
        );
        // Not before its time.
        pocket_id_server::sessions::deliveries::run_due(&app.app.state)
            .await
            .unwrap();
        assert_eq!(server.hits("/out"), 1);
        app.pass_seconds(31);
        let second = retry(&app, &mut admin, &client, 2).await;
        assert_eq!(second["state"], "pending", "{second}");
        let mut pause = 91;
        for attempt in 3..=8 {
            app.pass_seconds(pause);
            pause *= 3;
            // Sessions do not last that long.
            admin.sign_in(&mut passkey).await;
            retry(&app, &mut admin, &client, attempt).await;
        }
        let last = deliveries(&mut admin, &client).await[0].clone();
        assert_eq!(
            (&last["state"], &last["nextAttemptAt"], &last["lastError"]),
            (
                &json!("failed"),
                &Value::Null,
                &json!("the client answered with status 503")
            )
        );
        let told = logout_tokens(&app, &server).await;
        assert_eq!(told.len(), 8);
        assert_ne!(told[0]["jti"], told[1]["jti"]);
        assert!(told[1]["exp"].as_i64().unwrap() > told[0]["exp"].as_i64().unwrap());
        app.pass_seconds(1_000_000);
        pocket_id_server::sessions::deliveries::run_due(&app.app.state)
            .await
            .unwrap();
        assert_eq!(server.hits("/out"), 8);
    }
);

both_engines!(
    of_many_who_attempt_a_delivery_one_does,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let (server, client) = told_client(&app, &mut admin, "wiki.example").await;
        let mut other = second_browser(&app, &mut admin).await;
        tokens(&app, &mut other, &client).await;
        server.page("/out", 500, &[], "");
        other.post_nothing("/api/webauthn/logout").await;
        deliveries(&mut admin, &client).await;
        server.page("/out", 204, &[], "");
        app.pass_seconds(31);
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let state = app.app.state.clone();
            running.spawn(async move { pocket_id_server::sessions::deliveries::run_due(&state).await });
        }
        while let Some(result) = running.join_next().await {
            result.unwrap().unwrap();
        }
        let one = retry(&app, &mut admin, &client, 2).await;
        assert_eq!(
            (&one["state"], &one["lastStatus"], &one["attempts"]),
            (&json!("delivered"), &json!(204), &json!(2))
        );
        assert_eq!(server.hits("/out"), 2);
    }
);

both_engines!(
    signing_in_again_in_the_same_browser_keeps_sessions_with_clients,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let (server, client) = told_client(&app, &mut admin, "wiki.example").await;
        let mut passkey = app.passkey(1);
        admin.add_passkey(&mut passkey).await;
        let before = tokens(&app, &mut admin, &client).await;
        assert_eq!(admin.sign_in(&mut passkey).await.status, StatusCode::OK);
        let after = tokens(&app, &mut admin, &client).await;
        let sid = |tokens: &Value| claims(text(&tokens["id_token"]))["sid"].clone();
        assert_eq!(sid(&before), sid(&after));
        assert_eq!(app.count("sessions").await, 1);
        assert_eq!(
            userinfo(&app, text(&before["access_token"])).await.status,
            StatusCode::OK
        );
        assert_eq!(server.hits("/out"), 0);
        // What came before the second sign-in ends with it.
        let answer = admin.get(&end_session(&before["id_token"])).await;
        assert_eq!(answer.status, StatusCode::FOUND);
        for tokens in [&before, &after] {
            assert_eq!(
                userinfo(&app, text(&tokens["access_token"])).await.status,
                StatusCode::UNAUTHORIZED
            );
        }
    }
);

both_engines!(
    offline_access_outlives_a_sign_out_but_not_an_ended_session,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let mut passkey = app.passkey(1);
        admin.add_passkey(&mut passkey).await;
        for (path, expected) in [("logout", StatusCode::OK), ("end", StatusCode::BAD_REQUEST)] {
            let mut other = app.browser();
            other.sign_in(&mut passkey).await;
            let scope = [("scope", "openid offline_access")];
            let code = crate::oidc::code(&mut other, &client, &scope).await;
            let tokens = crate::oidc::exchange(&app, &client, &code).await.json();
            if path == "logout" {
                other.post_nothing("/api/webauthn/logout").await;
            } else {
                assert_eq!(admin.delete("/api/sessions").await.status, StatusCode::NO_CONTENT);
            }
            let renewed = refresh(&app, &client, text(&tokens["refresh_token"])).await;
            assert_eq!(renewed.status, expected, "{path}: {renewed:?}");
        }
    }
);

both_engines!(
    what_outlived_its_session_ends_with_all_of_them,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let body = json!({"username": "craig", "email": "craig@example.com"});
        let user = admin.post("/api/users", &body).await.json();
        let path = format!("/api/users/{}", text(&user["id"]));
        let sign_in = async |admin: &mut Browser, browser: &mut Browser| {
            let made = admin
                .post(&format!("{path}/one-time-access-token"), &json!({}))
                .await
                .json();
            let code = format!("/api/one-time-access-token/{}", text(&made["token"]));
            assert_eq!(browser.post_nothing(&code).await.status, StatusCode::OK);
        };
        for way in ["own", "administrator", "disabled"] {
            let mut browser = app.browser();
            sign_in(&mut admin, &mut browser).await;
            let scope = [("scope", "openid offline_access")];
            let code = crate::oidc::code(&mut browser, &client, &scope).await;
            let tokens = crate::oidc::exchange(&app, &client, &code).await.json();
            browser.post_nothing("/api/webauthn/logout").await;
            // Signed out and still at work; then everything is to end.
            let renewed = refresh(&app, &client, text(&tokens["refresh_token"])).await;
            assert_eq!(renewed.status, StatusCode::OK, "{way}: {renewed:?}");
            let renewed = renewed.json();
            match way {
                "own" => {
                    sign_in(&mut admin, &mut browser).await;
                    let held = self::tokens(&app, &mut browser, &client).await;
                    assert_eq!(
                        browser.delete("/api/sessions").await.status,
                        StatusCode::NO_CONTENT
                    );
                    // What this browser's own session gave stays, as the session does.
                    let own = refresh(&app, &client, text(&held["refresh_token"])).await;
                    assert_eq!(own.status, StatusCode::OK, "{own:?}");
                }
                "administrator" => {
                    let answer = admin.delete(&format!("{path}/sessions")).await;
                    assert_eq!(answer.status, StatusCode::NO_CONTENT);
                }
                _ => {
                    let mut account = admin.get(&path).await.json();
                    for disabled in [true, false] {
                        account["disabled"] = json!(disabled);
                        assert_eq!(admin.put(&path, &account).await.status, StatusCode::OK);
                    }
                }
            }
            assert_eq!(
                userinfo(&app, text(&renewed["access_token"])).await.status,
                StatusCode::UNAUTHORIZED,
                "{way}"
            );
            let late = refresh(&app, &client, text(&renewed["refresh_token"])).await;
            assert_eq!(
                (late.status, late.json()["error"].as_str()),
                (StatusCode::BAD_REQUEST, Some("invalid_grant")),
                "{way}"
            );
        }
    }
);

both_engines!(
    a_post_from_the_clients_page_ends_the_session_of_its_hint,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let (server, told) = told_client(&app, &mut admin, "wiki.example").await;
        let client = register(&mut admin, |_| {}).await;
        let mut other = second_browser(&app, &mut admin).await;
        tokens(&app, &mut other, &told).await;
        let tokens = tokens(&app, &mut other, &client).await;
        // Cookies with SameSite=Lax stay at home.
        let form = [
            ("id_token_hint", text(&tokens["id_token"])),
            ("post_logout_redirect_uri", "https://app.example/bye"),
            ("state", "x"),
        ];
        let answer = app.browser().post_form("/api/oidc/end-session", &form).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::FOUND, "https://app.example/bye?state=x")
        );
        assert_eq!(other.get("/api/users/me").await.code(), "not_signed_in");
        assert_eq!(admin.get("/api/users/me").await.status, StatusCode::OK);
        deliveries(&mut admin, &told).await;
        assert_eq!(server.hits("/out"), 1);
    }
);

fn frames(answer: &Answer) -> Vec<String> {
    let parts = answer.text.split("<iframe ").skip(1);
    let sources = parts.map(|part| {
        let source = part.split("src=\"").nth(1).unwrap();
        source.split('"').next().unwrap().replace("&amp;", "&")
    });
    sources.collect()
}

both_engines!(
    browsers_load_the_clients_that_want_it_and_go_on,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let plain = register(&mut admin, |body| {
            body["protocol"] = json!({"frontchannelLogoutUri": "https://a.example/out?x=1"});
        })
        .await;
        let named = register(&mut admin, |body| {
            body["protocol"] = json!({
                "frontchannelLogoutUri": "https://b.example/out", "frontchannelLogoutSessionRequired": true
            });
        })
        .await;
        let mut passkey = app.passkey(1);
        admin.add_passkey(&mut passkey).await;
        for way in ["hint", "form"] {
            let mut browser = app.browser();
            browser.sign_in(&mut passkey).await;
            let first = tokens(&app, &mut browser, &plain).await;
            let second = tokens(&app, &mut browser, &named).await;
            let sid = claims(text(&second["id_token"]))["sid"].clone();
            let (answer, next) = if way == "hint" {
                let answer = browser.get(&end_session(&first["id_token"])).await;
                (answer, "https://app.example/bye".to_owned())
            } else {
                let answer = browser.post_nothing("/api/oidc/end-session/confirmed").await;
                (answer, format!("{}/login", app.url))
            };
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            let mut expected = url::Url::parse("https://b.example/out").unwrap();
            expected
                .query_pairs_mut()
                .append_pair("iss", &app.url)
                .append_pair("sid", text(&sid));
            let mut found = frames(&answer);
            found.sort();
            assert_eq!(
                found,
                ["https://a.example/out?x=1".to_owned(), expected.to_string()]
            );
            assert!(
                answer
                    .header("content-security-policy")
                    .contains("frame-src https://a.example https://b.example;")
            );
            assert!(answer.text.contains(&format!("href=\"{next}\"")), "{answer:?}");
            assert!(!browser.cookies.contains_key("access_token"));
            assert_eq!(browser.get("/api/users/me").await.code(), "not_signed_in");
        }
        let mut browser = app.browser();
        let answer = browser.post_nothing("/api/oidc/end-session/confirmed").await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, format!("{}/login", app.url).as_str())
        );
    }
);

both_engines!(no_other_site_can_confirm_a_sign_out, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let request = admin
        .request(http::Method::POST, "/api/oidc/end-session/confirmed")
        .header("origin", "https://evil.example");
    assert_eq!(admin.send(request).await.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.get("/api/users/me").await.status, StatusCode::OK);
});

both_engines!(
    clients_that_registered_themselves_cannot_point_at_the_local_network,
    |app: TestApp| async move {
        use sea_orm::ConnectionTrait as _;

        let mut admin = app.set_up().await;
        // A name of the internet that leads inside.
        let inside = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        inside.set_nonblocking(true).unwrap();
        app.network
            .name("inside.example", &[inside.local_addr().unwrap()]);
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"backchannelLogoutUri": "https://inside.example/out"});
        })
        .await;
        let named = register(&mut admin, |body| {
            body["protocol"] = json!({"backchannelLogoutUri": "http://127.0.0.1:9/out"});
        })
        .await;
        let tx = app.app.state.store.begin().await.unwrap();
        tx.execute_unprepared("UPDATE oidc_clients SET is_dynamic = TRUE, is_approved = TRUE")
            .await
            .unwrap();
        pocket_id_store::commit(tx).await.unwrap();
        let mut other = second_browser(&app, &mut admin).await;
        for client in [&client, &named] {
            tokens(&app, &mut other, client).await;
        }
        other.post_nothing("/api/webauthn/logout").await;
        for client in [&client, &named] {
            let list = deliveries(&mut admin, client).await;
            assert_eq!(
                (&list[0]["lastError"], &list[0]["lastStatus"]),
                (
                    &json!("the URL leads to an address that is not allowed"),
                    &json!(null)
                ),
                "{list}"
            );
        }
        let nobody = inside.accept().unwrap_err();
        assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
    }
);

both_engines!(
    a_delivery_goes_no_further_than_where_it_is_addressed,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        // An answer that sends the token on is no delivery, and nobody else gets it.
        let (server, client) = told_client(&app, &mut admin, "wiki.example").await;
        let elsewhere = OtherServer::start(&app, "elsewhere.example").await;
        elsewhere.page("/out", 200, &[], "");
        let mut passkey = app.passkey(7);
        admin.add_passkey(&mut passkey).await;
        for status in [302, 307, 308] {
            // So that the newest delivery comes first.
            app.pass_seconds(1);
            server.page(
                "/out",
                status,
                &[("location", "https://elsewhere.example/out")],
                "",
            );
            let mut other = app.browser();
            assert_eq!(other.sign_in(&mut passkey).await.status, StatusCode::OK);
            tokens(&app, &mut other, &client).await;
            other.post_nothing("/api/webauthn/logout").await;
            let list = deliveries(&mut admin, &client).await;
            assert_eq!(
                (&list[0]["state"], &list[0]["lastStatus"]),
                (&json!("pending"), &json!(status)),
                "{list}"
            );
            assert_eq!(elsewhere.hits("/out"), 0, "{status}");
        }
    }
);
