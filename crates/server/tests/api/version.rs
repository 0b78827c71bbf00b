//! Which release this is, and which is the newest.

use pocket_id_server::config::Toggle;
use pocket_id_server::version;
use serde_json::json;

use crate::support::{Database, OtherServer, TestApp};

async fn looking_at(database: Database, url: &str, on: Toggle) -> TestApp {
    TestApp::start_with(database, |config| {
        config.version_check = on;
        config.version_check_url = Some(url.parse().unwrap());
    })
    .await
}

const RELEASES: &str = "https://releases.example/latest";

async fn latest(app: &TestApp) -> serde_json::Value {
    let answer = app.browser().get("/api/version/latest").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=300, stale-while-revalidate=900"
    );
    answer.json()
}

async fn the_newest_release_is_looked_up_beside_requests(database: Database) {
    let app = looking_at(database, RELEASES, Toggle::On).await;
    let nothing = json!({"latestVersion": "", "releaseUrl": null});
    assert_eq!(latest(&app).await, nothing, "before the first look");

    // Nobody is there, or answers something else: nobody notices.
    version::check(&app.app.state).await.unwrap();
    assert_eq!(latest(&app).await, nothing);
    let server = OtherServer::start(&app, "releases.example").await;
    for wrong in [json!({"tag_name": "<b>1"}), json!([]), json!({"tag_name": 3})] {
        server.json("/latest", &wrong);
        version::check(&app.app.state).await.unwrap();
        assert_eq!(latest(&app).await, nothing, "{wrong}");
    }

    server.json(
        "/latest",
        &json!({"tag_name": "v9.1.0", "html_url": "https://releases.example/9.1.0", "body": "text"}),
    );
    version::check(&app.app.state).await.unwrap();
    let found = json!({"latestVersion": "9.1.0", "releaseUrl": "https://releases.example/9.1.0"});
    assert_eq!(latest(&app).await, found);

    // What was known stays; asking us asks nobody.
    let asked = server.hits("/latest");
    assert_eq!(latest(&app).await, found);
    assert_eq!(server.hits("/latest"), asked);
    server.page("/latest", 500, &[], "");
    version::check(&app.app.state).await.unwrap();
    assert_eq!(latest(&app).await, found);

    // No address is made a link that is not of the web.
    server.json(
        "/latest",
        &json!({"tag_name": "9.2.0", "html_url": "javascript:alert(1)"}),
    );
    version::check(&app.app.state).await.unwrap();
    assert_eq!(
        latest(&app).await,
        json!({"latestVersion": "9.2.0", "releaseUrl": null})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_release_is_looked_up_beside_requests_sqlite() {
    the_newest_release_is_looked_up_beside_requests(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_release_is_looked_up_beside_requests_postgres() {
    the_newest_release_is_looked_up_beside_requests(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_when_it_is_switched_off() {
    let app = looking_at(Database::Sqlite, RELEASES, Toggle::Off).await;
    let server = OtherServer::start(&app, "releases.example").await;
    server.json("/latest", &json!({"tag_name": "v9.1.0"}));
    version::check(&app.app.state).await.unwrap();
    assert_eq!(server.hits("/latest"), 0);
    assert_eq!(latest(&app).await["latestVersion"], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lookup_does_not_reach_into_the_local_network() {
    let app = looking_at(Database::Sqlite, "http://127.0.0.1:1/latest", Toggle::On).await;
    version::check(&app.app.state).await.unwrap();
    assert_eq!(latest(&app).await["latestVersion"], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_knows_the_release_that_runs() {
    let app = TestApp::start(Database::Sqlite).await;
    assert_eq!(app.browser().get("/api/version/current").await.status, 401);
    let mut admin = app.set_up().await;
    let answer = admin.get("/api/version/current").await.json();
    assert_eq!(answer, json!({"currentVersion": "2.14.0", "release": "test"}));
    // Also with a key for something else: programs ask before they begin.
    let key = json!({"name": "account", "expiresAt": "2100-01-01T00:00:00Z", "resources": ["account"]});
    let key = admin.post("/api/api-keys", &key).await.json();
    let mut program = app.browser();
    let request = program
        .request(http::Method::GET, "/api/version/current")
        .header("x-api-key", key["token"].as_str().unwrap());
    assert_eq!(program.send(request).await.status, 200);
}
