//! `/api/users/me/send-email-verification` and `/api/users/me/verify-email`.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, SmtpSink, TestApp, both_engines};

const SEND: &str = "/api/users/me/send-email-verification";

async fn verify(browser: &mut Browser, token: &str) -> Answer {
    browser
        .post("/api/users/me/verify-email", &json!({"token": token}))
        .await
}

#[track_caller]
fn assert_invalid(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::BAD_REQUEST, "invalid_email_verification_token")
    );
    assert_eq!(answer.json()["error"], "Email verification token is invalid");
}

/// The token of the link in a mail.
fn token(app: &TestApp, mail: &Value) -> String {
    let text = mail["parts"]["text/plain"]["text"].as_str().unwrap();
    let start = format!("{}/verify-email?token=", app.url);
    let (_, rest) = text.split_once(&start).unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

async fn mailed(app: &TestApp, browser: &mut Browser, sink: &mut SmtpSink) -> String {
    let answer = browser.post_nothing(SEND).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    app.send_mail().await;
    token(app, &sink.next())
}

async fn is_verified(browser: &mut Browser) -> bool {
    browser.get("/api/users/me").await.json()["emailVerified"]
        .as_bool()
        .unwrap()
}

both_engines!(a_mailed_link_proves_an_address_once, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let answer = admin.post_nothing(SEND).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::CONFLICT, "smtp_not_configured")
    );
    let mut sink = SmtpSink::start();
    sink.use_by(&mut admin, json!({})).await;
    let older = mailed(&app, &mut admin, &mut sink).await;
    let newer = mailed(&app, &mut admin, &mut sink).await;
    assert_eq!(newer.len(), 32);
    assert!(newer.chars().all(|c| c.is_ascii_alphanumeric()));
    assert_invalid(&verify(&mut admin, &older).await);
    assert_invalid(&verify(&mut admin, "wrong").await);
    assert!(!is_verified(&mut admin).await);
    assert_eq!(
        verify(&mut admin, &newer).await.status,
        StatusCode::NO_CONTENT,
        "a wrong one does not use it up"
    );
    assert!(is_verified(&mut admin).await);
    assert_invalid(&verify(&mut admin, &newer).await);
    let log = app.audit_log().await;
    let entry = log.iter().find(|entry| entry.event == "EMAIL_VERIFIED").unwrap();
    assert_eq!(
        (entry.username.as_str(), entry.data.0["email"].as_str()),
        ("tim", "tim@example.com")
    );
    let missing = admin.post("/api/users/me/verify-email", &json!({})).await;
    assert_eq!(
        missing.failed_rules(),
        [("token".to_owned(), "required".to_owned())]
    );
    for path in [SEND, "/api/users/me/verify-email"] {
        let stranger = app.browser().post(path, &json!({"token": newer})).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "{path}");
    }
});

both_engines!(a_link_proves_nothing_else, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut sink = SmtpSink::start();
    sink.use_by(
        &mut admin,
        json!({"requireUserEmail": "false", "allowUserSignups": "open"}),
    )
    .await;
    let mut grace = app.browser();
    let input = json!({"username": "grace", "email": "grace@example.com"});
    assert_eq!(
        grace.post("/api/signup", &input).await.status,
        StatusCode::CREATED
    );
    // Another user's.
    let link = mailed(&app, &mut admin, &mut sink).await;
    assert_invalid(&verify(&mut grace, &link).await);
    // Another address of the same user.
    let link = mailed(&app, &mut grace, &mut sink).await;
    let other = json!({"username": "grace", "email": "grace@example.org"});
    assert_eq!(grace.put("/api/users/me", &other).await.status, StatusCode::OK);
    assert_invalid(&verify(&mut grace, &link).await);
    assert!(!is_verified(&mut grace).await);
});

both_engines!(a_day_later_a_link_works_no_more, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut sink = SmtpSink::start();
    sink.use_by(&mut admin, json!({"sessionDuration": "10000"})).await;
    let mut passkey = app.passkey(1);
    admin.add_passkey(&mut passkey).await;
    admin.sign_in(&mut passkey).await;
    let link = mailed(&app, &mut admin, &mut sink).await;
    app.pass_seconds(24 * 60 * 60);
    assert_invalid(&verify(&mut admin, &link).await);
    admin.sign_in(&mut passkey).await;
    let answer = admin
        .put("/api/users/me", &json!({"username": "tim", "email": null}))
        .await;
    assert_eq!(
        answer.status,
        StatusCode::BAD_REQUEST,
        "addresses are required here"
    );
});

both_engines!(of_16_uses_of_a_link_one_counts, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut sink = SmtpSink::start();
    sink.use_by(&mut admin, json!({})).await;
    let link = mailed(&app, &mut admin, &mut sink).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (mut browser, link) = (admin.clone(), link.clone());
        tasks.spawn(async move { verify(&mut browser, &link).await.status.as_u16() });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    let mut expected = vec![204];
    expected.extend([400; 15]);
    assert_eq!(statuses, expected);
});

both_engines!(
    nobody_is_flooded_and_nobody_reads_a_strangers_words,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut sink = SmtpSink::start();
        sink.use_by(&mut admin, json!({})).await;
        let link = mailed(&app, &mut admin, &mut sink).await;
        for _ in 0..4 {
            assert_eq!(admin.post_nothing(SEND).await.status, StatusCode::NO_CONTENT);
        }
        let answer = admin.post_nothing(SEND).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::TOO_MANY_REQUESTS, "rate_limited")
        );
        app.pass_seconds(901);
        assert_invalid(&verify(&mut admin, &link).await);
        app.send_mail().await;
        for _ in 0..4 {
            sink.next();
        }
        let link = mailed(&app, &mut admin, &mut sink).await;
        assert_eq!(verify(&mut admin, &link).await.status, StatusCode::NO_CONTENT);
        // An address known to be theirs gets no more of them.
        assert_eq!(admin.post_nothing(SEND).await.status, StatusCode::NO_CONTENT);
        app.send_mail().await;
        assert_eq!(app.mail_states(&mut admin).await.len(), 6);

        // Names are one line, wherever they are entered.
        for (path, field, body) in [
            (
                "/api/users",
                "firstName",
                json!({"username": "eve", "email": "eve@example.com", "firstName": "Eve,\r\nreset here"}),
            ),
            (
                "/api/users",
                "displayName",
                json!({"username": "eve", "email": "eve@example.com", "displayName": "Eve\u{2028}reset"}),
            ),
            (
                "/api/user-groups",
                "friendlyName",
                json!({"name": "crew", "friendlyName": "Crew\nof all"}),
            ),
            ("/api/oidc/clients", "name", json!({"name": "Files\u{7}"})),
            (
                "/api/api-keys",
                "name",
                json!({"name": "key\nno key", "expiresAt": "2030-01-01T00:00:00Z"}),
            ),
        ] {
            let answer = admin.post(path, &body).await;
            assert_eq!(
                answer.failed_rules(),
                [(field.to_owned(), "invalid_format".to_owned())],
                "{path}"
            );
        }
        let answer = admin
            .patch(
                "/api/application-configuration",
                &json!({"appName": "Home\nreset"}),
            )
            .await;
        assert_eq!(
            answer.failed_rules(),
            [("appName".to_owned(), "invalid_format".to_owned())]
        );
    }
);
