//! `/api/webauthn/credentials` and `/api/webauthn/logout`

use http::{Method, StatusCode};
use serde_json::json;

use super::{NOT_VERIFIED, assert_refused, second_user, traces, with_passkey};
use crate::support::{TestApp, both_engines};

both_engines!(
    passkeys_are_listed_renamed_and_removed,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        app.pass_seconds(1);
        assert_eq!(
            admin.add_passkey(&mut app.passkey(3)).await.status,
            StatusCode::OK
        );
        let listed = admin.get("/api/webauthn/credentials").await.json();
        let names: Vec<_> = listed.as_array().unwrap().iter().map(|p| &p["name"]).collect();
        assert_eq!(names, ["New Passkey", "New Passkey"]);
        let path = format!("/api/webauthn/credentials/{}", listed[0]["id"].as_str().unwrap());

        let audits = app.audit_log().await.len();
        // Decomposed on the way in, composed from then on; 50 characters are not too many.
        let long = format!("Cafe\u{301} {}", "é".repeat(44));
        let answer = admin.patch(&path, &json!({"name": long})).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let name = format!("Café {}", "é".repeat(44));
        assert_eq!(answer.json()["name"], name);
        for (body, rule) in [
            (json!({"name": ""}), "required"),
            (json!({}), "required"),
            (json!({"name": "x".repeat(51)}), "too_long"),
        ] {
            let answer = admin.patch(&path, &body).await;
            assert_eq!(answer.code(), "validation_failed");
            assert_eq!(answer.failed_rules(), [("name".to_owned(), rule.to_owned())]);
        }
        assert_eq!(
            app.audit_log().await.len(),
            audits,
            "a new name is nobody's business"
        );

        app.pass_seconds(1);
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        let audit = app.audit_log().await;
        let entry = audit.last().unwrap();
        assert_eq!(
            (entry.event.as_str(), json!(entry.data)),
            (
                "PASSKEY_REMOVED",
                json!({"credentialID": hex::encode(passkey.credential_id()), "passkeyName": name})
            )
        );
        let left = admin.get("/api/webauthn/credentials").await.json();
        assert_eq!(left, json!([listed[1]]));
        let answer = app.browser().sign_in(&mut passkey).await;
        assert_refused(&answer, NOT_VERIFIED, "removed");

        // The last one may go too.
        let path = format!("/api/webauthn/credentials/{}", left[0]["id"].as_str().unwrap());
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(admin.get("/api/webauthn/credentials").await.json(), json!([]));
    }
);

both_engines!(
    nobody_touches_a_passkey_that_is_not_theirs,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let (mut second, mut own, _) = second_user(&app, &mut admin).await;
        assert_eq!(second.sign_in(&mut own).await.status, StatusCode::OK);
        let before = traces(&app).await;
        let mine = admin.get("/api/webauthn/credentials").await.json();
        assert_eq!(mine.as_array().unwrap().len(), 1);
        let theirs = second.get("/api/webauthn/credentials").await.json();
        assert_ne!(mine, theirs);
        for id in [
            mine[0]["id"].as_str().unwrap(),
            "00000000-0000-4000-8000-000000000000",
            "nonsense",
            "%00",
            "%ff",
        ] {
            let path = format!("/api/webauthn/credentials/{id}");
            for answer in [
                second.patch(&path, &json!({"name": "mine"})).await,
                second.delete(&path).await,
            ] {
                assert_refused(&answer, (StatusCode::NOT_FOUND, "not_found"), id);
                assert_eq!(answer.json()["details"]["resource"], "Passkey");
            }
        }
        assert_eq!(traces(&app).await, before);
        assert_eq!(admin.get("/api/webauthn/credentials").await.json(), mine);
        assert_eq!(app.browser().sign_in(&mut passkey).await.status, StatusCode::OK);

        let mut nobody = app.browser();
        let answer = nobody.get("/api/webauthn/credentials").await;
        assert_refused(&answer, (StatusCode::UNAUTHORIZED, "not_signed_in"), "nobody");
    }
);

