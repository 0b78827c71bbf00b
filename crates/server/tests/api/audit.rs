//! `/api/audit-logs`: what is written, who reads it, filters, pages and files.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Browser, TestApp, both_engines};

const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

async fn all(admin: &mut Browser, query: &str) -> Vec<Value> {
    let answer = admin.get(&format!("/api/audit-logs/all?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["data"].as_array().unwrap().clone()
}

fn events(entries: &[Value]) -> Vec<&str> {
    entries
        .iter()
        .map(|entry| entry["event"].as_str().unwrap())
        .collect()
}

/// The tests' clock stands still; what follows is later.
fn later(app: &TestApp) {
    app.pass_seconds(1);
}

async fn user(admin: &mut Browser, name: &str) -> String {
    let input = json!({"username": name, "email": format!("{name}@example.com")});
    let answer = admin.post("/api/users", &input).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn client(admin: &mut Browser, name: &str) -> String {
    let answer = admin.post("/api/oidc/clients", &json!({"name": name})).await;
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn sign_in_with_code(app: &TestApp, admin: &mut Browser, user: &str) -> Browser {
    let path = format!("/api/users/{user}/one-time-access-token");
    let code = admin.post(&path, &json!({})).await.json();
    later(app);
    let mut browser = app.browser();
    let path = format!("/api/one-time-access-token/{}", code["token"].as_str().unwrap());
    assert_eq!(browser.post_nothing(&path).await.status, StatusCode::OK);
    browser
}

both_engines!(
    what_administrators_change_is_written_down,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        later(&app);
        let grace = user(&mut admin, "grace").await;
        let account = format!("/api/users/{grace}");
        let mut body = admin.get(&account).await.json();
        body["firstName"] = json!("Grace");
        body["isAdmin"] = json!(true);
        later(&app);
        admin.put(&account, &body).await;
        later(&app);
        admin.put(&account, &body).await;
        later(&app);
        let group = json!({"name": "crew", "friendlyName": "Crew"});
        later(&app);
        let group = admin.post("/api/user-groups", &group).await.json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let group_path = format!("/api/user-groups/{group}");
        later(&app);
        admin
            .put(&group_path, &json!({"name": "team", "friendlyName": "Team"}))
            .await;
        later(&app);
        admin
            .put(&format!("{group_path}/users"), &json!({"userIds": [grace]}))
            .await;
        later(&app);
        admin
            .put(
                &format!("/api/custom-claims/user/{grace}"),
                &json!([{"key": "a", "value": "secret"}]),
            )
            .await;
        later(&app);
        admin
            .put(&format!("{account}/user-groups"), &json!({"userGroupIds": []}))
            .await;
        later(&app);
        let files = client(&mut admin, "Files").await;
        let client_path = format!("/api/oidc/clients/{files}");
        later(&app);
        admin
            .put(
                &client_path,
                &json!({"name": "Files", "callbackURLs": ["https://files.example/cb"]}),
            )
            .await;
        later(&app);
        let secret = admin
            .post(&format!("{client_path}/secrets"), &json!({}))
            .await
            .json();
        later(&app);
        admin
            .put(
                &format!("{client_path}/allowed-user-groups"),
                &json!({"userGroupIds": [group]}),
            )
            .await;
        let secret_path = format!("{client_path}/secrets/{}", secret["id"].as_str().unwrap());
        later(&app);
        admin.delete(&secret_path).await;
        later(&app);
        let api = json!({"name": "Orders", "resource": "https://orders.example"});
        later(&app);
        let api = admin.post("/api/apis", &api).await.json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        later(&app);
        admin.delete(&format!("/api/apis/{api}")).await;
        later(&app);
        admin.delete(&client_path).await;
        later(&app);
        admin.delete(&group_path).await;
        later(&app);
        admin.delete(&account).await;

        let entries = all(&mut admin, "pagination[limit]=50").await;
        assert_eq!(
            events(&entries),
            [
                "USER_DELETED",
                "USER_GROUP_DELETED",
                "CLIENT_DELETED",
                "API_DELETED",
                "API_CREATED",
                "CLIENT_SECRET_DELETED",
                "CLIENT_GROUPS_UPDATED",
                "CLIENT_SECRET_CREATED",
                "CLIENT_UPDATED",
                "CLIENT_CREATED",
                "USER_GROUPS_UPDATED",
                "CUSTOM_CLAIMS_UPDATED",
                "USER_GROUP_MEMBERS_UPDATED",
                "USER_GROUP_UPDATED",
                "USER_GROUP_CREATED",
                // The second time nothing changed.
                "USER_UPDATED",
                "USER_CREATED",
                "INITIAL_SETUP",
            ]
        );
        // The trail outlives its subject, and names who did it.
        let deleted = &entries[0];
        assert_eq!(
            (
                &deleted["userID"],
                &deleted["username"],
                &deleted["actorUsername"]
            ),
            (&json!(grace), &json!("grace"), &json!("tim"))
        );
        assert_eq!(entries[15]["data"]["changed"], "firstName, isAdmin");
        assert_eq!(entries[7]["data"]["clientName"], "Files");
        let written = serde_json::to_string(&entries).unwrap();
        assert!(!written.contains(secret["secret"].as_str().unwrap()));
        assert!(!written.contains("\"secret\""), "values of claims stay out");
    }
);

both_engines!(everybody_reads_about_themselves_only, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let grace = user(&mut admin, "grace").await;
    later(&app);
    let mut hers = sign_in_with_code(&app, &mut admin, &grace).await;
    let own = hers.get("/api/audit-logs").await.json();
    let own = own["data"].as_array().unwrap();
    assert_eq!(
        events(own),
        ["TOKEN_SIGN_IN", "LOGIN_CODE_CREATED", "USER_CREATED"]
    );
    assert!(
        own.iter()
            .all(|entry| entry["username"] == "" && entry["userID"] == json!(grace))
    );
    assert_eq!(own[1]["actorUsername"], "tim");
    // A filter for somebody else leaves nothing.
    let me = admin.get("/api/users/me").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let none = hers
        .get(&format!("/api/audit-logs?filters[userID]={me}"))
        .await
        .json();
    assert_eq!(none["data"], json!([]));
    for path in [
        "/api/audit-logs/all",
        "/api/audit-logs/filters/users",
        "/api/audit-logs/filters/client-names",
        "/api/audit-logs/all/export?format=csv",
    ] {
        assert_eq!(hers.get(path).await.code(), "forbidden", "{path}");
        assert_eq!(app.browser().get(path).await.code(), "not_signed_in", "{path}");
    }
});

both_engines!(filters_and_orders, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    later(&app);
    let grace = user(&mut admin, "grace").await;
    client(&mut admin, "123").await;
    client(&mut admin, "Files").await;
    for (query, expected) in [
        ("filters[event]=CLIENT_CREATED", 2),
        ("filters[event]=CLIENT_CREATED&filters[event]=USER_CREATED", 3),
        // A name is text, whatever it looks like.
        ("filters[clientName]=123", 1),
        ("filters[clientName]=123&filters[clientName]=Files", 2),
        ("filters[event]=USER_CREATED&filters[clientName]=123", 0),
        ("filters[location]=internal", 4),
        ("filters[location]=external", 0),
        ("filters[location]=internal&filters[location]=external", 4),
        ("filters[userID]=nobody", 0),
        ("filters[nonsense]=1", 4),
    ] {
        assert_eq!(all(&mut admin, query).await.len(), expected, "{query}");
    }
    assert_eq!(
        all(&mut admin, &format!("filters[userID]={grace}")).await.len(),
        1
    );
    for column in [
        "event",
        "ipAddress",
        "country",
        "city",
        "userAgent",
        "createdAt",
        "device",
    ] {
        for direction in ["asc", "desc"] {
            let query = format!("sort[column]={column}&sort[direction]={direction}");
            assert_eq!(all(&mut admin, &query).await.len(), 4, "{query}");
        }
    }
    let oldest = all(&mut admin, "sort[column]=createdAt&sort[direction]=asc").await;
    assert_eq!(oldest[0]["event"], "INITIAL_SETUP");
    let names = admin.get("/api/audit-logs/filters/client-names").await.json();
    assert_eq!(names, json!(["123", "Files"]));
    let users = admin.get("/api/audit-logs/filters/users").await.json();
    assert_eq!(users[&grace], "grace");
    assert_eq!(users.as_object().unwrap().len(), 2);
    // As version 1 wrote it.
    for name in ["userID", "userId"] {
        let hers = all(&mut admin, &format!("filters[{name}]={grace}")).await;
        assert!(
            !hers.is_empty() && hers.iter().all(|entry| entry["userID"] == json!(grace)),
            "{name}"
        );
    }
    // Who is gone is still found; who was never heard of is not.
    let quiet = user(&mut admin, "quiet").await;
    later(&app);
    admin.delete(&format!("/api/users/{grace}")).await;
    let users = admin.get("/api/audit-logs/filters/users").await.json();
    assert_eq!(
        (&users[&grace], &users[&quiet]),
        (&json!("grace"), &json!("quiet"))
    );
    assert_eq!(users.as_object().unwrap().len(), 3);
});

both_engines!(people_of_the_log_are_searched, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut ids = BTreeMap::new();
    for name in ["grace", "gregor", "hugo", "ingrid"] {
        ids.insert(name, user(&mut admin, name).await);
    }
    admin.delete(&format!("/api/users/{}", ids["gregor"])).await;
    let mut named = async |query: &str| {
        let found = admin
            .get(&format!("/api/audit-logs/filters/users{query}"))
            .await
            .json();
        let mut names: Vec<_> = found.as_object().unwrap().values().cloned().collect();
        names.sort_by_key(|name| name.as_str().map(ToOwned::to_owned));
        json!(names)
    };
    // Those that were deleted too.
    assert_eq!(named("?search=GR").await, json!(["grace", "gregor", "ingrid"]));
    assert_eq!(named("?search=gr&limit=2").await, json!(["grace", "gregor"]));
    assert_eq!(named("?search=reg&limit=1").await, json!(["gregor"]));
    // As in the list of users, not by name alone.
    assert_eq!(named("?search=hugo@example").await, json!(["hugo"]));
    assert_eq!(named("?search=%25").await, json!([]));
    assert_eq!(named("?search=%00").await, json!([]));
    assert_eq!(named("?search=%1F").await, json!([]));
    for name in ["gregor", "hugo"] {
        assert_eq!(named(&format!("?search={}", ids[name])).await, json!([name]));
    }
    assert_eq!(named("?search=&limit=1000").await.as_array().unwrap().len(), 5);
    for limit in ["0", "1001", "-1", "x", ""] {
        let refused = admin
            .get(&format!("/api/audit-logs/filters/users?limit={limit}"))
            .await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{limit}");
        assert_eq!(
            refused.json()["details"]["fields"][0]["field"],
            "limit",
            "{limit}"
        );
    }
});

