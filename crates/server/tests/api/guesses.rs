//! Guessing codes: how far nobody gets.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, SmtpSink, TestApp, both_engines};

async fn exchange(browser: &mut Browser, code: &str) -> Answer {
    browser
        .post_nothing(&format!("/api/one-time-access-token/{code}"))
        .await
}

fn outcome(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

async fn grace(admin: &mut Browser) -> String {
    let input = json!({"username": "grace", "email": "grace@example.com"});
    let answer = admin.post("/api/users", &input).await;
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn code_for(admin: &mut Browser, user: &str, ttl: &str) -> String {
    let path = format!("/api/users/{user}/one-time-access-token");
    let answer = admin.post(&path, &json!({"ttl": ttl})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// What the log says of ways in that let nobody in: who, how, why.
async fn failures(app: &TestApp) -> Vec<(String, String, String)> {
    let log = app.audit_log().await.into_iter();
    log.filter(|entry| entry.event == "SIGN_IN_FAILED")
        .map(|entry| {
            let said = |name: &str| entry.data.0.get(name).cloned().unwrap_or_default();
            (entry.username.clone(), said("method"), said("reason"))
        })
        .collect()
}

both_engines!(guesses_at_once_get_no_further, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let grace = grace(&mut admin).await;
    let code = code_for(&mut admin, &grace, "10m").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let mut browser = app.browser();
        tasks.spawn(async move { outcome(&exchange(&mut browser, &format!("AAAA{number:02}")).await) });
    }
    let outcomes = tasks.join_all().await;
    let judged = outcomes
        .iter()
        .filter(|outcome| **outcome == (401, "token_invalid_or_expired".to_owned()));
    assert_eq!(judged.count(), 10, "{outcomes:?}");
    assert!(
        outcomes.iter().all(|(status, _)| [401, 429].contains(status)),
        "{outcomes:?}"
    );
    let late = exchange(&mut app.browser(), &code).await;
    assert_eq!(
        outcome(&late),
        (429, "rate_limited".to_owned()),
        "even the right one"
    );
    app.pass_seconds(15 * 60);
    let code = code_for(&mut admin, &grace, "10m").await;
    assert_eq!(
        exchange(&mut app.browser(), &code).await.status,
        StatusCode::OK,
        "a quarter of an hour later"
    );
});

both_engines!(right_codes_are_no_guesses, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let grace = grace(&mut admin).await;
    for round in 0..12 {
        let code = code_for(&mut admin, &grace, "10m").await;
        let answer = exchange(&mut app.browser(), &code).await;
        assert_eq!(answer.status, StatusCode::OK, "{round}: {answer:?}");
    }
});

both_engines!(
    wrong_guesses_are_forgotten_while_right_ones_go_on,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let grace = grace(&mut admin).await;
        let wrong = async || exchange(&mut app.browser(), "AAAAAA").await;
        // Now and then somebody mistypes, and in between people sign in: for an hour.
        for round in 0..12 {
            let refused = wrong().await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{round}: {refused:?}");
            app.pass_seconds(150);
            let code = code_for(&mut admin, &grace, "10m").await;
            let answer = exchange(&mut app.browser(), &code).await;
            assert_eq!(answer.status, StatusCode::OK, "{round}: {answer:?}");
            app.pass_seconds(150);
        }
        // In one quarter of an hour it is still ten.
        app.pass_seconds(15 * 60);
        for _ in 0..10 {
            assert_eq!(wrong().await.status, StatusCode::UNAUTHORIZED);
        }
        app.pass_seconds(14 * 60);
        assert_eq!(wrong().await.status, StatusCode::TOO_MANY_REQUESTS);
        app.pass_seconds(60);
        assert_eq!(wrong().await.status, StatusCode::UNAUTHORIZED);
    }
);

both_engines!(
    everybody_together_has_so_many_tries_at_short_codes,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let grace = grace(&mut admin).await;
        let (short, long) = (
            code_for(&mut admin, &grace, "10m").await,
            code_for(&mut admin, &grace, "1h").await,
        );
        let state = &app.app.state;
        let tx = state.store.begin().await.unwrap();
        for _ in 0..500 {
            pocket_id_store::wrong_guesses::note(&tx, "login-code:all", 900, state.now())
                .await
                .unwrap();
        }
        pocket_id_store::commit(tx).await.unwrap();
        let refused = exchange(&mut app.browser(), &short).await;
        assert_eq!(outcome(&refused), (429, "rate_limited".to_owned()));
        assert_eq!(refused.header("retry-after"), "900");
        // Nobody finds one of the long ones, so nobody can lock out whoever has one.
        let answer = exchange(&mut app.browser(), &long).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
);

