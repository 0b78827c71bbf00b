//! `/api/one-time-access-email` and `/api/users/{id}/one-time-access-email`.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, SmtpSink, TestApp, both_engines};

async fn grace(admin: &mut Browser) -> String {
    let input = json!({"username": "grace", "email": "Grace@example.com"});
    let answer = admin.post("/api/users", &input).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn ask(browser: &mut Browser, body: Value) -> Answer {
    browser.post("/api/one-time-access-email", &body).await
}

async fn exchange(browser: &mut Browser, code: &str) -> Answer {
    browser
        .post_nothing(&format!("/api/one-time-access-token/{code}"))
        .await
}

/// The code of the link in a mail, with what follows it.
fn code(app: &TestApp, mail: &Value) -> String {
    let text = mail["parts"]["text/plain"]["text"].as_str().unwrap();
    let (_, rest) = text.split_once(&format!("{}/lc/", app.url)).unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

#[track_caller]
fn assert_refused(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code));
}

async fn allow(app: &TestApp, admin: &mut Browser) -> SmtpSink {
    let refused = ask(&mut app.browser(), json!({"email": "tim@example.com"})).await;
    assert_refused(&refused, StatusCode::FORBIDDEN, "one_time_access_disabled");
    let sink = SmtpSink::start();
    sink.use_by(
        admin,
        json!({"emailOneTimeAccessAsUnauthenticatedEnabled": "true"}),
    )
    .await;
    sink
}

both_engines!(
    a_mailed_code_signs_in_where_it_was_asked_for,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        grace(&mut admin).await;
        let mut sink = allow(&app, &mut admin).await;
        let mut browser = app.browser();
        let body = json!({"email": "grace@EXAMPLE.com", "redirectPath": "/interaction?interaction=1"});
        let answer = ask(&mut browser, body).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        assert_eq!(answer.text, "");
        app.send_mail().await;
        let mail = sink.next();
        assert_eq!(
            mail["to"],
            json!(["Grace@example.com"]),
            "her address, not the typed one"
        );
        assert_eq!(mail["headers"]["subject"], "Login Code");
        let link = code(&app, &mail);
        let (code, query) = link.split_once('?').unwrap();
        assert_eq!(code.len(), 6);
        assert_eq!(query, "redirect=%2Finteraction%3Finteraction%3D1");

        let mut elsewhere = app.browser();
        let refused = exchange(&mut elsewhere, code).await;
        assert_refused(&refused, StatusCode::UNAUTHORIZED, "device_code_invalid");
        assert_eq!(refused.json()["error"], "Device code is invalid");
        let answer = exchange(&mut browser, code).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.json()["username"], "grace");
        assert_refused(
            &exchange(&mut browser, code).await,
            StatusCode::UNAUTHORIZED,
            "token_invalid_or_expired",
        );
        let events: Vec<_> = app
            .audit_log()
            .await
            .into_iter()
            .filter(|entry| entry.username == "grace" && entry.event != "USER_CREATED")
            .map(|entry| (entry.event, entry.data.0.get("method").cloned()))
            .collect();
        let by_mail = Some("email".to_owned());
        assert!(
            events.contains(&("LOGIN_CODE_CREATED".to_owned(), by_mail)),
            "{events:?}"
        );
        assert!(events.contains(&("TOKEN_SIGN_IN".to_owned(), None)), "{events:?}");
    }
);

both_engines!(
    asking_does_not_tell_who_has_an_account,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let grace = grace(&mut admin).await;
        let _sink = allow(&app, &mut admin).await;
        let shape = |answer: &Answer| {
            let cookie = answer.header("set-cookie").to_owned();
            let (name, rest) = cookie.split_once('=').unwrap();
            let (value, flags) = rest.split_once(';').unwrap();
            assert_eq!(value.len(), 16, "{cookie}");
            let names: Vec<_> = answer
                .headers
                .keys()
                .map(|name| name.as_str().to_owned())
                .collect();
            (
                answer.status,
                answer.text.clone(),
                name.to_owned(),
                flags.to_owned(),
                names,
            )
        };
        let known = ask(&mut app.browser(), json!({"email": "grace@example.com"})).await;
        let rows = ["mails", "login_codes", "login_code_requests"];
        let mut counts = Vec::new();
        for table in rows {
            counts.push(app.count(table).await);
        }
        assert_eq!(counts, [0, 0, 1], "nothing is looked up before the answer");
        let unknown = ask(&mut app.browser(), json!({"email": "nobody@example.com"})).await;
        assert_eq!(shape(&known), shape(&unknown));
        assert_eq!(
            shape(&known).3,
            " Path=/api/one-time-access-token; Max-Age=900; HttpOnly; Secure; SameSite=Lax"
        );
        let disabled = json!({"username": "grace", "email": "Grace@example.com", "disabled": true});
        let path = format!("/api/users/{grace}");
        assert_eq!(admin.put(&path, &disabled).await.status, StatusCode::OK);
        app.send_mail().await;
        assert_eq!(
            app.mail_states(&mut admin).await,
            [],
            "neither has an account to sign in to"
        );
        assert_eq!(app.count("login_code_requests").await, 0);

        for (body, rule) in [
            (json!({}), "required"),
            (json!({"email": "nobody"}), "invalid_format"),
            (
                json!({"email": "a@example.com\r\nBcc: b@example.com"}),
                "invalid_format",
            ),
        ] {
            let answer = ask(&mut app.browser(), body).await;
            assert_eq!(answer.failed_rules(), [("email".to_owned(), rule.to_owned())]);
        }
    }
);

