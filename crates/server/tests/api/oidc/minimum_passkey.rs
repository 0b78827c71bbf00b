//! Clients that do not take every passkey.

use http::StatusCode;
use pocket_id_soft_passkey::{Flag, SoftPasskey};
use serde_json::json;

use super::*;
use crate::support::both_engines;

const MODEL: &str = "2fc0579f-8113-47ea-b116-bb5a8db9202a";

/// An administrator with a synced passkey and a security key, signed in with the first.
async fn with_two_passkeys(app: &TestApp) -> (Browser, SoftPasskey, SoftPasskey) {
    let mut admin = app.set_up().await;
    let mut synced = app.passkey(1);
    synced.behaviour.backup_eligible = Flag::Set;
    let mut key = app.passkey(2);
    for passkey in [&mut synced, &mut key] {
        let answer = admin.add_passkey(passkey).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    assert_eq!(admin.sign_in(&mut synced).await.status, StatusCode::OK);
    (admin, synced, key)
}

async fn prove(browser: &mut Browser, passkey: &mut SoftPasskey) {
    let response = browser.assertion(passkey).await;
    let answer = browser.post("/api/webauthn/reauthenticate", &response).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
}

async fn device_bound(admin: &mut Browser) -> Client {
    register(admin, |body| {
        body["protocol"] = json!({"minimumPasskey": "device_bound"});
    })
    .await
}

both_engines!(
    a_synced_passkey_does_not_do_where_a_bound_one_is_needed,
    |app: TestApp| async move {
        let (mut admin, mut synced, mut key) = with_two_passkeys(&app).await;
        let client = device_bound(&mut admin).await;
        let answer = admin.get(&authorize_path(&client, &[])).await;
        let id = parameter(&answer, "interaction").unwrap();
        let path = format!("/api/oidc/interactions/{id}");
        let interaction = admin.get(&path).await.json();
        assert_eq!(interaction["minimumPasskey"], "device_bound");
        assert_eq!(interaction["requiredSteps"], json!(["reauthenticate", "consent"]));

        // The wrong one again, by using it or by having signed in with it just now.
        let complete = format!("{path}/complete");
        let step = json!({"step": "reauthenticate"});
        prove(&mut admin, &mut synced).await;
        let answer = admin.post(&complete, &step).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "passkey_not_sufficient"),
            "{answer:?}"
        );
        assert_eq!(answer.json()["details"]["minimumPasskey"], "device_bound");
        admin.get("/api/webauthn/login/start").await;
        let proven = admin.post("/api/webauthn/reauthenticate", &json!({})).await;
        assert_eq!(proven.status, StatusCode::NO_CONTENT, "{proven:?}");
        assert_eq!(
            admin.post(&complete, &step).await.code(),
            "passkey_not_sufficient"
        );
        let interaction = admin.get(&path).await.json();
        assert_eq!(
            interaction["currentStep"], "reauthenticate",
            "nothing was passed by"
        );
        let trusted = register(&mut admin, |body| {
            body["skipConsent"] = json!(true);
            body["protocol"] = json!({"minimumPasskey": "device_bound"});
        })
        .await;
        let silent = admin.get(&authorize_path(&trusted, &[("prompt", "none")])).await;
        assert_eq!(
            parameter(&silent, "error").as_deref(),
            Some("interaction_required")
        );

        prove(&mut admin, &mut key).await;
        assert_eq!(admin.post(&complete, &step).await.status, StatusCode::OK);
        let answer = admin.post(&complete, &json!({"step": "consent"})).await.json();
        let answer = admin.get(text(&answer["redirectUrl"])).await;
        let tokens = exchange(&app, &client, &parameter(&answer, "code").unwrap()).await;
        assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");

        // Signed in with the right one nothing is asked; once it is removed the session is worth no more.
        assert_eq!(admin.sign_in(&mut key).await.status, StatusCode::OK);
        let answer = admin.get(&authorize_path(&client, &[])).await;
        assert!(parameter(&answer, "code").is_some(), "{answer:?}");
        let listed = admin.get("/api/webauthn/credentials").await.json();
        let bound = listed
            .as_array()
            .unwrap()
            .iter()
            .find(|passkey| passkey["backupEligible"] == false)
            .unwrap();
        let path = format!("/api/webauthn/credentials/{}", text(&bound["id"]));
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        let answer = admin.get(&authorize_path(&client, &[])).await;
        assert!(parameter(&answer, "interaction").is_some(), "{answer:?}");

        // Clients that ask for nothing are as before.
        let easy = register(&mut admin, |_| {}).await;
        code(&mut admin, &easy, &[]).await;
    }
);

