//! APIs: administration, and tokens that are for them (RFC 8707).

use http::StatusCode;
use serde_json::json;

use super::*;
use crate::support::both_engines;

const API: &str = "https://orders.example";

/// An API with the permissions `read` and `write`; gives its id and theirs.
async fn api(admin: &mut Browser) -> (String, String, String) {
    let answer = admin
        .post(
            "/api/apis",
            &json!({"name": "Orders", "resource": format!("{API}/")}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let made = answer.json();
    assert_eq!(made["resource"], API, "without the trailing slash");
    let id = text(&made["id"]).to_owned();
    let permissions = json!({"permissions": [
        {"key": "read", "name": "Read orders", "description": "See all orders"}, {"key": "write", "name": "Change orders"}
    ]});
    let answer = admin
        .put(&format!("/api/apis/{id}/permissions"), &permissions)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let permissions = answer.json()["permissions"].clone();
    let of = |index: usize| text(&permissions[index]["id"]).to_owned();
    (id, of(0), of(1))
}

async fn grant(admin: &mut Browser, api: &str, client: &Client, body: &Value) -> Value {
    let path = format!("/api/apis/{api}/clients/{}", client.id);
    let answer = admin.put(&path, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

both_engines!(
    a_token_for_an_api_says_nothing_of_its_user_whatever_its_scopes,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let (id, read, _) = api(&mut admin).await;
        let access = json!({"userDelegatedAccess": true, "userDelegatedPermissionIds": [read]});
        grant(&mut admin, &id, &client, &access).await;
        for (resource, scope, expected) in [
            (API, "", StatusCode::FORBIDDEN),
            (API, "read", StatusCode::FORBIDDEN),
            (API, "openid", StatusCode::OK),
            ("", "", StatusCode::OK),
        ] {
            let code = code(&mut admin, &client, &[("scope", scope), ("resource", resource)]).await;
            let tokens = exchange(&app, &client, &code).await.json();
            let answer = userinfo(&app, text(&tokens["access_token"])).await;
            assert_eq!(answer.status, expected, "{resource} {scope}: {answer:?}");
            if expected == StatusCode::FORBIDDEN {
                assert_eq!(answer.json()["error"], "access_denied");
            }
        }
    }
);

async fn own_token(app: &TestApp, client: &Client, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
    ];
    form.extend_from_slice(more);
    app.browser().post_form("/api/oidc/token", &form).await
}

both_engines!(a_user_lets_a_client_use_an_api, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let (id, read, _) = api(&mut admin).await;
    let asked = [("scope", "openid read"), ("resource", API)];
    let refused = admin.get(&authorize_path(&client, &asked)).await;
    assert_eq!(
        parameter(&refused, "error").as_deref(),
        Some("invalid_request"),
        "no access yet"
    );

    let given = grant(
        &mut admin,
        &id,
        &client,
        &json!({"userDelegatedPermissionIds": [read, "other"]}),
    )
    .await;
    assert_eq!(
        given,
        json!({
            "userDelegatedAccess": true, "clientAccess": false, "userDelegatedPermissionIds": [read],
            "clientPermissionIds": []
        })
    );
    let answer = admin.get(&authorize_path(&client, &asked)).await;
    let interaction = parameter(&answer, "interaction").unwrap();
    let shown = admin
        .get(&format!("/api/oidc/interactions/{interaction}"))
        .await
        .json();
    assert_eq!(shown["scopes"], json!(["openid", "read"]));
    assert_eq!(
        shown["scopeInfo"],
        json!([{"key": "read", "name": "Read orders", "description": "See all orders"}])
    );
    let answer = interact(&mut admin, &answer).await;
    let tokens = exchange(&app, &client, &parameter(&answer, "code").unwrap())
        .await
        .json();
    let said = claims(text(&tokens["access_token"]));
    assert_eq!(
        (&said["aud"], &said["scope"]),
        (&json!([API, app.url]), &json!("openid read"))
    );
    let again = admin.get(&authorize_path(&client, &asked)).await;
    assert!(parameter(&again, "code").is_some(), "consented to before");
    let login = admin
        .get(&authorize_path(&client, &[("scope", "openid read")]))
        .await;
    assert_eq!(
        parameter(&login, "error").as_deref(),
        Some("invalid_scope"),
        "without the API"
    );

    let renewed = refresh(&app, &client, text(&tokens["refresh_token"]))
        .await
        .json();
    assert_eq!(
        claims(text(&renewed["access_token"]))["aud"],
        json!([API, app.url])
    );
    let path = format!("/api/apis/{id}/permissions");
    admin
        .put(
            &path,
            &json!({"permissions": [{"key": "write", "name": "Change orders"}]}),
        )
        .await;
    let late = refresh(&app, &client, text(&renewed["refresh_token"])).await;
    assert_eq!(
        late.json()["error"],
        "access_denied",
        "its last permission took the access with it"
    );
    let listed = admin.get(&format!("/api/apis/{id}/clients")).await.json();
    assert_eq!(listed["data"], json!([]));
});

both_engines!(a_client_uses_an_api_for_itself, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let (id, read, write) = api(&mut admin).await;
    let denied = own_token(&app, &client, &[("resource", API)]).await;
    assert_eq!(denied.json()["error"], "access_denied");
    grant(
        &mut admin,
        &id,
        &client,
        &json!({"clientPermissionIds": [read, write], "userDelegatedAccess": true}),
    )
    .await;
    let all = own_token(&app, &client, &[("resource", API)]).await.json();
    assert_eq!(all["scope"], "read write", "no scope means all there are");
    assert_eq!(claims(text(&all["access_token"]))["aud"], json!([API]));
    let some = own_token(&app, &client, &[("resource", API), ("scope", "openid write")])
        .await
        .json();
    assert_eq!(some["scope"], "write", "nobody's identity");
    for (more, error) in [
        (
            [("resource", "https://unknown.example"), ("scope", "read")],
            "invalid_target",
        ),
        ([("resource", "orders"), ("scope", "read")], "invalid_target"),
        ([("resource", API), ("scope", "delete")], "invalid_scope"),
        ([("resource", ""), ("scope", "read")], "invalid_scope"),
    ] {
        let answer = own_token(&app, &client, &more).await;
        assert_eq!(answer.json()["error"], error, "{more:?}");
    }
    // What it holds for itself it does not hold on behalf of users.
    let refused = admin
        .get(&authorize_path(
            &client,
            &[("scope", "openid read"), ("resource", API)],
        ))
        .await;
    assert_eq!(parameter(&refused, "error").as_deref(), Some("invalid_request"));

    let public = register(&mut admin, |body| body["isPublic"] = json!(true)).await;
    let given = grant(
        &mut admin,
        &id,
        &public,
        &json!({"clientAccess": true, "clientPermissionIds": [read]}),
    )
    .await;
    assert_eq!(
        (&given["clientAccess"], &given["clientPermissionIds"]),
        (&json!(false), &json!([]))
    );
});