both_engines!(signing_out_ends_the_session_itself, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    let response = admin.assertion(&mut passkey).await;
    admin.post("/api/webauthn/reauthenticate", &response).await;
    assert!(admin.cookies.contains_key("reauthentication_token"));
    let stolen = admin.clone();
    let answer = admin.post_nothing("/api/webauthn/logout").await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    assert!(!admin.cookies.contains_key("access_token"));
    assert!(!admin.cookies.contains_key("reauthentication_token"));
    assert_eq!(stolen.clone().get("/api/users/me").await.code(), "not_signed_in");
    assert_eq!(
        admin.post_nothing("/api/webauthn/logout").await.code(),
        "not_signed_in"
    );

    // A program that carries its session in a header is signed out no less.
    assert_eq!(admin.sign_in(&mut passkey).await.status, StatusCode::OK);
    let token = admin.cookies["access_token"].clone();
    let mut program = app.browser();
    let sign_out = program
        .request(Method::POST, "/api/webauthn/logout")
        .bearer_auth(&token);
    assert_eq!(program.send(sign_out).await.status, StatusCode::NO_CONTENT);
    assert_eq!(admin.get("/api/users/me").await.code(), "not_signed_in");
});

both_engines!(no_link_signs_anybody_out, |app: TestApp| async move {
    let (mut admin, _) = with_passkey(&app).await;
    let answer = admin.get("/api/webauthn/logout").await;
    assert_eq!(answer.status, StatusCode::FOUND);
    assert_eq!(answer.header("location"), format!("{}/logout", app.url));
    assert!(!answer.headers.contains_key("set-cookie"));
    let foreign = admin
        .request(Method::POST, "/api/webauthn/logout")
        .header("origin", "https://evil.example");
    assert_eq!(admin.send(foreign).await.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.get("/api/users/me").await.status, StatusCode::OK);
});

both_engines!(
    administrators_see_and_remove_passkeys_of_others,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let me = admin.get("/api/users/me").await.json();
        let (mut other, mut key, owner) = second_user(&app, &mut admin).await;
        let path = format!("/api/users/{owner}/webauthn-credentials");
        let listed = admin.get(&path).await;
        assert_eq!(
            (listed.status, listed.json()),
            (
                StatusCode::OK,
                other.get("/api/webauthn/credentials").await.json()
            )
        );
        let id = listed.json()[0]["id"].as_str().unwrap().to_owned();
        let one = format!("{path}/{id}");
        for (method, path) in [(Method::GET, &path), (Method::DELETE, &one)] {
            for (browser, status) in [(&mut other, 403), (&mut app.browser(), 401)] {
                let request = browser.request(method.clone(), path);
                let answer = browser.send(request).await;
                assert_eq!(answer.status.as_u16(), status, "{method} {path}");
            }
        }
        // Under another owner's path it is not there.
        let mine = format!(
            "/api/users/{}/webauthn-credentials/{id}",
            me["id"].as_str().unwrap()
        );
        for (path, code) in [
            (mine.as_str(), "not_found"),
            ("/api/users/none/webauthn-credentials/none", "user_not_found"),
        ] {
            let answer = admin.delete(path).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::NOT_FOUND, code)
            );
        }

        app.pass_seconds(1);
        assert_eq!(admin.sign_in(&mut passkey).await.status, StatusCode::OK);
        assert_eq!(admin.delete(&one).await.status, StatusCode::NO_CONTENT);
        assert_eq!(admin.get(&path).await.json(), json!([]));
        assert_refused(&app.browser().sign_in(&mut key).await, NOT_VERIFIED, "removed");
        let audit = app.audit_log().await;
        let entry = audit
            .iter()
            .find(|entry| entry.event == "PASSKEY_REMOVED")
            .unwrap();
        assert_eq!(entry.user_id, Some(owner));
        let data = json!(entry.data);
        assert_eq!(
            (&data["actorUserID"], &data["actorUsername"]),
            (&me["id"], &me["username"])
        );
    }
);
