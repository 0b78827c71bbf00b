//! What needs a proof made minutes ago, and what becomes of sessions when their passkey goes.

use http::StatusCode;
use serde_json::json;

use super::{NOT_FRESH, assert_refused, my_id, plant_session, second_user, traces, with_passkey};
use crate::support::{Browser, TestApp, both_engines};

const START: &str = "/api/webauthn/register/start";
const TEN_MINUTES: i64 = 600;

fn key() -> serde_json::Value {
    json!({"name": "a program", "expiresAt": "2100-01-01T00:00:00Z"})
}

async fn path_of_passkey(browser: &mut Browser, index: usize) -> String {
    let listed = browser.get("/api/webauthn/credentials").await.json();
    format!(
        "/api/webauthn/credentials/{}",
        listed[index]["id"].as_str().unwrap()
    )
}

async fn prove(browser: &mut Browser, passkey: &mut pocket_id_soft_passkey::SoftPasskey) {
    let response = browser.assertion(passkey).await;
    let answer = browser.post("/api/webauthn/reauthenticate", &response).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
}

both_engines!(
    a_stale_session_changes_no_way_in_until_the_passkey_is_used,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        app.pass_seconds(TEN_MINUTES);
        // On the second it still counts.
        assert_eq!(
            admin.add_passkey(&mut app.passkey(3)).await.status,
            StatusCode::OK
        );
        app.pass_seconds(1);
        let before = traces(&app).await;
        let path = path_of_passkey(&mut admin, 1).await;
        let me = my_id(&mut admin).await;
        let admins = path.replace(
            "/api/webauthn/credentials",
            &format!("/api/users/{me}/webauthn-credentials"),
        );
        assert_refused(&admin.get(START).await, NOT_FRESH, "adding");
        assert_refused(&admin.delete(&path).await, NOT_FRESH, "removing");
        assert_refused(
            &admin.delete(&admins).await,
            NOT_FRESH,
            "removing as an administrator",
        );
        assert_refused(
            &admin.post("/api/api-keys", &key()).await,
            NOT_FRESH,
            "an API key",
        );
        // A login code would open a session that may add a passkey.
        let code = "/api/users/me/one-time-access-token";
        assert_refused(
            &admin.post(code, &json!({})).await,
            NOT_FRESH,
            "a code of one's own",
        );
        let code = format!("/api/users/{me}/one-time-access-token");
        let answer = admin.post(&code, &json!({})).await;
        assert_refused(&answer, NOT_FRESH, "the same as an administrator");
        assert_eq!(app.count("login_codes").await, 0);
        assert_eq!(traces(&app).await, before);
        // Looking and naming is free.
        let answer = admin.patch(&path, &json!({"name": "spare"})).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");

        // A proof is good for one thing.
        prove(&mut admin, &mut passkey).await;
        let proven = admin.clone();
        assert_eq!(
            admin.post("/api/api-keys", &key()).await.status,
            StatusCode::CREATED
        );
        assert_refused(&admin.delete(&path).await, NOT_FRESH, "with the proof used");
        let mut others = proven;
        assert_refused(
            &others.get(START).await,
            NOT_FRESH,
            "with a copy of the proof used",
        );
        prove(&mut admin, &mut passkey).await;
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        prove(&mut admin, &mut passkey).await;
        assert_eq!(
            admin.add_passkey(&mut app.passkey(4)).await.status,
            StatusCode::OK
        );

        // Signing in again does as well.
        app.pass_seconds(TEN_MINUTES + 1);
        assert_eq!(admin.sign_in(&mut passkey).await.status, StatusCode::OK);
        assert_eq!(
            admin.add_passkey(&mut app.passkey(5)).await.status,
            StatusCode::OK
        );
    }
);

both_engines!(another_users_proof_proves_nothing, |app: TestApp| async move {
    let (mut admin, _) = with_passkey(&app).await;
    let (mut second, mut theirs, _) = second_user(&app, &mut admin).await;
    app.pass_seconds(TEN_MINUTES + 1);
    prove(&mut second, &mut theirs).await;
    let proof = second.cookies["reauthentication_token"].clone();
    admin.cookies.insert("reauthentication_token".to_owned(), proof);
    assert_refused(&admin.get(START).await, NOT_FRESH, "another user's proof");
    assert_eq!(
        second.get(START).await.status,
        StatusCode::OK,
        "it was not used up"
    );
});

