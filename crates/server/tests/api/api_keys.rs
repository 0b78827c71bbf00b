//! `/api/api-keys`, and requests with a key.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Database, TestApp, both_engines};

const LATER: &str = "2100-01-01T00:00:00Z";
const STATIC: &str = "a-static-key-of-ours";

async fn make(browser: &mut Browser, name: &str) -> Value {
    let input = json!({"name": name, "description": "for the tests", "expiresAt": LATER});
    let answer = browser.post("/api/api-keys", &input).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()
}

fn token(made: &Value) -> String {
    made["token"].as_str().unwrap().to_owned()
}

/// A request as a program makes it: with a key and nothing else.
async fn ask(app: &TestApp, method: Method, path: &str, key: &str, body: Option<&Value>) -> Answer {
    let mut program = app.browser();
    let mut request = program.request(method, path).header("X-API-KEY", key);
    if let Some(body) = body {
        request = request.json(body);
    }
    program.send(request).await
}

async fn get(app: &TestApp, path: &str, key: &str) -> Answer {
    ask(app, Method::GET, path, key, None).await
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

both_engines!(a_program_acts_as_the_keys_owner, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let made = make(&mut admin, "terraform").await;
    let key = token(&made);
    assert_eq!(key.len(), 32);
    assert!(key.chars().all(|letter| letter.is_ascii_alphanumeric()));
    let shown = &made["apiKey"];
    assert_eq!(
        *shown,
        json!({
            "id": shown["id"], "name": "terraform", "description": "for the tests", "expiresAt": LATER,
            "lastUsedAt": null, "createdAt": shown["createdAt"], "renewedAt": null, "expirationEmailSent": false,
            "readOnly": false, "resources": null
        })
    );

    let me = get(&app, "/api/users/me", &key).await;
    assert_eq!(
        (me.status, &me.json()["username"]),
        (StatusCode::OK, &json!("tim"))
    );
    let input = json!({"username": "craig", "email": "craig@example.com"});
    let answer = ask(&app, Method::POST, "/api/users", &key, Some(&input)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");

    let listed = get(&app, "/api/api-keys", &key).await.json();
    assert!(listed["data"][0]["lastUsedAt"].is_string());
    assert!(!listed.to_string().contains(&key), "it is shown once");
    assert!(
        !app.audit_log()
            .await
            .iter()
            .any(|entry| format!("{entry:?}").contains(&key))
    );

    // What a key must not do.
    for path in [
        "/api/api-keys".to_owned(),
        format!("/api/api-keys/{}/renew", shown["id"].as_str().unwrap()),
        "/api/webauthn/reauthenticate".to_owned(),
    ] {
        let body = json!({"name": "another", "expiresAt": LATER});
        let answer = ask(&app, Method::POST, &path, &key, Some(&body)).await;
        assert_eq!(
            refusal(&answer),
            (403, "api_key_auth_not_allowed".to_owned()),
            "{path}"
        );
    }

    let path = format!("/api/api-keys/{}", shown["id"].as_str().unwrap());
    let answer = ask(&app, Method::DELETE, &path, &key, None).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(
        refusal(&get(&app, "/api/users/me", &key).await),
        (401, "not_signed_in".to_owned())
    );
    let events: Vec<String> = app
        .audit_log()
        .await
        .into_iter()
        .map(|entry| entry.event)
        .filter(|event| event.starts_with("API_KEY"))
        .collect();
    assert_eq!(events.len(), 2, "{events:?}");
});

both_engines!(a_key_has_its_owners_rights_of_now, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let craig = admin
        .post(
            "/api/users",
            &json!({"username": "craig", "email": "craig@example.com", "isAdmin": true}),
        )
        .await
        .json();
    let path = format!("/api/users/{}", craig["id"].as_str().unwrap());
    let code = admin
        .post(&format!("{path}/one-time-access-token"), &json!({}))
        .await
        .json();
    let mut browser = app.browser();
    browser
        .post_nothing(&format!(
            "/api/one-time-access-token/{}",
            code["token"].as_str().unwrap()
        ))
        .await;
    let key = token(&make(&mut browser, "backup").await);
    assert_eq!(get(&app, "/api/users", &key).await.status, StatusCode::OK);

    let mut account = craig.clone();
    account["isAdmin"] = json!(false);
    admin.put(&path, &account).await;
    assert_eq!(
        refusal(&get(&app, "/api/users", &key).await),
        (403, "forbidden".to_owned())
    );
    assert_eq!(get(&app, "/api/users/me", &key).await.status, StatusCode::OK);
    account["disabled"] = json!(true);
    admin.put(&path, &account).await;
    assert_eq!(
        refusal(&get(&app, "/api/users/me", &key).await),
        (403, "user_disabled".to_owned())
    );
    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.count("api_keys").await, 0);
    for wrong in ["", "nonsense", "\u{e4}"] {
        assert_eq!(
            refusal(&get(&app, "/api/users/me", wrong).await),
            (401, "not_signed_in".to_owned()),
            "{wrong:?}"
        );
    }
});

