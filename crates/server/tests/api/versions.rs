//! Two administrators at once: entity tags and `If-Match` of everything that is written whole.

use http::{Method, StatusCode};
use pocket_id_store::clients::{self, Client, TokenDurations};
use pocket_id_store::types::{ClientId, ClientType, FederatedIdentities, FederatedIdentity, StringList};
use serde_json::{Value, json};

use crate::apis::{create_api, permission};
use crate::oidc::text;
use crate::support::{Answer, Browser, OtherServer, TestApp, both_engines};

async fn put_if(admin: &mut Browser, path: &str, tag: &str, body: &Value) -> Answer {
    let request = admin
        .request(Method::PUT, path)
        .header("If-Match", tag)
        .json(body);
    admin.send(request).await
}

/// The tag of what is at a path.
async fn tag(admin: &mut Browser, path: &str) -> String {
    let answer = admin.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    let tag = answer.header("etag").to_owned();
    assert!(
        tag.starts_with('"') && tag.ends_with('"') && tag.len() > 16,
        "{tag}"
    );
    tag
}

async fn made(admin: &mut Browser, path: &str, body: Value) -> String {
    let answer = admin.post(path, &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let id = text(&answer.json()["id"]).to_owned();
    // What was made can be changed right away.
    assert_eq!(tag(admin, &format!("{path}/{id}")).await, answer.header("etag"));
    id
}

async fn client(admin: &mut Browser, id: &str) -> String {
    let body = json!({"id": id, "name": "Files", "isGroupRestricted": true});
    made(admin, "/api/oidc/clients", body).await
}

async fn user(admin: &mut Browser, name: &str) -> String {
    let body = json!({"username": name, "email": format!("{name}@example.com")});
    made(admin, "/api/users", body).await
}

async fn group(admin: &mut Browser, name: &str) -> String {
    made(
        admin,
        "/api/user-groups",
        json!({"friendlyName": name, "name": name}),
    )
    .await
}

/// What every route that takes `If-Match` keeps to. `body(n)` and `body(n + 1)` say different things.
async fn keeps_to_the_rules(
    app: &TestApp,
    admin: &mut Browser,
    shown: &str,
    written: &str,
    body: impl Fn(usize) -> Value,
) {
    let first = tag(admin, shown).await;
    assert_eq!(tag(admin, shown).await, first, "nothing happened");
    let before = admin.get(shown).await.text;
    let entries = app.audit_log().await.len();
    for wrong in [
        "\"00000000000000000000000000000000\"",
        &format!("W/{first}"),
        first.trim_matches('"'),
        "",
    ] {
        let answer = put_if(admin, written, wrong, &body(1)).await;
        assert_eq!(
            answer.status,
            StatusCode::PRECONDITION_FAILED,
            "{written} {wrong}"
        );
        assert_eq!(answer.code(), "precondition_failed");
    }
    assert_eq!(admin.get(shown).await.text, before, "nothing was written");
    assert_eq!(app.audit_log().await.len(), entries);

    let answer = put_if(admin, written, &first, &body(1)).await;
    assert_eq!(answer.status, StatusCode::OK, "{written}: {answer:?}");
    let second = answer.header("etag").to_owned();
    assert_ne!(second, first, "{written}");
    assert_eq!(tag(admin, shown).await, second, "{written}");
    let late = put_if(admin, written, &first, &body(2)).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(tag(admin, shown).await, second);

    // Whoever makes no condition is served as ever.
    for answer in [
        admin.put(written, &body(2)).await,
        put_if(admin, written, "*", &body(3)).await,
    ] {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    let third = tag(admin, shown).await;
    let answer = put_if(admin, written, &format!("{first}, {third}"), &body(4)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let fourth = answer.header("etag").to_owned();
    assert_ne!(fourth, third);

    // Of many at once who saw the same, one wins.
    let attempts = (0..16).map(|_| {
        let (mut admin, tag, body) = (admin.clone(), fourth.clone(), body(5));
        let written = written.to_owned();
        async move { put_if(&mut admin, &written, &tag, &body).await.status }
    });
    let statuses = attempts.collect::<tokio::task::JoinSet<_>>().join_all().await;
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!(
        (count(StatusCode::OK), count(StatusCode::PRECONDITION_FAILED)),
        (1, 15),
        "{written}: {statuses:?}"
    );
}

both_engines!(clients_are_not_overwritten, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    client(&mut admin, "files").await;
    let path = "/api/oidc/clients/files";
    keeps_to_the_rules(
        &app,
        &mut admin,
        path,
        path,
        |n| json!({"name": format!("Files {n}"), "isGroupRestricted": true}),
    )
    .await;
    let one = group(&mut admin, "one").await;
    keeps_to_the_rules(
        &app,
        &mut admin,
        path,
        &format!("{path}/allowed-user-groups"),
        |n| json!({"userGroupIds": if n % 2 == 0 { vec![] } else { vec![one.clone()] }}),
    )
    .await;
});

both_engines!(
    every_part_of_a_client_counts_and_nothing_that_changes_by_itself,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        client(&mut admin, "files").await;
        let path = "/api/oidc/clients/files";
        let group = group(&mut admin, "one").await;
        let groups = json!({"userGroupIds": [group]});
        admin.put(&format!("{path}/allowed-user-groups"), &groups).await;
        let seen = tag(&mut admin, path).await;

        let expiry = json!({"expiresAt": "2100-01-01T00:00:00Z"});
        let secret = admin.post(&format!("{path}/secrets"), &expiry).await;
        assert_eq!(secret.status, StatusCode::CREATED, "{secret:?}");
        let tx = app.app.state.store.begin().await.unwrap();
        clients::mark_pkce_supported(&tx, &ClientId("files".to_owned()))
            .await
            .unwrap();
        pocket_id_store::commit(tx).await.unwrap();
        let names = json!({"friendlyName": "Another name", "name": "one"});
        admin.put(&format!("/api/user-groups/{group}"), &names).await;
        assert_eq!(tag(&mut admin, path).await, seen);

        let whole = json!({"name": "Files", "isGroupRestricted": true});
        let mut tags = vec![seen];
        for (field, value) in [
            ("name", json!("Other")),
            ("description", json!("Text")),
            ("callbackURLs", json!(["https://a.example/cb"])),
            ("logoutCallbackURLs", json!(["https://a.example/cb"])),
            ("launchURL", json!("https://a.example")),
            ("isPublic", json!(true)),
            ("pkceEnabled", json!(true)),
            ("requiresReauthentication", json!(true)),
            ("requiresPushedAuthorizationRequests", json!(true)),
            ("skipConsent", json!(true)),
            ("accessTokenDurationMinutes", json!(5)),
            ("refreshTokenDurationMinutes", json!(5)),
            (
                "credentials",
                json!({"federatedIdentities": [{"issuer": "https://i.example"}]}),
            ),
            ("protocol", json!({"defaultMaxAge": 5})),
            ("isGroupRestricted", json!(false)),
        ] {
            let mut changed = whole.clone();
            changed[field] = value;
            let answer = admin.put(path, &changed).await;
            assert_eq!(answer.status, StatusCode::OK, "{field}: {answer:?}");
            let tag = answer.header("etag").to_owned();
            assert!(!tags.contains(&tag), "{field}");
            tags.push(tag);
        }
    }
);

both_engines!(
    a_metadata_document_changes_without_refusing_administrators,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let id = ClientId("https://app.example/client.json".to_owned());
        let mut row = Client::new(
            id,
            "App".to_owned(),
            TokenDurations::default(),
            app.app.state.now(),
        );
        row.client_type = ClientType::MetadataDocument;
        row.is_public = true;
        let tx = app.app.state.store.begin().await.unwrap();
        clients::insert(&tx, row.clone()).await.unwrap();
        pocket_id_store::commit(tx).await.unwrap();
        let path = "/api/oidc/clients/~aHR0cHM6Ly9hcHAuZXhhbXBsZS9jbGllbnQuanNvbg";
        let seen = tag(&mut admin, path).await;
        row.name = "App 2".to_owned();
        row.callback_urls = StringList(vec!["https://app.example/cb".to_owned()]);
        let tx = app.app.state.store.begin().await.unwrap();
        clients::update(&tx, row).await.unwrap();
        pocket_id_store::commit(tx).await.unwrap();
        assert_eq!(tag(&mut admin, path).await, seen);
        // What its document says comes back with the rest and is not looked at.
        let body = json!({"name": "x".repeat(100), "description": "Ours", "callbackURLs": [""]});
        let answer = put_if(&mut admin, path, &seen, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_ne!(answer.header("etag"), seen);
        assert_eq!(
            (&answer.json()["name"], &answer.json()["callbackURLs"]),
            (&json!("App 2"), &json!(["https://app.example/cb"]))
        );
    }
);

both_engines!(
    federated_identities_that_stay_are_not_looked_at,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        client(&mut admin, "files").await;
        let path = "/api/oidc/clients/files";
        let tx = app.app.state.store.begin().await.unwrap();
        let id = ClientId("files".to_owned());
        let mut row = clients::find(&tx, &id).await.unwrap().unwrap();
        let old = FederatedIdentity {
            issuer: "of the old server".to_owned(),
            subject: String::new(),
            audience: String::new(),
            jwks: String::new(),
            replay_protection: false,
        };
        row.federated_identities = FederatedIdentities(vec![old]);
        clients::update(&tx, row).await.unwrap();
        pocket_id_store::commit(tx).await.unwrap();
        let mut body = admin.get(path).await.json();
        body["description"] = json!("Ours");
        let answer = admin.put(path, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        body["credentials"]["federatedIdentities"][0]["subject"] = json!("job");
        assert_eq!(
            admin.put(path, &body).await.failed_rules(),
            [(
                "credentials.federatedIdentities[0].issuer".to_owned(),
                "invalid_format".to_owned()
            )]
        );
    }
);

both_engines!(
    servers_to_tell_of_people_are_not_overwritten,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        client(&mut admin, "files").await;
        let body = |n: usize| {
            json!({
                "endpoint": format!("https://scim.example/v{n}"), "token": "secret", "oidcClientId": "files"
            })
        };
        let made = admin.post("/api/scim/service-provider", &body(0)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let shown = "/api/oidc/clients/files/scim-service-provider";
        assert_eq!(tag(&mut admin, shown).await, made.header("etag"));
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let written = format!("/api/scim/service-provider/{id}");
        keeps_to_the_rules(&app, &mut admin, shown, &written, body).await;
        // Another token looks the same, and is none the less somebody's change.
        let seen = tag(&mut admin, shown).await;
        let mut other = body(5);
        other["token"] = json!("another");
        assert_eq!(admin.put(&written, &other).await.status, StatusCode::OK);
        let late = put_if(&mut admin, &written, &seen, &body(5)).await;
        assert_eq!(late.code(), "precondition_failed");
    }
);

both_engines!(a_refused_change_leaves_the_logo, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let server = OtherServer::start(&app, "logos.example").await;
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    server.page("/logo.svg", 200, &[("content-type", "image/svg+xml")], svg);
    client(&mut admin, "files").await;
    let path = "/api/oidc/clients/files";
    let body =
        json!({"name": "Files", "isGroupRestricted": true, "logoUrl": format!("{}/logo.svg", server.origin)});
    let answer = put_if(&mut admin, path, "\"other\"", &body).await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "{answer:?}");
    assert_eq!(admin.get(&format!("{path}/logo")).await.code(), "image_not_found");
    let seen = tag(&mut admin, path).await;
    let answer = put_if(&mut admin, path, &seen, &body).await;
    assert_eq!(answer.json()["hasLogo"], true, "{answer:?}");
    assert_eq!(answer.header("etag"), seen, "a logo is no reason to refuse");
    assert_eq!(admin.get(&format!("{path}/logo")).await.status, StatusCode::OK);
});

