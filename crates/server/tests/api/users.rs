//! `/api/users`

use http::StatusCode;
use serde_json::{Value, json};

use pocket_id_store::users;

use crate::support::{Browser, Database, TestApp, both_engines};

fn input(username: &str) -> Value {
    json!({"username": username, "email": format!("{username}@example.com"), "firstName": username, "lastName": "",
           "displayName": username, "isAdmin": false, "disabled": false})
}

async fn create(admin: &mut Browser, username: &str) -> Value {
    let answer = admin.post("/api/users", &input(username)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()
}

both_engines!(only_administrators_reach_the_list, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    assert_eq!(admin.get("/api/users").await.status, StatusCode::OK);
    let answer = app.browser().get("/api/users").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNAUTHORIZED, "not_signed_in")
    );

    let me = admin.get("/api/users/me").await.json();
    create(&mut admin, "second").await;
    let second = admin.get("/api/users?search=second").await.json()["data"][0].clone();
    let mut promoted = input("second");
    promoted["isAdmin"] = json!(true);
    assert_eq!(
        admin
            .put(
                &format!("/api/users/{}", second["id"].as_str().unwrap()),
                &promoted
            )
            .await
            .status,
        StatusCode::OK
    );
    let mut demoted = input("tim");
    demoted["isAdmin"] = json!(false);
    let answer = admin
        .put(&format!("/api/users/{}", me["id"].as_str().unwrap()), &demoted)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    // The very next request is without the right, although the session is the same.
    let answer = admin.get("/api/users").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::FORBIDDEN, "forbidden")
    );
});

both_engines!(names_and_addresses_are_unique, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    create(&mut admin, "craig").await;
    for (body, property) in [
        (
            json!({"username": "CRAIG", "email": "other@example.com"}),
            "username",
        ),
        (
            json!({"username": "other", "email": "craig@example.com"}),
            "email",
        ),
        (
            json!({"username": "craig", "email": "craig@example.com"}),
            "email",
        ),
        // Mailboxes do not tell them apart, nor do people who type them.
        (
            json!({"username": "other", "email": "Craig@EXAMPLE.com"}),
            "email",
        ),
    ] {
        let answer = admin.post("/api/users", &body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::CONFLICT, "already_in_use"),
            "{body}"
        );
        assert_eq!(answer.json()["details"]["property"], property);
    }
});

both_engines!(
    the_id_of_the_static_api_user_is_taken,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut body = input("craig");
        body["id"] = json!("00000000-0000-0000-0000-000000000000");
        let answer = admin.post("/api/users", &body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::CONFLICT, "already_in_use")
        );
        assert_eq!(answer.json()["details"]["property"], "id");
        assert_eq!(app.count("users").await, 1);
    }
);

both_engines!(a_language_is_a_language_tag, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut body = input("timothy");
    body["locale"] = json!("x".repeat(100_000));
    for path in ["/api/users", "/api/users/me"] {
        let answer = if path == "/api/users" {
            admin.post(path, &body).await
        } else {
            admin.put(path, &body).await
        };
        assert_eq!(
            answer.failed_rules(),
            [("locale".to_owned(), "invalid_format".to_owned())],
            "{path}"
        );
    }
    // What an older server stored is no reason to refuse other changes.
    let tx = app.app.state.store.begin().await.unwrap();
    let me = admin.get("/api/users/me").await.json();
    let id = me["id"].as_str().unwrap().parse().unwrap();
    let mut user = users::find(&tx, id).await.unwrap().unwrap();
    user.locale = Some("Klingon (Qo'noS)".to_owned());
    users::update(&tx, user).await.unwrap();
    pocket_id_store::commit(tx).await.unwrap();
    body["locale"] = json!("Klingon (Qo'noS)");
    let answer = admin.put("/api/users/me", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
});

both_engines!(ids_are_written_with_hyphens, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let id = "9b2d4c1e-0f3a-4b5c-8d6e-7f8091a2b3c4";
    for other in [id.replace('-', ""), format!("{{{id}}}"), format!("urn:uuid:{id}")] {
        let mut body = input("craig");
        body["id"] = json!(other);
        assert_eq!(
            admin.post("/api/users", &body).await.failed_rules(),
            [("id".to_owned(), "uuid".to_owned())],
            "{other}"
        );
    }
    let mut body = input("craig");
    body["id"] = json!(id);
    let answer = admin.post("/api/users", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let bare = format!("/api/users/{}", id.replace('-', ""));
    assert_eq!(admin.get(&bare).await.status, StatusCode::NOT_FOUND);
});

both_engines!(flags_are_words_or_digits, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    create(&mut admin, "anna").await;
    create(&mut admin, "bert").await;
    for (value, count) in [("true", 1), ("1", 1), ("false", 2), ("0", 2)] {
        let list = admin.get(&format!("/api/users?filters[isAdmin]={value}")).await;
        assert_eq!(list.json()["pagination"]["totalItems"], count, "{value}");
    }
});

