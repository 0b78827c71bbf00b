//! `/api/webauthn/register`

use http::{Method, StatusCode};
use pocket_id_soft_passkey::{Flag, SoftPasskey};
use serde_json::json;

use super::{
    BAD_RESPONSE, Fault, NOT_PERSON_VERIFIED, assert_refused, second_user, settings, traces, with_passkey,
};
use crate::support::{Database, TestApp, both_engines};

both_engines!(
    a_passkey_is_registered_with_options_browsers_take,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        app.pass_seconds(1);
        let answer = admin.get("/api/webauthn/register/start").await;
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("session="), "{cookie}");
        assert!(
            cookie.ends_with("; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax"),
            "{cookie}"
        );
        let options = answer.json();
        assert_eq!(options["rp"], json!({"name": "Pocket ID", "id": "localhost"}));
        assert_eq!(options["user"]["name"], "tim");
        assert_eq!(options["user"]["displayName"], "Tim");
        assert_eq!(options["timeout"], 60_000);
        assert_eq!(
            options["authenticatorSelection"],
            json!({"requireResidentKey": true, "residentKey": "required", "userVerification": "required"})
        );
        assert_eq!(options["extensions"], json!({"credProps": true}));
        assert!(options.get("excludeCredentials").is_none());

        let mut passkey = app.passkey(1);
        passkey.behaviour.aaguid = "bada5566-a7aa-401f-bd96-45619a55120d".parse().unwrap();
        // What is not a transport is no reason to fail.
        passkey.behaviour.transports = Some(vec!["cable".into(), "in\0ternal".into(), "nfc".into()]);
        let response = passkey.register(&options).unwrap();
        // These bodies need no content type.
        let request = admin
            .request(Method::POST, "/api/webauthn/register/finish")
            .body(response.to_string());
        let answer = admin.send(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let mut registered = answer.json();
        let id = registered["id"].take();
        assert!(id.as_str().is_some_and(|id| id.len() == 36), "{id}");
        assert_eq!(
            registered,
            json!({
                "id": null,
                "name": "1Password Passkey",
                "credentialID": response["id"],
                "attestationType": "none",
                "transport": ["hybrid", "nfc"],
                "backupEligible": false,
                "backupState": false,
                "createdAt": "2026-01-01T00:00:01Z",
                "lastUsedAt": null,
                "counterRegressedAt": null,
                "aaguid": "bada5566-a7aa-401f-bd96-45619a55120d",
                "modelVerified": false
            })
        );

        let audit = app.audit_log().await;
        let entry = audit.last().unwrap();
        assert_eq!(
            (entry.event.as_str(), entry.username.as_str()),
            ("PASSKEY_ADDED", "tim")
        );
        assert_eq!(entry.ip_address.as_deref(), Some("127.0.0.1"));
        assert_eq!(
            json!(entry.data),
            json!({"credentialID": hex::encode(passkey.credential_id()), "passkeyName": "1Password Passkey"})
        );

        let options = admin.get("/api/webauthn/register/start").await.json();
        assert_eq!(
            options["excludeCredentials"],
            json!([{"type": "public-key", "id": response["id"], "transports": ["hybrid", "nfc"]}])
        );
    }
);

const FAULTS: [Fault; 9] = [
    (
        "origin",
        |p| p.behaviour.origin = Some("https://evil.example".into()),
        BAD_RESPONSE,
    ),
    (
        "relying party",
        |p| p.behaviour.rp_id = Some("evil.example".into()),
        BAD_RESPONSE,
    ),
    (
        "challenge",
        |p| p.behaviour.challenge = Some(vec![7; 32]),
        BAD_RESPONSE,
    ),
    (
        "type",
        |p| p.behaviour.client_data_type = Some("webauthn.get".into()),
        BAD_RESPONSE,
    ),
    (
        "cross origin",
        |p| p.behaviour.cross_origin = Flag::Set,
        BAD_RESPONSE,
    ),
    (
        "presence",
        |p| p.behaviour.user_present = Flag::Clear,
        BAD_RESPONSE,
    ),
    (
        "verification",
        |p| p.behaviour.user_verified = Flag::Clear,
        NOT_PERSON_VERIFIED,
    ),
    (
        "credential",
        |p| p.behaviour.credential_id = Some(vec![1; 16]),
        BAD_RESPONSE,
    ),
    (
        "algorithm",
        |p| p.behaviour.declared_algorithm = Some(-65535),
        BAD_RESPONSE,
    ),
];

