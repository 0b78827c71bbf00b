//! `/api/users/{id}/profile-picture.png` and `/api/application-images`

use http::{Method, StatusCode};
use pocket_id_server::config::FileBackendConfig;
use serde_json::json;

use crate::support::{Answer, Browser, Database, OtherServer, TestApp, both_engines};

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

both_engines!(
    the_program_brings_an_icon_and_says_what_is_not_set,
    |app: TestApp| async move {
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
);

/// A form with one file, as browsers send it.
fn form(field: &str, name: &str, content: &[u8]) -> (String, Vec<u8>) {
    let mut body = format!(
        "--border\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--border--\r\n");
    ("multipart/form-data; boundary=border".to_owned(), body)
}

async fn upload(browser: &mut Browser, method: Method, path: &str, name: &str, content: &[u8]) -> Answer {
    let (content_type, body) = form("file", name, content);
    let request = browser
        .request(method, path)
        .header("content-type", content_type)
        .body(body);
    browser.send(request).await
}

/// A PNG of so many pixels.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer
        .write_image_data(&vec![7; (width * height) as usize])
        .unwrap();
    drop(writer);
    bytes
}

const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";

async fn etag(browser: &mut Browser, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    answer.header("etag").to_owned()
}

async fn pictures(app: &TestApp) {
    let mut admin = app.set_up().await;
    let me = admin.get("/api/users/me").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let grace = json!({"username": "grace", "email": "grace@example.com"});
    let grace = admin.post("/api/users", &grace).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mine = format!("/api/users/{me}/profile-picture.png");
    let hers = format!("/api/users/{grace}/profile-picture.png");
    let (drawn, drawn_hers) = (etag(&mut admin, &mine).await, etag(&mut admin, &hers).await);

    let own = "/api/users/me/profile-picture";
    let answer = upload(&mut admin, Method::PUT, own, "me.bin", &png(40, 20)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    assert_ne!(etag(&mut admin, &mine).await, drawn);
    assert_eq!(etag(&mut admin, &hers).await, drawn_hers, "hers stays");

    // The default is of those without one.
    let default = "/api/application-images/default-profile-picture";
    assert_eq!(admin.get(default).await.code(), "image_not_found");
    upload(&mut admin, Method::PUT, default, "a.png", &png(9, 9)).await;
    assert_ne!(etag(&mut admin, &hers).await, drawn_hers);
    assert_eq!(app.browser().get(default).await.code(), "not_signed_in");
    assert_eq!(admin.delete(default).await.status, StatusCode::NO_CONTENT);
    assert_eq!(etag(&mut admin, &hers).await, drawn_hers);

    let others = format!("/api/users/{grace}/profile-picture");
    assert_eq!(
        upload(&mut app.browser(), Method::PUT, &others, "a.png", &png(9, 9))
            .await
            .code(),
        "not_signed_in"
    );
    assert_eq!(
        upload(&mut admin, Method::PUT, &others, "a.png", &png(9, 9))
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_ne!(etag(&mut admin, &hers).await, drawn_hers);
    assert_eq!(admin.delete(&others).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        admin.delete(&others).await.status,
        StatusCode::NO_CONTENT,
        "also when there is none"
    );
    assert_eq!(etag(&mut admin, &hers).await, drawn_hers);
    let nobody = "/api/users/00000000-0000-4000-8000-000000000000/profile-picture";
    assert_eq!(
        upload(&mut admin, Method::PUT, nobody, "a.png", &png(9, 9))
            .await
            .code(),
        "user_not_found"
    );
    assert_eq!(admin.delete(own).await.status, StatusCode::NO_CONTENT);
    assert_eq!(etag(&mut admin, &mine).await, drawn);
}

both_engines!(people_have_pictures_of_their_own, |app: TestApp| async move {
    pictures(&app).await;
});

#[tokio::test]
async fn the_database_keeps_files_too() {
    for database in [Database::Sqlite, Database::Postgres] {
        let app = TestApp::start_with(database, |config| config.files = FileBackendConfig::Database).await;
        pictures(&app).await;
    }
}

both_engines!(what_is_no_picture_is_refused, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let own = "/api/users/me/profile-picture";
    let mut bomb = png(1, 1);
    bomb[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let broken = png(30, 30)[..60].to_vec();
    for content in [&b""[..], b"nonsense", SVG, &bomb, &broken] {
        let answer = upload(&mut admin, Method::PUT, own, "me.png", content).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_image")
        );
    }
    let answer = upload(
        &mut admin,
        Method::PUT,
        own,
        "me.png",
        &vec![0; 10 * 1024 * 1024 + 1],
    )
    .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "file_too_large")
    );
    assert_eq!(answer.json()["details"]["max_size"], "10.00 MB");
    let (content_type, body) = form("picture", "me.png", &png(1, 1));
    let request = admin
        .request(Method::PUT, own)
        .header("content-type", content_type)
        .body(body);
    let answer = admin.send(request).await;
    assert_eq!(
        answer.failed_rules(),
        [("file".to_owned(), "required".to_owned())]
    );
    assert_eq!(admin.put(own, &json!({})).await.code(), "invalid_request_body");
});