both_engines!(somebody_always_remains_to_administer, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let id = admin.get("/api/users/me").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/users/{id}");
    let mut disabled = input("tim");
    disabled["isAdmin"] = json!(true);
    disabled["disabled"] = json!(true);
    for answer in [
        admin.delete(&path).await,
        admin.put(&path, &input("tim")).await,
        admin.put(&path, &disabled).await,
    ] {
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::CONFLICT, "last_admin")
        );
    }
    assert_eq!(admin.get("/api/users/me").await.json()["isAdmin"], true);
});

both_engines!(lists_are_searched_sorted_and_paged, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    for name in ["anna", "bert", "carl"] {
        create(&mut admin, name).await;
    }
    let names = |answer: Value| -> Vec<String> {
        answer["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["username"].as_str().unwrap().to_owned())
            .collect()
    };
    let page = admin
        .get("/api/users?sort[column]=username&sort[direction]=desc&pagination[limit]=2")
        .await
        .json();
    assert_eq!(names(page.clone()), ["tim", "carl"]);
    assert_eq!(
        page["pagination"],
        json!({"totalPages": 2, "totalItems": 4, "currentPage": 1, "itemsPerPage": 2})
    );
    let page = admin
        .get("/api/users?sort[column]=username&pagination[limit]=3&pagination[page]=99")
        .await
        .json();
    assert_eq!(names(page.clone()), ["tim"]);
    assert_eq!(page["pagination"]["currentPage"], 2);
    assert_eq!(names(admin.get("/api/users?search=ANN").await.json()), ["anna"]);
    assert_eq!(names(admin.get("/api/users?search=%25").await.json()), [""; 0]);
    assert_eq!(
        names(admin.get("/api/users?filters[isAdmin]=true").await.json()),
        ["tim"]
    );
    let mut ozil = input("mesut");
    ozil["lastName"] = json!("Özil");
    assert_eq!(admin.post("/api/users", &ozil).await.status, StatusCode::CREATED);
    for search in ["%C3%96zil", "%C3%96ZIL", "zil"] {
        let found = admin.get(&format!("/api/users?search={search}")).await;
        assert_eq!(names(found.json()), ["mesut"], "{search}");
    }
});

both_engines!(
    people_edit_themselves_but_not_their_rights,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut body = input("timothy");
        body["locale"] = json!("de");
        body["isAdmin"] = json!(false);
        let answer = admin.put("/api/users/me", &body).await;
        assert_eq!(answer.status, StatusCode::OK);
        let user = answer.json();
        assert_eq!(
            (&user["username"], &user["locale"], &user["isAdmin"]),
            (&json!("timothy"), &json!("de"), &json!(true))
        );
    }
);

both_engines!(
    addresses_alike_but_for_case_are_kept_and_not_made,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let craig = create(&mut admin, "craig").await;
        let grace = create(&mut admin, "grace").await;
        // As an older version left them.
        let tx = app.app.state.store.begin().await.unwrap();
        let id = grace["id"].as_str().unwrap().parse().unwrap();
        let mut row = users::find(&tx, id).await.unwrap().unwrap();
        row.email = Some("CRAIG@example.com".to_owned());
        users::update(&tx, row).await.unwrap();
        pocket_id_store::commit(tx).await.unwrap();

        let path = format!("/api/users/{}", grace["id"].as_str().unwrap());
        let mut body = input("grace");
        body["email"] = json!("CRAIG@example.com");
        body["firstName"] = json!("Amazing");
        let kept = admin.put(&path, &body).await;
        assert_eq!(kept.status, StatusCode::OK, "{kept:?}");
        body["email"] = json!("cRaig@example.com");
        let refused = admin.put(&path, &body).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (StatusCode::CONFLICT, "already_in_use")
        );
        // Their own, written otherwise.
        body["email"] = json!("Grace@Example.com");
        assert_eq!(admin.put(&path, &body).await.status, StatusCode::OK);
        body["email"] = json!("grace@example.com");
        assert_eq!(admin.put(&path, &body).await.status, StatusCode::OK);
        let path = format!("/api/users/{}", craig["id"].as_str().unwrap());
        assert_eq!(admin.put(&path, &input("craig")).await.status, StatusCode::OK);
    }
);

