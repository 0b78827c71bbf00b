//! `/api/scim`, and what apps are told.

use http::{Method, StatusCode};
use pocket_id_server::config::AppUrl;
use pocket_id_server::scim::sync_due;
use serde_json::{Value, json};

use crate::oidc::{register, text};
use crate::support::{Answer, Browser, Database, ScimServer, TestApp, both_engines};

const PROVIDERS: &str = "/api/scim/service-provider";
const FIVE_MINUTES: i64 = 5 * 60;

fn id_of(answer: &Answer) -> String {
    assert!(answer.status.is_success(), "{answer:?}");
    text(&answer.json()["id"]).to_owned()
}

async fn user(admin: &mut Browser, name: &str) -> String {
    let body = json!({
        "username": name, "email": format!("{name}@example.com"), "firstName": name, "displayName": name
    });
    id_of(&admin.post("/api/users", &body).await)
}

async fn group(admin: &mut Browser, name: &str, members: &[&str]) -> String {
    let names = json!({"friendlyName": name, "name": name.to_lowercase()});
    let id = id_of(&admin.post("/api/user-groups", &names).await);
    set_members(admin, &id, members).await;
    id
}

async fn set_members(admin: &mut Browser, group: &str, members: &[&str]) {
    ok(
        admin,
        &format!("/api/user-groups/{group}/users"),
        &json!({"userIds": members}),
    )
    .await;
}

async fn ok(admin: &mut Browser, path: &str, body: &Value) -> Value {
    let answer = admin.put(path, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    answer.json()
}

async fn restrict(admin: &mut Browser, client: &str, groups: &[&str]) {
    let path = format!("/api/oidc/clients/{client}");
    let mut input = admin.get(&path).await.json();
    input["isGroupRestricted"] = json!(true);
    ok(admin, &path, &input).await;
    let groups = json!({"userGroupIds": groups});
    ok(admin, &format!("{path}/allowed-user-groups"), &groups).await;
}

async fn unrestrict(admin: &mut Browser, client: &str) {
    let path = format!("/api/oidc/clients/{client}");
    let mut input = admin.get(&path).await.json();
    input["isGroupRestricted"] = json!(false);
    ok(admin, &path, &input).await;
}

/// A client and an app that is told who may use it.
struct Scene {
    admin: Browser,
    tim: String,
    client: String,
    provider: String,
    scim: ScimServer,
}

async fn scene(app: &TestApp) -> Scene {
    let mut admin = app.set_up().await;
    let tim = text(&admin.get("/api/users/me").await.json()["id"]).to_owned();
    let client = register(&mut admin, |_| {}).await.id;
    let scim = ScimServer::start().await;
    scim.require_token("s3cret");
    let input = json!({"endpoint": scim.endpoint, "token": "s3cret", "oidcClientId": client});
    let provider = id_of(&admin.post(PROVIDERS, &input).await);
    Scene {
        admin,
        tim,
        client,
        provider,
        scim,
    }
}

impl Scene {
    async fn sync(&mut self) -> Answer {
        let path = format!("{PROVIDERS}/{}/sync", self.provider);
        self.admin.post_nothing(&path).await
    }

    async fn synced(&mut self) -> Vec<String> {
        let answer = self.sync().await;
        assert_eq!((answer.status, &*answer.text), (StatusCode::OK, ""), "{answer:?}");
        self.scim.mutations()
    }

    async fn sync_fails(&mut self) -> String {
        let answer = self.sync().await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{answer:?}");
        assert_eq!(answer.code(), "scim_sync_failed");
        let said = text(&answer.json()["error"]).to_owned();
        // The same is kept, and nobody learns the token by it.
        let stored = self.stored().await;
        let kept = text(&stored["lastError"]).to_owned();
        assert!(said.ends_with(&kept), "{said} / {kept}");
        assert!(!said.contains("s3cret"), "{said}");
        kept
    }

    async fn stored(&mut self) -> Value {
        let path = format!("/api/oidc/clients/{}/scim-service-provider", self.client);
        let answer = self.admin.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }
}

fn names<'v>(resources: &'v [Value], attribute: &str) -> Vec<&'v str> {
    resources.iter().map(|one| text(&one[attribute])).collect()
}