both_engines!(users_are_not_overwritten, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let id = user(&mut admin, "eve").await;
    let path = format!("/api/users/{id}");
    keeps_to_the_rules(
        &app,
        &mut admin,
        &path,
        &path,
        |n| json!({"username": "eve", "email": "eve@example.com", "firstName": format!("Eve {n}")}),
    )
    .await;
    let one = group(&mut admin, "one").await;
    keeps_to_the_rules(
        &app,
        &mut admin,
        &path,
        &format!("{path}/user-groups"),
        |n| json!({"userGroupIds": if n % 2 == 0 { vec![] } else { vec![one.clone()] }}),
    )
    .await;
    let claims = format!("/api/custom-claims/user/{id}");
    keeps_to_the_rules(
        &app,
        &mut admin,
        &path,
        &claims,
        |n| json!([{"key": "floor", "value": n.to_string()}]),
    )
    .await;
});

both_engines!(oneself_is_not_overwritten, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let path = "/api/users/me";
    keeps_to_the_rules(&app, &mut admin, path, path, |n| {
        json!({"username": "tim", "email": "tim@example.com", "firstName": format!("Tim {n}"), "isAdmin": true})
    })
    .await;
    let id = text(&admin.get(path).await.json()["id"]).to_owned();
    let by_id = tag(&mut admin, &format!("/api/users/{id}")).await;
    assert_eq!(tag(&mut admin, path).await, by_id, "one person, one state");
});

