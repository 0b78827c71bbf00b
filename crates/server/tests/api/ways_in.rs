//! What all ways in have in common: tokens say which was taken, and refusals do not say why.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use http::{Method, StatusCode};
use pocket_id_soft_passkey::Flag;
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::oidc::{claims, register, text, tokens, userinfo};
use crate::support::{Answer, Browser, Database, TestApp, both_engines};

async fn configure(admin: &mut Browser, values: Value) {
    let answer = admin.patch("/api/application-configuration", &values).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

async fn login_code(admin: &mut Browser, ttl: &str) -> String {
    let me = admin.get("/api/users/me").await.json();
    let path = format!("/api/users/{}/one-time-access-token", text(&me["id"]));
    let answer = admin.post(&path, &json!({"ttl": ttl})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    text(&answer.json()["token"]).to_owned()
}

async fn exchange(browser: &mut Browser, code: &str) -> Answer {
    browser
        .post_nothing(&format!("/api/one-time-access-token/{code}"))
        .await
}

async fn recovery_codes(admin: &mut Browser) -> Vec<String> {
    let answer = admin.post_nothing("/api/users/me/recovery-codes").await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    serde_json::from_value(answer.json()["codes"].clone()).unwrap()
}

async fn recover(browser: &mut Browser, code: &str) -> Answer {
    browser
        .post("/api/recovery-codes/exchange", &json!({"code": code}))
        .await
}

async fn sign_up(browser: &mut Browser, name: &str, token: &Value) -> Answer {
    let form = json!({
        "username": name, "email": format!("{name}@example.com"), "firstName": name, "lastName": "", "token": token
    });
    browser.post("/api/signup", &form).await
}

both_engines!(tokens_say_how_somebody_signed_in, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let on = json!({
        "allowRecoveryCodes": "true", "allowUserSignups": "open", "webauthnUserVerification": "preferred"
    });
    configure(&mut admin, on).await;
    let mut ways: Vec<(&str, Browser, Value)> = Vec::new();

    let code = login_code(&mut admin, "1h").await;
    let mut browser = app.browser();
    assert_eq!(exchange(&mut browser, &code).await.status, StatusCode::OK);
    ways.push(("login code", browser, json!(["otp"])));

    let code = recovery_codes(&mut admin).await.remove(0);
    let mut browser = app.browser();
    assert_eq!(recover(&mut browser, &code).await.status, StatusCode::OK);
    ways.push(("recovery code", browser, json!(["otp"])));

    let mut browser = app.browser();
    let answer = sign_up(&mut browser, "grace", &Value::Null).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    ways.push(("sign-up", browser, Value::Null));

    for (seed, synced, verified, amr) in [
        (1, false, true, json!(["phr", "hwk", "user", "mfa"])),
        (2, true, true, json!(["phr", "swk", "user", "mfa"])),
        (3, false, false, json!(["phr", "hwk", "user"])),
    ] {
        let mut passkey = app.passkey(seed);
        if synced {
            passkey.behaviour.backup_eligible = Flag::Set;
        }
        if !verified {
            passkey.behaviour.user_verified = Flag::Clear;
        }
        assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
        let mut browser = app.browser();
        assert_eq!(browser.sign_in(&mut passkey).await.status, StatusCode::OK);
        ways.push(("passkey", browser, amr));
    }

    let mut screen = app.browser();
    let request = screen.post_nothing("/api/device-login/requests").await.json();
    let mut passkey = app.passkey(4);
    assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
    let proof = admin.assertion(&mut passkey).await;
    let answer = admin.post("/api/webauthn/reauthenticate", &proof).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    let decision = json!({"code": request["userCode"], "decision": "approve"});
    let answer = admin
        .post("/api/device-login/verification/decision", &decision)
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    let path = format!("/api/device-login/requests/{}/exchange", text(&request["id"]));
    assert_eq!(screen.post_nothing(&path).await.status, StatusCode::OK);
    // Whatever was used on the other device: nothing of it was used on this one.
    ways.push(("another device", screen, json!(["otp"])));

    for (way, mut browser, amr) in ways {
        let held = tokens(&app, &mut browser, &client).await;
        let id_token = claims(text(&held["id_token"]));
        assert_eq!(id_token["amr"], amr, "{way}: {id_token}");
    }
});

both_engines!(
    what_new_people_get_by_default_reaches_applications,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let group = json!({"name": "guests", "friendlyName": "Guests"});
        let group = admin.post("/api/user-groups", &group).await.json();
        configure(
            &mut admin,
            json!({
                "allowUserSignups": "open",
                "signupDefaultUserGroupIDs": json!([group["id"]]).to_string(),
                "signupDefaultCustomClaims": json!([{"key": "department", "value": "visitors"}]).to_string()
            }),
        )
        .await;
        let mut grace = app.browser();
        let answer = sign_up(&mut grace, "grace", &Value::Null).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let held = tokens(&app, &mut grace, &client).await;
        let id_token = claims(text(&held["id_token"]));
        let info = userinfo(&app, text(&held["access_token"])).await.json();
        for claims in [id_token, info] {
            assert_eq!(
                (&claims["groups"], &claims["department"]),
                (&json!(["guests"]), &json!("visitors")),
                "{claims}"
            );
        }
        // Who was there before has none of it.
        let held = tokens(&app, &mut admin, &client).await;
        let own = claims(text(&held["id_token"]));
        assert_eq!(own.get("department"), None, "{own}");
    }
);