both_engines!(the_whole_log_is_a_file, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    // More than is read at once.
    for number in 0..1030 {
        if number == 0 || number == 1000 {
            later(&app);
        }
        let path = "/api/users/me";
        let body = json!({"username": "tim", "email": "tim@example.com", "firstName": format!("=T{number}")});
        assert_eq!(admin.put(path, &body).await.status, StatusCode::OK);
    }
    later(&app);
    client(&mut admin, "=cmd|'/c calc'!A1").await;
    let lines = admin.get("/api/audit-logs/all/export?format=jsonl").await;
    assert_eq!(lines.header("content-type"), "application/jsonl");
    let entries: Vec<Value> = lines
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(entries.len(), 1032);
    assert_eq!(entries[0]["event"], "CLIENT_CREATED");
    assert_eq!(entries[1031]["event"], "INITIAL_SETUP");
    let table = admin.get("/api/audit-logs/all/export?format=csv").await;
    assert_eq!(
        table.header("content-disposition"),
        "attachment; filename=\"audit-log.csv\""
    );
    assert_eq!(table.text.lines().count(), 1033);
    assert!(table.text.starts_with("\"createdAt\",\"event\",\"username\","));
    assert!(table.text.contains(",\"'=cmd|'/c calc'!A1\","), "no formula");
    let some = admin
        .get("/api/audit-logs/all/export?format=jsonl&filters[event]=CLIENT_CREATED")
        .await;
    assert_eq!(some.text.lines().count(), 1);
    let own = admin.get("/api/audit-logs/export?format=csv").await;
    assert_eq!(own.text.lines().count(), 1033);
    for query in ["", "?format=xml"] {
        let refused = admin.get(&format!("/api/audit-logs/export{query}")).await;
        assert_eq!(
            refused.failed_rules(),
            [("format".to_owned(), "oneof".to_owned())]
        );
    }
});

