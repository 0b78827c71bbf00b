//! Mails about one's own account: sign-ins from where one never was, and changes of what opens it.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Browser, SmtpSink, TestApp, both_engines};

const ELSEWHERE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari";

async fn told(app: &TestApp, admin: &mut Browser) -> SmtpSink {
    let sink = SmtpSink::start();
    let settings = json!({
        "emailLoginNotificationEnabled": "true",
        "emailOneTimeAccessAsUnauthenticatedEnabled": "true",
        "allowRecoveryCodes": "true"
    });
    sink.use_by(admin, settings).await;
    app.send_mail().await;
    sink
}

/// A request by a browser of a certain kind.
async fn from(browser: &mut Browser, agent: &str, path: &str, body: &Value) -> Value {
    let request = browser
        .request(Method::POST, path)
        .header("user-agent", agent)
        .json(body);
    let answer = browser.send(request).await;
    assert!(
        answer.status.is_success() || answer.status == StatusCode::UNAUTHORIZED,
        "{answer:?}"
    );
    if answer.text.is_empty() {
        Value::Null
    } else {
        answer.json()
    }
}

/// The next mail: to whom, and its text.
async fn said(app: &TestApp, sink: &mut SmtpSink) -> (String, String) {
    app.send_mail().await;
    let mail = sink.next();
    let text = mail["parts"]["text/plain"]["text"].as_str().unwrap().to_owned();
    (mail["to"][0].as_str().unwrap().to_owned(), text)
}

/// What the mails sent are about.
async fn kinds(app: &TestApp, admin: &mut Browser) -> Vec<String> {
    app.send_mail().await;
    let mut kinds: Vec<_> = app
        .mail_states(admin)
        .await
        .into_iter()
        .map(|(kind, ..)| kind)
        .collect();
    // Those of one moment are in no order.
    kinds.sort();
    kinds
}

both_engines!(no_stranger_makes_a_device_known, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut passkey = app.passkey(1);
    assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
    let mut sink = told(&app, &mut admin).await;
    // A stranger asks for a code and fails to sign in: both are in the log of the account.
    let mut stranger = app.browser();
    let wish = json!({"email": "tim@example.com"});
    from(&mut stranger, ELSEWHERE, "/api/one-time-access-email", &wish).await;
    app.send_mail().await;
    assert_eq!(sink.next()["headers"]["subject"], "Login Code");
    let mut assertion = stranger.assertion(&mut passkey).await;
    assertion["response"]["signature"] = json!("AAAA");
    from(&mut stranger, ELSEWHERE, "/api/webauthn/login/finish", &assertion).await;

    let mut thief = app.browser();
    let assertion = thief.assertion(&mut passkey).await;
    from(&mut thief, ELSEWHERE, "/api/webauthn/login/finish", &assertion).await;
    app.send_mail().await;
    assert_eq!(
        sink.next()["headers"]["subject"],
        "New device login with Pocket ID"
    );
    // From then on it is known.
    let mut again = app.browser();
    let assertion = again.assertion(&mut passkey).await;
    from(&mut again, ELSEWHERE, "/api/webauthn/login/finish", &assertion).await;
    assert_eq!(
        kinds(&app, &mut admin).await,
        ["login-with-new-device", "one-time-access"]
    );
});

both_engines!(every_way_in_is_announced, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut sink = told(&app, &mut admin).await;
    let me = admin.get("/api/users/me").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();

    let path = format!("/api/users/{me}/one-time-access-token");
    let code = admin.post(&path, &json!({"ttl": "1h"})).await.json();
    let exchange = format!("/api/one-time-access-token/{}", code["token"].as_str().unwrap());
    from(&mut app.browser(), "one", &exchange, &json!({})).await;

    let made = admin.post_nothing("/api/users/me/recovery-codes").await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let code = made.json()["codes"][0].clone();
    from(
        &mut app.browser(),
        "two",
        "/api/recovery-codes/exchange",
        &json!({"code": code}),
    )
    .await;

    let mut passkey = app.passkey(1);
    assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
    let mut screen = app.browser();
    let waiting = from(&mut screen, "three", "/api/device-login/requests", &json!({})).await;
    let assertion = admin.assertion(&mut passkey).await;
    admin.post("/api/webauthn/reauthenticate", &assertion).await;
    let decision = json!({"code": waiting["userCode"], "decision": "approve"});
    let answer = admin
        .post("/api/device-login/verification/decision", &decision)
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    let path = format!(
        "/api/device-login/requests/{}/exchange",
        waiting["id"].as_str().unwrap()
    );
    from(&mut screen, "three", &path, &json!({})).await;

    assert_eq!(
        kinds(&app, &mut admin).await,
        [
            "account-changed",
            "account-changed",
            "account-changed",
            "login-with-new-device",
            "login-with-new-device",
            "login-with-new-device"
        ]
    );
    let mut subjects = Vec::new();
    for _ in 0..6 {
        subjects.push(sink.next()["headers"]["subject"].as_str().unwrap().to_owned());
    }
    subjects.sort();
    subjects.dedup();
    assert_eq!(
        subjects,
        [
            "New device login with Pocket ID",
            "Your Pocket ID account was changed"
        ]
    );
    let approved = app.audit_log().await;
    assert!(
        approved
            .iter()
            .any(|entry| entry.event == "REMOTE_SIGN_IN_APPROVED"),
        "{approved:?}"
    );
});