both_engines!(
    who_signed_in_with_a_code_can_add_a_passkey_for_an_hour,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let me = my_id(&mut admin).await;
        app.pass_seconds(1);
        let mut recovering = app.browser();
        let session = plant_session(&app, me).await;
        recovering.cookies.insert("access_token".to_owned(), session);
        // The account has a passkey: what else opens it needs that, however fresh the code is.
        let path = path_of_passkey(&mut recovering, 0).await;
        assert_refused(&recovering.delete(&path).await, NOT_FRESH, "removing");
        assert_refused(
            &recovering.post("/api/api-keys", &key()).await,
            NOT_FRESH,
            "an API key",
        );
        assert_refused(
            &recovering
                .post("/api/users/me/one-time-access-token", &json!({}))
                .await,
            NOT_FRESH,
            "the next code",
        );
        let mut new = app.passkey(8);
        app.pass_seconds(3_600);
        assert_eq!(recovering.add_passkey(&mut new).await.status, StatusCode::OK);
        app.pass_seconds(1);
        assert_refused(&recovering.get(START).await, NOT_FRESH, "adding after an hour");
        let audit = app.audit_log().await;
        assert_eq!(audit.last().unwrap().event, "PASSKEY_ADDED", "the owner sees it");
        prove(&mut recovering, &mut new).await;
        assert_eq!(recovering.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(
            app.browser().sign_in(&mut passkey).await.code(),
            "webauthn_authentication_failed"
        );
    }
);

both_engines!(
    who_has_no_passkey_has_nothing_to_prove,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        app.pass_seconds(TEN_MINUTES + 1);
        assert_eq!(
            admin.post("/api/api-keys", &key()).await.status,
            StatusCode::CREATED
        );
        assert_eq!(
            admin.add_passkey(&mut app.passkey(1)).await.status,
            StatusCode::OK
        );
    }
);

both_engines!(
    a_removed_passkey_takes_its_sessions_along,
    |app: TestApp| async move {
        let (mut admin, mut first) = with_passkey(&app).await;
        let mut spare = app.passkey(3);
        app.pass_seconds(1);
        assert_eq!(admin.add_passkey(&mut spare).await.status, StatusCode::OK);
        let [mut lost, mut phone, mut without] = [app.browser(), app.browser(), app.browser()];
        let me = my_id(&mut admin).await;
        let session = plant_session(&app, me).await;
        without.cookies.insert("access_token".to_owned(), session);
        assert_eq!(lost.sign_in(&mut first).await.status, StatusCode::OK);
        assert_eq!(phone.sign_in(&mut spare).await.status, StatusCode::OK);
        app.pass_seconds(1);

        // Removed by a session it opened itself: that one was proven and stays.
        let path = path_of_passkey(&mut admin, 0).await;
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(admin.get("/api/users/me").await.status, StatusCode::OK);
        assert_eq!(phone.get("/api/users/me").await.status, StatusCode::OK);
        assert_eq!(lost.get("/api/users/me").await.code(), "not_signed_in");
        // It may have been added by a session that began with a code: that could add the next.
        assert_eq!(without.get("/api/users/me").await.code(), "not_signed_in");
        let events: Vec<_> = app
            .audit_log()
            .await
            .into_iter()
            .rev()
            .take(3)
            .map(|entry| entry.event)
            .collect();
        assert!(events.contains(&"SESSION_ENDED".to_owned()), "{events:?}");
        assert!(events.contains(&"PASSKEY_REMOVED".to_owned()), "{events:?}");

        // By an administrator all of them end.
        let (mut second, mut theirs, id) = second_user(&app, &mut admin).await;
        assert_eq!(second.sign_in(&mut theirs).await.status, StatusCode::OK);
        let listed = second.get("/api/webauthn/credentials").await.json();
        let path = format!(
            "/api/users/{id}/webauthn-credentials/{}",
            listed[0]["id"].as_str().unwrap()
        );
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(second.get("/api/users/me").await.code(), "not_signed_in");
        assert_eq!(admin.get("/api/users/me").await.status, StatusCode::OK);
    }
);

both_engines!(an_expired_session_finishes_nothing, |app: TestApp| async move {
    let (mut admin, mut passkey) = with_passkey(&app).await;
    app.pass_seconds(3_570);
    prove(&mut admin, &mut passkey).await;
    let options = admin.get(START).await;
    assert_eq!(options.status, StatusCode::OK, "{options:?}");
    let registration = app.passkey(7).register(&options.json()).unwrap();
    // Challenges live as long as the session still does.
    let mut elsewhere = admin.clone();
    let assertion = elsewhere.assertion(&mut passkey).await;
    let before = traces(&app).await;
    app.pass_seconds(31);
    let expired = (StatusCode::UNAUTHORIZED, "not_signed_in");
    let answer = admin.post("/api/webauthn/register/finish", &registration).await;
    assert_refused(&answer, expired, "registering");
    let answer = elsewhere.post("/api/webauthn/reauthenticate", &assertion).await;
    assert_refused(&answer, expired, "proving");
    assert_eq!(traces(&app).await, before);
});
