//! `/api/device-login`

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, TestApp, both_engines};

const EXPIRED: (u16, &str) = (401, "device_login_expired");

/// A browser that waits, and its request.
async fn waiting(app: &TestApp) -> (Browser, Value) {
    let mut browser = app.browser();
    let answer = browser.post_nothing("/api/device-login/requests").await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    (browser, answer.json())
}

async fn exchange(browser: &mut Browser, request: &Value) -> Answer {
    let path = format!(
        "/api/device-login/requests/{}/exchange",
        request["id"].as_str().unwrap()
    );
    let request = browser.request(Method::POST, &path).header("prefer", "wait=0");
    browser.send(request).await
}

async fn inspect(browser: &mut Browser, code: &Value) -> Answer {
    browser
        .post("/api/device-login/verification", &json!({"code": code}))
        .await
}

async fn decide(browser: &mut Browser, code: &Value, decision: &str) -> Answer {
    browser
        .post(
            "/api/device-login/verification/decision",
            &json!({"code": code, "decision": decision}),
        )
        .await
}

/// Uses the passkey of somebody signed in.
async fn prove(app: &TestApp, browser: &mut Browser, passkey: u64) {
    let mut passkey = app.passkey(passkey);
    assert_eq!(browser.add_passkey(&mut passkey).await.status, StatusCode::OK);
    let assertion = browser.assertion(&mut passkey).await;
    let answer = browser.post("/api/webauthn/reauthenticate", &assertion).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
}

#[track_caller]
fn assert_refused(answer: &Answer, expected: (u16, &str)) {
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        expected,
        "{answer:?}"
    );
}

both_engines!(a_person_lets_another_browser_in, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let (mut screen, request) = waiting(&app).await;
    let code = request["userCode"].as_str().unwrap().to_owned();
    assert!(code.len() == 8 && code.starts_with('P'), "{code}");
    assert_eq!(request["id"], request["userCode"]);
    assert_eq!(request["interval"], 3);
    assert!(
        request["verificationUriComplete"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/device?user_code={code}"))
    );
    let answer = exchange(&mut screen, &request).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::ACCEPTED, ""));

    let typed = json!(format!(" {}-{} ", &code[..4].to_lowercase(), &code[4..]));
    let seen = inspect(&mut admin, &typed).await;
    assert_eq!(seen.status, StatusCode::OK, "{seen:?}");
    let seen = seen.json();
    assert_eq!(
        (&seen["userCode"], &seen["country"], &seen["city"]),
        (&json!(code), &json!("Internal Network"), &json!("LAN"))
    );

    // A session alone does not do.
    assert_refused(
        &decide(&mut admin, &typed, "approve").await,
        (401, "reauthentication_required"),
    );
    prove(&app, &mut admin, 1).await;
    assert_eq!(
        decide(&mut admin, &typed, "approve").await.status,
        StatusCode::NO_CONTENT
    );
    assert_refused(&decide(&mut admin, &typed, "deny").await, EXPIRED);
    assert_refused(&inspect(&mut admin, &typed).await, EXPIRED);

    // Whoever saw the code has nothing of it.
    assert_refused(&exchange(&mut app.browser(), &request).await, EXPIRED);
    let (mut other, _) = waiting(&app).await;
    assert_refused(&exchange(&mut other, &request).await, EXPIRED);
    let answer = exchange(&mut screen, &request).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.json()["username"], "tim");
    assert_eq!(screen.get("/api/users/me").await.json()["username"], "tim");
    assert_refused(&exchange(&mut screen, &request).await, EXPIRED);

    let log = app.audit_log().await;
    let entry = log.iter().find(|entry| entry.event == "REMOTE_SIGN_IN").unwrap();
    assert_eq!(
        (entry.username.as_str(), entry.data.0["approvedFrom"].as_str()),
        ("tim", "127.0.0.1")
    );
    assert!(!log.iter().any(|entry| format!("{entry:?}").contains(&code)));
});

both_engines!(a_person_turns_a_stranger_away, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let (mut screen, request) = waiting(&app).await;
    let code = &request["userCode"];
    assert_refused(&inspect(&mut app.browser(), code).await, (401, "not_signed_in"));
    assert_refused(
        &decide(&mut app.browser(), code, "deny").await,
        (401, "not_signed_in"),
    );
    let answer = decide(&mut admin, code, "maybe").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    assert_eq!(
        decide(&mut admin, code, "deny").await.status,
        StatusCode::NO_CONTENT
    );
    for _ in 0..2 {
        assert_refused(
            &exchange(&mut screen, &request).await,
            (403, "device_login_denied"),
        );
    }
    let log = app.audit_log().await;
    assert!(log.iter().any(|entry| entry.event == "REMOTE_SIGN_IN_DENIED"));
    assert_eq!(screen.get("/api/users/me").await.status, StatusCode::UNAUTHORIZED);
});

both_engines!(requests_expire_and_proofs_age, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let (mut screen, request) = waiting(&app).await;
    prove(&app, &mut admin, 1).await;
    app.pass_seconds(61);
    assert_refused(
        &decide(&mut admin, &request["userCode"], "approve").await,
        (401, "reauthentication_required"),
    );
    app.pass_seconds(240);
    assert_refused(&inspect(&mut admin, &request["userCode"]).await, EXPIRED);
    assert_refused(&exchange(&mut screen, &request).await, EXPIRED);
    // The proof of a passkey is used up by a request that is none.
    prove(&app, &mut admin, 2).await;
    assert_refused(&decide(&mut admin, &json!("P0000000"), "approve").await, EXPIRED);
    assert_refused(
        &decide(&mut admin, &json!("P0000000"), "approve").await,
        (401, "reauthentication_required"),
    );
});

