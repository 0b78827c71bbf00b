//! `/api/webauthn`

use http::{Method, StatusCode};
use pocket_id_soft_passkey::{Counter, Flag, SignatureKind, SoftPasskey};
use pocket_id_store::types::Timestamp;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Database, TestApp, both_engines};

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

fn assert_refused(answer: &Answer, status: StatusCode, code: &str, why: &str) {
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

both_engines!(
    a_passkey_is_registered_used_renamed_and_removed,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let me = admin.get("/api/users/me").await.json();
        let options = admin.get("/api/webauthn/register/start").await;
        assert!(
            options.header("set-cookie").starts_with("session="),
            "{options:?}"
        );
        let options = options.json();
        assert_eq!(options["rp"], json!({"name": "Pocket ID", "id": "localhost"}));
        assert_eq!(options["user"]["name"], "tim");
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        let mut passkey = app.passkey(1);
        let response = passkey.register(&options).unwrap();
        let answer = admin.post("/api/webauthn/register/finish", &response).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let registered = answer.json();
        assert_eq!(registered["name"], "New Passkey");
        assert_eq!(registered["credentialID"], response["id"]);

        // A browser that knows nothing but the passkey.
        let mut browser = app.browser();
        let answer = browser.sign_in(&mut passkey).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.json()["id"], me["id"]);
        assert_eq!(browser.get("/api/users/me").await.json()["id"], me["id"]);

        let path = format!("/api/webauthn/credentials/{}", registered["id"].as_str().unwrap());
        let answer = browser.patch(&path, &json!({"name": "Phone"})).await;
        assert_eq!(
            (answer.status, &answer.json()["name"]),
            (StatusCode::OK, &json!("Phone"))
        );
        for name in ["", &"x".repeat(51)] {
            assert_eq!(
                browser.patch(&path, &json!({"name": name})).await.code(),
                "validation_failed"
            );
        }
        assert_eq!(
            browser.get("/api/webauthn/credentials").await.json()[0]["name"],
            "Phone"
        );
        assert_eq!(browser.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(browser.get("/api/webauthn/credentials").await.json(), json!([]));
        assert_eq!(browser.delete(&path).await.code(), "not_found");
        assert_refused(
            &app.browser().sign_in(&mut passkey).await,
            StatusCode::UNAUTHORIZED,
            "webauthn_authentication_failed",
            "removed passkey",
        );
    }
);

both_engines!(signing_out_ends_the_session_itself, |app: TestApp| async move {
    let (mut admin, _) = with_passkey(&app).await;
    let stolen = admin.clone();
    let answer = admin.post_nothing("/api/webauthn/logout").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(admin.cookies.get("access_token").is_none());
    assert_eq!(stolen.clone().get("/api/users/me").await.code(), "not_signed_in");
    let answer = app.browser().get("/api/webauthn/logout").await;
    assert_eq!(answer.header("location"), format!("{}/logout", app.url));
});

type Fault = (&'static str, fn(&mut SoftPasskey), StatusCode, &'static str);