both_engines!(providers_are_kept, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |body| body["name"] = json!("Files"))
        .await
        .id;
    let of_client = format!("/api/oidc/clients/{client}/scim-service-provider");
    let missing = admin.get(&of_client).await;
    assert_eq!(
        (missing.status.as_u16(), missing.code()),
        (404, "not_found".to_owned())
    );
    assert_eq!(missing.json()["details"]["resource"], "SCIM service provider");

    let input = json!({"endpoint": "http://10.0.0.7/v2", "token": "s3cret", "oidcClientId": client});
    let answer = admin.post(PROVIDERS, &input).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let made = answer.json();
    let meta = app
        .browser()
        .get(&format!("/api/oidc/clients/{client}/meta"))
        .await
        .json();
    assert_eq!(
        made,
        json!({
            "id": made["id"], "endpoint": "http://10.0.0.7/v2", "token": "XXXXXXXXXX", "lastSyncedAt": null,
            "lastAttemptAt": null, "lastError": null, "oidcClient": meta, "createdAt": "2026-01-01T00:00:00Z"
        })
    );
    assert_eq!(admin.get(&of_client).await.json(), made);
    // Nobody reads it in the database either.
    assert_eq!(
        app.count("scim_service_providers WHERE sealed_token IS NOT NULL")
            .await,
        1
    );

    // The token stays, goes, and does not follow to another server.
    let path = format!("{PROVIDERS}/{}", text(&made["id"]));
    let put =
        |endpoint: &str, token: &str| json!({"endpoint": endpoint, "token": token, "oidcClientId": client});
    let kept = ok(&mut admin, &path, &put("http://10.0.0.7/other", "XXXXXXXXXX")).await;
    assert_eq!(
        (&kept["endpoint"], &kept["token"]),
        (&json!("http://10.0.0.7/other"), &json!("XXXXXXXXXX"))
    );
    for elsewhere in [
        "http://evil.example/v2",
        "https://10.0.0.7/v2",
        "http://10.0.0.7:81/v2",
    ] {
        let refused = admin.put(&path, &put(elsewhere, "XXXXXXXXXX")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{elsewhere}");
        assert_eq!(
            refused.failed_rules(),
            [("token".to_owned(), "required".to_owned())]
        );
    }
    assert_eq!(
        ok(&mut admin, &path, &put("http://10.0.0.8", "new")).await["token"],
        "XXXXXXXXXX"
    );
    assert_eq!(
        ok(&mut admin, &path, &put("http://10.0.0.8", "")).await["token"],
        ""
    );
    // Without one there is none to betray.
    assert_eq!(
        ok(&mut admin, &path, &put("http://10.0.0.9", "XXXXXXXXXX")).await["token"],
        ""
    );

    // What cannot be is named.
    for (endpoint, token, field) in [
        ("", "", "endpoint"),
        ("nonsense", "", "endpoint"),
        ("ftp://a.example", "", "endpoint"),
        ("https://tim:pw@a.example", "", "endpoint"),
        ("https://a.example", "with space", "token"),
        ("https://a.example", "line\nbreak", "token"),
        ("https://a.example", "XXXXXXXXXX", "token"),
    ] {
        let answer = admin.post(PROVIDERS, &put(endpoint, token)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (400, "validation_failed".to_owned()),
            "{endpoint} {token}"
        );
        assert_eq!(answer.failed_rules()[0].0, field, "{answer:?}");
    }
    let answer = admin.post(PROVIDERS, &json!({})).await;
    let fields: Vec<String> = answer
        .failed_rules()
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(fields, ["endpoint", "oidcClientId"]);
    let unknown = json!({"endpoint": "https://a.example", "oidcClientId": "nobody"});
    let answer = admin.post(PROVIDERS, &unknown).await;
    assert_eq!(answer.json()["details"]["resource"], "OIDC client", "{answer:?}");

    // For administrators.
    for (method, path) in [
        (Method::GET, of_client.as_str()),
        (Method::POST, PROVIDERS),
        (Method::PUT, &path),
        (Method::DELETE, &path),
        (Method::POST, &format!("{path}/sync")),
    ] {
        let mut stranger = app.browser();
        let request = stranger.request(method, path).json(&input);
        let answer = stranger.send(request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in [format!("{PROVIDERS}/x"), format!("{PROVIDERS}/{}", uuid())] {
        assert_eq!(admin.put(&path, &input).await.status, StatusCode::NOT_FOUND);
        assert_eq!(admin.delete(&path).await.status, StatusCode::NOT_FOUND);
        let sync = admin.post_nothing(&format!("{path}/sync")).await;
        assert_eq!(sync.status, StatusCode::NOT_FOUND);
    }

    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&of_client).await.status, StatusCode::NOT_FOUND);
    // It goes with its client.
    admin.post(PROVIDERS, &input).await;
    admin.delete(&format!("/api/oidc/clients/{client}")).await;
    assert_eq!(app.count("scim_service_providers").await, 0);
});