/// All of an answer somebody could tell two cases apart by: values that are drawn by lot left out.
fn shape(answer: &Answer) -> (StatusCode, Value, Vec<String>, Vec<String>) {
    let mut body = serde_json::from_str(&answer.text).unwrap_or(Value::Null);
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    let cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| {
        let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        format!("{name}={};{attributes}", value.len())
    });
    (answer.status, body, names, cookies.collect())
}

/// The statements one request makes, and its answer's shape.
struct Told {
    case: &'static str,
    answer: Answer,
    statements: Vec<String>,
}

#[track_caller]
fn assert_told_alike(cases: &[Told]) {
    let first = &cases[0];
    for other in cases {
        assert_eq!(
            shape(&other.answer),
            shape(&first.answer),
            "{} and {}",
            other.case,
            first.case
        );
        assert_eq!(
            other.statements, first.statements,
            "{} and {}",
            other.case, first.case
        );
    }
}

/// Makes every request that could be used to find something out, in each of the cases nobody may tell apart.
async fn tell_nothing(app: TestApp, statements: Statements) {
    let mut admin = app.set_up().await;
    configure(
        &mut admin,
        json!({
            "allowRecoveryCodes": "true", "allowUserSignups": "withToken",
            "emailOneTimeAccessAsUnauthenticatedEnabled": "true"
        }),
    )
    .await;
    let short = login_code(&mut admin, "60s").await;
    let used = login_code(&mut admin, "15m").await;
    assert_eq!(exchange(&mut app.browser(), &used).await.status, StatusCode::OK);
    let used_recovery = recovery_codes(&mut admin).await.remove(0);
    assert_eq!(
        recover(&mut app.browser(), &used_recovery).await.status,
        StatusCode::OK
    );
    let mut invitations = Vec::new();
    for ttl in ["60s", "1h", "1h"] {
        let answer = admin
            .post("/api/signup-tokens", &json!({"ttl": ttl, "usageLimit": 1}))
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        invitations.push(answer.json());
    }
    let answer = sign_up(&mut app.browser(), "grace", &invitations[1]["token"]).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let path = format!("/api/signup-tokens/{}", text(&invitations[2]["id"]));
    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
    app.pass_seconds(61);

    let told = async |case: &'static str, path: &str, body: Value| {
        let mut browser = app.browser();
        statements.take();
        let request = browser.request(Method::POST, path);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let answer = browser.send(request).await;
        Told {
            case,
            answer,
            statements: statements.take(),
        }
    };
    let mut exchanges = Vec::new();
    // The first request after a pause reads the settings anew.
    for (case, code) in [
        ("first", "aaaaaa"),
        ("an unknown code", "bbbbbb"),
        ("one that has expired", short.as_str()),
        ("one that was used", used.as_str()),
    ] {
        let path = format!("/api/one-time-access-token/{code}");
        exchanges.push(told(case, &path, Value::Null).await);
    }
    assert_told_alike(&exchanges[1..]);

    let mut recoveries = Vec::new();
    for (case, code) in [
        ("an unknown code", "abcd-efgh-jkmn-pqrs"),
        ("one that was used", used_recovery.as_str()),
    ] {
        recoveries.push(told(case, "/api/recovery-codes/exchange", json!({"code": code})).await);
    }
    assert_told_alike(&recoveries);

    let mut sign_ups = Vec::new();
    for (case, token) in [
        ("an unknown invitation", &json!("aaaaaaaaaaaaaaaa")),
        ("one that has expired", &invitations[0]["token"]),
        ("one that is used up", &invitations[1]["token"]),
        ("one that was deleted", &invitations[2]["token"]),
    ] {
        let form = json!({"username": "eve", "email": "eve@example.com", "firstName": "Eve", "token": token});
        sign_ups.push(told(case, "/api/signup", form).await);
    }
    assert_told_alike(&sign_ups);

    let mut mails = Vec::new();
    for (case, email) in [
        ("an address of nobody", "nobody@example.com"),
        ("somebody's address", "tim@example.com"),
    ] {
        mails.push(told(case, "/api/one-time-access-email", json!({"email": email})).await);
    }
    assert_told_alike(&mails);
    for told in [&exchanges[1], &recoveries[0], &sign_ups[0]] {
        assert_eq!(told.answer.status, StatusCode::UNAUTHORIZED, "{:?}", told.answer);
    }
    assert_eq!(mails[0].answer.status, StatusCode::NO_CONTENT);
}

both_engines!(refusals_do_not_tell_why, |app: TestApp| async move {
    tell_nothing(app, Statements::default()).await;
});

/// Neither does the time they take: the same statements are made in the same order. On one thread, which hears of all
/// of them; SQLite has threads of its own.
#[tokio::test]
async fn refusals_are_as_much_work_whatever_the_reason() {
    let statements = Statements::default();
    let _heard = tracing::subscriber::set_default(statements.clone());
    let app = TestApp::start(Database::Postgres).await;
    assert!(!statements.take().is_empty(), "statements are heard of");
    tell_nothing(app, statements).await;
}

/// Hears of every statement made on this thread.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What a statement says, without its values and without the time it took.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if matches!(field.name(), "summary" | "db.statement") {
            self.0.push_str(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if matches!(field.name(), "summary" | "db.statement") {
            let text = format!("{value:?}");
            self.0.push_str(&text);
        }
    }
}
