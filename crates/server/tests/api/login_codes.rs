//! `/api/one-time-access-token`, and making login codes.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, TestApp, both_engines};

const INVALID: (u16, &str) = (401, "token_invalid_or_expired");

async fn user(admin: &mut Browser, name: &str) -> String {
    let input = json!({"username": name, "email": format!("{name}@example.com")});
    let answer = admin.post("/api/users", &input).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn code(admin: &mut Browser, id: &str, lifetime: Value) -> String {
    let path = format!("/api/users/{id}/one-time-access-token");
    let answer = admin.post(&path, &lifetime).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["token"].as_str().unwrap().to_owned()
}

async fn exchange(browser: &mut Browser, code: &str) -> Answer {
    browser
        .post_nothing(&format!("/api/one-time-access-token/{code}"))
        .await
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

#[track_caller]
fn assert_refused(answer: &Answer, expected: (u16, &str)) {
    assert_eq!(refusal(answer), (expected.0, expected.1.to_owned()));
    assert_eq!(answer.header("set-cookie"), "");
}

both_engines!(a_code_signs_in_once, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let grace = user(&mut admin, "grace").await;
    let code = code(&mut admin, &grace, json!({"ttl": "1h"})).await;
    assert_eq!(code.len(), 12);

    let mut phone = app.browser();
    let answer = exchange(&mut phone, &code).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.json()["username"], "grace");
    assert_eq!(
        phone.get("/api/users/me").await.json()["id"].as_str(),
        Some(grace.as_str())
    );
    assert_refused(&exchange(&mut app.browser(), &code).await, INVALID);

    let log = app.audit_log().await;
    let events: Vec<_> = log
        .iter()
        .filter(|entry| entry.event.ends_with("CODE_CREATED") || entry.event == "TOKEN_SIGN_IN")
        .map(|entry| (entry.event.as_str(), entry.username.as_str()))
        .collect();
    assert_eq!(
        events,
        [("LOGIN_CODE_CREATED", "grace"), ("TOKEN_SIGN_IN", "grace")]
    );
    let made = log
        .iter()
        .find(|entry| entry.event == "LOGIN_CODE_CREATED")
        .unwrap();
    assert_eq!(made.data.0["actorUsername"], "tim");
    assert!(
        !log.iter().any(|entry| format!("{entry:?}").contains(&code)),
        "nobody reads it in the log"
    );
});

both_engines!(of_64_exchanges_of_a_code_one_wins, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let grace = user(&mut admin, "grace").await;
    let code = code(&mut admin, &grace, json!({})).await;
    assert_eq!(code.len(), 6);
    let tries: Vec<_> = (0..64)
        .map(|_| {
            let mut browser = app.browser();
            let code = code.clone();
            tokio::spawn(async move { exchange(&mut browser, &code).await.status })
        })
        .collect();
    let mut won = 0;
    for attempt in tries {
        won += u32::from(attempt.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(won, 1);
    assert_eq!(app.count("login_codes").await, 0);
});

both_engines!(
    letters_may_be_mistaken_and_codes_expire,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let grace = user(&mut admin, "grace").await;
        // One and zero are easily typed as the letters they look like.
        let with_digits = loop {
            let code = code(&mut admin, &grace, json!({"ttl": 3600})).await;
            if code.contains(['0', '1']) {
                break code;
            }
        };
        let typed = with_digits.replace('1', "I").replace('0', "o");
        assert_eq!(exchange(&mut app.browser(), &typed).await.status, StatusCode::OK);

        let short = code(&mut admin, &grace, json!({"ttl": "90s"})).await;
        app.pass_seconds(90);
        assert_refused(&exchange(&mut app.browser(), &short).await, INVALID);
    }
);