both_engines!(
    each_faulty_sign_in_is_refused_and_leaves_nothing,
    |app: TestApp| async move {
        let (_, mut passkey) = with_passkey(&app).await;
        let good = passkey.behaviour.clone();
        let failed = "webauthn_authentication_failed";
        let faults: [Fault; 12] = [
            (
                "origin",
                |p| p.behaviour.origin = Some("https://evil.example".into()),
                StatusCode::UNAUTHORIZED,
                failed,
            ),
            (
                "relying party",
                |p| p.behaviour.rp_id = Some("evil.example".into()),
                StatusCode::UNAUTHORIZED,
                failed,
            ),
            (
                "challenge",
                |p| p.behaviour.challenge = Some("AAAA".into()),
                StatusCode::UNAUTHORIZED,
                failed,
            ),
            (
                "type",
                |p| p.behaviour.client_data_type = Some("webauthn.create".into()),
                StatusCode::UNAUTHORIZED,
                failed,
            ),
            (
                "cross origin",
                |p| p.behaviour.cross_origin = Flag::Set,
                StatusCode::UNAUTHORIZED,
                failed,
            ),
            (
                "presence",
                |p| p.behaviour.user_present = Flag::Clear,
                StatusCode::UNAUTHORIZED,
                failed,
            ),
            (
                "verification",
                |p| p.behaviour.user_verified = Flag::Clear,
                StatusCode::BAD_REQUEST,
                "passkey_user_verification_required",
            ),
            (
                "backup eligibility",
                |p| p.behaviour.backup_eligible = Flag::Set,
                StatusCode::UNAUTHORIZED,
                failed,
            ),
            (
                "backup state",
                |p| p.behaviour.backup_state = Flag::Set,
                StatusCode::UNAUTHORIZED,
                failed,
            ),
            (
                "signature",
                |p| p.behaviour.signature = SignatureKind::Garbage,
                StatusCode::UNAUTHORIZED,
                failed,
            ),
            (
                "user handle",
                |p| p.behaviour.user_handle = Some(b"nobody".to_vec()),
                StatusCode::UNAUTHORIZED,
                failed,
            ),
            (
                "credential",
                |p| p.behaviour.credential_id = Some(vec![1; 16]),
                StatusCode::UNAUTHORIZED,
                failed,
            ),
        ];
        let sessions = app.count("sessions").await;
        let audits = app.count("audit_logs").await;
        for (what, fault, status, code) in faults {
            passkey.behaviour = good.clone();
            fault(&mut passkey);
            assert_refused(&app.browser().sign_in(&mut passkey).await, status, code, what);
        }
        assert_eq!(
            (app.count("sessions").await, app.count("audit_logs").await),
            (sessions, audits)
        );
        passkey.behaviour = good;
        assert_eq!(app.browser().sign_in(&mut passkey).await.status, StatusCode::OK);
    }
);

both_engines!(
    each_faulty_registration_is_refused_and_leaves_nothing,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut passkey = app.passkey(1);
        let good = passkey.behaviour.clone();
        let invalid = "invalid_webauthn_response";
        let faults: [Fault; 6] = [
            (
                "origin",
                |p| p.behaviour.origin = Some("https://evil.example".into()),
                StatusCode::BAD_REQUEST,
                invalid,
            ),
            (
                "relying party",
                |p| p.behaviour.rp_id = Some("evil.example".into()),
                StatusCode::BAD_REQUEST,
                invalid,
            ),
            (
                "challenge",
                |p| p.behaviour.challenge = Some("AAAA".into()),
                StatusCode::BAD_REQUEST,
                invalid,
            ),
            (
                "type",
                |p| p.behaviour.client_data_type = Some("webauthn.get".into()),
                StatusCode::BAD_REQUEST,
                invalid,
            ),
            (
                "presence",
                |p| p.behaviour.user_present = Flag::Clear,
                StatusCode::BAD_REQUEST,
                invalid,
            ),
            (
                "verification",
                |p| p.behaviour.user_verified = Flag::Clear,
                StatusCode::BAD_REQUEST,
                "passkey_user_verification_required",
            ),
        ];
        for (what, fault, status, code) in faults {
            passkey.behaviour = good.clone();
            fault(&mut passkey);
            assert_refused(&admin.add_passkey(&mut passkey).await, status, code, what);
        }
        assert_eq!(app.count("passkeys").await, 0);
    }
);

