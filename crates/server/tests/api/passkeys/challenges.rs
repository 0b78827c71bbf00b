//! A challenge is good once, for its kind of ceremony, its user and a minute.

use http::{Method, StatusCode};
use pocket_id_soft_passkey::SignatureKind;

use super::{
    BAD_CHALLENGE, BAD_RESPONSE, NO_CHALLENGE, NOT_VERIFIED, assert_refused, second_user, traces,
    with_passkey,
};
use crate::support::{TestApp, both_engines};

const LOGIN: &str = "/api/webauthn/login/finish";
const REGISTER: &str = "/api/webauthn/register/finish";

both_engines!(a_response_is_accepted_once, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    let mut browser = app.browser();
    let response = browser.assertion(&mut passkey).await;
    assert_eq!(browser.post(LOGIN, &response).await.status, StatusCode::OK);
    let before = traces(&app).await;
    let answer = browser.post(LOGIN, &response).await;
    assert_refused(&answer, BAD_CHALLENGE, "replayed sign-in");

    let options = admin.get("/api/webauthn/register/start").await.json();
    let response = app.passkey(7).register(&options).unwrap();
    assert_eq!(admin.post(REGISTER, &response).await.status, StatusCode::OK);
    let answer = admin.post(REGISTER, &response).await;
    assert_refused(&answer, BAD_CHALLENGE, "replayed registration");
    let [passkeys, sessions, proofs, audits] = traces(&app).await;
    // One more passkey with its audit entry, from the first registration.
    assert_eq!([passkeys - 1, sessions, proofs, audits - 1], before);
});

both_engines!(a_failed_finish_uses_the_challenge_up, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    let before = traces(&app).await;
    let mut browser = app.browser();

    // A bad signature.
    let good = passkey.behaviour.clone();
    let options = browser.get("/api/webauthn/login/start").await.json();
    passkey.behaviour.signature = SignatureKind::Garbage;
    let bad = passkey.assert(&options).unwrap();
    passkey.behaviour = good;
    let fine = passkey.assert(&options).unwrap();
    assert_refused(&browser.post(LOGIN, &bad).await, NOT_VERIFIED, "bad signature");
    assert_refused(
        &browser.post(LOGIN, &fine).await,
        BAD_CHALLENGE,
        "after a bad one",
    );

    // No response at all.
    let fine = browser.assertion(&mut passkey).await;
    let nothing = browser.post_nothing(LOGIN).await;
    assert_refused(&nothing, BAD_RESPONSE, "no response");
    assert_refused(&browser.post(LOGIN, &fine).await, BAD_CHALLENGE, "after none");
    let options = admin.get("/api/webauthn/register/start").await.json();
    let fine = app.passkey(3).register(&options).unwrap();
    let nothing = admin.post_nothing(REGISTER).await;
    assert_refused(&nothing, BAD_RESPONSE, "no registration");
    assert_refused(&admin.post(REGISTER, &fine).await, BAD_CHALLENGE, "after none");

    // The other kind of ceremony.
    let fine = admin.assertion(&mut passkey).await;
    assert_refused(
        &admin.post(REGISTER, &fine).await,
        BAD_CHALLENGE,
        "sign-in challenge",
    );
    assert_refused(
        &admin.post(LOGIN, &fine).await,
        BAD_CHALLENGE,
        "after the wrong kind",
    );
    let options = admin.get("/api/webauthn/register/start").await.json();
    let registration = app.passkey(4).register(&options).unwrap();
    // The client data has the right type and challenge, so that only the stored kind can tell.
    let mut forged = options.clone();
    forged["rpId"] = options["rp"]["id"].clone();
    let assertion = passkey.assert(&forged).unwrap();
    assert_refused(
        &admin.post(LOGIN, &assertion).await,
        BAD_CHALLENGE,
        "registration challenge",
    );
    assert_refused(
        &admin.post(REGISTER, &registration).await,
        BAD_CHALLENGE,
        "after the wrong kind",
    );

    assert_eq!(traces(&app).await, before);
    assert_eq!(app.count("webauthn_challenges").await, 0);
});