both_engines!(a_code_is_no_passkey, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = device_bound(&mut admin).await;
    let answer = admin.get(&authorize_path(&client, &[])).await;
    let id = parameter(&answer, "interaction").unwrap();
    let interaction = admin.get(&format!("/api/oidc/interactions/{id}")).await.json();
    assert_eq!(interaction["currentStep"], "reauthenticate");
});

both_engines!(
    a_device_is_let_in_with_the_passkey_its_client_needs,
    |app: TestApp| async move {
        let (mut admin, mut synced, mut key) = with_two_passkeys(&app).await;
        let client = device_bound(&mut admin).await;
        let form = [
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
            ("scope", "openid"),
        ];
        let started = app
            .browser()
            .post_form("/api/oidc/device/authorize", &form)
            .await
            .json();
        let at = |action: &str| format!("/api/oidc/device/{action}?code={}", text(&started["user_code"]));
        let info = admin.get(&at("info")).await.json();
        assert_eq!(
            (&info["reauthenticationRequired"], &info["minimumPasskey"]),
            (&json!(true), &json!("device_bound"))
        );
        assert_eq!(
            admin.post_nothing(&at("verify")).await.code(),
            "reauthentication_required"
        );
        prove(&mut admin, &mut synced).await;
        let refused = admin.post_nothing(&at("verify")).await;
        assert_eq!(refused.code(), "passkey_not_sufficient", "{refused:?}");
        prove(&mut admin, &mut key).await;
        let answer = admin.post_nothing(&at("verify")).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    }
);

both_engines!(
    a_model_counts_only_when_its_maker_proves_it,
    |app: TestApp| async move {
        let (mut admin, _, _) = with_two_passkeys(&app).await;
        let mut told = app.passkey(5);
        told.behaviour.aaguid = MODEL.parse().unwrap();
        assert_eq!(admin.add_passkey(&mut told).await.status, StatusCode::OK);
        assert_eq!(admin.sign_in(&mut told).await.status, StatusCode::OK);
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({
                "minimumPasskey": "models", "allowedAuthenticatorModels": [MODEL.to_uppercase()]
            });
        })
        .await;
        let path = format!("/api/oidc/clients/{}", client.id);
        let stored = admin.get(&path).await.json();
        assert_eq!(stored["protocol"]["allowedAuthenticatorModels"], json!([MODEL]));
        let answer = admin.get(&authorize_path(&client, &[])).await;
        assert!(parameter(&answer, "interaction").is_some(), "{answer:?}");
    }
);

both_engines!(a_list_of_models_is_checked, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let path = format!("/api/oidc/clients/{}", client.id);
    for (protocol, rule) in [
        (json!({"minimumPasskey": "models"}), "required"),
        (
            json!({"allowedAuthenticatorModels": ["YubiKey"]}),
            "invalid_format",
        ),
        (
            json!({"allowedAuthenticatorModels": vec![MODEL; 201]}),
            "too_many",
        ),
    ] {
        let body = json!({"name": "App", "callbackURLs": [], "protocol": protocol});
        let answer = admin.put(&path, &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        assert_eq!(
            answer.failed_rules(),
            [("allowedAuthenticatorModels".to_owned(), rule.to_owned())]
        );
    }
    let body = json!({"name": "App", "callbackURLs": [], "protocol": {"minimumPasskey": "gold"}});
    assert_eq!(admin.put(&path, &body).await.status, StatusCode::BAD_REQUEST);
});