both_engines!(using_an_account_is_no_change_of_it, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut passkey = app.passkey(1);
    assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
    let me = text(&admin.get("/api/users/me").await.json()["id"]).to_owned();
    let one = group(&mut admin, "one").await;
    let (user, group) = (format!("/api/users/{me}"), format!("/api/user-groups/{one}"));
    admin
        .put(&format!("{group}/users"), &json!({"userIds": [me]}))
        .await;
    client(&mut admin, "files").await;
    admin
        .put(
            &format!("{group}/allowed-oidc-clients"),
            &json!({"oidcClientIds": ["files"]}),
        )
        .await;
    let (seen, seen_group) = (tag(&mut admin, &user).await, tag(&mut admin, &group).await);
    app.pass_seconds(1800);
    assert_eq!(app.browser().sign_in(&mut passkey).await.status, StatusCode::OK);
    let names = json!({"friendlyName": "Another name", "name": "another"});
    assert_eq!(tag(&mut admin, &user).await, seen);
    // What members and clients are called is theirs.
    let renamed = json!({"name": "Other files", "isGroupRestricted": true});
    admin.put("/api/oidc/clients/files", &renamed).await;
    let named =
        json!({"username": "tim", "email": "tim@example.com", "firstName": "Timothy", "isAdmin": true});
    assert_eq!(admin.put(&user, &named).await.status, StatusCode::OK);
    assert_eq!(tag(&mut admin, &group).await, seen_group);
    let seen = tag(&mut admin, &user).await;
    assert_eq!(admin.put(&group, &names).await.status, StatusCode::OK);
    assert_eq!(
        tag(&mut admin, &user).await,
        seen,
        "so is what their groups are called"
    );
    assert_ne!(tag(&mut admin, &group).await, seen_group);
});