both_engines!(
    a_code_shown_by_wrong_browsers_is_thrown_away,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        grace(&mut admin).await;
        let mut sink = SmtpSink::start();
        let setting = json!({"emailOneTimeAccessAsUnauthenticatedEnabled": "true"});
        sink.use_by(&mut admin, setting).await;
        let mut mailed_to = async |browser: &mut Browser| {
            let body = json!({"email": "grace@example.com"});
            browser.post("/api/one-time-access-email", &body).await;
            app.send_mail().await;
            let mail: Value = sink.next();
            let text = mail["parts"]["text/plain"]["text"].as_str().unwrap().to_owned();
            let (_, rest) = text.split_once(&format!("{}/lc/", app.url)).unwrap();
            rest.split_whitespace().next().unwrap().to_owned()
        };
        let wrong = (401, "device_code_invalid".to_owned());
        for (tries, works) in [(4, true), (5, false)] {
            let mut own = app.browser();
            let code = mailed_to(&mut own).await;
            for _ in 0..tries {
                assert_eq!(outcome(&exchange(&mut app.browser(), &code).await), wrong);
            }
            let answer = exchange(&mut own, &code).await;
            assert_eq!(answer.status == StatusCode::OK, works, "{tries}: {answer:?}");
            app.pass_seconds(15 * 60);
        }
        let why = "the code is for another browser".to_owned();
        let failures = failures(&app).await;
        assert!(
            failures.contains(&("grace".to_owned(), "login code".to_owned(), why)),
            "{failures:?}"
        );
    }
);

both_engines!(ways_in_that_fail_are_written_down, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let grace = grace(&mut admin).await;
    let code = code_for(&mut admin, &grace, "10m").await;
    let path = format!("/api/users/{grace}");
    let mut user = admin.get(&path).await.json();
    user["disabled"] = json!(true);
    assert_eq!(admin.put(&path, &user).await.status, StatusCode::OK);
    let refused = exchange(&mut app.browser(), &code).await;
    assert_eq!(refused.code(), "user_disabled");

    let settings = json!({"allowUserSignups": "withToken"});
    let answer = admin.patch("/api/application-configuration", &settings).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let form = json!({"username": "eve", "email": "eve@example.com", "firstName": "Eve", "token": "AAAAAAAAAAAAAAAA"});
    let refused = app.browser().post("/api/signup", &form).await;
    assert!(refused.status.is_client_error(), "{refused:?}");

    let mut passkey = app.passkey(1);
    assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
    let mut assertion = admin.assertion(&mut passkey).await;
    assertion["response"]["signature"] = json!("AAAA");
    let refused = admin.post("/api/webauthn/reauthenticate", &assertion).await;
    assert_eq!(refused.code(), "webauthn_authentication_failed");

    let told: Vec<_> = failures(&app).await;
    let told: Vec<_> = told
        .iter()
        .map(|(who, how, why)| (who.as_str(), how.as_str(), why.as_str()))
        .collect();
    assert_eq!(
        told[..2],
        [
            ("grace", "login code", "the user is disabled"),
            ("", "sign-up", "no such invitation")
        ]
    );
    assert_eq!((told[2].0, told[2].1), ("tim", "passkey, once more"));
    assert_eq!(told.len(), 3, "{told:?}");
});

both_engines!(
    a_passkey_nobody_knows_is_answered_alike_for_everybody,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut passkey = app.passkey(1);
        assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
        let mut answers = Vec::new();
        for exists in [true, false] {
            let mut stranger = app.browser();
            let mut assertion = stranger.assertion(&mut passkey).await;
            assertion["id"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
            assertion["rawId"] = assertion["id"].clone();
            if !exists {
                assertion["response"]["userHandle"] =
                    json!("MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw");
            }
            let request = stranger
                .request(Method::POST, "/api/webauthn/login/finish")
                .json(&assertion);
            let answer = stranger.send(request).await;
            let mut body = answer.json();
            body.as_object_mut().unwrap().remove("request_id");
            answers.push((answer.status, body));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0].1["details"]["credential"], "unknown", "{answers:?}");
    }
);