both_engines!(
    an_application_looks_as_its_owner_likes,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut stranger = app.browser();
        let logo = "/api/application-images/logo";
        assert_eq!(
            upload(&mut stranger, Method::PUT, logo, "logo.svg", SVG)
                .await
                .code(),
            "not_signed_in"
        );
        let answer = upload(&mut admin, Method::PUT, logo, "Logo.SVG", SVG).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        let answer = stranger.get(logo).await;
        assert_eq!(answer.header("content-type"), "image/svg+xml");
        assert!(answer.header("content-security-policy").contains("sandbox"));
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'")
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(
            stranger.get(&format!("{logo}?light=false")).await.code(),
            "image_not_found"
        );
        // Of another type, it takes the place of the first.
        upload(&mut admin, Method::PUT, logo, "logo.png", &png(3, 3)).await;
        assert_eq!(stranger.get(logo).await.header("content-type"), "image/png");
        assert_eq!(
            stranger.get("/api/application-configuration/logo").await.status,
            StatusCode::OK
        );

        for (name, file, content, expected) in [
            ("email", "a.svg", SVG, (415, "file_type_not_supported")),
            ("email", "a.png", SVG, (400, "invalid_image")),
            ("favicon", "a.jpg", SVG, (415, "file_type_not_supported")),
            ("background", "a.exe", SVG, (415, "file_type_not_supported")),
            ("background", "a.webp", SVG, (400, "invalid_image")),
            ("nonsense", "a.svg", SVG, (404, "image_not_found")),
        ] {
            let path = format!("/api/application-images/{name}");
            let answer = upload(&mut admin, Method::PUT, &path, file, content).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code().as_str()),
                expected,
                "{name} {file}"
            );
        }
        let answer = upload(
            &mut admin,
            Method::PUT,
            "/api/application-images/email",
            "a.svg",
            SVG,
        )
        .await;
        assert_eq!(answer.json()["details"]["expected_file_type"], "PNG or JPEG");
        assert_eq!(
            admin.delete("/api/application-images/email").await.code(),
            "image_not_found"
        );
        assert_eq!(stranger.delete(logo).await.code(), "not_signed_in");
        assert_eq!(admin.delete(logo).await.status, StatusCode::NO_CONTENT);
        assert_eq!(admin.delete(logo).await.code(), "image_not_found");
        assert_eq!(stranger.get(logo).await.code(), "image_not_found");
    }
);

both_engines!(clients_have_logos, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let input = json!({"id": "files-dark", "name": "Files"});
    admin.post("/api/oidc/clients", &input).await;
    let client = "/api/oidc/clients/files-dark";
    let logo = format!("{client}/logo");
    let dark = format!("{logo}?light=false");
    let mut stranger = app.browser();
    assert_eq!(stranger.get(&logo).await.code(), "image_not_found");
    assert_eq!(
        upload(&mut stranger, Method::POST, &logo, "a.png", &png(2, 2))
            .await
            .code(),
        "not_signed_in"
    );
    let answer = upload(&mut admin, Method::POST, &logo, "a.png", &png(2, 2)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    assert_eq!(
        etag(&mut stranger, &dark).await,
        etag(&mut stranger, &logo).await,
        "one for both"
    );
    upload(&mut admin, Method::POST, &dark, "a.svg", SVG).await;
    assert!(
        stranger
            .get(&dark)
            .await
            .header("content-security-policy")
            .contains("sandbox")
    );
    let meta = stranger.get(&format!("{client}/meta")).await.json();
    assert_eq!(
        (&meta["hasLogo"], &meta["hasDarkLogo"]),
        (&json!(true), &json!(true))
    );
    let too_large = vec![0; 2 * 1024 * 1024 + 1];
    assert_eq!(
        upload(&mut admin, Method::POST, &logo, "a.png", &too_large)
            .await
            .code(),
        "file_too_large"
    );
    assert_eq!(
        upload(&mut admin, Method::POST, &logo, "a.txt", SVG).await.code(),
        "file_type_not_supported"
    );
    let unknown = "/api/oidc/clients/nobody/logo";
    assert_eq!(
        upload(&mut admin, Method::POST, unknown, "a.png", &png(2, 2))
            .await
            .code(),
        "not_found"
    );

    // An ordinary update leaves them.
    admin
        .put(client, &json!({"name": "Files", "hasLogo": false}))
        .await;
    assert_eq!(stranger.get(&logo).await.status, StatusCode::OK);
    assert_eq!(admin.delete(&dark).await.status, StatusCode::NO_CONTENT);
    assert_eq!(admin.delete(&dark).await.code(), "image_not_found");
    assert_eq!(admin.delete(client).await.status, StatusCode::NO_CONTENT);
    assert_eq!(stranger.get(&logo).await.code(), "not_found");
    admin.post("/api/oidc/clients", &input).await;
    assert_eq!(
        stranger.get(&logo).await.code(),
        "image_not_found",
        "a new one has none"
    );
});