both_engines!(lifetimes_have_rules, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let grace = user(&mut admin, "grace").await;
    let path = format!("/api/users/{grace}/one-time-access-token");
    for (body, length) in [
        (json!({"ttl": 0}), 6),
        // Here as everywhere in the API: as if it were left out.
        (json!({"ttl": null}), 6),
        (json!({"ttl": "", "userId": "somebody else"}), 6),
        (json!({"ttl": 900}), 6),
        (json!({"ttl": 901}), 12),
        (json!({"ttl": "744h"}), 12),
        // As versions 1.0 to 1.7 said it; too long is cut.
        (json!({"expiresAt": "2099-01-01T00:00:00Z"}), 12),
    ] {
        let answer = admin.post(&path, &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{body}: {answer:?}");
        assert_eq!(answer.json()["token"].as_str().unwrap().len(), length, "{body}");
    }
    for (body, code) in [
        (json!({"ttl": 1}), "validation_failed"),
        (json!({"ttl": "745h"}), "validation_failed"),
        (json!({"ttl": "-1h"}), "validation_failed"),
        (json!({"expiresAt": "2001-01-01T00:00:00Z"}), "validation_failed"),
        (json!({"expiresAt": "tomorrow"}), "invalid_request_body"),
        (json!({"ttl": "soon"}), "invalid_request_body"),
        (json!({"ttl": true}), "invalid_request_body"),
        (json!([]), "invalid_request_body"),
    ] {
        let answer = admin.post(&path, &body).await;
        assert_eq!(refusal(&answer), (400, code.to_owned()), "{body}");
    }
    for id in ["none", "00000000-0000-4000-8000-000000000001"] {
        let path = format!("/api/users/{id}/one-time-access-token");
        let answer = admin.post(&path, &json!({})).await;
        assert_eq!(refusal(&answer), (404, "user_not_found".to_owned()));
    }
});

both_engines!(
    people_make_codes_for_themselves_and_nobody_else,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let me = admin.get("/api/users/me").await.json()["id"].clone();
        let grace = user(&mut admin, "grace").await;
        let first = code(&mut admin, &grace, json!({})).await;
        let mut phone = app.browser();
        exchange(&mut phone, &first).await;

        let answer = phone
            .post("/api/users/me/one-time-access-token", &json!({"ttl": "700h"}))
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let own = answer.json()["token"].as_str().unwrap().to_owned();
        assert_eq!(own.len(), 6, "15 minutes, whatever was asked for");
        let answer = exchange(&mut app.browser(), &own).await;
        assert_eq!(answer.json()["username"], "grace");

        for path in [
            format!("/api/users/{}/one-time-access-token", me.as_str().unwrap()),
            format!("/api/users/{grace}/one-time-access-token"),
        ] {
            assert_eq!(
                refusal(&phone.post(&path, &json!({})).await),
                (403, "forbidden".to_owned())
            );
            let answer = app.browser().post(&path, &json!({})).await;
            assert_eq!(refusal(&answer), (401, "not_signed_in".to_owned()));
        }
        let answer = app
            .browser()
            .post("/api/users/me/one-time-access-token", &json!({}))
            .await;
        assert_eq!(refusal(&answer), (401, "not_signed_in".to_owned()));
    }
);

both_engines!(
    somebody_locked_out_stays_out_and_keeps_the_code,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let grace = user(&mut admin, "grace").await;
        let code = code(&mut admin, &grace, json!({})).await;
        let path = format!("/api/users/{grace}");
        let mut account = admin.get(&path).await.json();
        account["disabled"] = json!(true);
        admin.put(&path, &account).await;
        assert_refused(&exchange(&mut app.browser(), &code).await, (403, "user_disabled"));
        account["disabled"] = json!(false);
        admin.put(&path, &account).await;
        assert_eq!(exchange(&mut app.browser(), &code).await.status, StatusCode::OK);
    }
);