both_engines!(
    a_device_and_an_exchange_name_an_api_too,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"allowTokenDelegation": true});
        })
        .await;
        let (id, read, _) = api(&mut admin).await;
        grant(
            &mut admin,
            &id,
            &client,
            &json!({"userDelegatedPermissionIds": [read]}),
        )
        .await;
        let own = [
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
        ];
        let mut form = own.to_vec();
        form.extend([("scope", "openid read"), ("resource", API)]);
        let started = app
            .browser()
            .post_form("/api/oidc/device/authorize", &form)
            .await
            .json();
        let code = text(&started["user_code"]);
        let info = admin
            .get(&format!("/api/oidc/device/info?code={code}"))
            .await
            .json();
        assert_eq!(info["scopeInfo"][0]["name"], "Read orders");
        admin
            .post_nothing(&format!("/api/oidc/device/verify?code={code}"))
            .await;
        let mut form = own.to_vec();
        form.extend([
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", text(&started["device_code"])),
        ]);
        let tokens = app.browser().post_form("/api/oidc/token", &form).await.json();
        assert_eq!(
            claims(text(&tokens["access_token"]))["aud"],
            json!([API, app.url])
        );

        let login = super::tokens(&app, &mut admin, &client).await;
        let mut form = own.to_vec();
        form.extend([
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", text(&login["access_token"])),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("resource", API),
            ("scope", "read"),
        ]);
        let traded = app.browser().post_form("/api/oidc/token", &form).await.json();
        let said = claims(text(&traded["access_token"]));
        assert_eq!((&said["aud"], &said["scope"]), (&json!([API]), &json!("read")));
        assert!(said["act"].is_object());
    }
);

both_engines!(
    nothing_is_granted_behind_the_persons_back,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"allowTokenDelegation": true});
        })
        .await;
        let (id, read, _) = api(&mut admin).await;
        let given = json!({"userDelegatedPermissionIds": [read]});
        grant(&mut admin, &id, &client, &given).await;
        let own = [
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
        ];

        // The person let the client know who she is, not use the API for her.
        let login = super::tokens(&app, &mut admin, &client).await;
        let mut form = own.to_vec();
        form.extend([
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", text(&login["access_token"])),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("resource", API),
            ("scope", "read"),
        ]);
        let refused = app.browser().post_form("/api/oidc/token", &form).await;
        assert_eq!(refused.json()["error"], "access_denied", "{refused:?}");

        // What a device asked for and its client lost since is not approved any more.
        let mut form = own.to_vec();
        form.extend([("scope", "openid read"), ("resource", API)]);
        let path = "/api/oidc/device/authorize";
        let started = app.browser().post_form(path, &form).await.json();
        let taken = admin
            .delete(&format!("/api/apis/{id}/clients/{}", client.id))
            .await;
        assert_eq!(taken.status, StatusCode::NO_CONTENT, "{taken:?}");
        let code = text(&started["user_code"]);
        let verify = format!("/api/oidc/device/verify?code={code}");
        let answer = admin.post_nothing(&verify).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "oidc_access_denied")
        );
    }
);

