//! What a browser left open, or a stolen cookie, cannot do to accounts, and what an API key cannot.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{NOT_FRESH, assert_refused, my_id, second_user, with_passkey};
use crate::support::{Answer, Browser, TestApp, both_engines};

async fn prove(browser: &mut Browser, passkey: &mut pocket_id_soft_passkey::SoftPasskey) {
    let assertion = browser.assertion(passkey).await;
    let answer = browser.post("/api/webauthn/reauthenticate", &assertion).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
}

/// The answer of routes that take no API keys.
const NO_KEYS: (StatusCode, &str) = (StatusCode::FORBIDDEN, "api_key_auth_not_allowed");

/// One change of accounts that needs a proof.
type Errand = (&'static str, Method, String, Value);

async fn send(browser: &mut Browser, (_, method, path, body): &Errand) -> Answer {
    let request = browser.request(method.clone(), path).json(body);
    browser.send(request).await
}

both_engines!(
    a_stale_administrator_opens_no_account,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let (mut second, _, id) = second_user(&app, &mut admin).await;
        let mut spare = app.passkey(3);
        assert_eq!(second.add_passkey(&mut spare).await.status, StatusCode::OK);
        let listed = admin
            .get(&format!("/api/users/{id}/webauthn-credentials"))
            .await
            .json();
        let me = my_id(&mut admin).await;
        let user = admin.get(&format!("/api/users/{id}")).await.json();
        let own = admin.get("/api/users/me").await.json();
        let with = |user: &Value, name: &str, value: Value| {
            let mut changed = user.clone();
            changed[name] = value;
            changed
        };
        let locked_out = json!({"username": "away", "email": "away@example.com", "disabled": true});
        let locked_out = admin.post("/api/users", &locked_out).await.json();
        let path = format!("/api/users/{id}");
        let errands: [Errand; 11] = [
            (
                "who may register clients",
                Method::PUT,
                "/api/oidc/registration-policy".to_owned(),
                json!({"mode": "open", "requiresApproval": false}),
            ),
            (
                "where mail with codes goes",
                Method::PATCH,
                "/api/application-configuration".to_owned(),
                json!({"appName": "Home", "smtpHost": "mail.evil.example"}),
            ),
            (
                "an invitation",
                Method::POST,
                "/api/signup-tokens".to_owned(),
                json!({"usageLimit": 1}),
            ),
            (
                "a code for somebody",
                Method::POST,
                format!("{path}/one-time-access-token"),
                json!({}),
            ),
            (
                "somebody's passkey",
                Method::DELETE,
                format!(
                    "{path}/webauthn-credentials/{}",
                    listed[0]["id"].as_str().unwrap()
                ),
                json!({}),
            ),
            (
                "somebody's address",
                Method::PUT,
                path.clone(),
                with(&user, "email", json!("eve@example.com")),
            ),
            ("rights", Method::PUT, path.clone(), {
                let moved = with(&user, "email", json!("eve@example.com"));
                with(&moved, "isAdmin", json!(true))
            }),
            (
                "an account that was closed",
                Method::PUT,
                format!("/api/users/{}", locked_out["id"].as_str().unwrap()),
                with(&locked_out, "disabled", json!(false)),
            ),
            (
                "another administrator",
                Method::POST,
                "/api/users".to_owned(),
                json!({"username": "eve", "email": "e@example.com", "isAdmin": true}),
            ),
            (
                "one's own address",
                Method::PUT,
                "/api/users/me".to_owned(),
                with(&own, "email", json!("mallory@example.com")),
            ),
            (
                "the same as an administrator",
                Method::PUT,
                format!("/api/users/{me}"),
                with(&own, "email", json!("mallory2@example.com")),
            ),
        ];
        app.pass_seconds(601);
        let users = app.count("users").await;
        for errand in &errands {
            assert_refused(&send(&mut admin, errand).await, NOT_FRESH, errand.0);
        }
        // Whoever has no rights is not even asked for a proof.
        let answer = send(&mut second, &errands[1]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
        // By mail it is the same, whether or not there is a mail server.
        let mail = format!("{path}/one-time-access-email");
        assert_refused(&admin.post(&mail, &json!({})).await, NOT_FRESH, "a mailed code");
        assert_eq!(
            (app.count("login_codes").await, app.count("users").await),
            (0, users)
        );

        // How things look changes without, and so does the rest of an account.
        let looks = json!({"appName": "Home", "smtpHost": ""});
        let answer = admin.patch("/api/application-configuration", &looks).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        for (path, user) in [(path.as_str(), &user), ("/api/users/me", &own)] {
            let answer = admin.put(path, &with(user, "lastName", json!("Changed"))).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        }
        for errand in &errands {
            prove(&mut admin, &mut passkey).await;
            let answer = send(&mut admin, errand).await;
            assert!(answer.status.is_success(), "{}: {answer:?}", errand.0);
        }
    }
);

both_engines!(
    who_was_let_in_from_another_device_is_no_longer_fresh_later,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let mut screen = app.browser();
        let waiting = screen.post_nothing("/api/device-login/requests").await.json();
        prove(&mut admin, &mut passkey).await;
        let decision = json!({"code": waiting["userCode"], "decision": "approve"});
        admin
            .post("/api/device-login/verification/decision", &decision)
            .await;
        let path = format!(
            "/api/device-login/requests/{}/exchange",
            waiting["id"].as_str().unwrap()
        );
        let answer = screen.post_nothing(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let sessions = screen.get("/api/sessions").await.json();
        let method = sessions
            .as_array()
            .unwrap()
            .iter()
            .find(|session| session["current"] == true)
            .map(|session| session["method"].clone());
        assert_eq!(method, Some(json!("remote")));
        app.pass_seconds(600);
        assert_eq!(
            screen.add_passkey(&mut app.passkey(5)).await.status,
            StatusCode::OK,
            "at once it may"
        );
        app.pass_seconds(1);
        let refused = screen.get("/api/webauthn/register/start").await;
        assert_refused(&refused, NOT_FRESH, "adding a passkey");
    }
);

both_engines!(an_api_key_is_no_way_in, |app: TestApp| async move {
    let (mut admin, _) = with_passkey(&app).await;
    let key = json!({"name": "a program", "expiresAt": "2100-01-01T00:00:00Z"});
    let key = admin.post("/api/api-keys", &key).await.json();
    let own = admin.get("/api/users/me").await.json();
    let by_key = async |method: Method, path: &str, body: &Value| {
        let mut program = app.browser();
        let request = program
            .request(method, path)
            .header("x-api-key", key["token"].as_str().unwrap())
            .json(body);
        program.send(request).await
    };
    let answer = by_key(Method::POST, "/api/users/me/one-time-access-token", &json!({})).await;
    assert_refused(&answer, NO_KEYS, "a code of one's own");
    let mut moved = own.clone();
    moved["email"] = json!("eve@example.com");
    let answer = by_key(Method::PUT, "/api/users/me", &moved).await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "the address opens nothing: {answer:?}"
    );
    let settings = json!({"emailOneTimeAccessAsUnauthenticatedEnabled": "true", "smtpHost": "localhost", "smtpPort": "25", "smtpFrom": "id@example.com"});
    let answer = admin.patch("/api/application-configuration", &settings).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let answer = by_key(Method::PUT, "/api/users/me", &own).await;
    assert_refused(&answer, NO_KEYS, "an address codes are mailed to");
    moved["lastName"] = json!("Changed");
    let answer = by_key(Method::PUT, "/api/users/me", &moved).await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "the rest of the account: {answer:?}"
    );
});
