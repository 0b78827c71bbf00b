//! `/api/apis` and `/api/api-access`.

use http::StatusCode;
use serde_json::{Value, json};

use crate::oidc::{register, text};
use crate::support::{Browser, TestApp, both_engines};

/// An API with permissions of these keys: its DTO.
pub async fn create_api(admin: &mut Browser, resource: &str, keys: &[&str]) -> Value {
    let answer = admin
        .post("/api/apis", &json!({"name": "Orders", "resource": resource}))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let id = text(&answer.json()["id"]).to_owned();
    permissions(admin, &id, keys).await
}

async fn permissions(admin: &mut Browser, id: &str, keys: &[&str]) -> Value {
    let permissions: Vec<Value> = keys
        .iter()
        .map(|key| json!({"key": key, "name": format!("May {key}"), "description": null}))
        .collect();
    let answer = admin
        .put(
            &format!("/api/apis/{id}/permissions"),
            &json!({"permissions": permissions}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

/// The ID of a permission by its key.
pub fn permission(api: &Value, key: &str) -> String {
    let permissions = api["permissions"].as_array().unwrap();
    let found = permissions.iter().find(|permission| permission["key"] == key);
    text(&found.unwrap()["id"]).to_owned()
}

/// Gives a client permissions by their keys, for users and for itself; an empty list is access alone.
pub async fn allow(
    admin: &mut Browser,
    api: &Value,
    client: &str,
    user: Option<&[&str]>,
    own: Option<&[&str]>,
) -> Value {
    let ids = |keys: Option<&[&str]>| -> Vec<String> {
        keys.unwrap_or_default()
            .iter()
            .map(|key| permission(api, key))
            .collect()
    };
    let body = json!({
        "userDelegatedAccess": user.is_some(), "clientAccess": own.is_some(),
        "userDelegatedPermissionIds": ids(user), "clientPermissionIds": ids(own),
    });
    let path = format!("/api/apis/{}/clients/{client}", text(&api["id"]));
    let answer = admin.put(&path, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

both_engines!(apis_are_added_changed_and_removed, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let answer = admin
        .post(
            "/api/apis",
            &json!({"name": "Orders", "resource": "https://api.example/v1//"}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let api = answer.json();
    assert_eq!(api["resource"], "https://api.example/v1");
    assert_eq!(api["permissions"], json!([]));
    assert_eq!(api["allowCimdClients"], false);
    let path = format!("/api/apis/{}", text(&api["id"]));
    assert_eq!(admin.get(&path).await.json(), api);

    let taken = admin
        .post(
            "/api/apis",
            &json!({"name": "Again", "resource": "https://api.example/v1"}),
        )
        .await;
    assert_eq!(
        (taken.status, taken.code()),
        (StatusCode::CONFLICT, "already_in_use".to_owned())
    );
    let renamed = admin
        .put(
            &path,
            &json!({"name": "Bills", "resource": "https://other.example"}),
        )
        .await
        .json();
    assert_eq!(
        (&renamed["name"], &renamed["resource"]),
        (&json!("Bills"), &api["resource"])
    );

    create_api(&mut admin, "urn:zebra", &[]).await;
    for (query, names) in [
        ("?sort[column]=name", vec!["Bills", "Orders"]),
        ("?sort[column]=name&sort[direction]=desc", vec!["Orders", "Bills"]),
        ("?search=ZEBRA", vec!["Orders"]),
        ("?search=bill", vec!["Bills"]),
    ] {
        let list = admin.get(&format!("/api/apis{query}")).await.json();
        let found: Vec<&str> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|api| text(&api["name"]))
            .collect();
        assert_eq!(found, names, "{query}");
    }
    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
    for id in [path.as_str(), "/api/apis/nonsense"] {
        let gone = admin.delete(id).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        assert_eq!(gone.json()["error"], "API not found");
    }
});

both_engines!(
    what_changes_nothing_of_an_api_is_not_in_the_audit_log,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        admin
            .post("/api/oidc/clients", &json!({"id": "files", "name": "Files"}))
            .await;
        let api = create_api(&mut admin, "https://api.example.com", &["read", "write"]).await;
        let path = format!("/api/apis/{}", api["id"].as_str().unwrap());
        let read = api["permissions"][0]["id"].clone();
        let write = api["permissions"][1]["id"].clone();
        let grant = format!("{path}/clients/files");
        let renamed = json!([{"key": "read", "name": "Read all"}, {"key": "write", "name": "write"}]);
        let fewer = json!([{"key": "read", "name": "Read all"}]);
        for (path, body) in [
            (path.clone(), json!({"name": "Another name"})),
            (
                format!("{path}/cimd-access"),
                json!({"enabled": true, "permissionIds": [write, read]}),
            ),
            (
                grant.clone(),
                json!({"userDelegatedPermissionIds": [write, read], "clientAccess": true}),
            ),
            (format!("{path}/permissions"), json!({"permissions": renamed})),
            (format!("{path}/permissions"), json!({"permissions": fewer})),
        ] {
            let mut counts = Vec::new();
            for _ in 0..3 {
                counts.push(app.audit_log().await.len());
                let answer = admin.put(&path, &body).await;
                assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
            }
            assert_eq!(counts[1..], [counts[0] + 1, counts[0] + 1], "{path}");
        }
        let before = app.audit_log().await.len();
        for _ in 0..2 {
            assert_eq!(admin.delete(&grant).await.status, StatusCode::NO_CONTENT);
        }
        let me = admin.delete("/api/users/me/profile-picture").await;
        assert_eq!(me.status, StatusCode::NO_CONTENT);
        assert_eq!(app.audit_log().await.len(), before + 1);
    }
);

both_engines!(bad_values_are_named, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let long = format!("https://a.example/{}", "x".repeat(350));
    let issuer = format!("{}/", app.url.to_uppercase().replacen("HTTP", "http", 1));
    for (name, resource, field, code) in [
        ("", "https://a.example", "name", "required"),
        (&*"n".repeat(51), "https://a.example", "name", "too_long"),
        ("N", "", "resource", "required"),
        ("N", "api.example", "resource", "invalid_format"),
        ("N", "https://a.example/ x", "resource", "invalid_format"),
        ("N", "https://a.example/#x", "resource", "invalid_format"),
        ("N", "javascript:alert(1)", "resource", "invalid_format"),
        ("N", &long, "resource", "too_long"),
        ("N", &issuer, "resource", "reserved"),
    ] {
        let answer = admin
            .post("/api/apis", &json!({"name": name, "resource": resource}))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{resource}");
        assert_eq!(
            answer.failed_rules(),
            [(field.to_owned(), code.to_owned())],
            "{name} {resource}"
        );
    }
    let api = create_api(&mut admin, "https://a.example", &[]).await;
    let path = format!("/api/apis/{}/permissions", text(&api["id"]));
    for (second, field, code) in [
        (json!({"key": "", "name": "N"}), "key", "required"),
        (json!({"key": "k".repeat(129), "name": "N"}), "key", "too_long"),
        (json!({"key": "two words", "name": "N"}), "key", "invalid_format"),
        (json!({"key": "a\"b", "name": "N"}), "key", "invalid_format"),
        (json!({"key": "ü", "name": "N"}), "key", "invalid_format"),
        (json!({"key": "OpenID", "name": "N"}), "key", "reserved"),
        (json!({"key": "email_verified", "name": "N"}), "key", "reserved"),
        (json!({"key": "phone", "name": "N"}), "key", "reserved"),
        (json!({"key": "first", "name": "N"}), "key", "duplicate"),
        (json!({"key": "k", "name": ""}), "name", "required"),
        (
            json!({"key": "k", "name": "N", "description": "d".repeat(201)}),
            "description",
            "too_long",
        ),
    ] {
        let body = json!({"permissions": [{"key": "first", "name": "First"}, second]});
        let answer = admin.put(&path, &body).await;
        assert_eq!(
            answer.failed_rules(),
            [(format!("permissions[1].{field}"), code.to_owned())],
            "{body}"
        );
    }
    let mut stranger = app.browser();
    for path in [
        "/api/apis",
        &format!("/api/apis/{}/clients", text(&api["id"])),
        "/api/api-access/x/apis",
    ] {
        assert_eq!(
            stranger.get(path).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
});

both_engines!(
    permissions_keep_their_holders_and_the_last_one_takes_access_along,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let api = create_api(&mut admin, "https://a.example", &["read", "write"]).await;
        let id = text(&api["id"]).to_owned();
        allow(
            &mut admin,
            &api,
            &client.id,
            Some(&["read", "write"]),
            Some(&["write"]),
        )
        .await;

        let after = permissions(&mut admin, &id, &["new", "read"]).await;
        assert_eq!(permission(&after, "read"), permission(&api, "read"));
        let path = format!("/api/api-access/{}/apis", client.id);
        let grants = admin.get(&path).await.json();
        assert_eq!(grants[0]["api"]["id"], json!(id));
        assert_eq!(
            grants[0]["userDelegatedPermissionIds"],
            json!([permission(&api, "read")])
        );
        assert_eq!(
            (&grants[0]["userDelegatedAccess"], &grants[0]["clientAccess"]),
            (&json!(true), &json!(false)),
            "its last permission went"
        );
        permissions(&mut admin, &id, &[]).await;
        assert_eq!(admin.get(&path).await.json(), json!([]));
    }
);

both_engines!(access_is_given_and_taken, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |body| body["name"] = json!("Shop")).await;
    let public = register(&mut admin, |body| {
        body["name"] = json!("Phone app");
        body["isPublic"] = json!(true);
    })
    .await;
    let api = create_api(&mut admin, "https://a.example", &["read"]).await;
    let other = create_api(&mut admin, "https://b.example", &["pay"]).await;
    let id = text(&api["id"]).to_owned();
    let names = |list: &Value, at: &[&str]| -> Vec<String> {
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| text(at.iter().fold(item, |item, key| &item[*key])).to_owned())
            .collect()
    };
    let assignable = format!("/api/apis/{id}/assignable-clients");
    assert_eq!(
        names(&admin.get(&assignable).await.json(), &["name"]),
        ["Phone app", "Shop"]
    );

    // Another API's permission counts for nothing; a permission implies access.
    let body = json!({"clientPermissionIds": [permission(&api, "read"), permission(&other, "pay"), "x"],
        "userDelegatedPermissionIds": null});
    let path = format!("/api/apis/{id}/clients/{}", client.id);
    let given = admin.put(&path, &body).await.json();
    assert_eq!(
        given,
        json!({"userDelegatedAccess": false, "clientAccess": true, "userDelegatedPermissionIds": [],
            "clientPermissionIds": [permission(&api, "read")]})
    );
    let given = allow(&mut admin, &api, &public.id, Some(&[]), Some(&["read"])).await;
    assert_eq!(
        (&given["userDelegatedAccess"], &given["clientAccess"]),
        (&json!(true), &json!(false))
    );
    let list = admin.get(&format!("/api/apis/{id}/clients")).await.json();
    assert_eq!(names(&list, &["client", "name"]), ["Phone app", "Shop"]);
    assert_eq!(list["data"][1]["clientAccess"], true);
    assert_eq!(list["data"][1]["cimdGrantedAccess"], false);
    assert_eq!(
        names(&admin.get(&assignable).await.json(), &["name"]),
        Vec::<String>::new()
    );
    let apis = format!("/api/api-access/{}/assignable-apis", client.id);
    assert_eq!(
        names(&admin.get(&apis).await.json(), &["resource"]),
        ["https://b.example"]
    );

    for _ in 0..2 {
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
    }
    let list = admin
        .get(&format!("/api/apis/{id}/clients?search=shop"))
        .await
        .json();
    assert_eq!(names(&list, &["client", "name"]), Vec::<String>::new());
    let unknown = admin
        .put(&format!("/api/apis/{id}/clients/nobody"), &json!({}))
        .await;
    assert_eq!(unknown.json()["error"], "OIDC client not found");
    let open = admin
        .put(
            &format!("/api/apis/{id}/cimd-access"),
            &json!({"enabled": false, "permissionIds": [permission(&api, "read"), permission(&other, "pay")]}),
        )
        .await
        .json();
    assert_eq!(
        (
            &open["allowCimdClients"],
            &open["permissions"][0]["allowedForCimdClients"]
        ),
        (&json!(false), &json!(true)),
        "remembered"
    );
    let upper = permission(&api, "read").to_uppercase();
    let open = admin
        .put(
            &format!("/api/apis/{id}/cimd-access"),
            &json!({"enabled": true, "permissionIds": [upper, "none"]}),
        )
        .await
        .json();
    assert_eq!(
        open["permissions"][0]["allowedForCimdClients"], true,
        "in any case"
    );
});