both_engines!(
    codes_end_with_the_sessions_they_would_replace,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let own_codes = json!({"allowOwnLoginCodes": "true"});
        let answer = admin.patch("/api/application-configuration", &own_codes).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let grace = user(&mut admin, "grace").await;
        let sessions = format!("/api/users/{grace}/sessions");
        let mut signed_in = app.browser();
        let first = code(&mut admin, &grace, json!({})).await;
        assert_eq!(exchange(&mut signed_in, &first).await.status, StatusCode::OK);
        let own = async |browser: &mut Browser| {
            let answer = browser
                .post("/api/users/me/one-time-access-token", &json!({}))
                .await;
            assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
            answer.json()["token"].as_str().unwrap().to_owned()
        };
        let gone = async |code: &str| assert_refused(&exchange(&mut app.browser(), code).await, INVALID);

        // Ended by an administrator: a thief does not come back by a code kept in store.
        let kept = [
            own(&mut signed_in).await,
            code(&mut admin, &grace, json!({"ttl": "744h"})).await,
        ];
        assert_eq!(admin.delete(&sessions).await.status, StatusCode::NO_CONTENT);
        for code in &kept {
            gone(code).await;
        }

        // Ended by its owner, who stays signed in.
        let again = code(&mut admin, &grace, json!({})).await;
        assert_eq!(exchange(&mut signed_in, &again).await.status, StatusCode::OK);
        let kept = own(&mut signed_in).await;
        assert_eq!(
            signed_in.delete("/api/sessions").await.status,
            StatusCode::NO_CONTENT
        );
        gone(&kept).await;

        // A passkey removed by an administrator takes along what its owner may not have made themselves; what the
        // administrator made to help them stays. Removed by its owner, it takes all.
        for by_owner in [false, true] {
            let mut passkey = app.passkey(if by_owner { 8 } else { 7 });
            assert_eq!(signed_in.add_passkey(&mut passkey).await.status, StatusCode::OK);
            assert_eq!(signed_in.sign_in(&mut passkey).await.status, StatusCode::OK);
            let (made, help) = (
                own(&mut signed_in).await,
                code(&mut admin, &grace, json!({})).await,
            );
            let listed = signed_in.get("/api/webauthn/credentials").await.json();
            let id = listed[0]["id"].as_str().unwrap();
            let answer = if by_owner {
                signed_in.delete(&format!("/api/webauthn/credentials/{id}")).await
            } else {
                let path = format!("/api/users/{grace}/webauthn-credentials/{id}");
                admin.delete(&path).await
            };
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
            gone(&made).await;
            if by_owner {
                gone(&help).await;
            } else {
                assert_eq!(exchange(&mut signed_in, &help).await.status, StatusCode::OK);
            }
        }

        // Locked out and let in again.
        let made = own(&mut signed_in).await;
        let path = format!("/api/users/{grace}");
        let mut account = admin.get(&path).await.json();
        for disabled in [true, false] {
            account["disabled"] = json!(disabled);
            assert_eq!(admin.put(&path, &account).await.status, StatusCode::OK);
        }
        gone(&made).await;
    }
);

both_engines!(wrong_codes_are_counted, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let grace = user(&mut admin, "grace").await;
    let code = code(&mut admin, &grace, json!({"ttl": "2h"})).await;
    // All of one answer, whatever is wrong with them.
    for wrong in [
        "aaaaaa",
        "bbbbbbbbbbbb",
        "cccccccccccccccc",
        "a",
        "%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4",
        "%FF%FF%FF%FF%FF%FF",
        "..%2F...",
        "dddddd",
        "eeeeee",
        "ffffff",
        "gggggg",
    ] {
        assert_refused(&exchange(&mut app.browser(), wrong).await, INVALID);
    }
    let answer = exchange(&mut app.browser(), &code).await;
    assert_refused(&answer, (429, "rate_limited"));
    assert_eq!(answer.header("retry-after"), "900");
    app.pass_seconds(901);
    assert_eq!(exchange(&mut app.browser(), &code).await.status, StatusCode::OK);
});

both_engines!(no_other_site_signs_anybody_in, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let grace = user(&mut admin, "grace").await;
    let code = code(&mut admin, &grace, json!({})).await;
    let mut victim = app.browser();
    let path = format!("/api/one-time-access-token/{code}");
    let request = victim
        .request(Method::POST, &path)
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site");
    let answer = victim.send(request).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert_eq!(victim.get("/api/users/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(exchange(&mut victim, &code).await.status, StatusCode::OK);
});

both_engines!(codes_of_ones_own_can_be_switched_off, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let own = "/api/users/me/one-time-access-token";
    assert_eq!(admin.post(own, &json!({})).await.status, StatusCode::CREATED);
    let config = json!({"allowOwnLoginCodes": "false"});
    let answer = admin.patch("/api/application-configuration", &config).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let before = app.count("login_codes").await;
    let answer = admin.post(own, &json!({})).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::FORBIDDEN, "one_time_access_disabled")
    );
    assert_eq!(app.count("login_codes").await, before);
    // Everybody's page knows, and administrators still make codes for others.
    let public = app.browser().get("/api/application-configuration").await.text;
    assert!(public.contains("allowOwnLoginCodes"), "{public}");
    let me = admin.get("/api/users/me").await.json();
    let path = format!("/api/users/{}/one-time-access-token", me["id"].as_str().unwrap());
    assert_eq!(admin.post(&path, &json!({})).await.status, StatusCode::CREATED);
});