both_engines!(apis_are_administered, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let (id, read, _) = api(&mut admin).await;
    let path = format!("/api/apis/{id}");
    let taken = admin
        .post("/api/apis", &json!({"name": "Other", "resource": API}))
        .await;
    assert_eq!(
        (taken.status, taken.code().as_str()),
        (StatusCode::CONFLICT, "already_in_use")
    );
    for (body, field, code) in [
        (json!({"resource": API}), "name", "required"),
        (
            json!({"name": "x".repeat(51), "resource": "urn:x:y"}),
            "name",
            "too_long",
        ),
        (json!({"name": "A"}), "resource", "required"),
        (
            json!({"name": "A", "resource": "orders"}),
            "resource",
            "invalid_format",
        ),
        (
            json!({"name": "A", "resource": "https://a.ex/#x"}),
            "resource",
            "invalid_format",
        ),
        (
            json!({"name": "A", "resource": format!("{}/", app.url.to_uppercase())}),
            "resource",
            "reserved",
        ),
        (
            json!({"name": "A", "resource": format!("urn:{}", "x".repeat(350))}),
            "resource",
            "too_long",
        ),
    ] {
        let answer = admin.post("/api/apis", &body).await;
        assert_eq!(
            answer.failed_rules(),
            [(field.to_owned(), code.to_owned())],
            "{body}"
        );
    }
    let permissions = format!("{path}/permissions");
    for (entry, field, code) in [
        (
            json!({"key": "a b", "name": "A"}),
            "permissions[0].key",
            "invalid_format",
        ),
        (
            json!({"key": "OpenID", "name": "A"}),
            "permissions[0].key",
            "reserved",
        ),
        (json!({"key": "", "name": "A"}), "permissions[0].key", "required"),
        (json!({"key": "a", "name": ""}), "permissions[0].name", "required"),
        (
            json!({"key": "a", "name": "A", "description": "x".repeat(201)}),
            "permissions[0].description",
            "too_long",
        ),
    ] {
        let answer = admin.put(&permissions, &json!({"permissions": [entry]})).await;
        assert_eq!(
            answer.failed_rules(),
            [(field.to_owned(), code.to_owned())],
            "{field}"
        );
    }
    let twice = json!({"permissions": [{"key": "a", "name": "A"}, {"key": "a", "name": "B"}]});
    let answer = admin.put(&permissions, &twice).await;
    assert_eq!(
        answer.failed_rules(),
        [("permissions[1].key".to_owned(), "duplicate".to_owned())]
    );

    let renamed = admin
        .put(&path, &json!({"name": "Bestellungen", "resource": "urn:x"}))
        .await
        .json();
    assert_eq!(
        (&renamed["name"], &renamed["resource"]),
        (&json!("Bestellungen"), &json!(API))
    );
    let access = format!("/api/api-access/{}", client.id);
    let names = |answer: &Value| answer["data"].as_array().unwrap().len();
    assert_eq!(
        names(&admin.get(&format!("{access}/assignable-apis")).await.json()),
        1
    );
    assert_eq!(
        names(&admin.get(&format!("{path}/assignable-clients")).await.json()),
        1
    );
    grant(
        &mut admin,
        &id,
        &client,
        &json!({"userDelegatedPermissionIds": [read]}),
    )
    .await;
    assert_eq!(
        names(&admin.get(&format!("{access}/assignable-apis")).await.json()),
        0
    );
    assert_eq!(
        names(&admin.get(&format!("{path}/assignable-clients")).await.json()),
        0
    );
    let given = admin.get(&format!("{access}/apis")).await.json();
    assert_eq!(
        (&given[0]["api"]["id"], &given[0]["userDelegatedAccess"]),
        (&json!(id), &json!(true))
    );
    let listed = admin.get(&format!("{path}/clients?search=app")).await.json();
    assert_eq!(listed["data"][0]["client"]["id"], client.id);
    let opened = admin
        .put(
            &format!("{path}/cimd-access"),
            &json!({"enabled": true, "permissionIds": [read]}),
        )
        .await
        .json();
    assert_eq!(
        (
            &opened["allowCimdClients"],
            &opened["permissions"][0]["allowedForCimdClients"]
        ),
        (&json!(true), &json!(true))
    );
    let theirs = format!("{path}/clients/{}", client.id);
    assert_eq!(admin.delete(&theirs).await.status, StatusCode::NO_CONTENT);
    assert_eq!(admin.delete(&theirs).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        admin.get("/api/apis?search=bestell").await.json()["data"][0]["id"],
        id
    );
    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&path).await.status, StatusCode::NOT_FOUND);
    for path in [
        "/api/apis/x",
        "/api/apis/x/clients",
        "/api/api-access/unknown/apis",
    ] {
        assert_eq!(admin.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let mut stranger = app.browser();
    assert_eq!(stranger.get("/api/apis").await.status, StatusCode::UNAUTHORIZED);
});
