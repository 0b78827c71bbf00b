//! Two servers on one PostgreSQL: either can serve the next request.

use http::StatusCode;
use pocket_id_server::config::AppUrl;
use serde_json::json;

use crate::oidc::{authorize_path, exchange, interact, parameter, register, text, userinfo};
use crate::support::{Database, TestApp};

async fn two() -> (TestApp, TestApp) {
    let first = TestApp::start(Database::Postgres).await;
    let database = first.app.state.config.database.clone();
    let url = AppUrl::parse(&first.url).unwrap();
    let second = TestApp::start_with(Database::Sqlite, |config| {
        config.database = database;
        config.app_url = url.clone();
        config.internal_app_url = url;
    })
    .await;
    (first, second)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_are_counted_across_replicas() {
    let (first, second) = two().await;
    let mut admin = first.set_up().await;
    let made = admin
        .post("/api/users/me/one-time-access-token", &json!({}))
        .await
        .json();
    let mut outcomes = Vec::new();
    for number in 0..10 {
        let app = if number % 2 == 0 { &first } else { &second };
        let path = format!("/api/one-time-access-token/AAAA{number:02}");
        outcomes.push(app.browser().post_nothing(&path).await.status);
    }
    assert_eq!(outcomes, [StatusCode::UNAUTHORIZED; 10]);
    let right = format!("/api/one-time-access-token/{}", text(&made["token"]));
    for app in [&first, &second] {
        let answer = app.browser().post_nothing(&right).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_waits_at_one_replica_for_what_is_decided_at_the_other() {
    let (first, second) = two().await;
    let mut admin = first.set_up().await;
    let mut passkey = first.passkey(1);
    assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
    let mut screen = second.browser();
    let waiting = screen.post_nothing("/api/device-login/requests").await.json();
    let path = format!("/api/device-login/requests/{}/exchange", text(&waiting["id"]));
    let early = screen
        .request(http::Method::POST, &path)
        .header("prefer", "wait=0");
    assert_eq!(screen.send(early).await.status, StatusCode::ACCEPTED);
    let decided = async {
        let assertion = admin.assertion(&mut passkey).await;
        admin.post("/api/webauthn/reauthenticate", &assertion).await;
        let decision = json!({"code": waiting["userCode"], "decision": "approve"});
        admin
            .post("/api/device-login/verification/decision", &decision)
            .await
    };
    let (signed_in, decided) = tokio::join!(screen.post_nothing(&path), decided);
    assert_eq!(decided.status, StatusCode::NO_CONTENT, "{decided:?}");
    assert_eq!(signed_in.status, StatusCode::OK, "{signed_in:?}");
    assert_eq!(
        admin.get("/api/sessions").await.json().as_array().unwrap().len(),
        2
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_replica_began_another_finishes() {
    let (first, second) = two().await;

    let mut on_first = first.set_up().await;
    let client = register(&mut on_first, |_| {}).await;
    let mut on_second = second.browser();
    on_second.cookies = on_first.cookies.clone();
    assert_eq!(on_second.get("/api/users/me").await.json()["username"], "tim");
    assert_eq!(
        on_second.get("/api/signup/setup").await.status,
        StatusCode::NOT_FOUND
    );

    // A passkey registered across both, an interaction begun on one and continued on the other.
    let mut passkey = first.passkey(1);
    let options = on_first.get("/api/webauthn/register/start").await.json();
    on_second.cookies = on_first.cookies.clone();
    let response = passkey.register(&options).unwrap();
    let answer = on_second.post("/api/webauthn/register/finish", &response).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let started = on_first.get(&authorize_path(&client, &[])).await;
    let answer = interact(&mut on_second, &started).await;
    let code = parameter(&answer, "code").unwrap();

    // Signed by one, accepted by the other; revoked on one, refused by the other.
    let tokens = exchange(&first, &client, &code).await.json();
    let access_token = text(&tokens["access_token"]);
    assert_eq!(userinfo(&second, access_token).await.status, StatusCode::OK);
    assert_eq!(
        exchange(&second, &client, &code).await.json()["error"],
        json!("invalid_grant")
    );
    assert_eq!(
        userinfo(&first, access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        on_second.post_nothing("/api/webauthn/logout").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(on_first.get("/api/users/me").await.code(), "not_signed_in");
}
