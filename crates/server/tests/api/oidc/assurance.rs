//! The `claims` parameter, `acr_values` and what they change in tokens.

use http::StatusCode;
use serde_json::json;

use super::*;
use crate::support::both_engines;

both_engines!(
    claims_asked_for_one_by_one_appear_where_they_were_asked_for,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let asked = json!({
            "id_token": {"email": null, "preferred_username": {"essential": true}, "unheard_of": null},
            "userinfo": {"name": {"essential": true}}
        })
        .to_string();
        let more = [("scope", "openid"), ("claims", asked.as_str())];
        let answer = admin.get(&authorize_path(&client, &more)).await;
        let id = parameter(&answer, "interaction").unwrap();
        let shown = admin.get(&format!("/api/oidc/interactions/{id}")).await.json();
        assert_eq!(
            shown["scopes"],
            json!(["openid", "email", "profile"]),
            "the user sees what is asked"
        );
        let answer = interact(&mut admin, &answer).await;
        let code = parameter(&answer, "code").unwrap();
        let tokens = exchange(&app, &client, &code).await.json();
        assert_eq!(tokens["scope"], "openid");
        let id_token = claims(text(&tokens["id_token"]));
        assert_eq!(id_token["email"], "tim@example.com");
        assert_eq!(id_token["preferred_username"], "tim");
        assert_eq!(id_token["name"], json!(null), "asked for elsewhere");
        let info = userinfo(&app, text(&tokens["access_token"])).await.json();
        assert_eq!((&info["name"].is_string(), &info["email"]), (&true, &json!(null)));

        // The same again needs no consent, and a refresh keeps what was asked for.
        let again = admin.get(&authorize_path(&client, &more)).await;
        assert!(parameter(&again, "code").is_some(), "{again:?}");
        let renewed = refresh(&app, &client, text(&tokens["refresh_token"]))
            .await
            .json();
        assert_eq!(claims(text(&renewed["id_token"]))["email"], "tim@example.com");
    }
);

both_engines!(
    a_demanded_subject_who_is_not_signed_in_is_not_replaced_by_another,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let _ = code(&mut admin, &client, &[]).await;
        let asked = json!({"id_token": {"sub": {"value": "somebody-else"}}}).to_string();
        let more = [("claims", asked.as_str()), ("prompt", "none")];
        let answer = admin.get(&authorize_path(&client, &more)).await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some("login_required"));
    }
);

both_engines!(
    a_step_up_asks_for_the_passkey_and_says_so,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut passkey = app.passkey(1);
        admin.add_passkey(&mut passkey).await;
        admin.sign_in(&mut passkey).await;
        let client = register(&mut admin, |_| {}).await;
        let remembered = code(&mut admin, &client, &[("acr_values", "0")]).await;
        let tokens = exchange(&app, &client, &remembered).await.json();
        assert_eq!(claims(text(&tokens["id_token"]))["acr"], "0");
        assert_eq!(claims(text(&tokens["access_token"]))["acr"], "0", "RFC 9470 §6.2");

        app.pass_seconds(300);
        let answer = admin
            .get(&authorize_path(&client, &[("acr_values", "phr")]))
            .await;
        let id = parameter(&answer, "interaction").unwrap_or_else(|| panic!("{answer:?}"));
        let interaction = admin.get(&format!("/api/oidc/interactions/{id}")).await.json();
        assert_eq!(interaction["requiredSteps"], json!(["reauthenticate"]));
        let assertion = admin.assertion(&mut passkey).await;
        let proven = admin.post("/api/webauthn/reauthenticate", &assertion).await;
        assert_eq!(proven.status, StatusCode::NO_CONTENT);
        let answer = interact(&mut admin, &answer).await;
        let tokens = exchange(&app, &client, &parameter(&answer, "code").unwrap())
            .await
            .json();
        let id_token = claims(text(&tokens["id_token"]));
        assert_eq!(id_token["acr"], "phr");

        // Where nobody may be asked, acr_values is a wish, and an essential claim a condition.
        let wish = [("acr_values", "phr"), ("prompt", "none")];
        let answer = admin.get(&authorize_path(&client, &wish)).await;
        let tokens = exchange(&app, &client, &parameter(&answer, "code").unwrap())
            .await
            .json();
        assert_eq!(claims(text(&tokens["id_token"]))["acr"], "0");
        let essential = json!({"id_token": {"acr": {"essential": true, "values": ["phr"]}}}).to_string();
        let condition = [("claims", essential.as_str()), ("prompt", "none")];
        let answer = admin.get(&authorize_path(&client, &condition)).await;
        assert_eq!(
            parameter(&answer, "error").as_deref(),
            Some("interaction_required")
        );
        let impossible = json!({"id_token": {"acr": {"essential": true, "values": ["9"]}}}).to_string();
        let answer = admin
            .get(&authorize_path(&client, &[("claims", &impossible)]))
            .await;
        assert_eq!(
            parameter(&answer, "error").as_deref(),
            Some("unmet_authentication_requirements")
        );
    }
);

both_engines!(
    a_clients_minimum_holds_without_being_asked_for,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"minimumAcr": "phr"});
        })
        .await;
        // Setting up gave a session without any passkey used.
        let answer = admin.get(&authorize_path(&client, &[])).await;
        let id = parameter(&answer, "interaction").unwrap();
        let interaction = admin.get(&format!("/api/oidc/interactions/{id}")).await.json();
        assert_eq!(interaction["requiredSteps"], json!(["reauthenticate", "consent"]));
        // Consent is missing in any case; where none is asked for, the passkey is what remains.
        let none = admin.get(&authorize_path(&client, &[("prompt", "none")])).await;
        assert_eq!(parameter(&none, "error").as_deref(), Some("consent_required"));
        let trusted = register(&mut admin, |body| {
            body["skipConsent"] = json!(true);
            body["protocol"] = json!({"minimumAcr": "phr"});
        })
        .await;
        let none = admin.get(&authorize_path(&trusted, &[("prompt", "none")])).await;
        assert_eq!(parameter(&none, "error").as_deref(), Some("interaction_required"));
    }
);
