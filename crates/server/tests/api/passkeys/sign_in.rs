//! `/api/webauthn/login`

use http::{Method, StatusCode};
use pocket_id_soft_passkey::{Counter, Flag, SignatureKind, SoftPasskey};
use serde_json::json;

use super::{ASSERTION_FAULTS, NOT_VERIFIED, assert_refused, my_id, second_user, traces, with_passkey};
use crate::support::{TestApp, both_engines};

both_engines!(nobody_types_a_name, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    let me = admin.get("/api/users/me").await.json();
    let mut browser = app.browser();
    let answer = browser.get("/api/webauthn/login/start").await;
    assert!(
        answer.header("set-cookie").contains("; Max-Age=60;"),
        "{answer:?}"
    );
    let mut options = answer.json();
    let response = passkey.assert(&options).unwrap();
    let challenge = options["challenge"].take();
    assert_eq!(challenge.as_str().unwrap().len(), 43);
    assert_eq!(
        options,
        json!({"challenge": null, "timeout": 60_000, "rpId": "localhost", "userVerification": "required"})
    );

    app.pass_seconds(1);
    let before = app.audit_log().await.len();
    // These bodies need no content type.
    let request = browser
        .request(Method::POST, "/api/webauthn/login/finish")
        .body(response.to_string());
    let answer = browser.send(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.json(), me);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("access_token="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"),
        "{cookie}"
    );
    assert_eq!(browser.get("/api/users/me").await.json(), me);

    let audit = app.audit_log().await;
    assert_eq!(audit.len(), before + 1);
    let entry = audit.last().unwrap();
    assert_eq!(
        (entry.event.as_str(), entry.username.as_str(), json!(entry.data)),
        ("SIGN_IN", "tim", json!({}))
    );
    assert_eq!(entry.ip_address.as_deref(), Some("127.0.0.1"));
    assert!(entry.user_agent.contains("Chrome/140"), "{entry:?}");

    // Signing in again replaces the browser's session.
    let replaced = browser.clone();
    assert_eq!(browser.sign_in(&mut passkey).await.status, StatusCode::OK);
    assert_eq!(
        replaced.clone().get("/api/users/me").await.code(),
        "not_signed_in"
    );
});

both_engines!(
    each_faulty_sign_in_is_refused_and_leaves_nothing,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let me = my_id(&mut admin).await;
        let (_, mut foreign, second) = second_user(&app, &mut admin).await;
        let stored = app.passkeys_of(me).await;
        let before = traces(&app).await;
        let good = passkey.behaviour.clone();
        app.pass_seconds(1);

        for (what, fault, expected) in ASSERTION_FAULTS {
            passkey.behaviour = good.clone();
            fault(&mut passkey);
            assert_refused(&app.browser().sign_in(&mut passkey).await, expected, what);
        }
        passkey.behaviour = good.clone();
        passkey.behaviour.user_handle = Some(second.to_string().into_bytes());
        let answer = app.browser().sign_in(&mut passkey).await;
        assert_refused(&answer, NOT_VERIFIED, "own passkey, another user's handle");
        passkey.behaviour = good.clone();
        passkey.behaviour.credential_id = Some(foreign.credential_id().to_vec());
        let answer = app.browser().sign_in(&mut passkey).await;
        assert_refused(&answer, NOT_VERIFIED, "own handle, another user's credential");
        foreign.behaviour.user_handle = Some(me.to_string().into_bytes());
        let answer = app.browser().sign_in(&mut foreign).await;
        assert_refused(&answer, NOT_VERIFIED, "another user's passkey with my handle");
        let mut unknown: SoftPasskey = app.passkey(99);
        unknown.adopt(me.to_string().as_bytes());
        let answer = app.browser().sign_in(&mut unknown).await;
        assert_refused(&answer, NOT_VERIFIED, "unknown passkey");
        assert_eq!(
            answer.json()["details"],
            json!({"credential": "unknown"}),
            "the browser may stop offering it"
        );

        assert_eq!(traces(&app).await, before);
        assert_eq!(app.count("webauthn_challenges").await, 0);
        assert_eq!(
            app.passkeys_of(me).await,
            stored,
            "a failed sign-in changed the passkey"
        );
        passkey.behaviour = good;
        assert_eq!(app.browser().sign_in(&mut passkey).await.status, StatusCode::OK);
    }
);