both_engines!(groups_are_not_overwritten, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let id = group(&mut admin, "one").await;
    let path = format!("/api/user-groups/{id}");
    keeps_to_the_rules(
        &app,
        &mut admin,
        &path,
        &path,
        |n| json!({"friendlyName": format!("One {n}"), "name": "one"}),
    )
    .await;
    let eve = user(&mut admin, "eve").await;
    keeps_to_the_rules(
        &app,
        &mut admin,
        &path,
        &format!("{path}/users"),
        |n| json!({"userIds": if n % 2 == 0 { vec![] } else { vec![eve.clone()] }}),
    )
    .await;
    client(&mut admin, "files").await;
    keeps_to_the_rules(
        &app,
        &mut admin,
        &path,
        &format!("{path}/allowed-oidc-clients"),
        |n| json!({"oidcClientIds": if n % 2 == 0 { vec![] } else { vec!["files"] }}),
    )
    .await;
    let claims = format!("/api/custom-claims/user-group/{id}");
    keeps_to_the_rules(
        &app,
        &mut admin,
        &path,
        &claims,
        |n| json!([{"key": "floor", "value": n.to_string()}]),
    )
    .await;
});

both_engines!(apis_are_not_overwritten, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let api = create_api(&mut admin, "https://orders.example", &["read", "write"]).await;
    let path = format!("/api/apis/{}", text(&api["id"]));
    keeps_to_the_rules(
        &app,
        &mut admin,
        &path,
        &path,
        |n| json!({"name": format!("Orders {n}")}),
    )
    .await;
    let read = permission(&api, "read");
    keeps_to_the_rules(
        &app,
        &mut admin,
        &path,
        &format!("{path}/cimd-access"),
        |n| json!({"enabled": true, "permissionIds": if n % 2 == 0 { vec![] } else { vec![&read] }}),
    )
    .await;
    client(&mut admin, "files").await;
    let grant = format!("{path}/clients/files");
    let seen = tag(&mut admin, &path).await;
    keeps_to_the_rules(&app, &mut admin, &grant, &grant, |n| {
        json!({"userDelegatedAccess": true, "userDelegatedPermissionIds": if n % 2 == 0 { vec![] } else { vec![&read] }})
    })
    .await;
    assert_eq!(
        tag(&mut admin, &path).await,
        seen,
        "what clients have is not the API's"
    );
    keeps_to_the_rules(
        &app,
        &mut admin,
        &path,
        &format!("{path}/permissions"),
        |n| json!({"permissions": [{"key": "read", "name": format!("Read {n}")}]}),
    )
    .await;
});