both_engines!(nobodys_mailbox_is_flooded, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    grace(&mut admin).await;
    let _sink = allow(&app, &mut admin).await;
    for _ in 0..8 {
        ask(&mut app.browser(), json!({"email": "grace@example.com"})).await;
        app.send_mail().await;
    }
    assert_eq!(app.mail_states(&mut admin).await.len(), 5);
    app.pass_seconds(15 * 60);
    ask(&mut app.browser(), json!({"email": "grace@example.com"})).await;
    app.send_mail().await;
    assert_eq!(app.mail_states(&mut admin).await.len(), 6);
});

both_engines!(a_link_goes_on_to_pages_of_ours_only, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut sink = allow(&app, &mut admin).await;
    for path in ["//evil.example", "/\\evil.example", "https://evil.example"] {
        let body = json!({"email": "tim@example.com", "redirectPath": path});
        assert_eq!(ask(&mut app.browser(), body).await.status, StatusCode::NO_CONTENT);
        app.send_mail().await;
        let link = code(&app, &sink.next());
        assert!(!link.contains('?'), "{path}: {link}");
    }
});

both_engines!(wrong_devices_count_as_guesses, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut sink = allow(&app, &mut admin).await;
    let mut browser = app.browser();
    let mut last = String::new();
    for _ in 0..3 {
        ask(&mut browser, json!({"email": "tim@example.com"})).await;
        app.send_mail().await;
        last = code(&app, &sink.next());
        for _ in 0..4 {
            exchange(&mut app.browser(), &last).await;
        }
    }
    let answer = exchange(&mut browser, &last).await;
    assert_refused(&answer, StatusCode::TOO_MANY_REQUESTS, "rate_limited");
});

both_engines!(of_many_who_answer_a_request_one_does, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let _sink = allow(&app, &mut admin).await;
    ask(&mut app.browser(), json!({"email": "tim@example.com"})).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let state = app.app.state.clone();
        tasks.spawn(async move { pocket_id_server::jobs::mail_due(&state).await.unwrap() });
    }
    tasks.join_all().await;
    assert_eq!(app.count("login_codes").await, 1);
    assert_eq!(app.mail_states(&mut admin).await.len(), 1);
});

both_engines!(administrators_mail_codes, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let id = grace(&mut admin).await;
    let path = format!("/api/users/{id}/one-time-access-email");
    let refused = admin.post(&path, &json!({"ttl": "1h"})).await;
    assert_refused(&refused, StatusCode::FORBIDDEN, "one_time_access_disabled");
    let on = json!({"emailOneTimeAccessAsAdminEnabled": "true", "requireUserEmail": "false"});
    admin.patch("/api/application-configuration", &on).await;
    let refused = admin.post(&path, &json!({"ttl": "1h"})).await;
    assert_refused(&refused, StatusCode::CONFLICT, "smtp_not_configured");
    let mut sink = SmtpSink::start();
    sink.use_by(&mut admin, json!({})).await;
    let answer = admin.post(&path, &json!({"ttl": "26h"})).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    app.send_mail().await;
    let mail = sink.next();
    let text = mail["parts"]["text/plain"]["text"].as_str().unwrap();
    assert!(text.contains("expires in 1 day and 2 hours"), "{text}");
    let code = code(&app, &mail);
    assert_eq!(code.len(), 12);
    let mut browser = app.browser();
    let answer = exchange(&mut browser, &code).await;
    assert_eq!(answer.json()["username"], "grace", "in whatever browser");
    let log = app.audit_log().await;
    let made = log
        .iter()
        .find(|entry| entry.event == "LOGIN_CODE_CREATED")
        .unwrap();
    assert_eq!(
        (
            made.data.0["actorUsername"].as_str(),
            made.data.0["method"].as_str()
        ),
        ("tim", "email")
    );

    let nobody = "/api/users/0b9ad0c7-6b53-4a3e-9f6f-6f1d1a3c1c11/one-time-access-email";
    let missing = admin.post(nobody, &json!({})).await;
    assert_refused(&missing, StatusCode::NOT_FOUND, "user_not_found");
    let without = admin.post("/api/users", &json!({"username": "ada"})).await.json();
    let path = format!(
        "/api/users/{}/one-time-access-email",
        without["id"].as_str().unwrap()
    );
    let refused = admin.post(&path, &json!({})).await;
    assert_refused(&refused, StatusCode::CONFLICT, "user_email_not_set");
    let refused = browser.post(&path, &json!({})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let request = app.browser().request(Method::POST, &path).json(&json!({}));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
});