both_engines!(
    what_opens_an_account_is_not_changed_in_silence,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut sink = told(&app, &mut admin).await;
        let mut passkey = app.passkey(1);
        assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
        let (to, text) = said(&app, &mut sink).await;
        assert_eq!(to, "tim@example.com");
        assert!(
            text.contains("A passkey was added to your Pocket ID account"),
            "{text}"
        );

        let passkeys = admin.get("/api/webauthn/credentials").await.json();
        let path = format!(
            "/api/webauthn/credentials/{}",
            passkeys[0]["id"].as_str().unwrap()
        );
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        let (_, text) = said(&app, &mut sink).await;
        assert!(text.contains("was removed from your Pocket ID account"), "{text}");

        // A code on its way to the old address lets nobody in any more.
        let me = admin.get("/api/users/me").await.json();
        let code = format!("/api/users/{}/one-time-access-token", me["id"].as_str().unwrap());
        let code = admin.post(&code, &json!({"ttl": "1h"})).await.json();
        let (_, text) = said(&app, &mut sink).await;
        assert!(text.contains("A login code was made"), "{text}");
        let mut changed = me.clone();
        changed["email"] = json!("new@example.com");
        let answer = admin.put("/api/users/me", &changed).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let (to, text) = said(&app, &mut sink).await;
        assert_eq!(to, "tim@example.com", "the old address");
        assert!(text.contains("is new@example.com now"), "{text}");
        let path = format!("/api/one-time-access-token/{}", code["token"].as_str().unwrap());
        let refused = app.browser().post_nothing(&path).await;
        assert_eq!(refused.code(), "token_invalid_or_expired");
    }
);

both_engines!(
    what_lets_others_act_as_somebody_is_told_to_them,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let grace = json!({"username": "grace", "email": "grace@example.com"});
        let grace = admin.post("/api/users", &grace).await.json();
        let path = format!("/api/users/{}", grace["id"].as_str().unwrap());
        let mut sink = told(&app, &mut admin).await;
        let expect = |(to, text): (String, String), who: &str, what: &str| {
            assert_eq!(to, format!("{who}@example.com"), "{what}");
            assert!(text.contains(what), "{text}");
        };

        let key = json!({"name": "backup", "expiresAt": "2026-01-01T00:05:00Z"});
        let key = admin.post("/api/api-keys", &key).await.json();
        expect(said(&app, &mut sink).await, "tim", "The API key \"backup\"");
        app.pass_seconds(301);
        let renew = format!("/api/api-keys/{}/renew", key["apiKey"]["id"].as_str().unwrap());
        let answer = admin
            .post(&renew, &json!({"expiresAt": "2027-01-01T00:00:00Z"}))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        expect(said(&app, &mut sink).await, "tim", "The API key \"backup\"");
        admin
            .post("/api/users/me/one-time-access-token", &json!({}))
            .await;
        expect(said(&app, &mut sink).await, "tim", "A login code was made");
        let code = format!("{path}/one-time-access-token");
        admin.post(&code, &json!({})).await;
        expect(said(&app, &mut sink).await, "grace", "A login code was made");
        let mut promoted = grace.clone();
        promoted["isAdmin"] = json!(true);
        assert_eq!(admin.put(&path, &promoted).await.status, StatusCode::OK);
        expect(
            said(&app, &mut sink).await,
            "grace",
            "You are an administrator of Pocket ID now.",
        );
        // Once.
        assert_eq!(admin.put(&path, &promoted).await.status, StatusCode::OK);
        assert_eq!(kinds(&app, &mut admin).await.len(), 5);
    }
);
