//! `/api/webauthn/reauthenticate`

use http::{HeaderMap, Method, StatusCode};
use pocket_id_server::sessions::service::take_fresh_proof;
use pocket_id_store::types::{Timestamp, UserId};
use serde_json::json;

use super::{
    ASSERTION_FAULTS, NO_CHALLENGE, NOT_FRESH, NOT_VERIFIED, assert_refused, my_id, second_user, traces,
    with_passkey,
};
use crate::support::{Browser, TestApp, both_engines};

const PATH: &str = "/api/webauthn/reauthenticate";

/// The request headers of a browser that carries a proof.
fn proof_of(browser: &Browser) -> HeaderMap {
    let cookie = format!(
        "reauthentication_token={}",
        browser.cookies["reauthentication_token"]
    );
    let mut headers = HeaderMap::new();
    headers.insert("cookie", cookie.parse().unwrap());
    headers
}

async fn take(app: &TestApp, headers: &HeaderMap, user: UserId) -> Option<Timestamp> {
    let state = &app.app.state;
    let tx = state.store.begin().await.unwrap();
    let taken = take_fresh_proof(state, &tx, headers, user).await.unwrap();
    pocket_id_store::commit(tx).await.unwrap();
    taken.map(|proof| proof.created_at)
}

both_engines!(a_proof_is_its_users_and_good_once, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    let me = my_id(&mut admin).await;
    let (.., second) = second_user(&app, &mut admin).await;
    app.pass_seconds(100);
    let used_at = app.app.state.now();
    let response = admin.assertion(&mut passkey).await;
    // This body needs no content type.
    let request = admin.request(Method::POST, PATH).body(response.to_string());
    let answer = admin.send(request).await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (StatusCode::NO_CONTENT, ""),
        "{answer:?}"
    );
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("reauthentication_token="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; Max-Age=180; HttpOnly; Secure; SameSite=Lax"),
        "{cookie}"
    );

    let proof = proof_of(&admin);
    assert_eq!(take(&app, &HeaderMap::new(), me).await, None);
    assert_eq!(take(&app, &proof, second).await, None, "another user's");
    app.pass_seconds(179);
    assert_eq!(take(&app, &proof, me).await, Some(used_at));
    assert_eq!(take(&app, &proof, me).await, None, "taken before");

    let response = admin.assertion(&mut passkey).await;
    assert_eq!(admin.post(PATH, &response).await.status, StatusCode::NO_CONTENT);
    app.pass_seconds(180);
    assert_eq!(take(&app, &proof_of(&admin), me).await, None, "stale");
});

both_engines!(
    a_proof_is_taken_once_however_many_ask,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let me = my_id(&mut admin).await;
        let response = admin.assertion(&mut passkey).await;
        assert_eq!(admin.post(PATH, &response).await.status, StatusCode::NO_CONTENT);
        let headers = proof_of(&admin);
        let state = app.app.state.clone();
        let attempts: Vec<_> = (0..64)
            .map(|_| {
                let (state, headers) = (state.clone(), headers.clone());
                tokio::spawn(async move {
                    let tx = state.store.begin().await.unwrap();
                    let taken = take_fresh_proof(&state, &tx, &headers, me).await.unwrap();
                    pocket_id_store::commit(tx).await.unwrap();
                    taken
                })
            })
            .collect();
        let mut taken: Vec<Timestamp> = Vec::new();
        for attempt in attempts {
            taken.extend(attempt.await.unwrap().map(|proof| proof.created_at));
        }
        assert_eq!(taken.len(), 1);
    }
);

