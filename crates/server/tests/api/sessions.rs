//! `/api/sessions`, `/api/users/{id}/sessions`

use http::StatusCode;
use serde_json::{Value, json};

use crate::oidc::{register, text, tokens, userinfo};
use crate::support::{Browser, TestApp, both_engines};

async fn list(browser: &mut Browser) -> Vec<Value> {
    let answer = browser.get("/api/sessions").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json().as_array().unwrap().clone()
}

/// The session of a browser that is not `current` to another of the same person.
fn other(list: &[Value]) -> &Value {
    list.iter().find(|session| session["current"] == false).unwrap()
}

/// Somebody else, signed in.
async fn somebody_else(app: &TestApp, admin: &mut Browser) -> (Browser, String) {
    use pocket_id_store::types::{AuthenticationMethod, UserId};
    let body = json!({"username": "craig", "email": "craig@example.com", "firstName": "Craig", "displayName": "Craig"});
    let answer = admin.post("/api/users", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let state = &app.app.state;
    let user: UserId = id.parse().unwrap();
    let settings = state.settings().await.unwrap();
    let tx = state.store.begin().await.unwrap();
    let cookie = pocket_id_server::sessions::service::open(
        state,
        &settings,
        &tx,
        user,
        AuthenticationMethod::OneTimeCode.into(),
        &pocket_id_server::http::client_ip::RequestOrigin::default(),
        &http::HeaderMap::new(),
    )
    .await
    .unwrap();
    pocket_id_store::commit(tx).await.unwrap();
    let mut headers = http::HeaderMap::new();
    cookie.apply(&mut headers);
    let set = headers["set-cookie"].to_str().unwrap();
    let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
    let mut browser = app.browser();
    browser.cookies.insert(name.to_owned(), value.to_owned());
    (browser, id)
}

both_engines!(
    people_see_where_they_are_signed_in_and_end_it,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let mut passkey = app.passkey(1);
        admin.add_passkey(&mut passkey).await;
        app.pass_seconds(60);
        let mut phone = app.browser();
        phone.sign_in(&mut passkey).await;
        let held = tokens(&app, &mut phone, &client).await;

        let sessions = list(&mut admin).await;
        assert_eq!(sessions.len(), 2);
        let second = other(&sessions);
        assert_eq!(
            (
                &second["device"],
                &second["method"],
                &second["ipAddress"],
                &second["city"],
                &second["createdAt"]
            ),
            (
                &json!("Chrome on Linux"),
                &json!("phr"),
                &json!("127.0.0.1"),
                &json!("LAN"),
                &json!("2026-01-01T00:01:00Z")
            )
        );
        assert_eq!(
            (&second["clients"][0]["clientId"], &second["clients"][0]["name"]),
            (&json!(client.id), &json!("App"))
        );
        // Nothing in it signs anybody in.
        assert!(
            !second
                .to_string()
                .contains(phone.cookies.values().next().unwrap())
        );

        // One client of it.
        let id = text(&second["id"]);
        let path = format!("/api/sessions/{id}/clients/{}", text(&second["clients"][0]["id"]));
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(admin.delete(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(
            userinfo(&app, text(&held["access_token"])).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(phone.get("/api/users/me").await.status, StatusCode::OK);
        // All of it.
        let held = tokens(&app, &mut phone, &client).await;
        let path = format!("/api/sessions/{id}");
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(admin.delete(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(phone.get("/api/users/me").await.code(), "not_signed_in");
        assert_eq!(
            userinfo(&app, text(&held["access_token"])).await.status,
            StatusCode::UNAUTHORIZED
        );
        // All others.
        phone.sign_in(&mut passkey).await;
        let mut tablet = app.browser();
        tablet.sign_in(&mut passkey).await;
        assert_eq!(admin.delete("/api/sessions").await.status, StatusCode::NO_CONTENT);
        for gone in [&mut phone, &mut tablet] {
            assert_eq!(gone.get("/api/users/me").await.code(), "not_signed_in");
        }
        let sessions = list(&mut admin).await;
        assert_eq!((sessions.len(), &sessions[0]["current"]), (1, &json!(true)));
        let log = app.audit_log().await;
        let ended = log.iter().filter(|entry| entry.event == "SESSION_ENDED");
        assert_eq!(ended.count(), 4);
    }
);

both_engines!(a_session_lasts_as_long_as_configured, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut passkey = app.passkey(1);
    admin.add_passkey(&mut passkey).await;
    let five = json!({"sessionDuration": "5"});
    let answer = admin.patch("/api/application-configuration", &five).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let mut browser = app.browser();
    let answer = browser.sign_in(&mut passkey).await;
    assert!(
        answer.header("set-cookie").contains("; Max-Age=300;"),
        "{answer:?}"
    );
    app.pass_seconds(299);
    assert_eq!(browser.get("/api/users/me").await.status, StatusCode::OK);
    app.pass_seconds(1);
    assert_eq!(browser.get("/api/users/me").await.code(), "not_signed_in");
});

both_engines!(
    a_stale_cookie_hides_what_else_is_sent,
    |app: TestApp| async move {
        let admin = app.set_up().await;
        let token = admin.cookies["access_token"].clone();
        for cookie in ["", "stale"] {
            let mut program = app.browser();
            program
                .cookies
                .insert("access_token".to_owned(), cookie.to_owned());
            let request = program
                .request(http::Method::GET, "/api/users/me")
                .header("authorization", format!("Bearer {token}"));
            assert_eq!(program.send(request).await.code(), "not_signed_in", "{cookie:?}");
        }
    }
);

both_engines!(nobody_ends_what_is_not_theirs, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    tokens(&app, &mut admin, &client).await;
    let own = list(&mut admin).await;
    let session = text(&own[0]["id"]).to_owned();
    let client_session = text(&own[0]["clients"][0]["id"]).to_owned();
    let (mut craig, craig_id) = somebody_else(&app, &mut admin).await;
    let craigs = list(&mut craig).await;
    assert_eq!((craigs.len(), &craigs[0]["current"]), (1, &json!(true)));
    let craigs_session = text(&craigs[0]["id"]).to_owned();
    let me = admin.get("/api/users/me").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (path, status) in [
        (format!("/api/sessions/{session}"), 404),
        (format!("/api/sessions/{session}/clients/{client_session}"), 404),
        (
            format!("/api/sessions/{craigs_session}/clients/{client_session}"),
            404,
        ),
        ("/api/sessions/nonsense".to_owned(), 404),
        ("/api/sessions/nonsense/clients/x".to_owned(), 404),
        (format!("/api/users/{me}/sessions"), 403),
        (format!("/api/users/{me}/sessions/{session}"), 403),
    ] {
        assert_eq!(craig.delete(&path).await.status.as_u16(), status, "{path}");
        assert_eq!(
            app.browser().delete(&path).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    assert_eq!(
        craig.get(&format!("/api/users/{me}/sessions")).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        craig
            .get(&format!("/api/oidc/clients/{}/logout-deliveries", client.id))
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(list(&mut admin).await.len(), 1);

    // Administrators do, of the person they name.
    for path in [
        format!("/api/users/{me}/sessions/{craigs_session}"),
        format!("/api/users/{craig_id}/sessions/{session}"),
        "/api/users/nonsense/sessions".to_owned(),
        format!("/api/users/{craig_id}/sessions/nonsense"),
    ] {
        assert_eq!(admin.delete(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let seen = admin.get(&format!("/api/users/{craig_id}/sessions")).await.json();
    assert_eq!(
        (&seen[0]["id"], &seen[0]["current"]),
        (&json!(craigs_session), &json!(false))
    );
    // One client alone can be ended too; the rest of the session stays.
    let held = tokens(&app, &mut craig, &client).await;
    let seen = admin.get(&format!("/api/users/{craig_id}/sessions")).await.json();
    let at_client = text(&seen[0]["clients"][0]["id"]).to_owned();
    let path = format!("/api/users/{craig_id}/sessions/{craigs_session}/clients/{at_client}");
    assert_eq!(craig.delete(&path).await.status, StatusCode::FORBIDDEN);
    let under_another = format!("/api/users/{me}/sessions/{craigs_session}/clients/{at_client}");
    assert_eq!(admin.delete(&under_another).await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        userinfo(&app, text(&held["access_token"])).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(craig.get("/api/users/me").await.status, StatusCode::OK);

    let path = format!("/api/users/{craig_id}/sessions/{craigs_session}");
    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(craig.get("/api/users/me").await.code(), "not_signed_in");
    let log = app.audit_log().await;
    let entry = log.iter().rfind(|entry| entry.event == "SESSION_ENDED").unwrap();
    assert_eq!(
        (
            entry.username.as_str(),
            entry.data.0.get("endedBy").map(String::as_str)
        ),
        ("craig", Some("tim"))
    );
});

both_engines!(
    disabling_and_deleting_people_ends_their_sessions,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"backchannelLogoutUri": "https://wiki.example/out"});
        })
        .await;
        let (mut craig, id) = somebody_else(&app, &mut admin).await;
        tokens(&app, &mut craig, &client).await;
        assert_eq!(
            admin.delete(&format!("/api/users/{id}")).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(app.count("logout_deliveries").await, 1);
        assert_eq!(app.count("sessions").await, 1);
        assert_eq!(app.count("oidc_client_sessions").await, 0);

        let (mut craig, id) = somebody_else(&app, &mut admin).await;
        let held = tokens(&app, &mut craig, &client).await;
        let mut user = admin.get(&format!("/api/users/{id}")).await.json();
        user["disabled"] = json!(true);
        let answer = admin.put(&format!("/api/users/{id}"), &user).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(app.count("logout_deliveries").await, 2);
        assert_eq!(
            userinfo(&app, text(&held["access_token"])).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
);
