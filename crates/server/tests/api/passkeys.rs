//! `/api/webauthn`

mod challenges;
mod elsewhere;
mod freshness;
mod manage;
mod models;
mod reauthentication;
mod registration;
mod sign_in;
mod stale;

use http::StatusCode;
use pocket_id_server::config::{Config, UiConfigSource};
use pocket_id_soft_passkey::{Flag, SignatureKind, SoftPasskey};
use pocket_id_store::types::UserId;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, TestApp};

/// What a sign-in that proves nothing is answered with, whatever exactly is wrong.
const NOT_VERIFIED: (StatusCode, &str) = (StatusCode::UNAUTHORIZED, "webauthn_authentication_failed");
const NOT_PERSON_VERIFIED: (StatusCode, &str) =
    (StatusCode::BAD_REQUEST, "passkey_user_verification_required");
const BAD_RESPONSE: (StatusCode, &str) = (StatusCode::BAD_REQUEST, "invalid_webauthn_response");
const BAD_CHALLENGE: (StatusCode, &str) = (StatusCode::BAD_REQUEST, "invalid_webauthn_session");
const NO_CHALLENGE: (StatusCode, &str) = (StatusCode::BAD_REQUEST, "missing_session_id");
const NOT_FRESH: (StatusCode, &str) = (StatusCode::UNAUTHORIZED, "reauthentication_required");

/// A way of answering wrongly.
type Fault = (&'static str, fn(&mut SoftPasskey), (StatusCode, &'static str));

/// What is wrong with an answer of a passkey, at a sign-in and where a passkey is asked for again alike.
const ASSERTION_FAULTS: [Fault; 16] = [
    (
        "origin",
        |p| p.behaviour.origin = Some("https://evil.example".into()),
        NOT_VERIFIED,
    ),
    (
        "relying party",
        |p| p.behaviour.rp_id = Some("evil.example".into()),
        NOT_VERIFIED,
    ),
    (
        "challenge",
        |p| p.behaviour.challenge = Some(vec![7; 32]),
        NOT_VERIFIED,
    ),
    (
        "type",
        |p| p.behaviour.client_data_type = Some("webauthn.create".into()),
        NOT_VERIFIED,
    ),
    (
        "cross origin",
        |p| p.behaviour.cross_origin = Flag::Set,
        NOT_VERIFIED,
    ),
    (
        "top origin",
        |p| p.behaviour.top_origin = Some("https://evil.example".into()),
        NOT_VERIFIED,
    ),
    (
        "presence",
        |p| p.behaviour.user_present = Flag::Clear,
        NOT_VERIFIED,
    ),
    (
        "verification",
        |p| p.behaviour.user_verified = Flag::Clear,
        NOT_PERSON_VERIFIED,
    ),
    (
        "backup eligibility",
        |p| p.behaviour.backup_eligible = Flag::Set,
        NOT_VERIFIED,
    ),
    (
        "backup state",
        |p| p.behaviour.backup_state = Flag::Set,
        NOT_VERIFIED,
    ),
    (
        "garbage signature",
        |p| p.behaviour.signature = SignatureKind::Garbage,
        NOT_VERIFIED,
    ),
    (
        "signature over something else",
        |p| p.behaviour.signature = SignatureKind::OverOtherData,
        NOT_VERIFIED,
    ),
    (
        "user handle of nobody",
        |p| p.behaviour.user_handle = Some(b"00000000-0000-4000-8000-000000000000".to_vec()),
        NOT_VERIFIED,
    ),
    (
        "user handle that is none",
        |p| p.behaviour.user_handle = Some(b"\0".to_vec()),
        NOT_VERIFIED,
    ),
    (
        "no user handle",
        |p| p.behaviour.user_handle = Some(Vec::new()),
        NOT_VERIFIED,
    ),
    (
        "user handle that is no ID",
        |p| p.behaviour.user_handle = Some(b"nobody".to_vec()),
        NOT_VERIFIED,
    ),
];

/// An administrator with one passkey, signed in with it.
async fn with_passkey(app: &TestApp) -> (Browser, SoftPasskey) {
    let mut admin = app.set_up().await;
    let mut passkey = app.passkey(1);
    let answer = admin.add_passkey(&mut passkey).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let answer = admin.sign_in(&mut passkey).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    (admin, passkey)
}

/// A second user with a passkey, signed in by something else than the passkey.
async fn second_user(app: &TestApp, admin: &mut Browser) -> (Browser, SoftPasskey, UserId) {
    let user = json!({"username": "second", "email": "s@example.com"});
    let user = admin.post("/api/users", &user).await.json();
    let user: UserId = user["id"].as_str().unwrap().parse().unwrap();
    let mut browser = app.browser();
    browser
        .cookies
        .insert("access_token".to_owned(), plant_session(app, user).await);
    assert_eq!(browser.get("/api/users/me").await.json()["username"], "second");
    let mut passkey = app.passkey(2);
    let answer = browser.add_passkey(&mut passkey).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    (browser, passkey, user)
}

/// A session as a sign-in code gives it.
async fn plant_session(app: &TestApp, user: UserId) -> String {
    use pocket_id_store::sessions::{self, Session};
    use pocket_id_store::types::{AuthenticationMethod, SessionId};
    use secrecy::ExposeSecret as _;

    let state = &app.app.state;
    let token = pocket_id_server::secret_token::SecretToken::generate(state.random);
    let now = state.now();
    let tx = state.store.begin().await.unwrap();
    let session = Session {
        id: SessionId(state.random.uuid()),
        user_id: user,
        token_hash: token.hash,
        method: AuthenticationMethod::OneTimeCode,
        authenticated_at: now,
        created_at: now,
        expires_at: now.plus_minutes(300),
        last_seen_at: now,
        ip_address: None,
        user_agent: String::new(),
        amr: None,
        user_verified: false,
        passkey_id: None,
    };
    sessions::insert(&tx, session).await.unwrap();
    pocket_id_store::commit(tx).await.unwrap();
    token.value.expose_secret().to_owned()
}

/// The failure told, and that it gave no cookie.
fn assert_refused(answer: &Answer, (status, code): (StatusCode, &str), why: &str) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (status, code),
        "{why}: {answer:?}"
    );
    assert!(
        !answer.headers.contains_key("set-cookie"),
        "{why}: a cookie was set"
    );
}

/// What a refused request must not have added to.
async fn traces(app: &TestApp) -> [i64; 4] {
    [
        app.count("passkeys").await,
        app.count("sessions").await,
        app.count("reauthentication_tokens").await,
        // That it was refused is written down, and says so.
        app.count("audit_logs WHERE event <> 'SIGN_IN_FAILED'").await,
    ]
}

/// The signed-in user's ID.
async fn my_id(browser: &mut Browser) -> UserId {
    let me: Value = browser.get("/api/users/me").await.json();
    me["id"].as_str().unwrap().parse().unwrap()
}

/// Settings fixed by the environment.
fn settings(values: &'static [(&'static str, &'static str)]) -> impl FnOnce(&mut Config) {
    move |config| {
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        config.ui_config = UiConfigSource::Environment(values.collect());
    }
}