both_engines!(a_faulty_proof_is_none, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    let (mut second, mut foreign, other) = second_user(&app, &mut admin).await;
    let before = traces(&app).await;
    let good = passkey.behaviour.clone();
    // Though the session is fresh: who uses a passkey is judged by it.
    for (what, fault, expected) in ASSERTION_FAULTS {
        passkey.behaviour = good.clone();
        fault(&mut passkey);
        let response = admin.assertion(&mut passkey).await;
        assert_refused(&admin.post(PATH, &response).await, expected, what);
    }
    passkey.behaviour = good.clone();
    passkey.behaviour.user_handle = Some(other.to_string().into_bytes());
    let response = admin.assertion(&mut passkey).await;
    let answer = admin.post(PATH, &response).await;
    assert_refused(&answer, NOT_VERIFIED, "own passkey, another user's handle");
    passkey.behaviour = good.clone();
    passkey.behaviour.credential_id = Some(foreign.credential_id().to_vec());
    let response = admin.assertion(&mut passkey).await;
    let answer = admin.post(PATH, &response).await;
    assert_refused(&answer, NOT_VERIFIED, "own handle, another user's credential");
    let response = admin.assertion(&mut foreign).await;
    let answer = admin.post(PATH, &response).await;
    assert_refused(&answer, NOT_VERIFIED, "another user's passkey");
    passkey.behaviour = good;
    let response = second.assertion(&mut passkey).await;
    let answer = second.post(PATH, &response).await;
    assert_refused(&answer, NOT_VERIFIED, "somebody else's passkey");
    assert_eq!(traces(&app).await, before);
    assert_eq!(app.count("webauthn_challenges").await, 0);
    let response = admin.assertion(&mut passkey).await;
    assert_eq!(admin.post(PATH, &response).await.status, StatusCode::NO_CONTENT);
});

both_engines!(
    a_passkey_sign_in_stands_in_for_a_minute,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let me = my_id(&mut admin).await;
        let (mut by_code, ..) = second_user(&app, &mut admin).await;
        let before = traces(&app).await;
        by_code.get("/api/webauthn/login/start").await;
        let answer = by_code.post_nothing(PATH).await;
        assert_refused(&answer, NOT_FRESH, "session from a code");
        admin.cookies.remove("session");
        let answer = admin.post_nothing(PATH).await;
        assert_refused(&answer, NO_CHALLENGE, "no challenge cookie");
        assert_eq!(traces(&app).await, before);

        let signed_in_at = app.app.state.now();
        admin.sign_in(&mut passkey).await;
        for (wait, body) in [(0, ""), (30, "{}"), (30, "nonsense")] {
            app.pass_seconds(wait);
            let request = admin.request(Method::POST, PATH).body(body);
            let answer = admin.send(request).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{body}: {answer:?}");
            // It proves what the sign-in proved, not that the passkey is at hand now.
            assert_eq!(take(&app, &proof_of(&admin), me).await, Some(signed_in_at));
        }
        app.pass_seconds(1);
        let answer = admin.post(PATH, &json!({})).await;
        assert_refused(&answer, NOT_FRESH, "a minute later");
    }
);

both_engines!(
    only_a_person_at_a_browser_proves_and_not_too_often,
    |config| config.rate_limiting = true.into(),
    |app: TestApp| async move {
        let mut nobody = app.browser();
        // Those who are not signed in use nobody's tries up.
        for _ in 0..6 {
            let answer = nobody.post_nothing(PATH).await;
            assert_refused(&answer, (StatusCode::UNAUTHORIZED, "not_signed_in"), "nobody");
        }
        let request = nobody.request(Method::POST, PATH).header("x-api-key", "some-key");
        let answer = nobody.send(request).await;
        assert_refused(
            &answer,
            (StatusCode::FORBIDDEN, "api_key_auth_not_allowed"),
            "API key",
        );
        let mut admin = app.set_up().await;
        for _ in 0..5 {
            assert_eq!(admin.post_nothing(PATH).await.code(), "missing_session_id");
        }
        let answer = admin.post_nothing(PATH).await;
        assert_refused(&answer, (StatusCode::TOO_MANY_REQUESTS, "rate_limited"), "6th");
    }
);

both_engines!(
    prompt_login_is_answered_with_the_passkey_used_again,
    |app: TestApp| async move {
        use crate::oidc::{authorize_path, claims, code, exchange, interact, parameter, register, text};

        let (mut admin, mut passkey) = with_passkey(&app).await;
        let client = register(&mut admin, |_| {}).await;
        let first = code(&mut admin, &client, &[]).await;
        let first = claims(text(&exchange(&app, &client, &first).await.json()["id_token"]));
        assert_eq!(first["amr"], json!(["phr", "hwk", "user", "mfa"]), "RFC 8176");
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