both_engines!(
    a_challenge_is_good_once_for_its_kind_its_user_and_a_minute,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;

        // A second finish with the same challenge, and one after a failed attempt.
        let mut browser = app.browser();
        let response = browser.assertion(&mut passkey).await;
        assert_eq!(
            browser.post("/api/webauthn/login/finish", &response).await.status,
            StatusCode::OK
        );
        let answer = browser.post("/api/webauthn/login/finish", &response).await;
        assert_refused(
            &answer,
            StatusCode::BAD_REQUEST,
            "invalid_webauthn_session",
            "used challenge",
        );
        let good = passkey.behaviour.clone();
        let options = browser.get("/api/webauthn/login/start").await.json();
        passkey.behaviour.signature = SignatureKind::Garbage;
        let bad = passkey.assert(&options).unwrap();
        passkey.behaviour = good;
        let fine = passkey.assert(&options).unwrap();
        assert_eq!(
            browser.post("/api/webauthn/login/finish", &bad).await.code(),
            "webauthn_authentication_failed"
        );
        assert_eq!(
            browser.post("/api/webauthn/login/finish", &fine).await.code(),
            "invalid_webauthn_session"
        );

        // No cookie, a strange one, one of the other ceremony.
        let mut nobody = app.browser();
        let answer = nobody.post("/api/webauthn/login/finish", &fine).await;
        assert_refused(
            &answer,
            StatusCode::BAD_REQUEST,
            "missing_session_id",
            "no cookie",
        );
        for cookie in ["nonsense", "00000000-0000-4000-8000-000000000000"] {
            nobody.cookies.insert("session".to_owned(), cookie.to_owned());
            let answer = nobody.post("/api/webauthn/login/finish", &fine).await;
            assert_refused(
                &answer,
                StatusCode::BAD_REQUEST,
                "invalid_webauthn_session",
                cookie,
            );
        }
        let options = admin.get("/api/webauthn/register/start").await.json();
        let answer = admin.post("/api/webauthn/login/finish", &fine).await;
        assert_refused(
            &answer,
            StatusCode::BAD_REQUEST,
            "invalid_webauthn_session",
            "registration challenge",
        );
        let mut second = app.passkey(2);
        let registration = second.register(&options).unwrap();
        admin.get("/api/webauthn/login/start").await;
        let answer = admin.post("/api/webauthn/register/finish", &registration).await;
        assert_refused(
            &answer,
            StatusCode::BAD_REQUEST,
            "invalid_webauthn_session",
            "sign-in challenge",
        );

        // Too late.
        let response = browser.assertion(&mut passkey).await;
        app.pass_seconds(60);
        let answer = browser.post("/api/webauthn/login/finish", &response).await;
        assert_refused(
            &answer,
            StatusCode::UNAUTHORIZED,
            "webauthn_authentication_failed",
            "late sign-in",
        );
        let options = admin.get("/api/webauthn/register/start").await.json();
        let registration = app.passkey(3).register(&options).unwrap();
        app.pass_seconds(60);
        let answer = admin.post("/api/webauthn/register/finish", &registration).await;
        assert_refused(
            &answer,
            StatusCode::BAD_REQUEST,
            "invalid_webauthn_response",
            "late registration",
        );
    }
);

both_engines!(
    a_challenge_of_another_user_registers_nothing,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let mut other = app.browser();
        other.sign_in(&mut passkey).await;
        let second = json!({"username": "second", "email": "s@example.com"});
        let second = admin.post("/api/users", &second).await.json();
        // The second user's session, planted as the code of a later issue would give it.
        let store = &app.app.state.store;
        let mut mallory = app.browser();
        let token = plant_session(&app, second["id"].as_str().unwrap()).await;
        mallory.cookies.insert("access_token".to_owned(), token);
        assert_eq!(mallory.get("/api/users/me").await.json()["username"], "second");
        let options = mallory.get("/api/webauthn/register/start").await.json();
        admin
            .cookies
            .insert("session".to_owned(), mallory.cookies["session"].clone());
        let registration = app.passkey(9).register(&options).unwrap();
        let answer = admin.post("/api/webauthn/register/finish", &registration).await;
        assert_refused(
            &answer,
            StatusCode::BAD_REQUEST,
            "invalid_webauthn_session",
            "foreign challenge",
        );
        // And a foreign passkey is neither renamed nor removed.
        let id = admin.get("/api/webauthn/credentials").await.json()[0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("/api/webauthn/credentials/{id}");
        assert_eq!(
            mallory.patch(&path, &json!({"name": "mine"})).await.code(),
            "not_found"
        );
        assert_eq!(mallory.delete(&path).await.code(), "not_found");
        assert_eq!(
            mallory.delete("/api/webauthn/credentials/nonsense").await.code(),
            "not_found"
        );
        assert!(store.ping().await.is_ok());
        // Proving with somebody else's passkey proves nothing.
        let response = mallory.assertion(&mut passkey).await;
        let answer = mallory.post("/api/webauthn/reauthenticate", &response).await;
        assert_refused(
            &answer,
            StatusCode::UNAUTHORIZED,
            "webauthn_authentication_failed",
            "foreign passkey",
        );
    }
);

async fn plant_session(app: &TestApp, user: &str) -> String {
    use pocket_id_store::sessions::{self, Session};
    use pocket_id_store::types::{AuthenticationMethod, SessionId};
    use secrecy::ExposeSecret as _;

    let state = &app.app.state;
    let token = pocket_id_server::secret_token::SecretToken::generate(state.random);
    let now = state.now();
    let tx = state.store.begin().await.unwrap();
    let session = Session {
        id: SessionId(state.random.uuid()),
        user_id: user.parse().unwrap(),
        token_hash: token.hash,
        method: AuthenticationMethod::OneTimeCode,
        authenticated_at: now,
        created_at: now,
        expires_at: now.plus_minutes(60),
        last_seen_at: now,
        ip_address: None,
        user_agent: String::new(),
    };
    sessions::insert(&tx, session).await.unwrap();
    pocket_id_store::commit(tx).await.unwrap();
    token.value.expose_secret().to_owned()
}