both_engines!(expired_keys_are_renewed_once, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let soon = admin.get("/api/users/me").await;
    assert_eq!(soon.status, StatusCode::OK);
    let made = make(&mut admin, "nightly").await;
    let (old, id) = (token(&made), made["apiKey"]["id"].as_str().unwrap().to_owned());
    let path = format!("/api/api-keys/{id}/renew");
    let input = json!({"expiresAt": "2200-01-01T00:00:00Z"});
    let answer = admin.post(&path, &input).await;
    assert_eq!(refusal(&answer), (409, "api_key_not_expired".to_owned()));

    // As if a hundred years had gone by.
    let tx = app.app.state.store.begin().await.unwrap();
    {
        use sea_orm::ConnectionTrait as _;
        tx.execute_unprepared("UPDATE api_keys SET expires_at = 1000")
            .await
            .unwrap();
    }
    pocket_id_store::commit(tx).await.unwrap();
    assert_eq!(
        refusal(&get(&app, "/api/users/me", &old).await),
        (401, "not_signed_in".to_owned())
    );
    let tries: Vec<_> = (0..16)
        .map(|_| {
            let mut browser = admin.clone();
            let (path, input) = (path.clone(), input.clone());
            tokio::spawn(async move { browser.post(&path, &input).await })
        })
        .collect();
    let mut won = Vec::new();
    for attempt in tries {
        let answer = attempt.await.unwrap();
        match answer.status {
            StatusCode::OK => won.push(answer.json()),
            _ => assert_eq!(refusal(&answer), (409, "api_key_not_expired".to_owned())),
        }
    }
    assert_eq!(won.len(), 1);
    let renewed = &won[0]["apiKey"];
    assert!(
        renewed["renewedAt"].is_string() && made["apiKey"]["renewedAt"].is_null(),
        "{renewed}"
    );
    assert_eq!(renewed["createdAt"], made["apiKey"]["createdAt"]);
    let new = token(&won[0]);
    assert_ne!(new, old);
    assert_eq!(get(&app, "/api/users/me", &new).await.status, StatusCode::OK);
    assert_eq!(
        get(&app, "/api/users/me", &old).await.status,
        StatusCode::UNAUTHORIZED
    );
});