both_engines!(
    a_counter_that_does_not_rise_is_refused_and_told,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let me = my_id(&mut admin).await;
        passkey.behaviour.counter = Counter::Fixed(7);
        assert_eq!(app.browser().sign_in(&mut passkey).await.status, StatusCode::OK);
        let [sessions, proofs] = [
            app.count("sessions").await,
            app.count("reauthentication_tokens").await,
        ];
        for (shown, how) in [(3, "went back"), (7, "stood still"), (0, "was lost")] {
            app.pass_seconds(1);
            passkey.behaviour.counter = Counter::Fixed(shown);
            let answer = app.browser().sign_in(&mut passkey).await;
            assert_refused(&answer, NOT_VERIFIED, how);
            assert_eq!(
                answer.json()["details"],
                json!(null),
                "the browser keeps the passkey"
            );
            let audit = app.audit_log().await;
            let entry = audit.last().unwrap();
            assert_eq!(
                (entry.event.as_str(), json!(entry.data)),
                (
                    "PASSKEY_COUNTER_WENT_BACK",
                    json!({
                        "credentialID": hex::encode(passkey.credential_id()), "passkeyName": "New Passkey",
                        "signatureCounter": format!("{shown} after 7")
                    })
                )
            );
            let [stored] = app.passkeys_of(me).await.try_into().unwrap();
            assert_eq!(
                (stored.sign_count, stored.counter_regressed_at),
                (7, Some(app.app.state.now())),
                "the copy must stay visible"
            );
        }
        // Neither does it prove anything to somebody who is signed in.
        let response = admin.assertion(&mut passkey).await;
        let answer = admin.post("/api/webauthn/reauthenticate", &response).await;
        assert_refused(&answer, NOT_VERIFIED, "as a proof");
        assert_eq!(
            [
                app.count("sessions").await,
                app.count("reauthentication_tokens").await
            ],
            [sessions, proofs]
        );
        let listed = admin.get("/api/webauthn/credentials").await.json();
        assert!(listed[0]["counterRegressedAt"].is_string(), "{listed}");
        assert!(listed[0]["lastUsedAt"].is_string(), "{listed}");

        // The one ahead still works, for its owner or the thief: the owner is told and removes it.
        passkey.behaviour.counter = Counter::Fixed(8);
        assert_eq!(app.browser().sign_in(&mut passkey).await.status, StatusCode::OK);

        // Passkeys without a counter are nothing special.
        let mut synced = app.passkey(3);
        synced.behaviour.counter = Counter::None;
        admin.add_passkey(&mut synced).await;
        for _ in 0..2 {
            app.pass_seconds(1);
            assert_eq!(app.browser().sign_in(&mut synced).await.status, StatusCode::OK);
            assert!(app.audit_log().await.last().unwrap().data.0.is_empty());
        }
    }
);

both_engines!(
    of_many_copies_that_show_one_count_one_gets_in,
    |app: TestApp| async move {
        let (_, mut passkey) = with_passkey(&app).await;
        passkey.behaviour.counter = Counter::Fixed(9);
        let mut prepared = Vec::new();
        for _ in 0..16 {
            let mut browser = app.browser();
            let response = browser.assertion(&mut passkey).await;
            prepared.push((browser, response));
        }
        let attempts: Vec<_> = prepared
            .into_iter()
            .map(|(mut browser, response)| {
                tokio::spawn(async move { browser.post("/api/webauthn/login/finish", &response).await })
            })
            .collect();
        let mut won = 0;
        for attempt in attempts {
            let answer = attempt.await.unwrap();
            match answer.status {
                StatusCode::OK => won += 1,
                _ => assert_refused(&answer, NOT_VERIFIED, "a copy"),
            }
        }
        assert_eq!(won, 1);
    }
);

both_engines!(use_and_backup_of_a_passkey_are_kept, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let me = my_id(&mut admin).await;
    let mut passkey = app.passkey(1);
    passkey.behaviour.backup_eligible = Flag::Set;
    assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
    let [stored] = app.passkeys_of(me).await.try_into().unwrap();
    assert_eq!((stored.backup_state, stored.last_used_at), (false, None));
    app.pass_seconds(5);
    passkey.behaviour.backup_state = Flag::Set;
    assert_eq!(app.browser().sign_in(&mut passkey).await.status, StatusCode::OK);
    let listed = admin.get("/api/webauthn/credentials").await.json();
    assert_eq!(
        (&listed[0]["backupEligible"], &listed[0]["backupState"]),
        (&json!(true), &json!(true))
    );
    let [stored] = app.passkeys_of(me).await.try_into().unwrap();
    assert_eq!(stored.last_used_at, Some(app.app.state.now()));
});

both_engines!(a_disabled_user_cannot_sign_in, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    let me = my_id(&mut admin).await;
    let other = json!({"username": "other", "email": "o@example.com", "isAdmin": true});
    assert_eq!(admin.post("/api/users", &other).await.status, StatusCode::CREATED);
    let disabled = json!({"username": "tim", "email": "tim@example.com", "isAdmin": true, "disabled": true});
    let path = format!("/api/users/{me}");
    assert_eq!(admin.put(&path, &disabled).await.status, StatusCode::OK);
    let before = traces(&app).await;
    let stored = app.passkeys_of(me).await;
    let user_disabled = (StatusCode::FORBIDDEN, "user_disabled");
    let answer = app.browser().sign_in(&mut passkey).await;
    assert_refused(&answer, user_disabled, "disabled");
    // Whoever has no passkey does not learn that the account is disabled.
    passkey.behaviour.signature = SignatureKind::OverOtherData;
    let answer = app.browser().sign_in(&mut passkey).await;
    assert_refused(&answer, NOT_VERIFIED, "disabled and not proven");
    assert_eq!(traces(&app).await, before);
    assert_eq!(app.passkeys_of(me).await, stored);
});

both_engines!(
    attempts_are_limited,
    |config| config.rate_limiting = true.into(),
    |app: TestApp| async move {
        let mut browser = app.browser();
        for _ in 0..10 {
            let answer = browser.post_nothing("/api/webauthn/login/finish").await;
            assert_eq!(answer.code(), "missing_session_id");
        }
        let answer = browser.post_nothing("/api/webauthn/login/finish").await;
        assert_refused(&answer, (StatusCode::TOO_MANY_REQUESTS, "rate_limited"), "11th");
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=5).contains(&wait), "{wait}");
    }
);