both_engines!(a_logo_is_read_from_an_address, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let server = OtherServer::start(&app, "logos.example").await;
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    server.page("/logo.svg", 200, &[("content-type", "text/plain")], svg);
    server.page("/typed", 200, &[("content-type", "image/svg+xml")], svg);
    server.page("/page", 200, &[("content-type", "text/html")], "<html></html>");
    server.page("/broken.png", 200, &[], "nonsense");
    server.page("/huge.png", 200, &[], vec![0; 2 * 1024 * 1024 + 1]);
    let at = |path: &str| format!("{}{path}", server.origin);
    for path in ["/logo.svg", "/typed"] {
        let input = json!({"name": "Files", "logoUrl": at(path), "darkLogoUrl": at(path)});
        let answer = admin.post("/api/oidc/clients", &input).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let made = answer.json();
        assert_eq!(
            (&made["hasLogo"], &made["hasDarkLogo"]),
            (&json!(true), &json!(true))
        );
        let logo = format!("/api/oidc/clients/{}/logo", made["id"].as_str().unwrap());
        assert_eq!(admin.get(&logo).await.header("content-type"), "image/svg+xml");
    }
    let before = admin.get("/api/oidc/clients").await.json()["pagination"]["totalItems"].clone();
    for (address, expected) in [
        (at("/page"), (422, "logo_type_not_supported")),
        (at("/missing.png"), (422, "logo_download_failed")),
        (at("/huge.png"), (422, "logo_too_large")),
        (at("/broken.png"), (400, "invalid_image")),
        (
            "http://127.0.0.1:1/logo.png".to_owned(),
            (400, "validation_failed"),
        ),
        (
            "http://169.254.169.254/latest".to_owned(),
            (400, "validation_failed"),
        ),
        ("file:///etc/passwd".to_owned(), (400, "validation_failed")),
        ("nonsense".to_owned(), (400, "validation_failed")),
    ] {
        for field in ["logoUrl", "darkLogoUrl"] {
            let input = json!({"name": "Files", field: address});
            let answer = admin.post("/api/oidc/clients", &input).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code().as_str()),
                expected,
                "{address}"
            );
            if expected.1 == "validation_failed" {
                assert_eq!(answer.json()["details"]["fields"][0]["field"], field);
            }
            if expected.1 == "logo_too_large" {
                assert_eq!(answer.json()["details"]["max_size"], "2 MB");
            }
        }
    }
    let after = admin.get("/api/oidc/clients").await.json()["pagination"]["totalItems"].clone();
    assert_eq!(before, after, "a logo that cannot be had leaves no half client");

    // A client that is not made leaves the logos of the one whose ID it wanted.
    let other = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\"/>";
    server.page("/other.svg", 200, &[], other);
    let input =
        |path: &str| json!({"id": "files", "name": "Files", "logoUrl": at(path), "darkLogoUrl": at(path)});
    let made = admin.post("/api/oidc/clients", &input("/logo.svg")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let refused = admin.post("/api/oidc/clients", &input("/other.svg")).await;
    assert_eq!(refused.code(), "client_id_already_exists");
    for path in ["logo", "logo?light=false"] {
        let logo = admin.get(&format!("/api/oidc/clients/files/{path}")).await;
        assert_eq!(logo.text, svg, "{path}");
    }
});

both_engines!(a_file_has_a_name, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    for disposition in ["name=\"file\"", "name=\"file\"; filename=\"\""] {
        let body = format!("--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\ntext\r\n--x--\r\n");
        let request = admin
            .request(Method::PUT, "/api/application-images/logo")
            .header("content-type", "multipart/form-data; boundary=x")
            .body(body);
        let answer = admin.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        assert_eq!(
            answer.failed_rules(),
            [("file".to_owned(), "required".to_owned())]
        );
    }
});