both_engines!(keys_have_rules_and_owners, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let made = make(&mut admin, "first").await;
    for (input, expected) in [
        (
            json!({"name": "ab", "expiresAt": LATER}),
            (400, "validation_failed"),
        ),
        (
            json!({"name": "x".repeat(51), "expiresAt": LATER}),
            (400, "validation_failed"),
        ),
        (json!({"expiresAt": LATER}), (400, "validation_failed")),
        (json!({"name": "other"}), (400, "validation_failed")),
        (
            json!({"name": "other", "expiresAt": "2001-01-01T00:00:00Z"}),
            (400, "invalid_api_key_expiration"),
        ),
        (
            json!({"name": "other", "expiresAt": "soon"}),
            (400, "invalid_request_body"),
        ),
        (
            json!({"name": "first", "expiresAt": LATER}),
            (409, "already_in_use"),
        ),
    ] {
        let answer = admin.post("/api/api-keys", &input).await;
        assert_eq!(refusal(&answer), (expected.0, expected.1.to_owned()), "{input}");
    }

    // Somebody else sees and touches nothing of it.
    let craig = admin
        .post(
            "/api/users",
            &json!({"username": "craig", "email": "craig@example.com"}),
        )
        .await
        .json();
    let path = format!(
        "/api/users/{}/one-time-access-token",
        craig["id"].as_str().unwrap()
    );
    let code = admin.post(&path, &json!({})).await.json();
    let mut browser = app.browser();
    browser
        .post_nothing(&format!(
            "/api/one-time-access-token/{}",
            code["token"].as_str().unwrap()
        ))
        .await;
    assert_eq!(browser.get("/api/api-keys").await.json()["data"], json!([]));
    let id = made["apiKey"]["id"].as_str().unwrap();
    for answer in [
        browser.delete(&format!("/api/api-keys/{id}")).await,
        browser
            .post(&format!("/api/api-keys/{id}/renew"), &json!({"expiresAt": LATER}))
            .await,
        browser.delete("/api/api-keys/none").await,
    ] {
        assert_eq!(refusal(&answer), (404, "api_key_not_found".to_owned()));
    }
    make(&mut browser, "first").await;
    for (method, path) in [
        (Method::GET, "/api/api-keys"),
        (Method::POST, "/api/api-keys"),
        (Method::DELETE, "/api/api-keys/none"),
    ] {
        let mut stranger = app.browser();
        let request = stranger.request(method.clone(), path).json(&json!({}));
        let answer = stranger.send(request).await;
        assert_eq!(
            refusal(&answer),
            (401, "not_signed_in".to_owned()),
            "{method} {path}"
        );
    }
});

both_engines!(keys_are_listed_in_order, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    for name in ["beta", "alpha", "gamma"] {
        make(&mut admin, name).await;
        app.pass_seconds(1);
    }
    for (query, expected) in [
        ("", "beta alpha gamma"),
        ("?sort[column]=name&sort[direction]=asc", "alpha beta gamma"),
        ("?sort[column]=createdAt&sort[direction]=desc", "gamma alpha beta"),
        ("?pagination[limit]=2&pagination[page]=2", "gamma"),
    ] {
        let listed = admin.get(&format!("/api/api-keys{query}")).await.json();
        let names: Vec<&str> = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["name"].as_str().unwrap())
            .collect();
        assert_eq!(names.join(" "), expected, "{query}");
    }
});

#[tokio::test]
async fn the_configurations_key_is_an_administrator_who_is_no_person() {
    for database in [Database::Sqlite, Database::Postgres] {
        let app = TestApp::start_with(database, |config| {
            config.static_api_key = Some(STATIC.into());
        })
        .await;
        let tries: Vec<_> = (0..8)
            .map(|_| {
                let mut program = app.browser();
                tokio::spawn(async move {
                    let request = program
                        .request(Method::GET, "/api/users")
                        .header("x-api-key", STATIC);
                    program.send(request).await.status
                })
            })
            .collect();
        for attempt in tries {
            assert_eq!(attempt.await.unwrap(), StatusCode::OK);
        }
        let me = get(&app, "/api/users/me", STATIC).await.json();
        assert_eq!(me["id"], "00000000-0000-0000-0000-000000000000");
        assert_eq!((&me["isAdmin"], &me["email"]), (&json!(true), &json!(null)));
        assert!(me["username"].as_str().unwrap().starts_with("static-api-user-"));
        assert_eq!(app.count("users").await, 1);
        // It does not stand in the way of the first person.
        app.set_up().await;
        for wrong in [
            "a-static-key-of-our",
            "a-static-key-of-ourss",
            "A-STATIC-KEY-OF-OURS",
        ] {
            assert_eq!(
                get(&app, "/api/users", wrong).await.status,
                StatusCode::UNAUTHORIZED,
                "{wrong}"
            );
        }
    }
}