both_engines!(
    without_a_challenge_nothing_is_finished,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let before = traces(&app).await;
        let response = app.browser().assertion(&mut passkey).await;
        for path in [LOGIN, REGISTER, "/api/webauthn/reauthenticate"] {
            for (cookie, expected) in [
                (None, NO_CHALLENGE),
                (Some(""), NO_CHALLENGE),
                (Some("nonsense"), BAD_CHALLENGE),
                (Some("%00"), BAD_CHALLENGE),
                (Some("00000000-0000-4000-8000-000000000000"), BAD_CHALLENGE),
            ] {
                admin.cookies.remove("session");
                if let Some(cookie) = cookie {
                    admin.cookies.insert("session".to_owned(), cookie.to_owned());
                }
                let answer = admin.post(path, &response).await;
                assert_refused(&answer, expected, &format!("{path} with {cookie:?}"));
            }
        }
        // Another browser's challenge is not what this response was made for.
        let answer = {
            admin.get("/api/webauthn/login/start").await;
            admin.post(LOGIN, &response).await
        };
        assert_refused(&answer, NOT_VERIFIED, "another browser's challenge");
        assert_eq!(traces(&app).await, before);
    }
);

both_engines!(
    a_challenge_of_another_user_registers_nothing,
    |app: TestApp| async move {
        let (mut admin, _) = with_passkey(&app).await;
        let (mut second, ..) = second_user(&app, &mut admin).await;
        let before = traces(&app).await;
        let options = second.get("/api/webauthn/register/start").await.json();
        let registration = app.passkey(9).register(&options).unwrap();
        let challenge = second.cookies["session"].clone();
        admin.cookies.insert("session".to_owned(), challenge);
        let answer = admin.post(REGISTER, &registration).await;
        assert_refused(&answer, BAD_CHALLENGE, "foreign challenge");
        let answer = second.post(REGISTER, &registration).await;
        assert_refused(&answer, BAD_CHALLENGE, "after the wrong user");
        assert_eq!(traces(&app).await, before);
    }
);

both_engines!(after_a_minute_it_is_too_late, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    let before = traces(&app).await;

    let mut browser = app.browser();
    let response = browser.assertion(&mut passkey).await;
    app.pass_seconds(60);
    assert_refused(
        &browser.post(LOGIN, &response).await,
        NOT_VERIFIED,
        "late sign-in",
    );

    let options = admin.get("/api/webauthn/register/start").await.json();
    let registration = app.passkey(3).register(&options).unwrap();
    app.pass_seconds(60);
    let answer = admin.post(REGISTER, &registration).await;
    assert_refused(&answer, BAD_RESPONSE, "late registration");

    let response = admin.assertion(&mut passkey).await;
    app.pass_seconds(60);
    let answer = admin.post("/api/webauthn/reauthenticate", &response).await;
    assert_refused(&answer, BAD_CHALLENGE, "late proof");
    assert_eq!(traces(&app).await, before);

    let response = browser.assertion(&mut passkey).await;
    app.pass_seconds(59);
    assert_eq!(browser.post(LOGIN, &response).await.status, StatusCode::OK);
});

both_engines!(
    of_64_finishes_with_one_challenge_one_wins,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let before = traces(&app).await;
        let mut browser = app.browser();
        let sign_in = browser.assertion(&mut passkey).await;
        let options = admin.get("/api/webauthn/register/start").await.json();
        let registration = app.passkey(5).register(&options).unwrap();
        for (path, browser, response) in [(LOGIN, browser, sign_in), (REGISTER, admin, registration)] {
            let attempts: Vec<_> = (0..64)
                .map(|_| {
                    let (mut browser, response) = (browser.clone(), response.clone());
                    tokio::spawn(async move { browser.post(path, &response).await })
                })
                .collect();
            let mut won = 0;
            for attempt in attempts {
                let answer = attempt.await.unwrap();
                match answer.status {
                    StatusCode::OK => won += 1,
                    _ => assert_refused(&answer, BAD_CHALLENGE, "loser"),
                }
            }
            assert_eq!(won, 1, "{path}");
        }
        let [passkeys, sessions, proofs, audits] = traces(&app).await;
        assert_eq!([passkeys - 1, sessions - 1, proofs, audits - 2], before);
    }
);

both_engines!(
    malformed_and_oversized_responses_are_refused,
    |app: TestApp| async move {
        let (mut admin, _) = with_passkey(&app).await;
        for (start, finish) in [
            ("/api/webauthn/login/start", LOGIN),
            ("/api/webauthn/register/start", REGISTER),
        ] {
            for body in [
                "",
                "{",
                "[]",
                "null",
                "{}",
                r#"{"id":1}"#,
                r#"{"id":"YQ","rawId":"YQ","type":"password","response":{}}"#,
            ] {
                admin.get(start).await;
                let request = admin.request(Method::POST, finish).body(body);
                assert_refused(&admin.send(request).await, BAD_RESPONSE, body);
            }
            let request = admin.request(Method::POST, finish).body(vec![b' '; 70_000]);
            let answer = admin.send(request).await;
            assert_refused(&answer, (StatusCode::PAYLOAD_TOO_LARGE, "file_too_large"), finish);
        }
    }
);