both_engines!(a_passkey_cannot_be_registered_twice, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    let mut options = admin.get("/api/webauthn/register/start").await.json();
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
    // A browser that ignores the list.
    options.as_object_mut().unwrap().remove("excludeCredentials");
    let response = passkey.register(&options).unwrap();
    let answer = admin.post("/api/webauthn/register/finish", &response).await;
    assert_refused(&answer, StatusCode::CONFLICT, "already_in_use", "duplicate");
    assert_eq!(app.count("passkeys").await, 1);
});

#[tokio::test]
async fn synced_passkeys_can_be_refused() {
    use pocket_id_server::config::UiConfigSource;

    let app = TestApp::start_with(Database::Sqlite, |config| {
        let values = [("WEBAUTHN_ALLOW_SYNCED_PASSKEYS".to_owned(), "false".to_owned())];
        config.ui_config = UiConfigSource::Environment(values.into());
    })
    .await;
    let mut admin = app.set_up().await;
    let mut passkey = app.passkey(1);
    passkey.behaviour.backup_eligible = Flag::Set;
    let answer = admin.add_passkey(&mut passkey).await;
    assert_refused(
        &answer,
        StatusCode::BAD_REQUEST,
        "synced_passkey_not_allowed",
        "synced",
    );
    let answer = admin.add_passkey(&mut app.passkey(2)).await;
    assert_eq!(answer.status, StatusCode::OK);
}

both_engines!(
    a_counter_that_goes_back_is_noticed_and_locks_nobody_out,
    |app: TestApp| async move {
        let (_, mut passkey) = with_passkey(&app).await;
        passkey.behaviour.counter = Counter::Fixed(1);
        assert_eq!(app.browser().sign_in(&mut passkey).await.status, StatusCode::OK);
    }
);

both_engines!(a_disabled_user_cannot_sign_in, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    let me = admin.get("/api/users/me").await.json();
    let other = json!({"username": "other", "email": "o@example.com", "isAdmin": true});
    assert_eq!(admin.post("/api/users", &other).await.status, StatusCode::CREATED);
    let disabled = json!({"username": "tim", "email": "tim@example.com", "isAdmin": true, "disabled": true});
    let path = format!("/api/users/{}", me["id"].as_str().unwrap());
    assert_eq!(admin.put(&path, &disabled).await.status, StatusCode::OK);
    let answer = app.browser().sign_in(&mut passkey).await;
    assert_refused(&answer, StatusCode::FORBIDDEN, "user_disabled", "disabled");
});

both_engines!(
    of_64_finishes_with_one_challenge_one_wins,
    |app: TestApp| async move {
        let (_, mut passkey) = with_passkey(&app).await;
        let mut browser = app.browser();
        let response = browser.assertion(&mut passkey).await;
        let attempts: Vec<_> = (0..64)
            .map(|_| {
                let (mut browser, response) = (browser.clone(), response.clone());
                tokio::spawn(async move { browser.post("/api/webauthn/login/finish", &response).await })
            })
            .collect();
        let mut won = 0;
        for attempt in attempts {
            let answer = attempt.await.unwrap();
            match answer.status {
                StatusCode::OK => won += 1,
                _ => assert_refused(
                    &answer,
                    StatusCode::BAD_REQUEST,
                    "invalid_webauthn_session",
                    "loser",
                ),
            }
        }
        assert_eq!(won, 1);
    }
);

both_engines!(
    a_proof_is_taken_once_however_many_ask,
    |app: TestApp| async move {
        use pocket_id_server::sessions::service::take_fresh_proof;

        let (mut admin, mut passkey) = with_passkey(&app).await;
        let response = admin.assertion(&mut passkey).await;
        let answer = admin.post("/api/webauthn/reauthenticate", &response).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        assert!(answer.header("set-cookie").contains("Max-Age=180"), "{answer:?}");
        let user: Value = admin.get("/api/users/me").await.json();
        let user = user["id"].as_str().unwrap().parse().unwrap();
        let mut headers = http::HeaderMap::new();
        let cookie = format!(
            "reauthentication_token={}",
            admin.cookies["reauthentication_token"]
        );
        headers.insert("cookie", cookie.parse().unwrap());
        let state = app.app.state.clone();
        let attempts: Vec<_> = (0..64)
            .map(|_| {
                let (state, headers) = (state.clone(), headers.clone());
                tokio::spawn(async move {
                    let tx = state.store.begin().await.unwrap();
                    let taken = take_fresh_proof(&state, &tx, &headers, user).await.unwrap();
                    pocket_id_store::commit(tx).await.unwrap();
                    taken
                })
            })
            .collect();
        let mut taken: Vec<Timestamp> = Vec::new();
        for attempt in attempts {
            taken.extend(attempt.await.unwrap());
        }
        assert_eq!(taken.len(), 1);
    }
);