both_engines!(
    failed_sign_ins_are_written_but_fill_nothing,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut passkey = app.passkey(1);
        admin.add_passkey(&mut passkey).await;
        let mut stranger = app.browser();
        let request = stranger
            .request(http::Method::POST, "/api/one-time-access-token/aaaaaa")
            .header("user-agent", CHROME);
        assert_eq!(stranger.send(request).await.status, StatusCode::UNAUTHORIZED);
        let failed = all(&mut admin, "filters[event]=SIGN_IN_FAILED").await;
        assert_eq!(failed.len(), 1);
        assert_eq!(
            (&failed[0]["userID"], &failed[0]["username"], &failed[0]["device"]),
            (&json!(""), &json!(""), &json!("Chrome on Linux x86_64"))
        );
        app.pass_seconds(1);

        for _ in 0..40 {
            let mut assertion = stranger.assertion(&mut passkey).await;
            assertion["response"]["signature"] = json!("AAAA");
            let answer = stranger.post("/api/webauthn/login/finish", &assertion).await;
            assert_eq!(answer.code(), "webauthn_authentication_failed");
        }
        let failed = all(&mut admin, "filters[event]=SIGN_IN_FAILED&pagination[limit]=100").await;
        assert_eq!(
            failed.len(),
            20,
            "an address gets so many in a quarter of an hour"
        );
        assert_eq!(failed[0]["username"], "tim", "whose passkey it was");
        app.pass_seconds(901);
        let mut assertion = stranger.assertion(&mut passkey).await;
        assertion["response"]["signature"] = json!("AAAA");
        stranger.post("/api/webauthn/login/finish", &assertion).await;
        let failed = all(&mut admin, "filters[event]=SIGN_IN_FAILED&pagination[limit]=100").await;
        assert_eq!(failed.len(), 21);
    }
);

both_engines!(changes_of_pictures_are_noted, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let other = json!({"username": "craig", "email": "craig@example.com", "firstName": "Craig"});
    let other = admin.post("/api/users", &other).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let picture = include_bytes!("../../src/files/samples/gps.png").as_slice();
    for whose in ["me", &other] {
        let path = format!("/api/users/{whose}/profile-picture");
        let request = admin.upload(http::Method::PUT, &path, "a.png", picture);
        assert_eq!(admin.send(request).await.status, 204);
        assert_eq!(admin.delete(&path).await.status, 204);
    }
    let log = app.audit_log().await;
    let noted: Vec<(&str, &str, bool)> = log
        .iter()
        .filter(|entry| entry.event.starts_with("PROFILE_PICTURE"))
        .map(|entry| {
            (
                entry.event.as_str(),
                entry.username.as_str(),
                entry.data.0.contains_key("actorUsername"),
            )
        })
        .collect();
    assert_eq!(
        noted,
        [
            ("PROFILE_PICTURE_UPDATED", "tim", false),
            ("PROFILE_PICTURE_REMOVED", "tim", false),
            ("PROFILE_PICTURE_UPDATED", "craig", true),
            ("PROFILE_PICTURE_REMOVED", "craig", true),
        ]
    );
});