fn uuid() -> String {
    pocket_id_server::random::Random.uuid().to_string()
}

both_engines!(apps_have_whom_they_are_to_have, |app: TestApp| async move {
    let mut scene = scene(&app).await;
    let admin = &mut scene.admin;
    let craig = user(admin, "craig").await;
    let developers = group(admin, "Developers", &[&scene.tim, &craig]).await;
    let designers = group(admin, "Designers", &[&scene.tim]).await;
    restrict(admin, &scene.client, &[&developers, &designers]).await;
    user(admin, "zoe").await;

    // People before groups; each once.
    assert_eq!(
        scene.synced().await,
        [
            "POST /v2/Users",
            "POST /v2/Users",
            "POST /v2/Groups",
            "POST /v2/Groups"
        ]
    );
    let users = scene.scim.users();
    assert_eq!(names(&users, "userName"), ["craig", "tim"]);
    let mut sent = users[0].clone();
    let at_app = sent["id"].clone();
    for key in ["id", "meta"] {
        sent.as_object_mut().unwrap().remove(key);
    }
    assert_eq!(
        sent,
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "externalId": craig, "userName": "craig",
            "name": {"givenName": "craig"}, "displayName": "craig", "active": true,
            "emails": [{"value": "craig@example.com", "primary": true}]
        })
    );
    let groups = scene.scim.groups();
    assert_eq!(names(&groups, "displayName"), ["Designers", "Developers"]);
    let members = &groups[1]["members"];
    assert_eq!(members.as_array().unwrap().len(), 2);
    assert!(
        members.as_array().unwrap().contains(&json!({"value": at_app})),
        "{members}"
    );
    for headers in scene.scim.headers() {
        assert_eq!(headers["authorization"], "Bearer s3cret");
        assert_eq!(headers["accept"], "application/scim+json");
    }
    let stored = scene.stored().await;
    assert_eq!(stored["lastSyncedAt"], "2026-01-01T00:00:00Z");
    assert_eq!(
        (&stored["lastError"], &stored["lastAttemptAt"]),
        (&Value::Null, &stored["lastSyncedAt"])
    );

    // Nothing to say, nothing is said.
    assert_eq!(scene.synced().await, [""; 0]);

    // Who is disabled is told to be; a name, an address, a member.
    let mut account = scene.admin.get(&format!("/api/users/{craig}")).await.json();
    account["disabled"] = json!(true);
    account["lastName"] = json!("Crow");
    ok(&mut scene.admin, &format!("/api/users/{craig}"), &account).await;
    scene.scim.be_terse();
    assert_eq!(scene.synced().await, ["PUT /v2/Users/r%201"]);
    let shown = scene.scim.user("craig");
    assert_eq!(
        (&shown["active"], &shown["name"]["familyName"]),
        (&json!(false), &json!("Crow"))
    );
    set_members(&mut scene.admin, &developers, &[&craig]).await;
    assert_eq!(scene.synced().await.len(), 1);
    assert_eq!(scene.scim.groups()[1]["members"], json!([{"value": at_app}]));
    assert_eq!(scene.synced().await, [""; 0]);

    // Who may not use it any more goes, with the group.
    restrict(&mut scene.admin, &scene.client, &[&designers]).await;
    let done = scene.synced().await;
    assert_eq!(done.len(), 2, "{done:?}");
    assert!(
        done[0].starts_with("DELETE /v2/Users/") && done[1].starts_with("DELETE /v2/Groups/"),
        "{done:?}"
    );
    assert_eq!(names(&scene.scim.users(), "userName"), ["tim"]);
    assert_eq!(names(&scene.scim.groups(), "displayName"), ["Designers"]);

    // Everybody, then somebody less.
    unrestrict(&mut scene.admin, &scene.client).await;
    scene.synced().await;
    assert_eq!(names(&scene.scim.users(), "userName"), ["craig", "tim", "zoe"]);
    assert_eq!(scene.scim.groups().len(), 2);
    scene.admin.delete(&format!("/api/users/{craig}")).await;
    scene.synced().await;
    assert_eq!(names(&scene.scim.users(), "userName"), ["tim", "zoe"]);
    assert_eq!(scene.scim.groups()[1].get("members"), None);

    // The app lost everything: it is told again.
    scene.scim.reset();
    scene.synced().await;
    assert_eq!(scene.scim.users().len(), 2);

    // What it has stays when it is told no more.
    let path = format!("{PROVIDERS}/{}", scene.provider);
    assert_eq!(scene.admin.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!((scene.scim.mutations(), scene.scim.users().len()), (vec![], 2));
    assert_eq!(app.count("scim_resources").await, 0);
});