both_engines!(
    who_has_no_address_needs_none_to_be_changed,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let demanded = async |admin: &mut Browser, value: &str| {
            let change = json!({"requireUserEmail": value});
            let answer = admin.patch("/api/application-configuration", &change).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        };
        demanded(&mut admin, "false").await;
        let mut quiet = input("quiet");
        quiet["email"] = json!(null);
        let made = admin.post("/api/users", &quiet).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let path = format!("/api/users/{}", made.json()["id"].as_str().unwrap());
        demanded(&mut admin, "true").await;
        for (key, value) in [
            ("disabled", json!(true)),
            ("disabled", json!(false)),
            ("locale", json!("de")),
        ] {
            quiet[key] = value.clone();
            let changed = admin.put(&path, &quiet).await;
            assert_eq!(changed.status, StatusCode::OK, "{key}: {changed:?}");
            assert_eq!(changed.json()[key], value);
        }
        // New people need one, and whoever has one keeps one.
        let mut other = quiet.clone();
        other["username"] = json!("other");
        for answer in [admin.post("/api/users", &other).await, {
            assert_eq!(admin.put(&path, &input("quiet")).await.status, StatusCode::OK);
            admin.put(&path, &quiet).await
        }] {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert_eq!(
                answer.failed_rules(),
                [("email".to_owned(), "required".to_owned())]
            );
        }
    }
);

both_engines!(unknown_users_are_not_found, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    for id in ["00000000-0000-4000-8000-000000000000", "not-a-uuid"] {
        let answer = admin.get(&format!("/api/users/{id}")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::NOT_FOUND, "user_not_found"),
            "{id}"
        );
    }
});

// On PostgreSQL the locale of the database decides; the servers of the tests have `C`.
#[tokio::test]
async fn names_are_found_in_any_case_of_any_letter() {
    let app = TestApp::start(Database::Sqlite).await;
    let mut admin = app.set_up().await;
    for (username, last, group) in [
        ("mesut", "Özil", "Größe"),
        ("anna", "ŻÓŁĆ", "Ñandú"),
        ("bob", "Smith (Jr.)", "Plain"),
    ] {
        let user = json!({"username": username, "email": format!("{username}@example.com"), "firstName": "X", "lastName": last});
        assert_eq!(admin.post("/api/users", &user).await.status, 201);
        let group = json!({"friendlyName": group, "name": group});
        assert_eq!(admin.post("/api/user-groups", &group).await.status, 201);
        let client = json!({"name": last});
        assert_eq!(admin.post("/api/oidc/clients", &client).await.status, 201);
    }
    for (list, text, expected) in [
        ("users", "özil", 1),
        ("users", "ÖZIL", 1),
        ("users", "ozil", 0),
        ("users", "żółć", 1),
        ("users", "smith (jr.)", 1),
        ("users", "ö.*", 0),
        ("users", "(?-i)ö", 0),
        ("users", "%ö", 0),
        ("user-groups", "GRÖß", 1),
        ("user-groups", "ÑANDÚ", 1),
        ("oidc/clients", "öziL", 1),
    ] {
        let mut address = url::Url::parse("http://localhost").unwrap();
        address.set_path(&format!("/api/{list}"));
        address.query_pairs_mut().append_pair("search", text);
        let address = format!("{}?{}", address.path(), address.query().unwrap());
        let found = admin.get(&address).await.json()["pagination"]["totalItems"].clone();
        assert_eq!(found, expected, "{list} {text}");
    }
}

both_engines!(the_directory_rules_its_people, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let grace = create(&mut admin, "grace").await;
    let id = grace["id"].as_str().unwrap().to_owned();
    let state = &app.app.state;
    let tx = state.store.begin().await.unwrap();
    let mut row = pocket_id_store::users::find(&tx, id.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    row.ldap_id = Some("uuid-of-grace".to_owned());
    pocket_id_store::users::update(&tx, row).await.unwrap();
    pocket_id_store::commit(tx).await.unwrap();
    let switch = async |admin: &mut Browser, on: &str| {
        let answer = admin
            .patch("/api/application-configuration", &json!({"ldapEnabled": on}))
            .await;
        assert!(answer.status.is_success(), "{answer:?}");
    };
    switch(&mut admin, "true").await;

    let path = format!("/api/users/{id}");
    let answer = admin.delete(&path).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::FORBIDDEN, "ldap_user_update")
    );
    // Of what an administrator writes only the language arrives.
    let mut other = input("mallory");
    other["isAdmin"] = json!(true);
    other["disabled"] = json!(true);
    other["locale"] = json!("de");
    let answer = admin.put(&path, &other).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let after = admin.get(&path).await.json();
    assert_eq!(after["locale"], "de");
    for field in [
        "username",
        "email",
        "firstName",
        "displayName",
        "isAdmin",
        "disabled",
    ] {
        assert_eq!(after[field], grace[field], "{field}");
    }
    assert_eq!(after["ldapId"], "uuid-of-grace");

    // Without the directory it is an account like any other.
    switch(&mut admin, "false").await;
    let answer = admin.put(&path, &other).await;
    assert_eq!(answer.json()["username"], "mallory", "{answer:?}");
    switch(&mut admin, "true").await;
    // Now disabled: what the directory has let go of can be deleted.
    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
});
