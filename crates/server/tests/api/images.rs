//! `/api/users/{id}/profile-picture.png` and `/api/application-images`

use http::{Method, StatusCode};

use crate::support::{TestApp, both_engines};

both_engines!(
    everybody_has_a_picture_anybody_may_see,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let id = admin.get("/api/users/me").await.json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("/api/users/{id}/profile-picture.png");
        let mut stranger = app.browser();
        let answer = stranger.get(&path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, "image/png")
        );
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=900, stale-while-revalidate=3600"
        );
        let request = stranger
            .request(Method::GET, &path)
            .header("if-none-match", answer.header("etag"));
        assert_eq!(stranger.send(request).await.status, StatusCode::NOT_MODIFIED);
        let answer = stranger.get(&format!("{path}?skipCache=1")).await;
        assert_eq!(answer.header("cache-control"), "private, no-store");

        let answer = stranger
            .get("/api/users/00000000-0000-4000-8000-000000000000/profile-picture.png")
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::NOT_FOUND, "user_not_found")
        );
        let answer = stranger.get("/api/users/nobody/profile-picture.png").await;
        assert_eq!(
            answer.failed_rules(),
            [("userId".to_owned(), "invalid_format".to_owned())]
        );
    }
);

#[tokio::test]
async fn the_program_brings_an_icon_and_says_what_is_not_set() {
    let app = TestApp::start(crate::support::Database::Sqlite).await;
    let mut browser = app.browser();
    for (name, content_type) in [("favicon", "image/svg+xml"), ("email", "image/png")] {
        let answer = browser.get(&format!("/api/application-images/{name}")).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, content_type),
            "{name}"
        );
    }
    for name in ["logo", "logo?light=false", "background", "nonsense"] {
        let answer = browser.get(&format!("/api/application-images/{name}")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::NOT_FOUND, "image_not_found"),
            "{name}"
        );
    }
}