both_engines!(nobody_elses_accounts_are_touched, |app: TestApp| async move {
    let mut scene = scene(&app).await;
    scene.scim.page_size(1);
    let strangers = [
        json!({"id": "1", "userName": "root", "emails": [{"value": "root@example.com"}]}),
        json!({"id": "2", "userName": "crm", "externalId": "crm-1"}),
        json!({"id": "3", "userName": "other", "externalId": uuid()}),
    ];
    for stranger in &strangers {
        scene.scim.has("Users", stranger.clone());
    }
    scene.scim.has(
        "Groups",
        json!({"id": "4", "displayName": "Staff", "members": [{"value": "1"}]}),
    );
    restrict(&mut scene.admin, &scene.client, &[]).await;
    assert_eq!(scene.synced().await, [""; 0]);
    unrestrict(&mut scene.admin, &scene.client).await;
    assert_eq!(scene.synced().await, ["POST /v2/Users"]);
    restrict(&mut scene.admin, &scene.client, &[]).await;
    let done = scene.synced().await;
    assert_eq!(done.len(), 1, "{done:?}");
    for stranger in &strangers {
        assert!(scene.scim.users().contains(stranger), "{stranger}");
    }
    assert_eq!((scene.scim.users().len(), scene.scim.groups().len()), (3, 1));

    // Another app at the same client: what is known of the first is not believed of the second.
    unrestrict(&mut scene.admin, &scene.client).await;
    scene.synced().await;
    let ours = scene.scim.user("tim");
    let second = ScimServer::start().await;
    let mut somebody = ours.clone();
    somebody["externalId"] = Value::Null;
    second.has("Users", somebody.clone());
    let input = json!({"endpoint": second.endpoint, "token": "x", "oidcClientId": scene.client});
    ok(
        &mut scene.admin,
        &format!("{PROVIDERS}/{}", scene.provider),
        &input,
    )
    .await;
    restrict(&mut scene.admin, &scene.client, &[]).await;
    scene.synced().await;
    assert_eq!((second.users(), second.mutations()), (vec![somebody], vec![]));
});

both_engines!(accounts_that_exist_are_taken_over, |app: TestApp| async move {
    let mut scene = scene(&app).await;
    let admin = &mut scene.admin;
    let known =
        json!({"id": "k", "userName": "KIM", "emails": [{"value": "kim@example.com"}], "nickName": "k"});
    scene.scim.has("Users", known);
    scene.scim.has(
        "Users",
        json!({"id": "a", "userName": "admin", "emails": [{"value": "boss@example.com"}]}),
    );
    scene
        .scim
        .has("Groups", json!({"id": "g", "displayName": "Crew"}));
    let kim = user(admin, "kim").await;
    group(admin, "Crew", &[&kim]).await;

    // Who chose a name, and has proven nothing, gets nobody's account; the rest is done.
    let failure = scene.sync_fails().await;
    assert!(
        failure.contains("user kim: the app has an account of this name"),
        "{failure}"
    );
    assert!(
        failure.contains("group Crew: the app has no account for its members kim"),
        "{failure}"
    );
    assert_eq!(scene.scim.mutations(), ["POST /v2/Users"]);
    assert_eq!(scene.scim.user("tim")["externalId"], scene.tim);
    assert_eq!(scene.stored().await["lastSyncedAt"], Value::Null);

    let path = format!("/api/users/{kim}");
    let mut account = scene.admin.get(&path).await.json();
    account["emailVerified"] = json!(true);
    ok(&mut scene.admin, &path, &account).await;
    assert_eq!(scene.synced().await, ["PUT /v2/Users/k", "PUT /v2/Groups/g"]);
    assert_eq!(scene.scim.user("kim")["externalId"], kim);
    assert_eq!(scene.scim.groups()[0]["members"], json!([{"value": "k"}]));
    assert_eq!(scene.synced().await, [""; 0]);

    // An attacker with the name of somebody at the app, and an address of their own.
    let mut mallory = json!({"username": "admin", "email": "mallory@example.com", "emailVerified": true});
    let mallory_id = id_of(&scene.admin.post("/api/users", &mallory).await);
    scene.sync_fails().await;
    assert_eq!(scene.scim.user("admin").get("externalId"), None);
    // With the address of that somebody, unproven.
    mallory["email"] = json!("boss@example.com");
    mallory["emailVerified"] = json!(false);
    ok(&mut scene.admin, &format!("/api/users/{mallory_id}"), &mallory).await;
    scene.sync_fails().await;
    assert_eq!(scene.scim.user("admin").get("externalId"), None);
    scene.admin.delete(&format!("/api/users/{mallory_id}")).await;
    scene.synced().await;

    // What was there before us is not deleted after us, but nobody can use it any more.
    restrict(&mut scene.admin, &scene.client, &[]).await;
    let done = scene.synced().await;
    assert_eq!(
        done.iter().filter(|one| one.starts_with("DELETE")).count(),
        1,
        "{done:?}"
    );
    assert_eq!(names(&scene.scim.users(), "userName"), ["admin", "kim"]);
    assert_eq!(scene.scim.user("kim")["active"], false);
    assert_eq!(scene.scim.groups()[0].get("members"), None);
    assert_eq!(scene.synced().await, [""; 0]);
    unrestrict(&mut scene.admin, &scene.client).await;
    scene.synced().await;
    assert_eq!(scene.scim.user("kim")["active"], true);
});