both_engines!(who_may_register_is_not_overwritten, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let path = "/api/oidc/registration-policy";
    keeps_to_the_rules(
        &app,
        &mut admin,
        path,
        path,
        |n| json!({"mode": "token", "requiresApproval": n % 2 == 0}),
    )
    .await;
});

/// The same rows are written from two sides, under two tags.
async fn two_sides(
    admin: &mut Browser,
    (one, one_path, one_body): (&str, &str, Value),
    (other, other_path, other_body): (&str, &str, Value),
) -> (StatusCode, StatusCode) {
    let (one_tag, other_tag) = (tag(admin, one).await, tag(admin, other).await);
    let (mut first, mut second) = (admin.clone(), admin.clone());
    let (first, second) = tokio::join!(
        put_if(&mut first, one_path, &one_tag, &one_body),
        put_if(&mut second, other_path, &other_tag, &other_body),
    );
    (first.status, second.status)
}

both_engines!(
    memberships_are_not_overwritten_from_the_other_side,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let eve = user(&mut admin, "eve").await;
        let (one, two) = (group(&mut admin, "one").await, group(&mut admin, "two").await);
        let (user, members) = (
            format!("/api/users/{eve}"),
            format!("/api/user-groups/{one}/users"),
        );
        let groups = format!("{user}/user-groups");
        for round in 0..6 {
            admin.put(&groups, &json!({"userGroupIds": [one]})).await;
            let (of_user, of_group) = two_sides(
                &mut admin,
                (&user, &groups, json!({"userGroupIds": [one, two]})),
                (
                    &format!("/api/user-groups/{one}"),
                    &members,
                    json!({"userIds": []}),
                ),
            )
            .await;
            // Who takes Eve out of the first group saw her in it, before or after she joined the second.
            assert_eq!(of_group, StatusCode::OK, "round {round}");
            let now = admin.get(&user).await.json();
            let names: Vec<&str> = now["userGroups"]
                .as_array()
                .unwrap()
                .iter()
                .map(|group| text(&group["name"]))
                .collect();
            let expected = if of_user == StatusCode::OK {
                vec!["two"]
            } else {
                vec![]
            };
            assert_eq!(names, expected, "round {round}: {of_user}");
        }
    }
);

both_engines!(
    access_lists_are_not_overwritten_from_the_other_side,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        client(&mut admin, "files").await;
        let (one, two) = (group(&mut admin, "one").await, group(&mut admin, "two").await);
        let client = "/api/oidc/clients/files";
        let groups = format!("{client}/allowed-user-groups");
        let clients = format!("/api/user-groups/{one}/allowed-oidc-clients");
        for round in 0..6 {
            admin.put(&groups, &json!({"userGroupIds": [one]})).await;
            let (of_client, of_group) = two_sides(
                &mut admin,
                (client, &groups, json!({"userGroupIds": [one, two]})),
                (
                    &format!("/api/user-groups/{one}"),
                    &clients,
                    json!({"oidcClientIds": []}),
                ),
            )
            .await;
            assert_eq!(of_group, StatusCode::OK, "round {round}");
            let now = admin.get(client).await.json();
            let names: Vec<&str> = now["allowedUserGroups"]
                .as_array()
                .unwrap()
                .iter()
                .map(|group| text(&group["name"]))
                .collect();
            let expected = if of_client == StatusCode::OK {
                vec!["two"]
            } else {
                vec![]
            };
            assert_eq!(names, expected, "round {round}: {of_client}");
        }
    }
);
