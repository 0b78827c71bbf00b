//! `max_age` and `default_max_age` (OIDC Core §3.1.2.1, Registration §2): how old an authentication may be.

use http::StatusCode;
use pocket_id_soft_passkey::SoftPasskey;
use serde_json::json;

use super::*;
use crate::support::both_engines;

/// Somebody who has just signed in with a passkey, which therefore can be proven without a prompt, and the client's
/// consent, given before.
async fn just_signed_in(app: &TestApp, client: impl FnOnce(&mut Value)) -> (Browser, SoftPasskey, Client) {
    let mut admin = app.set_up().await;
    let mut passkey = app.passkey(1);
    admin.add_passkey(&mut passkey).await;
    let client = register(&mut admin, client).await;
    app.pass_seconds(60);
    admin.sign_in(&mut passkey).await;
    // Asked for far and wide, so that a client's default does not count.
    code(&mut admin, &client, &[("max_age", "3600")]).await;
    (admin, passkey, client)
}

/// The Unix second the server believes it is.
fn second(app: &TestApp) -> i64 {
    app.app.state.now().0 / 1000
}

async fn reauthenticate(browser: &mut Browser, response: &Value) {
    let answer = browser.post("/api/webauthn/reauthenticate", response).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
}

/// Goes through a request that must not be content with the sign-in of before.
async fn asks_for_the_passkey(
    app: &TestApp,
    (browser, passkey, client): (&mut Browser, &mut SoftPasskey, &Client),
    more: &[(&str, &str)],
) {
    let signed_in_at = second(app);
    app.pass_seconds(5);
    let asked_at = second(app);
    let answer = browser.get(&authorize_path(client, more)).await;
    let id = parameter(&answer, "interaction").unwrap_or_else(|| panic!("{more:?}: {answer:?}"));
    let path = format!("/api/oidc/interactions/{id}");
    let complete = format!("{path}/complete");
    let step = json!({"step": "reauthenticate"});
    assert_eq!(
        browser.get(&path).await.json()["requiredSteps"],
        json!(["reauthenticate"])
    );

    // What the page tries first: no prompt, the sign-in of a moment ago.
    app.pass_seconds(1);
    reauthenticate(browser, &json!({})).await;
    let refused = browser.post(&complete, &step).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::UNAUTHORIZED, "reauthentication_required"),
        "{more:?}: {refused:?}"
    );
    assert_eq!(browser.get(&path).await.json()["currentStep"], "reauthenticate");
    // Nor does it help to leave the page and come back with the proof that was not taken.
    let skipped = browser.get(&format!("/authorize?interaction={id}")).await;
    assert_eq!(parameter(&skipped, "code"), None, "{skipped:?}");

    let assertion = browser.assertion(passkey).await;
    reauthenticate(browser, &assertion).await;
    let answer = browser.post(&complete, &step).await;
    assert_eq!(answer.status, StatusCode::OK, "{more:?}: {answer:?}");
    let answer = browser.get(text(&answer.json()["redirectUrl"])).await;
    let tokens = exchange(app, client, &parameter(&answer, "code").unwrap())
        .await
        .json();
    let auth_time = claims(text(&tokens["id_token"]))["auth_time"].as_i64().unwrap();
    assert!(
        signed_in_at < asked_at && auth_time > asked_at,
        "{more:?}: {auth_time}"
    );
}

both_engines!(
    a_sign_in_from_before_does_not_meet_a_max_age_it_exceeds,
    |app: TestApp| async move {
        let (mut admin, mut passkey, client) = just_signed_in(&app, |_| {}).await;
        for more in [[("max_age", "0")], [("max_age", "1")], [("prompt", "login")]] {
            asks_for_the_passkey(&app, (&mut admin, &mut passkey, &client), &more).await;
            admin.sign_in(&mut passkey).await;
        }
    }
);

both_engines!(
    a_clients_default_max_age_holds_like_one_in_the_request,
    |app: TestApp| async move {
        let (mut admin, mut passkey, client) = just_signed_in(&app, |body| {
            body["protocol"] = json!({"defaultMaxAge": 1});
        })
        .await;
        asks_for_the_passkey(&app, (&mut admin, &mut passkey, &client), &[]).await;
    }
);

both_engines!(
    a_sign_in_that_is_young_enough_needs_no_passkey,
    |app: TestApp| async move {
        let (mut admin, _, client) = just_signed_in(&app, |_| {}).await;
        app.pass_seconds(5);
        let answer = admin.get(&authorize_path(&client, &[("max_age", "60")])).await;
        assert!(parameter(&answer, "code").is_some(), "{answer:?}");
        // Without the sign-in's minute there is no silent proof at all.
        app.pass_seconds(60);
        let answer = admin.get(&authorize_path(&client, &[("max_age", "60")])).await;
        assert!(parameter(&answer, "interaction").is_some(), "{answer:?}");
        let silent = admin.post("/api/webauthn/reauthenticate", &json!({})).await;
        assert_eq!(silent.status, StatusCode::UNAUTHORIZED);
    }
);

both_engines!(
    a_left_over_proof_is_as_old_as_the_passkeys_use,
    |app: TestApp| async move {
        let (mut admin, mut passkey, client) = just_signed_in(&app, |_| {}).await;
        let assertion = admin.assertion(&mut passkey).await;
        reauthenticate(&mut admin, &assertion).await;
        app.pass_seconds(100);
        let answer = admin.get(&authorize_path(&client, &[("max_age", "30")])).await;
        assert!(parameter(&answer, "interaction").is_some(), "{answer:?}");
    }
);

both_engines!(
    a_screen_left_open_for_longer_than_max_age_asks_for_the_passkey,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut passkey = app.passkey(1);
        admin.add_passkey(&mut passkey).await;
        admin.sign_in(&mut passkey).await;
        let client = register(&mut admin, |_| {}).await;
        app.pass_seconds(1);
        let answer = admin.get(&authorize_path(&client, &[("max_age", "300")])).await;
        let id = parameter(&answer, "interaction").unwrap();
        let path = format!("/api/oidc/interactions/{id}");
        let complete = format!("{path}/complete");
        assert_eq!(admin.get(&path).await.json()["requiredSteps"], json!(["consent"]));
        app.pass_seconds(600);
        let answer = admin.post(&complete, &json!({"step": "consent"})).await.json();
        let answer = admin.get(text(&answer["redirectUrl"])).await;
        assert_eq!(parameter(&answer, "interaction"), Some(id), "{answer:?}");
        assert_eq!(
            admin.get(&path).await.json()["requiredSteps"],
            json!(["reauthenticate"])
        );
        let assertion = admin.assertion(&mut passkey).await;
        reauthenticate(&mut admin, &assertion).await;
        let answer = admin
            .post(&complete, &json!({"step": "reauthenticate"}))
            .await
            .json();
        let answer = admin.get(text(&answer["redirectUrl"])).await;
        let tokens = exchange(&app, &client, &parameter(&answer, "code").unwrap())
            .await
            .json();
        assert_eq!(
            claims(text(&tokens["id_token"]))["auth_time"].as_i64(),
            Some(second(&app))
        );
    }
);