both_engines!(administered_names_are_proof, |app: TestApp| async move {
    let mut scene = scene(&app).await;
    scene.scim.has("Users", json!({"id": "t", "userName": "tim"}));
    let failure = scene.sync_fails().await;
    assert!(failure.contains("nothing proves"), "{failure}");
    let setting = json!({"allowOwnAccountEdit": "false"});
    scene
        .admin
        .patch("/api/application-configuration", &setting)
        .await;
    assert_eq!(scene.synced().await, ["PUT /v2/Users/t"]);
});

both_engines!(failures_are_told_and_do_not_spread, |app: TestApp| async move {
    let mut scene = scene(&app).await;
    let admin = &mut scene.admin;
    let craig = user(admin, "craig").await;
    group(admin, "Crew", &[&craig]).await;
    group(admin, "Staff", &[&scene.tim]).await;

    // One that fails, the others not; what comes back may hold the token.
    scene.scim.fail(
        "POST /v2/Users",
        "craig",
        500,
        None,
        r#"{"detail": "no\nroom for Bearer s3cret"}"#,
    );
    let failure = scene.sync_fails().await;
    assert_eq!(
        failure,
        "user craig: POST answered 500: no room for Bearer XXXXXXXXXX; \
         group Crew: the app has no account for its members craig"
    );
    assert_eq!(names(&scene.scim.users(), "userName"), ["tim"]);
    assert_eq!(names(&scene.scim.groups(), "displayName"), ["Staff"]);
    let stored = scene.stored().await;
    assert_eq!(
        (&stored["lastSyncedAt"], &stored["lastAttemptAt"]),
        (&Value::Null, &json!("2026-01-01T00:00:00Z"))
    );
    scene.scim.mutations();
    assert_eq!(scene.synced().await, ["POST /v2/Users", "POST /v2/Groups"]);
    let last = scene.stored().await;
    assert_eq!(
        (&last["lastError"], &last["lastSyncedAt"]),
        (&Value::Null, &json!("2026-01-01T00:00:00Z"))
    );

    // It has no time: asked again a little later, three times in all. The clock of tests moves by the pauses.
    app.pass_seconds(60);
    let before = app.clock.now();
    scene.scim.fail("GET /v2/Users", "", 429, Some("7"), "");
    scene.scim.fail("GET /v2/Groups", "", 429, None, "");
    scene.scim.fail("GET /v2/Groups", "", 429, Some("100000"), "");
    assert_eq!(scene.synced().await, [""; 0]);
    assert_eq!(app.clock.now().0 - before.0, 7000 + 500 + 30_000);
    for _ in 0..3 {
        scene.scim.fail("GET /v2/Users", "", 429, Some("0"), "");
    }
    scene.scim.requests();
    let failure = scene.sync_fails().await;
    assert_eq!(failure, "the users could not be listed: GET answered 429");
    assert_eq!(scene.scim.requests(), ["GET /v2/Users"; 3]);

    // What it has is not known: nothing is done, whatever is wrong with the list.
    user(&mut scene.admin, "zoe").await;
    for (body, reason) in [
        ("<html>", "no JSON object"),
        ("[]", "no JSON object"),
        ("{}", "not a list"),
        (r#"{"totalResults": 1, "Resources": "x"}"#, "no array"),
        (
            r#"{"totalResults": 1, "Resources": [{"userName": "x"}]}"#,
            "without an id",
        ),
    ] {
        scene.scim.fail("GET /v2/Groups", "", 200, None, body);
        let failure = scene.sync_fails().await;
        assert!(
            failure.starts_with("the groups could not be listed") && failure.contains(reason),
            "{failure}"
        );
    }
    // The same page again and again.
    let page = r#"{"totalResults": 5, "Resources": [{"id": "1"}]}"#;
    for _ in 0..2 {
        scene.scim.fail("GET /v2/Users", "", 200, None, page);
    }
    let failure = scene.sync_fails().await;
    assert!(failure.contains("same page"), "{failure}");
    assert_eq!(scene.scim.mutations(), [""; 0]);

    // The wrong token.
    scene.scim.require_token("other");
    let failure = scene.sync_fails().await;
    assert_eq!(
        failure,
        "the users could not be listed: GET answered 401: no valid token"
    );
    // Nobody there.
    let input = json!({"endpoint": "http://nobody.example/v2", "token": "x", "oidcClientId": scene.client});
    ok(
        &mut scene.admin,
        &format!("{PROVIDERS}/{}", scene.provider),
        &input,
    )
    .await;
    let failure = scene.sync_fails().await;
    assert_eq!(
        failure,
        "the users could not be listed: the server could not be reached"
    );
});

both_engines!(a_name_that_is_taken_is_said_so, |app: TestApp| async move {
    let mut scene = scene(&app).await;
    // The app lists it only after it has refused.
    scene.scim.fail(
        "POST /v2/Users",
        "tim",
        409,
        None,
        r#"{"detail": "userName is taken"}"#,
    );
    let failure = scene.sync_fails().await;
    assert_eq!(failure, "user tim: POST answered 409: userName is taken");
    // An administrator there says whose it is. It was there before, so it is not deleted.
    scene.scim.has(
        "Users",
        json!({"id": "t", "userName": "tim", "externalId": scene.tim}),
    );
    scene.scim.mutations();
    assert_eq!(scene.synced().await, ["PUT /v2/Users/t"]);
    restrict(&mut scene.admin, &scene.client, &[]).await;
    assert_eq!(scene.synced().await, ["PUT /v2/Users/t"]);
    assert_eq!(scene.scim.user("tim")["active"], false);
});

both_engines!(what_was_made_unnoticed_is_ours, |app: TestApp| async move {
    let mut scene = scene(&app).await;
    // It was made, and the answer was lost.
    scene.scim.fail("POST /v2/Users", "tim", 502, None, "");
    scene.sync_fails().await;
    scene.scim.has(
        "Users",
        json!({"id": "t", "userName": "tim", "externalId": scene.tim}),
    );
    restrict(&mut scene.admin, &scene.client, &[]).await;
    scene.scim.mutations();
    assert_eq!(scene.synced().await, ["DELETE /v2/Users/t"]);
});

both_engines!(redirects_stay_on_the_server, |app: TestApp| async move {
    let mut scene = scene(&app).await;
    scene.scim.fail("GET /v2/Users", "", 302, None, "");
    let failure = scene.sync_fails().await;
    assert!(failure.contains("redirects to nowhere"), "{failure}");
    // Neither the token nor what is known of people goes to another server, whatever is asked and answered.
    let other = ScimServer::start().await;
    for status in [301, 302, 303, 307, 308] {
        scene
            .scim
            .redirect("GET /v2/Users", status, &format!("{}/Users", other.endpoint));
        let failure = scene.sync_fails().await;
        assert!(
            failure.contains("redirects to another server"),
            "{status}: {failure}"
        );
    }
    for status in [307, 308] {
        scene
            .scim
            .redirect("POST /v2/Users", status, &format!("{}/Users", other.endpoint));
        let failure = scene.sync_fails().await;
        assert!(
            failure.contains("redirects to another server"),
            "{status}: {failure}"
        );
    }
    assert_eq!(other.requests(), [""; 0]);
    // On the same one it does, with the token.
    scene.scim.requests();
    let here = format!("{}/Users?startIndex=1&count=100", scene.scim.endpoint);
    scene.scim.redirect("GET /v2/Users", 307, &here);
    assert_eq!(scene.synced().await, ["POST /v2/Users"]);
});

both_engines!(
    keys_for_clients_are_keys_for_their_provisioning,
    |app: TestApp| async move {
        let mut scene = scene(&app).await;
        let mut key = async |name: &str, more: Value| {
            let mut input = json!({"name": name, "expiresAt": "2100-01-01T00:00:00Z"});
            input
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let made = scene.admin.post("/api/api-keys", &input).await;
            assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
            text(&made.json()["token"]).to_owned()
        };
        let clients = key("clients", json!({"resources": ["clients"]})).await;
        let reader = key("reader", json!({"resources": ["clients"], "readOnly": true})).await;
        let people = key(
            "people",
            json!({"resources": ["users", "groups", "configuration"]}),
        )
        .await;
        let ask = async |key: &str, method: &Method, path: &str, body: &Value| {
            let mut program = app.browser();
            let request = program
                .request(method.clone(), path)
                .header("x-api-key", key)
                .json(body);
            let answer = program.send(request).await;
            (answer.status.as_u16(), answer)
        };
        let other = register(&mut scene.admin, |_| {}).await.id;
        let of_client = format!("/api/oidc/clients/{}/scim-service-provider", scene.client);
        let one = format!("{PROVIDERS}/{}", scene.provider);
        let sync = format!("{one}/sync");
        let made = json!({"endpoint": scene.scim.endpoint, "token": "", "oidcClientId": other});
        let kept = json!({"endpoint": scene.scim.endpoint, "token": "s3cret", "oidcClientId": scene.client});
        for (method, path, body, status) in [
            (Method::GET, of_client.as_str(), &Value::Null, 200),
            (Method::POST, PROVIDERS, &made, 201),
            (Method::PUT, &one, &kept, 200),
            (Method::POST, &sync, &Value::Null, 200),
            (Method::DELETE, &one, &Value::Null, 204),
        ] {
            let (refused, answer) = ask(&people, &method, path, body).await;
            assert_eq!(
                (refused, &*answer.code()),
                (403, "api_key_scope"),
                "{method} {path}"
            );
            let (found, answer) = ask(&reader, &method, path, body).await;
            if method == Method::GET {
                assert_eq!(found, 200, "{answer:?}");
            } else {
                assert_eq!(
                    (found, &*answer.code()),
                    (403, "api_key_scope"),
                    "{method} {path}"
                );
            }
            let (found, answer) = ask(&clients, &method, path, body).await;
            assert_eq!(found, status, "{method} {path}: {answer:?}");
        }
    }
);

both_engines!(
    apps_are_told_a_while_after_the_last_change,
    |app: TestApp| async move {
        let mut scene = scene(&app).await;
        let state = &app.app.state;
        let tell = || async { sync_due(state).await.unwrap() };
        let mut key = app.passkey(1);
        assert_eq!(scene.admin.add_passkey(&mut key).await.status, StatusCode::OK);
        // Saving it is a change.
        app.pass_seconds(FIVE_MINUTES - 1);
        tell().await;
        assert_eq!(scene.scim.requests(), [""; 0]);
        app.pass_seconds(1);
        tell().await;
        assert_eq!(scene.scim.mutations(), ["POST /v2/Users"]);
        tell().await;
        assert_eq!(scene.scim.requests(), [""; 0]);

        // Every hour.
        app.pass_seconds(60 * 60);
        tell().await;
        assert_eq!(scene.scim.requests(), ["GET /v2/Users", "GET /v2/Groups"]);

        // After the last of several changes, of whatever kind.
        scene.admin.sign_in(&mut key).await;
        let craig = user(&mut scene.admin, "craig").await;
        app.pass_seconds(FIVE_MINUTES - 1);
        let crew = group(&mut scene.admin, "Crew", &[&craig]).await;
        app.pass_seconds(FIVE_MINUTES - 1);
        tell().await;
        assert_eq!(scene.scim.requests(), [""; 0]);
        app.pass_seconds(1);
        tell().await;
        assert_eq!(scene.scim.mutations(), ["POST /v2/Users", "POST /v2/Groups"]);
        let client = format!("/api/oidc/clients/{}", scene.client);
        let me = scene.admin.get("/api/users/me").await.json();
        for change in 0..7 {
            let admin = &mut scene.admin;
            match change {
                0 => restrict(admin, &scene.client, &[&crew]).await,
                1 => unrestrict(admin, &scene.client).await,
                2 => drop(
                    ok(
                        admin,
                        &format!("/api/users/{craig}/user-groups"),
                        &json!({"userGroupIds": []}),
                    )
                    .await,
                ),
                3 => drop(ok(admin, "/api/users/me", &me).await),
                4 => drop(
                    ok(
                        admin,
                        &format!("/api/user-groups/{crew}/allowed-oidc-clients"),
                        &json!({"oidcClientIds": []}),
                    )
                    .await,
                ),
                5 => drop(admin.delete(&format!("/api/user-groups/{crew}")).await),
                _ => drop(admin.delete(&format!("/api/users/{craig}")).await),
            }
            app.pass_seconds(FIVE_MINUTES);
            tell().await;
            assert!(!scene.scim.requests().is_empty(), "{change}");
        }
        // What no app is told of is no reason.
        let mut input = scene.admin.get(&client).await.json();
        input["name"] = json!("Another name");
        ok(&mut scene.admin, &client, &input).await;
        let claims = json!([{"key": "shoe", "value": "43"}]);
        ok(
            &mut scene.admin,
            &format!("/api/custom-claims/user/{}", scene.tim),
            &claims,
        )
        .await;
        app.pass_seconds(FIVE_MINUTES);
        tell().await;
        assert_eq!(scene.scim.requests(), [""; 0]);

        // Changes without end do not keep it from being told for ever.
        for _ in 0..40 {
            scene.admin.sign_in(&mut key).await;
            ok(&mut scene.admin, "/api/users/me", &me).await;
            app.pass_seconds(FIVE_MINUTES - 60);
            tell().await;
        }
        assert!(!scene.scim.requests().is_empty());

        // A failure is no reason to stop.
        scene.scim.fail("GET /v2/Users", "", 500, None, "");
        app.pass_seconds(2 * 60 * 60);
        tell().await;
        assert_eq!(scene.scim.requests(), ["GET /v2/Users"]);
        scene.admin.sign_in(&mut key).await;
        assert_ne!(scene.stored().await["lastError"], Value::Null);
        app.pass_seconds(60 * 60);
        tell().await;
        scene.admin.sign_in(&mut key).await;
        assert_eq!(scene.stored().await["lastError"], Value::Null);
    }
);

/// Of several servers that look at once one tells the app, and one that dies is replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_several_replicas_tells() {
    let first = TestApp::start(Database::Postgres).await;
    let database = first.app.state.config.database.clone();
    let key = first.app.state.config.encryption_key.clone();
    let url = AppUrl::parse(&first.url).unwrap();
    let second = TestApp::start_with(Database::Sqlite, |config| {
        config.database = database;
        config.encryption_key = key;
        config.app_url = url.clone();
        config.internal_app_url = url;
    })
    .await;
    let mut scene = scene(&first).await;
    for app in [&first, &second] {
        app.pass_seconds(FIVE_MINUTES);
    }
    let both = (&first.app.state, &second.app.state);
    let (one, other) = tokio::join!(sync_due(both.0), sync_due(both.1));
    one.unwrap();
    other.unwrap();
    assert_eq!(scene.scim.mutations(), ["POST /v2/Users"]);
    assert_eq!(scene.scim.users().len(), 1);

    // A run of a server that is gone: nobody begins another while it may live, then anybody does.
    let reader = first.app.state.store.reader();
    let until = first.clock.now().plus_seconds(600).0;
    let dying = format!(
        "UPDATE scim_service_providers SET lease = '{}', lease_until = {until}, next_sync_at = 0",
        uuid()
    );
    sea_orm::ConnectionTrait::execute_unprepared(reader, &dying)
        .await
        .unwrap();
    let busy = scene.sync().await;
    assert_eq!(
        (busy.status.as_u16(), busy.code()),
        (409, "scim_sync_running".to_owned())
    );
    sync_due(&second.app.state).await.unwrap();
    assert_eq!(scene.scim.requests(), [""; 0]);
    second.pass_seconds(601);
    sync_due(&second.app.state).await.unwrap();
    assert_eq!(scene.scim.requests(), ["GET /v2/Users", "GET /v2/Groups"]);
}