both_engines!(codes_of_others_are_not_guessed, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let (_, request) = waiting(&app).await;
    for number in 0..10 {
        assert_refused(
            &inspect(&mut admin, &json!(format!("P000000{number}"))).await,
            EXPIRED,
        );
    }
    for code in [&json!("P0000000"), &request["userCode"]] {
        assert_refused(&inspect(&mut admin, code).await, (429, "rate_limited"));
        assert_refused(&decide(&mut admin, code, "deny").await, (429, "rate_limited"));
    }
});

both_engines!(of_64_exchanges_one_signs_in, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let (screen, request) = waiting(&app).await;
    prove(&app, &mut admin, 1).await;
    let answer = decide(&mut admin, &request["userCode"], "approve").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    let tries: Vec<_> = (0..64)
        .map(|_| {
            let mut browser = app.browser();
            browser.cookies.clone_from(&screen.cookies);
            let request = request.clone();
            tokio::spawn(async move { exchange(&mut browser, &request).await })
        })
        .collect();
    let mut won = 0;
    for attempt in tries {
        let answer = attempt.await.unwrap();
        if answer.status == StatusCode::OK {
            won += 1;
        } else {
            assert_refused(&answer, EXPIRED);
        }
    }
    assert_eq!((won, app.count("device_logins").await), (1, 0));
});

both_engines!(what_is_no_decision_is_named, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let waiting = app
        .browser()
        .post_nothing("/api/device-login/requests")
        .await
        .json();
    let code = &waiting["userCode"];
    for (answer, field, fault) in [
        (inspect(&mut admin, &json!("")).await, "code", "required"),
        (decide(&mut admin, &json!(""), "deny").await, "code", "required"),
        (decide(&mut admin, code, "maybe").await, "decision", "oneof"),
        (decide(&mut admin, code, "").await, "decision", "oneof"),
    ] {
        assert_refused(&answer, (400, "validation_failed"));
        let fields = answer.json()["details"]["fields"].clone();
        assert_eq!(
            (&fields[0]["field"], &fields[0]["code"]),
            (&json!(field), &json!(fault))
        );
    }
    assert_eq!(
        inspect(&mut admin, code).await.status,
        StatusCode::OK,
        "it waits as before"
    );
});

both_engines!(of_many_decisions_one_counts, |app: TestApp| async move {
    let admin = app.set_up().await;
    let (mut screen, request) = waiting(&app).await;
    let tries: Vec<_> = (0..16)
        .map(|_| {
            let mut browser = app.browser();
            browser.cookies.clone_from(&admin.cookies);
            let code = request["userCode"].clone();
            tokio::spawn(async move { decide(&mut browser, &code, "deny").await.status })
        })
        .collect();
    let mut counted = 0;
    for attempt in tries {
        counted += u32::from(attempt.await.unwrap() == StatusCode::NO_CONTENT);
    }
    assert_eq!(counted, 1);
    assert_refused(
        &exchange(&mut screen, &request).await,
        (403, "device_login_denied"),
    );
});

both_engines!(a_locked_out_person_lets_nobody_in, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let input = json!({"username": "grace", "email": "grace@example.com"});
    let grace = admin.post("/api/users", &input).await.json();
    let path = format!(
        "/api/users/{}/one-time-access-token",
        grace["id"].as_str().unwrap()
    );
    let code = admin.post(&path, &json!({})).await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut phone = app.browser();
    phone
        .post_nothing(&format!("/api/one-time-access-token/{code}"))
        .await;
    let (mut screen, request) = waiting(&app).await;
    prove(&app, &mut phone, 1).await;
    assert_eq!(
        decide(&mut phone, &request["userCode"], "approve").await.status,
        StatusCode::NO_CONTENT
    );
    let path = format!("/api/users/{}", grace["id"].as_str().unwrap());
    let mut locked = input.clone();
    locked["disabled"] = json!(true);
    assert_eq!(admin.put(&path, &locked).await.status, StatusCode::OK);
    assert_refused(&exchange(&mut screen, &request).await, (403, "user_disabled"));
    assert_eq!(screen.get("/api/users/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_refused(&exchange(&mut screen, &request).await, EXPIRED);
});

both_engines!(
    a_browser_that_waits_is_answered_when_it_is_decided,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        prove(&app, &mut admin, 1).await;
        for (decision, expected) in [("approve", StatusCode::OK), ("deny", StatusCode::FORBIDDEN)] {
            let (mut screen, request) = waiting(&app).await;
            let code = request["userCode"].clone();
            let path = format!("/api/device-login/requests/{}/exchange", code.as_str().unwrap());
            // Without `Prefer` it waits as long as it may.
            let waits = tokio::spawn(async move { screen.post_nothing(&path).await });
            let answer = decide(&mut admin, &code, decision).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
            let answer = waits.await.unwrap();
            assert_eq!(answer.status, expected, "{answer:?}");
        }
    }
);

both_engines!(who_approves_sees_what_asks, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    for (agent, device) in [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1",
            "Safari on iPhone (iOS 18.1)",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0.0.0 Mobile Safari/537.36",
            "Chrome on Android 15",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36",
            "Chrome on Windows",
        ),
        ("Your own television, approve it", ""),
    ] {
        let mut screen = app.browser();
        let request = screen
            .request(Method::POST, "/api/device-login/requests")
            .header("user-agent", agent);
        let request = screen.send(request).await.json();
        let seen = inspect(&mut admin, &request["userCode"]).await.json();
        assert_eq!(seen["device"], device, "{seen}");
    }
});