both_engines!(a_key_may_do_less_than_its_owner, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let make_limited = async |admin: &mut Browser, name: &str, more: Value| {
        let mut input = json!({"name": name, "expiresAt": LATER});
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        token(&admin.post("/api/api-keys", &input).await.json())
    };
    let reader = make_limited(&mut admin, "reader", json!({"readOnly": true})).await;
    let people = make_limited(&mut admin, "people", json!({"resources": ["users"]})).await;
    let log = make_limited(&mut admin, "log", json!({"resources": ["auditLog"]})).await;
    assert_eq!(get(&app, "/api/users", &reader).await.status, StatusCode::OK);
    assert_eq!(get(&app, "/api/users", &people).await.status, StatusCode::OK);
    assert_eq!(
        refusal(&get(&app, "/api/users", &log).await),
        (403, "api_key_scope".to_owned())
    );
    let user = json!({"username": "grace", "email": "grace@example.com"});
    let made = ask(&app, Method::POST, "/api/users", &people, Some(&user)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(
        refusal(&get(&app, "/api/user-groups", &people).await),
        (403, "api_key_scope".to_owned())
    );

    // No route that changes anything lets a key pass that may only read.
    let document = app.browser().get("/api/openapi.json").await.json();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let for_keys = operation["security"]
                .as_array()
                .is_some_and(|schemes| schemes.iter().any(|scheme| scheme.get("apiKey").is_some()));
            if !for_keys || method == "get" {
                continue;
            }
            let path = path
                .split('/')
                .map(|part| {
                    if part.starts_with('{') {
                        "6f6b6a5e-6b5e-4b0e-9d5b-0a4d6c1f9a11"
                    } else {
                        part
                    }
                })
                .collect::<Vec<_>>()
                .join("/");
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = ask(&app, method.clone(), &path, &reader, Some(&json!({}))).await;
            assert_eq!(
                refusal(&answer),
                (403, "api_key_scope".to_owned()),
                "{method} {path}"
            );
            tried += 1;
        }
    }
    assert!(tried > 40, "{tried}");
    let input = json!({"name": "wrong", "expiresAt": LATER, "resources": ["users", "everything"]});
    let answer = admin.post("/api/api-keys", &input).await;
    assert_eq!(
        answer.failed_rules(),
        [("resources[1]".to_owned(), "oneof".to_owned())]
    );
});

