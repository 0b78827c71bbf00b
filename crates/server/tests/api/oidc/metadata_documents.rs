//! Clients that describe themselves in a document at their `client_id`.

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use pocket_id_server::config::UiConfigSource;
use pocket_id_store::clients::{self, TokenDurations};
use pocket_id_store::types::{ClientId, ClientType};
use pocket_id_store::{app_config, commit, metadata_clients};
use serde_json::{Value, json};

use super::{CALLBACK, Client, authorize_path, code, exchange, interact, parameter, refresh};
use crate::support::{Answer, Browser, OtherServer, TestApp, both_engines};

const ID: &str = "https://app.example/client.json";
const PATH: &str = "/client.json";

fn document(changes: &Value) -> Value {
    let mut document = json!({
        "client_id": ID,
        "client_name": "Self-made",
        "token_endpoint_auth_method": "none",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
    });
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

fn itself() -> Client {
    Client {
        id: ID.to_owned(),
        secret: String::new(),
    }
}

async fn allow(app: &TestApp, patterns: &str) {
    let tx = app.app.state.store.begin().await.unwrap();
    let values = [
        ("cimdUrlAllowlist".to_owned(), Some(patterns.to_owned())),
        // Hours pass in these tests.
        ("sessionDuration".to_owned(), Some("10000".to_owned())),
    ];
    app_config::set(&tx, &values, app.clock.now()).await.unwrap();
    commit(tx).await.unwrap();
    app.app.state.settings.invalidate().await;
}

/// The server of the document, on the list of allowed ones.
async fn set_up(app: &TestApp) -> (Browser, OtherServer) {
    let server = OtherServer::start(app, "app.example").await;
    server.json(PATH, &document(&json!({})));
    allow(app, r#"["https://app.example/**"]"#).await;
    (app.set_up().await, server)
}

async fn row(app: &TestApp) -> Option<clients::Client> {
    clients::find(app.app.state.store.reader(), &ClientId(ID.to_owned()))
        .await
        .unwrap()
}

/// Where an authorization request with this client leads: to the client, to a question, or to an error page.
async fn authorize(browser: &mut Browser) -> &'static str {
    let answer = browser.get(&authorize_path(&itself(), &[])).await;
    let location = answer.header("location").to_owned();
    if location.starts_with(CALLBACK) {
        "client"
    } else if location.contains("/interaction?") {
        "question"
    } else {
        assert!(!location.contains("app.example/cb"), "{location}");
        "error"
    }
}

async fn consent(browser: &mut Browser) {
    let answer = browser.get(&authorize_path(&itself(), &[])).await;
    let answer = interact(browser, &answer).await;
    assert!(parameter(&answer, "code").is_some(), "{answer:?}");
}

async fn discovery(app: &TestApp) -> Value {
    let answer = app.browser().get("/.well-known/openid-configuration").await;
    answer.json()["client_id_metadata_document_supported"].clone()
}

both_engines!(nobody_describes_themselves_unasked, |app: TestApp| async move {
    let server = OtherServer::start(&app, "app.example").await;
    server.json(PATH, &document(&json!({})));
    let mut browser = app.set_up().await;
    assert_eq!(discovery(&app).await, false);
    assert_eq!(authorize(&mut browser).await, "error");
    allow(&app, r#"["https://other.example/**"]"#).await;
    assert_eq!(discovery(&app).await, true);
    assert_eq!(authorize(&mut browser).await, "error");
    let answer = exchange(&app, &itself(), "x").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    assert_eq!(answer.json()["error"], "invalid_client");
    assert_eq!(server.hits(PATH), 0);
    assert_eq!(row(&app).await, None);
});

both_engines!(a_client_describes_itself, |app: TestApp| async move {
    let (mut browser, server) = set_up(&app).await;
    let code = code(&mut browser, &itself(), &[]).await;
    let answer = exchange(&app, &itself(), &code).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let tokens = answer.json();
    let renewed = refresh(&app, &itself(), tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(renewed.status, StatusCode::OK, "{renewed:?}");
    assert_eq!(server.hits(PATH), 1, "it is kept");

    let row = row(&app).await.unwrap();
    assert_eq!(
        (row.name.as_str(), row.client_type),
        ("Self-made", ClientType::MetadataDocument)
    );
    assert!(row.is_public && row.pkce_enabled && row.created_by.is_none());
    assert_eq!(row.callback_urls.0, [CALLBACK]);
    let path = format!("/api/oidc/clients/~{}", URL_SAFE_NO_PAD.encode(ID));
    assert_eq!(browser.get(&path).await.json()["clientType"], "cimd");

    // PKCE is mandatory, and only its own redirect URIs count.
    for (name, value) in [
        ("code_challenge", ""),
        ("redirect_uri", "https://app.example/other"),
        ("redirect_uri", "https://evil.example/cb"),
    ] {
        let path = authorize_path(&itself(), &[(name, value)]);
        let answer = browser.get(&path).await;
        assert!(!answer.header("location").contains("code="), "{name}: {answer:?}");
    }
    // It cannot be given a secret, and has no tokens of its own.
    let secret = browser.post_nothing(&format!("{path}/secrets")).await;
    assert_eq!(secret.status, StatusCode::BAD_REQUEST);
    let own = [("grant_type", "client_credentials"), ("client_id", ID)];
    let own = browser.post_form("/api/oidc/token", &own).await;
    assert!(own.status.is_client_error(), "{own:?}");
});

both_engines!(only_declared_grants_are_given, |app: TestApp| async move {
    let (mut browser, server) = set_up(&app).await;
    server.json(PATH, &document(&json!({"grant_types": ["authorization_code"]})));
    let code = code(&mut browser, &itself(), &[]).await;
    let tokens = exchange(&app, &itself(), &code).await.json();
    assert!(
        tokens["access_token"].is_string() && tokens["refresh_token"].is_null(),
        "{tokens}"
    );
});

both_engines!(
    what_is_no_longer_allowed_lets_no_device_in,
    |app: TestApp| async move {
        let (mut browser, server) = set_up(&app).await;
        let grants = json!([
            "authorization_code",
            "urn:ietf:params:oauth:grant-type:device_code"
        ]);
        server.json(PATH, &document(&json!({"grant_types": grants})));
        let form = [("client_id", ID), ("scope", "openid")];
        let started = app.browser().post_form("/api/oidc/device/authorize", &form).await;
        assert_eq!(started.status, StatusCode::OK, "{started:?}");
        let user_code = started.json()["user_code"].as_str().unwrap().to_owned();
        let at = |action: &str| format!("/api/oidc/device/{action}?code={user_code}");
        assert_eq!(browser.get(&at("info")).await.status, StatusCode::OK);
        for patterns in ["[]", r#"["https://other.example/**"]"#] {
            allow(&app, patterns).await;
            let shown = browser.get(&at("info")).await;
            assert_eq!(shown.code(), "oidc_invalid_device_code", "{patterns}");
            let verified = browser.post_nothing(&at("verify")).await;
            assert_eq!(verified.code(), "oidc_invalid_device_code", "{patterns}");
        }
        allow(&app, r#"["https://app.example/**"]"#).await;
        let verified = browser.post_nothing(&at("verify")).await;
        assert_eq!(verified.status, StatusCode::NO_CONTENT, "{verified:?}");
    }
);

both_engines!(
    consents_end_when_what_was_agreed_to_changes,
    |app: TestApp| async move {
        const HOUR: i64 = 60 * 60;
        let (mut browser, server) = set_up(&app).await;
        consent(&mut browser).await;
        assert_eq!(authorize(&mut browser).await, "client");
        app.pass_seconds(HOUR - 1);
        assert_eq!(authorize(&mut browser).await, "client");
        assert_eq!(server.hits(PATH), 1);

        server.json(
            PATH,
            &document(&json!({"client_name": "Renamed", "logo_uri": "https://app.example/l"})),
        );
        app.pass_seconds(1);
        assert_eq!(authorize(&mut browser).await, "client", "a name is only a name");
        assert_eq!(server.hits(PATH), 2);
        assert_eq!(row(&app).await.unwrap().name, "Renamed");

        for changes in [
            json!({"redirect_uris": [CALLBACK, "https://app.example/more"]}),
            json!({"post_logout_redirect_uris": ["https://app.example/bye"]}),
            json!({"grant_types": ["authorization_code"]}),
        ] {
            server.json(PATH, &document(&changes));
            app.pass_seconds(HOUR);
            assert_eq!(authorize(&mut browser).await, "question", "{changes}");
            consent(&mut browser).await;
            assert_eq!(authorize(&mut browser).await, "client", "{changes}");
        }
    }
);

both_engines!(
    a_document_is_used_as_long_as_its_server_allows,
    |app: TestApp| async move {
        let (mut browser, server) = set_up(&app).await;
        let serve = |cache_control: &str| {
            let headers = [
                ("content-type", "application/json"),
                ("cache-control", cache_control),
            ];
            server.page(PATH, 200, &headers, document(&json!({})).to_string());
        };
        serve("no-store");
        assert_eq!(authorize(&mut browser).await, "error");
        assert_eq!(row(&app).await, None);
        app.pass_seconds(10);

        serve("no-cache");
        let before = server.hits(PATH);
        for _ in 0..3 {
            assert_eq!(authorize(&mut browser).await, "question");
        }
        assert_eq!(server.hits(PATH) - before, 3, "asked each time");

        serve("max-age=60");
        for (seconds, hits) in [(0, 1), (59, 0), (1, 1)] {
            app.pass_seconds(seconds);
            let before = server.hits(PATH);
            assert_eq!(authorize(&mut browser).await, "question");
            assert_eq!(server.hits(PATH) - before, hits, "after {seconds} more seconds");
        }
        serve("max-age=99999999");
        app.pass_seconds(60);
        assert_eq!(authorize(&mut browser).await, "question");
        let before = server.hits(PATH);
        app.pass_seconds(24 * 60 * 60 - 1);
        assert_eq!(authorize(&mut browser).await, "question");
        assert_eq!(server.hits(PATH), before, "a day at most");
        app.pass_seconds(1);
        assert_eq!(authorize(&mut browser).await, "question");
        assert_eq!(server.hits(PATH), before + 1);
    }
);

both_engines!(
    a_client_without_a_good_document_is_none,
    |app: TestApp| async move {
        let (mut browser, server) = set_up(&app).await;
        let json = [("content-type", "application/json")];
        let good = document(&json!({})).to_string();
        let large = document(&json!({"x": "x".repeat(5120)})).to_string();
        let other = document(&json!({"client_id": "https://app.example/other"})).to_string();
        let secretive = document(&json!({"token_endpoint_auth_method": "private_key_jwt"})).to_string();
        let moved = [("location", "https://app.example/moved")];
        server.page("/moved", 200, &json, &good);
        for (what, status, headers, body) in [
            ("missing", 404, &json[..], good.as_str()),
            ("created", 201, &json, &good),
            ("moved", 302, &moved, ""),
            ("a page", 200, &[("content-type", "text/html")], &good),
            ("large", 200, &json, &large),
            ("no JSON", 200, &json, "<html>"),
            ("another's", 200, &json, &other),
            ("with keys", 200, &json, &secretive),
        ] {
            server.page(PATH, status, headers, body);
            assert_eq!(authorize(&mut browser).await, "error", "{what}");
            let answer = exchange(&app, &itself(), "x").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {answer:?}");
            assert_eq!(answer.json()["error"], "invalid_client", "{what}");
            app.pass_seconds(10);
        }
        assert_eq!(server.hits("/moved"), 0);
        assert_eq!(server.hits(PATH), 8, "a failure is remembered for a moment");
        assert_eq!(app.count("oidc_clients").await, 0);

        // Once it was good: until it has to be read again.
        server.json(PATH, &serde_json::from_str(&good).unwrap());
        assert_eq!(authorize(&mut browser).await, "question");
        server.page(PATH, 500, &[], "");
        app.pass_seconds(60 * 60 - 1);
        assert_eq!(authorize(&mut browser).await, "question");
        app.pass_seconds(1);
        assert_eq!(authorize(&mut browser).await, "error");
        server.json(PATH, &serde_json::from_str(&good).unwrap());
        assert_eq!(authorize(&mut browser).await, "error");
        app.pass_seconds(10);
        assert_eq!(authorize(&mut browser).await, "question");
    }
);

both_engines!(the_list_counts_for_known_clients_too, |app: TestApp| async move {
    let (mut browser, _server) = set_up(&app).await;
    let answer = browser.get(&authorize_path(&itself(), &[])).await;
    let id = parameter(&answer, "interaction").unwrap();
    allow(&app, "[]").await;
    let path = format!("/api/oidc/interactions/{id}");
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    let done = browser
        .post(&format!("{path}/complete"), &json!({"step": "consent"}))
        .await;
    assert_eq!(done.status, StatusCode::NOT_FOUND);
    assert_eq!(authorize(&mut browser).await, "error");
    allow(&app, r#"["*"]"#).await;
    assert_eq!(authorize(&mut browser).await, "question");
});

both_engines!(documents_are_not_fetched_from_inside, |app: TestApp| async move {
    let (mut browser, server) = set_up(&app).await;
    allow(&app, r#"["*"]"#).await;
    app.network
        .name("inside.example", &[(Ipv4Addr::new(192, 168, 0, 1), 443).into()]);
    let port = server.socket.port();
    for id in [
        format!("https://localhost:{port}{PATH}"),
        "https://127.0.0.1:1/c".to_owned(),
        "https://[::1]/c".to_owned(),
        "https://[::ffff:10.0.0.1]/c".to_owned(),
        "https://169.254.169.254/latest".to_owned(),
        "https://inside.example/c".to_owned(),
        "https://nowhere.example/c".to_owned(),
        "http://app.example/client.json".to_owned(),
        format!("{ID}?x=1"),
        format!("{ID}#x"),
        "https://u:p@app.example/client.json".to_owned(),
        "https://app.example/x/../client.json".to_owned(),
        "https://APP.example/client.json".to_owned(),
        "https://app.example/c\0".to_owned(),
    ] {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", "x"),
            ("client_id", id.as_str()),
        ];
        let answer = browser.post_form("/api/oidc/token", &form).await;
        assert!(answer.status.is_client_error(), "{id}: {answer:?}");
        assert_ne!(answer.json()["error"], "invalid_grant", "{id}");
    }
    assert_eq!(server.hits(PATH), 0);
    assert_eq!(app.count("oidc_clients").await, 0);
});

both_engines!(
    an_administrator_refreshes_and_restricts,
    |app: TestApp| async move {
        let (mut admin, server) = set_up(&app).await;
        let path = format!("/api/oidc/clients/~{}", URL_SAFE_NO_PAD.encode(ID));
        let refresh = format!("{path}/refresh");
        assert_eq!(admin.post_nothing(&refresh).await.status, StatusCode::NOT_FOUND);
        consent(&mut admin).await;
        assert_eq!(app.count("oidc_consents").await, 1);
        server.json(PATH, &document(&json!({"client_name": "Renamed"})));
        let answer = admin.post_nothing(&refresh).await;
        assert_eq!(
            (answer.status, &answer.json()["name"]),
            (StatusCode::OK, &json!("Renamed")),
            "{answer:?}"
        );
        assert_eq!(app.count("oidc_consents").await, 1);
        server.json(
            PATH,
            &document(&json!({"redirect_uris": ["https://app.example/new"]})),
        );
        let answer = admin.post_nothing(&refresh).await;
        assert_eq!(answer.json()["callbackURLs"], json!(["https://app.example/new"]));
        assert_eq!(app.count("oidc_consents").await, 0);
        let log = app.audit_log().await;
        let refreshed = log.iter().filter(|entry| entry.event == "CLIENT_REFRESHED");
        assert_eq!(refreshed.count(), 2);

        // What the document says stays what it says; the rest is the administrator's, and survives the next reading.
        let change = json!({
            "name": "Mine", "description": "Ours", "callbackURLs": ["https://evil.example/*"], "isPublic": false,
            "pkceEnabled": false, "requiresReauthentication": true, "accessTokenDurationMinutes": 5,
            "credentials": {"federatedIdentities": [{"issuer": "https://evil.example"}]}
        });
        assert_eq!(admin.put(&path, &change).await.status, StatusCode::OK);
        assert_eq!(admin.post_nothing(&refresh).await.status, StatusCode::OK);
        let client = admin.get(&path).await.json();
        for (field, expected) in [
            ("name", json!("Self-made")),
            ("description", json!("Ours")),
            ("callbackURLs", json!(["https://app.example/new"])),
            ("isPublic", json!(true)),
            ("pkceEnabled", json!(true)),
            ("requiresReauthentication", json!(true)),
            ("accessTokenDurationMinutes", json!(5)),
        ] {
            assert_eq!(client[field], expected, "{field}");
        }
        assert!(client["credentials"]["federatedIdentities"].is_null());

        let refused = |answer: Answer, why: &str| {
            assert_eq!(
                (answer.status, answer.code()),
                (StatusCode::BAD_REQUEST, "validation_failed".to_owned())
            );
            assert!(answer.text.contains(why), "{answer:?}");
        };
        server.page(PATH, 404, &[], "");
        refused(admin.post_nothing(&refresh).await, "status 404");
        allow(&app, "[]").await;
        refused(admin.post_nothing(&refresh).await, "list of allowed");
        let standard = crate::oidc::register(&mut admin, |_| {}).await;
        let path = format!("/api/oidc/clients/{}/refresh", standard.id);
        refused(admin.post_nothing(&path).await, "metadata document");
        assert_eq!(
            app.browser().post_nothing(&refresh).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
);

both_engines!(
    many_strangers_cost_one_request_and_one_row,
    |app: TestApp| async move {
        let (_, server) = set_up(&app).await;
        let askers: Vec<_> = (0..32)
            .map(|_| {
                let mut browser = app.browser();
                tokio::spawn(async move { authorize(&mut browser).await })
            })
            .collect();
        for asker in askers {
            assert_ne!(asker.await.unwrap(), "error");
        }
        assert!(server.hits(PATH) < 4, "{}", server.hits(PATH));
        assert_eq!(app.count("oidc_clients").await, 1);
    }
);

both_engines!(strangers_do_not_fill_the_database, |app: TestApp| async move {
    let (mut admin, server) = set_up(&app).await;
    consent(&mut admin).await;
    let state = &app.app.state;
    let tx = state.store.begin().await.unwrap();
    for n in 0..505 {
        let id = ClientId(format!("https://app.example/{n}"));
        let at = state.now().plus_seconds(n);
        let mut client = clients::Client::new(id, String::new(), TokenDurations::default(), at);
        client.client_type = ClientType::MetadataDocument;
        if n == 1 {
            client.updated_at = Some(at);
        }
        assert!(
            metadata_clients::insert_if_absent(&tx, client.clone())
                .await
                .unwrap()
        );
        assert!(!metadata_clients::insert_if_absent(&tx, client).await.unwrap());
    }
    commit(tx).await.unwrap();
    app.pass_seconds(1000);
    server.json(
        "/new",
        &document(&json!({"client_id": "https://app.example/new"})),
    );
    let new = Client {
        id: "https://app.example/new".to_owned(),
        secret: String::new(),
    };
    let answer = admin.get(&authorize_path(&new, &[])).await;
    assert!(answer.header("location").contains("/interaction?"), "{answer:?}");
    // The one that is used and the one that was edited are not counted.
    assert_eq!(app.count("oidc_clients").await, 502);
    let left = |n: &str| {
        let id = ClientId(format!("https://app.example/{n}"));
        async move { clients::find(state.store.reader(), &id).await.unwrap().is_some() }
    };
    for (id, there) in [
        ("0", false),
        ("1", true),
        ("2", false),
        ("5", false),
        ("6", true),
        ("new", true),
    ] {
        assert_eq!(left(id).await, there, "{id}");
    }
    assert!(row(&app).await.is_some());
});

both_engines!(
    a_host_is_not_flooded_with_questions_about_strangers,
    |config| {
        config.rate_limiting = true.into();
        let allowed = [("CIMD_URL_ALLOWLIST".to_owned(), r#"["*"]"#.to_owned())];
        config.ui_config = UiConfigSource::Environment(allowed.into());
    },
    |app: TestApp| async move {
        let server = OtherServer::start(&app, "app.example").await;
        server.json(PATH, &document(&json!({})));
        let mut browser = app.browser();
        assert_ne!(authorize(&mut browser).await, "error");
        let mut asked = 0;
        for n in 0..60 {
            let id = format!("https://app.example/{n}");
            let client = Client {
                id: id.clone(),
                secret: String::new(),
            };
            browser.get(&authorize_path(&client, &[])).await;
            asked += server.hits(&format!("/{n}"));
        }
        assert!((29..=40).contains(&asked), "{asked}");
        // Who is known is not held up.
        app.pass_seconds(60 * 60);
        assert_ne!(authorize(&mut browser).await, "error");
        assert_eq!(server.hits(PATH), 2);
    }
);