both_engines!(
    a_sign_in_just_now_stands_in_for_the_passkey_for_a_minute,
    |app: TestApp| async move {
        let (mut admin, _) = with_passkey(&app).await;
        admin.get("/api/webauthn/login/start").await;
        assert_eq!(
            admin.post_nothing("/api/webauthn/reauthenticate").await.status,
            StatusCode::NO_CONTENT
        );
        app.pass_seconds(61);
        let answer = admin.post("/api/webauthn/reauthenticate", &json!({})).await;
        assert_refused(
            &answer,
            StatusCode::UNAUTHORIZED,
            "reauthentication_required",
            "stale session",
        );
        // A session that came from a code never does.
        let fresh = TestApp::start(Database::Sqlite).await;
        let mut by_code = fresh.set_up().await;
        by_code.get("/api/webauthn/login/start").await;
        let answer = by_code.post_nothing("/api/webauthn/reauthenticate").await;
        assert_refused(
            &answer,
            StatusCode::UNAUTHORIZED,
            "reauthentication_required",
            "code session",
        );
        let answer = app.browser().post_nothing("/api/webauthn/reauthenticate").await;
        assert_eq!(answer.code(), "not_signed_in");
    }
);

#[tokio::test]
async fn malformed_and_oversized_bodies_are_refused() {
    let app = TestApp::start(Database::Sqlite).await;
    let (mut admin, _) = with_passkey(&app).await;
    for path in ["/api/webauthn/login/finish", "/api/webauthn/register/finish"] {
        for body in ["", "{", "[]", "null", r#"{"id":1}"#] {
            admin.get("/api/webauthn/register/start").await;
            let request = admin.request(Method::POST, path).body(body);
            let answer = admin.send(request).await;
            assert_refused(
                &answer,
                StatusCode::BAD_REQUEST,
                "invalid_webauthn_response",
                body,
            );
        }
        let request = admin.request(Method::POST, path).body(vec![b' '; 70_000]);
        let answer = admin.send(request).await;
        assert_refused(&answer, StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", path);
    }
    let mut program = app.browser();
    let request = program
        .request(Method::GET, "/api/webauthn/register/start")
        .header("x-api-key", "some-key");
    let answer = program.send(request).await;
    assert_refused(
        &answer,
        StatusCode::FORBIDDEN,
        "api_key_auth_not_allowed",
        "API key",
    );
}

both_engines!(
    prompt_login_is_answered_with_the_passkey_used_again,
    |app: TestApp| async move {
        use crate::oidc::{authorize_path, claims, code, exchange, interact, parameter, register, text};

        let (mut admin, mut passkey) = with_passkey(&app).await;
        let client = register(&mut admin, |_| {}).await;
        let first = code(&mut admin, &client, &[]).await;
        let first = claims(text(&exchange(&app, &client, &first).await.json()["id_token"]));
        assert_eq!(first["amr"], json!(["phr"]));
        app.pass_seconds(120);
        let answer = admin.get(&authorize_path(&client, &[("prompt", "login")])).await;
        assert!(parameter(&answer, "interaction").is_some(), "{answer:?}");
        app.pass_seconds(5);
        let response = admin.assertion(&mut passkey).await;
        assert_eq!(
            admin.post("/api/webauthn/reauthenticate", &response).await.status,
            StatusCode::NO_CONTENT
        );
        let answer = interact(&mut admin, &answer).await;
        let tokens = exchange(&app, &client, &parameter(&answer, "code").unwrap())
            .await
            .json();
        let second = claims(text(&tokens["id_token"]));
        assert_eq!(
            second["auth_time"].as_i64().unwrap() - first["auth_time"].as_i64().unwrap(),
            125,
            "auth_time must be when the passkey was used again"
        );
    }
);