#[tokio::test]
async fn a_key_makes_no_login_code_for_its_own_owner() {
    for database in [Database::Sqlite, Database::Postgres] {
        let app = TestApp::start_with(database, |config| {
            config.static_api_key = Some(STATIC.into());
        })
        .await;
        let mut admin = app.set_up().await;
        let key = token(&make(&mut admin, "terraform").await);
        let tim = get(&app, "/api/users/me", &key).await.json()["id"].clone();
        let robot = get(&app, "/api/users/me", STATIC).await.json()["id"].clone();
        let (tim, robot) = (tim.as_str().unwrap(), robot.as_str().unwrap());
        for (key, owner, another) in [(key.as_str(), tim, robot), (STATIC, robot, tim)] {
            for owner in [owner.to_owned(), owner.to_uppercase(), "me".to_owned()] {
                let path = format!("/api/users/{owner}/one-time-access-token");
                let answer = ask(&app, Method::POST, &path, key, Some(&json!({}))).await;
                assert_eq!(
                    refusal(&answer),
                    (403, "api_key_auth_not_allowed".to_owned()),
                    "{path}"
                );
            }
            let path = format!("/api/users/{owner}/one-time-access-email");
            let answer = ask(&app, Method::POST, &path, key, Some(&json!({}))).await;
            assert_eq!(refusal(&answer), (403, "api_key_auth_not_allowed".to_owned()));
            let path = format!("/api/users/{another}/one-time-access-token");
            let answer = ask(&app, Method::POST, &path, key, Some(&json!({}))).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        }
        // Nor does it have one mailed to another address of its owner's.
        let path = format!("/api/users/{tim}");
        let mut account = admin.get(&path).await.json();
        let mut moved = account.clone();
        moved["email"] = json!("elsewhere@example.com");
        account["firstName"] = json!("Timothy");
        let on = json!({"emailOneTimeAccessAsUnauthenticatedEnabled": "true"});
        let answer = admin.patch("/api/application-configuration", &on).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let answer = ask(&app, Method::PUT, &path, &key, Some(&moved)).await;
        assert_eq!(refusal(&answer), (403, "api_key_auth_not_allowed".to_owned()));
        let answer = ask(&app, Method::PUT, &path, &key, Some(&account)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        // A session does.
        let path = format!("/api/users/{tim}/one-time-access-token");
        assert_eq!(admin.post(&path, &json!({})).await.status, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn the_configurations_key_can_be_disabled_and_demoted() {
    for database in [Database::Sqlite, Database::Postgres] {
        let app = TestApp::start_with(database, |config| {
            config.static_api_key = Some(STATIC.into());
        })
        .await;
        let mut admin = app.set_up().await;
        let mut robot = get(&app, "/api/users/me", STATIC).await.json();
        let path = format!("/api/users/{}", robot["id"].as_str().unwrap());
        for (is_admin, disabled, expected) in [
            (true, true, (403, "user_disabled")),
            (false, false, (403, "forbidden")),
        ] {
            robot["isAdmin"] = json!(is_admin);
            robot["disabled"] = json!(disabled);
            let answer = admin.put(&path, &robot).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            assert_eq!(
                refusal(&get(&app, "/api/users", STATIC).await),
                (expected.0, expected.1.to_owned())
            );
        }
        assert_eq!(get(&app, "/api/users/me", STATIC).await.status, StatusCode::OK);
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(
            get(&app, "/api/users", STATIC).await.status,
            StatusCode::OK,
            "made anew"
        );
    }
}

both_engines!(
    what_a_key_is_for_is_kept_as_it_was_said,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let input = json!({
            "name": "twice", "description": "", "expiresAt": LATER, "resources": ["users", "groups", "users"]
        });
        let made = admin.post("/api/api-keys", &input).await.json();
        assert_eq!(made["apiKey"]["resources"], json!(["users", "groups"]));
        assert_eq!(made["apiKey"]["description"], "");
        let listed = admin.get("/api/api-keys").await.json();
        assert_eq!(listed["data"][0], made["apiKey"]);
        let input = json!({"name": "silent", "expiresAt": LATER});
        let made = admin.post("/api/api-keys", &input).await.json();
        assert_eq!(made["apiKey"]["description"], Value::Null);
        let input = json!({"name": "nothing", "expiresAt": LATER, "resources": []});
        let answer = admin.post("/api/api-keys", &input).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        assert_eq!(
            answer.failed_rules(),
            [("resources".to_owned(), "required".to_owned())]
        );
    }
);

both_engines!(a_key_needs_no_page_of_ours, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let key = token(&make(&mut admin, "extension").await);
    let path = "/api/user-groups";
    let mut number = 0;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let mut stranger = app.browser();
        for (key, session, expected) in [
            (key.as_str(), false, 201),
            ("wrong", false, 401),
            ("", false, 403),
            (key.as_str(), true, 403),
            ("wrong", true, 403),
            ("", true, 403),
        ] {
            number += 1;
            let group = json!({"friendlyName": "Crew", "name": format!("crew{number}")});
            let browser = if session { &mut admin } else { &mut stranger };
            let request = browser
                .request(Method::POST, path)
                .header(name, value)
                .header("x-api-key", key)
                .json(&group);
            let answer = browser.send(request).await;
            assert_eq!(
                answer.status.as_u16(),
                expected,
                "{name} {key:?} {session}: {answer:?}"
            );
        }
    }
});
