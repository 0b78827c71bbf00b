//! Two servers on one PostgreSQL: either can serve the next request.

use http::StatusCode;
use pocket_id_server::config::AppUrl;
use serde_json::json;

use crate::oidc::{authorize_path, exchange, interact, parameter, register, text, userinfo};
use crate::support::{Database, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_replica_began_another_finishes() {
    let first = TestApp::start(Database::Postgres).await;
    let database = first.app.state.config.database.clone();
    let url = AppUrl::parse(&first.url).unwrap();
    let second = TestApp::start_with(Database::Sqlite, |config| {
        config.database = database;
        config.app_url = url.clone();
        config.internal_app_url = url;
    })
    .await;

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