both_engines!(
    each_faulty_registration_is_refused_and_leaves_nothing,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let before = traces(&app).await;
        for (what, fault, expected) in FAULTS {
            let mut passkey = app.passkey(1);
            fault(&mut passkey);
            assert_refused(&admin.add_passkey(&mut passkey).await, expected, what);
        }
        assert_eq!(traces(&app).await, before);
        let answer = admin.add_passkey(&mut app.passkey(1)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
);

both_engines!(a_passkey_cannot_be_registered_twice, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    let (mut second, ..) = second_user(&app, &mut admin).await;
    let before = traces(&app).await;
    let mut options = admin.get("/api/webauthn/register/start").await.json();
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
    // A browser that ignores the list, and another account that has no list.
    options.as_object_mut().unwrap().remove("excludeCredentials");
    let response = passkey.register(&options).unwrap();
    let own = admin.post("/api/webauthn/register/finish", &response).await;
    let foreign = second.add_passkey(&mut passkey).await;
    for answer in [own, foreign] {
        assert_refused(&answer, (StatusCode::CONFLICT, "already_in_use"), "duplicate");
        assert_eq!(answer.json()["details"]["property"], "passkey");
    }
    assert_eq!(traces(&app).await, before);
});

#[tokio::test]
async fn the_rules_for_new_passkeys_are_the_administrators() {
    for engine in [Database::Sqlite, Database::Postgres] {
        let rules = settings(&[
            ("WEBAUTHN_ALLOW_SYNCED_PASSKEYS", "false"),
            ("WEBAUTHN_AUTHENTICATOR_ATTACHMENT", "cross-platform"),
            ("WEBAUTHN_USER_VERIFICATION", "preferred"),
            ("APP_NAME", "Home"),
        ]);
        let app = TestApp::start_with(engine, rules).await;
        let mut admin = app.set_up().await;
        let options = admin.get("/api/webauthn/register/start").await.json();
        assert_eq!(options["rp"]["name"], "Home");
        assert_eq!(
            options["authenticatorSelection"]["authenticatorAttachment"],
            "cross-platform"
        );
        assert_eq!(options["authenticatorSelection"]["userVerification"], "preferred");

        let security_key = || {
            let mut passkey: SoftPasskey = app.passkey(1);
            passkey.behaviour.attachment = Some("cross-platform".into());
            passkey.behaviour.transports = Some(vec!["usb".to_owned()]);
            passkey.behaviour.user_verified = Flag::Clear;
            passkey
        };
        let before = traces(&app).await;
        let mut synced = security_key();
        synced.behaviour.backup_eligible = Flag::Set;
        let answer = admin.add_passkey(&mut synced).await;
        let expected = (StatusCode::BAD_REQUEST, "synced_passkey_not_allowed");
        assert_refused(&answer, expected, "synced");
        let mut built_in = security_key();
        built_in.behaviour.attachment = Some("platform".into());
        let answer = admin.add_passkey(&mut built_in).await;
        assert_refused(&answer, BAD_RESPONSE, "platform");
        let mut silent = security_key();
        silent.behaviour.attachment = None;
        silent.behaviour.transports = None;
        let answer = admin.add_passkey(&mut silent).await;
        assert_refused(&answer, BAD_RESPONSE, "nobody knows");
        assert_eq!(traces(&app).await, before);

        let mut passkey = security_key();
        let answer = admin.add_passkey(&mut passkey).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let answer = app.browser().sign_in(&mut passkey).await;
        assert_eq!(answer.status, StatusCode::OK, "not verified, as preferred allows");
    }
}

both_engines!(only_a_person_at_a_browser_registers, |app: TestApp| async move {
    let mut nobody = app.browser();
    for (method, path) in [
        (Method::GET, "/api/webauthn/register/start"),
        (Method::POST, "/api/webauthn/register/finish"),
    ] {
        let request = nobody.request(method.clone(), path);
        let answer = nobody.send(request).await;
        assert_refused(&answer, (StatusCode::UNAUTHORIZED, "not_signed_in"), path);
        let request = nobody.request(method, path).header("x-api-key", "some-key");
        let answer = nobody.send(request).await;
        assert_refused(&answer, (StatusCode::FORBIDDEN, "api_key_auth_not_allowed"), path);
    }
});
