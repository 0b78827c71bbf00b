//! `/api/user-groups`, the groups of users and clients, and `/api/custom-claims`.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::oidc::{self, claims, register, text};
use crate::support::{Answer, Browser, TestApp, both_engines};

async fn group(admin: &mut Browser, name: &str) -> String {
    let names = json!({"friendlyName": format!("The {name}"), "name": name});
    let answer = admin.post("/api/user-groups", &names).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    text(&answer.json()["id"]).to_owned()
}

async fn user(admin: &mut Browser, name: &str) -> String {
    let answer = admin
        .post(
            "/api/users",
            &json!({"username": name, "email": format!("{name}@example.com")}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    text(&answer.json()["id"]).to_owned()
}

async fn me(admin: &mut Browser) -> String {
    text(&admin.get("/api/users/me").await.json()["id"]).to_owned()
}

async fn ok(admin: &mut Browser, path: &str, body: &Value) -> Value {
    let answer = admin.put(path, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    answer.json()
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

both_engines!(groups_are_kept, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let names = json!({"friendlyName": "Editors", "name": "editors"});
    let answer = admin.post("/api/user-groups", &names).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let made = answer.json();
    let id = text(&made["id"]).to_owned();
    assert_eq!(
        made,
        json!({
            "id": id, "friendlyName": "Editors", "name": "editors", "customClaims": [], "ldapId": null,
            "createdAt": made["createdAt"], "users": [], "allowedOidcClients": []
        })
    );
    let path = format!("/api/user-groups/{id}");
    assert_eq!(admin.get(&path).await.json(), made);
    let changed = ok(
        &mut admin,
        &path,
        &json!({"friendlyName": "Writers", "name": "editors"}),
    )
    .await;
    assert_eq!(changed["friendlyName"], "Writers");

    // `e` and a combining accent become one letter, as everywhere.
    let names = json!({"friendlyName": "Cafe\u{301}", "name": "cafe\u{301}"});
    let answer = admin.post("/api/user-groups", &names).await;
    assert_eq!(answer.json()["name"], "caf\u{e9}");
    let answer = admin
        .post(
            "/api/user-groups",
            &json!({"friendlyName": "Café", "name": "caf\u{e9}"}),
        )
        .await;
    assert_eq!(
        (refusal(&answer), &answer.json()["details"]),
        ((409, "already_in_use".to_owned()), &json!({"property": "name"}))
    );
    let answer = admin
        .put(&path, &json!({"friendlyName": "Writers", "name": "caf\u{e9}"}))
        .await;
    assert_eq!(refusal(&answer), (409, "already_in_use".to_owned()));

    assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
    for answer in [
        admin.get(&path).await,
        admin.delete(&path).await,
        admin
            .put(&path, &json!({"friendlyName": "Writers", "name": "editors"}))
            .await,
        admin.put(&format!("{path}/users"), &json!({"userIds": []})).await,
        admin
            .put(
                &format!("{path}/allowed-oidc-clients"),
                &json!({"oidcClientIds": []}),
            )
            .await,
        admin.get("/api/user-groups/no-id").await,
    ] {
        assert_eq!(
            (refusal(&answer), &answer.json()["details"]["resource"]),
            ((404, "not_found".to_owned()), &json!("User group"))
        );
    }
});

both_engines!(names_of_groups_have_rules, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    for (names, faults) in [
        (
            json!({}),
            vec![("friendlyName", "required"), ("name", "required")],
        ),
        (
            json!({"friendlyName": "x", "name": "yy"}),
            vec![("friendlyName", "too_short")],
        ),
        (
            json!({"friendlyName": "x".repeat(51), "name": "y".repeat(256)}),
            vec![("friendlyName", "too_long"), ("name", "too_long")],
        ),
    ] {
        let answer = admin.post("/api/user-groups", &names).await;
        let expected: Vec<_> = faults
            .iter()
            .map(|(field, code)| ((*field).to_owned(), (*code).to_owned()))
            .collect();
        assert_eq!(answer.failed_rules(), expected, "{names}");
    }
    let id = group(&mut admin, "staff").await;
    let tim = me(&mut admin).await;
    for (path, field) in [
        (format!("/api/user-groups/{id}/users"), "userIds"),
        (
            format!("/api/user-groups/{id}/allowed-oidc-clients"),
            "oidcClientIds",
        ),
        (format!("/api/users/{tim}/user-groups"), "userGroupIds"),
    ] {
        for body in [json!({}), json!({field: null})] {
            let answer = admin.put(&path, &body).await;
            assert_eq!(
                answer.failed_rules(),
                [(field.to_owned(), "required".to_owned())],
                "{path}"
            );
        }
        let answer = admin.put(&path, &json!({field: "x"})).await;
        assert_eq!(refusal(&answer), (400, "invalid_request_body".to_owned()));
    }
});

both_engines!(only_administrators_reach_groups, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let id = group(&mut admin, "staff").await;
    let tim = me(&mut admin).await;
    let client = register(&mut admin, |_| {}).await.id;
    // Somebody else becomes administrator, so that this one can be an ordinary person.
    let other = user(&mut admin, "other").await;
    let promoted = json!({"username": "other", "email": "o@example.com", "isAdmin": true});
    ok(&mut admin, &format!("/api/users/{other}"), &promoted).await;
    let demoted = json!({"username": "tim", "email": "tim@example.com", "isAdmin": false});
    ok(&mut admin, &format!("/api/users/{tim}"), &demoted).await;

    let routes = [
        (Method::GET, "/api/user-groups".to_owned()),
        (Method::POST, "/api/user-groups".to_owned()),
        (Method::GET, format!("/api/user-groups/{id}")),
        (Method::PUT, format!("/api/user-groups/{id}")),
        (Method::DELETE, format!("/api/user-groups/{id}")),
        (Method::PUT, format!("/api/user-groups/{id}/users")),
        (Method::PUT, format!("/api/user-groups/{id}/allowed-oidc-clients")),
        (Method::GET, format!("/api/users/{tim}/groups")),
        (Method::PUT, format!("/api/users/{tim}/user-groups")),
        (
            Method::PUT,
            format!("/api/oidc/clients/{client}/allowed-user-groups"),
        ),
        (Method::GET, "/api/custom-claims/suggestions".to_owned()),
        (Method::PUT, format!("/api/custom-claims/user/{tim}")),
        (Method::PUT, format!("/api/custom-claims/user-group/{id}")),
    ];
    let mut stranger = app.browser();
    for (method, path) in routes {
        for (browser, expected) in [
            (&mut admin, (403, "forbidden".to_owned())),
            (&mut stranger, (401, "not_signed_in".to_owned())),
        ] {
            let request = browser.request(method.clone(), &path).json(&json!({}));
            let answer = browser.send(request).await;
            assert_eq!(refusal(&answer), expected, "{method} {path}");
        }
    }
});

both_engines!(
    groups_are_searched_sorted_and_counted,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let tim = me(&mut admin).await;
        let ann = user(&mut admin, "ann").await;
        let one = group(&mut admin, "alpha").await;
        app.pass_seconds(1);
        let two = group(&mut admin, "beta").await;
        app.pass_seconds(1);
        group(&mut admin, "gamma_x").await;
        let both = json!({"userIds": [tim, ann, ann, "nobody", "00000000-0000-4000-8000-000000000000"]});
        let members = ok(&mut admin, &format!("/api/user-groups/{two}/users"), &both).await;
        assert_eq!(members["users"].as_array().unwrap().len(), 2);
        ok(
            &mut admin,
            &format!("/api/user-groups/{one}/users"),
            &json!({"userIds": [ann]}),
        )
        .await;
        let claim = json!([{"key": "level", "value": "1"}]);
        ok(
            &mut admin,
            &format!("/api/custom-claims/user-group/{one}"),
            &claim,
        )
        .await;

        let list = async |admin: &mut Browser, query: &str| {
            let answer = admin.get(&format!("/api/user-groups?{query}")).await.json();
            let rows: Vec<(String, i64)> = answer["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| (text(&row["name"]).to_owned(), row["userCount"].as_i64().unwrap()))
                .collect();
            (rows, answer)
        };
        let names = |rows: &[(String, i64)]| {
            let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
            names.join(" ")
        };
        let (rows, answer) = list(&mut admin, "").await;
        assert_eq!(
            rows,
            [
                ("alpha".to_owned(), 1),
                ("beta".to_owned(), 2),
                ("gamma_x".to_owned(), 0)
            ]
        );
        assert_eq!(answer["data"][0]["customClaims"], claim);
        for (query, expected) in [
            (
                "sort[column]=userCount&sort[direction]=desc",
                "beta alpha gamma_x",
            ),
            ("sort[column]=userCount&sort[direction]=asc", "gamma_x alpha beta"),
            // What is counted is sorted by only when the direction is known.
            ("sort[column]=userCount", "alpha beta gamma_x"),
            ("sort[column]=userCount&sort[direction]=up", "alpha beta gamma_x"),
            ("sort[column]=name&sort[direction]=desc", "gamma_x beta alpha"),
            ("sort[column]=friendlyName", "alpha beta gamma_x"),
            ("sort[column]=createdAt&sort[direction]=asc", "alpha beta gamma_x"),
            ("sort[column]=nonsense", "alpha beta gamma_x"),
            ("search=A_X", "gamma_x"),
            ("search=%25", ""),
            ("pagination[limit]=2&pagination[page]=2", "gamma_x"),
        ] {
            assert_eq!(names(&list(&mut admin, query).await.0), expected, "{query}");
        }
    }
);

both_engines!(
    people_are_put_into_groups_from_either_side,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let ann = user(&mut admin, "ann").await;
        let (one, two) = (group(&mut admin, "alpha").await, group(&mut admin, "beta").await);
        let path = format!("/api/users/{ann}/user-groups");
        let body = json!({"userGroupIds": [one, two, one, "none"]});
        let shown = ok(&mut admin, &path, &body).await;
        let named = |list: &Value| -> Vec<String> {
            list.as_array()
                .unwrap()
                .iter()
                .map(|group| text(&group["name"]).to_owned())
                .collect()
        };
        assert_eq!(named(&shown["userGroups"]), ["alpha", "beta"]);
        let answer = admin.get(&format!("/api/users/{ann}/groups")).await;
        assert_eq!(named(&answer.json()), ["alpha", "beta"]);
        assert_eq!(
            admin.get(&format!("/api/user-groups/{one}")).await.json()["users"][0]["username"],
            "ann"
        );
        ok(
            &mut admin,
            &format!("/api/user-groups/{one}/users"),
            &json!({"userIds": []}),
        )
        .await;
        assert_eq!(
            named(&admin.get(&format!("/api/users/{ann}")).await.json()["userGroups"]),
            ["beta"]
        );

        let input = json!({"username": "bob", "email": "bob@example.com", "userGroupIds": [one, "none"]});
        let bob = admin.post("/api/users", &input).await.json();
        assert_eq!(named(&bob["userGroups"]), ["alpha"]);
        assert_eq!(
            admin
                .delete(&format!("/api/users/{}", text(&bob["id"])))
                .await
                .status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            admin.get(&format!("/api/user-groups/{one}")).await.json()["users"],
            json!([])
        );
        for answer in [
            admin.get("/api/users/none/groups").await,
            admin
                .put("/api/users/none/user-groups", &json!({"userGroupIds": []}))
                .await,
        ] {
            assert_eq!(refusal(&answer), (404, "user_not_found".to_owned()));
        }
    }
);

both_engines!(
    a_restricted_client_lets_its_groups_in_and_nobody_else,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let tim = me(&mut admin).await;
        let staff = group(&mut admin, "staff").await;
        let client = register(&mut admin, |body| body["isGroupRestricted"] = json!(true)).await;
        let path = format!("/api/oidc/clients/{}", client.id);

        // Restricted without groups: nobody.
        let answer = admin.get(&oidc::authorize_path(&client, &[])).await;
        assert_eq!(oidc::parameter(&answer, "code"), None);
        assert!(
            answer.header("location").contains("/interaction/error"),
            "{answer:?}"
        );

        let allowed = ok(
            &mut admin,
            &format!("{path}/allowed-user-groups"),
            &json!({"userGroupIds": [staff, "none"]}),
        )
        .await;
        assert_eq!(allowed["allowedUserGroups"][0]["name"], "staff");
        assert_eq!(
            admin.get("/api/oidc/clients").await.json()["data"][0]["allowedUserGroupsCount"],
            1
        );
        let answer = admin.get(&oidc::authorize_path(&client, &[])).await;
        assert!(answer.header("location").contains("/interaction/error"));

        let members = format!("/api/user-groups/{staff}/users");
        ok(&mut admin, &members, &json!({"userIds": [tim]})).await;
        let tokens = oidc::tokens(&app, &mut admin, &client).await;
        assert_eq!(claims(text(&tokens["id_token"]))["groups"], json!(["staff"]));
        let token = text(&tokens["refresh_token"]).to_owned();
        let renewed = oidc::refresh(&app, &client, &token).await.json();

        // Out of the group, out of the client: also for tokens it would renew.
        ok(&mut admin, &members, &json!({"userIds": []})).await;
        let answer = oidc::refresh(&app, &client, text(&renewed["refresh_token"])).await;
        assert_eq!(answer.status.as_u16() / 100, 4, "{answer:?}");
        let form = [
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
            ("scope", "openid"),
        ];
        let started = app
            .browser()
            .post_form("/api/oidc/device/authorize", &form)
            .await
            .json();
        let code = text(&started["user_code"]);
        let answer = admin
            .post_nothing(&format!("/api/oidc/device/verify?code={code}"))
            .await;
        assert_eq!(refusal(&answer), (403, "oidc_access_denied".to_owned()));

        // The same from the group's side; the client stays restricted.
        let clients = format!("/api/user-groups/{staff}/allowed-oidc-clients");
        let shown = ok(
            &mut admin,
            &clients,
            &json!({"oidcClientIds": [client.id, "none"]}),
        )
        .await;
        assert_eq!(shown["allowedOidcClients"][0]["id"], client.id);
        ok(&mut admin, &clients, &json!({"oidcClientIds": []})).await;
        let shown = admin.get(&path).await.json();
        assert_eq!(
            (&shown["isGroupRestricted"], &shown["allowedUserGroups"]),
            (&json!(true), &json!([]))
        );

        // Lifting the restriction forgets the groups.
        ok(&mut admin, &clients, &json!({"oidcClientIds": [client.id]})).await;
        let mut input = shown.clone();
        input["isGroupRestricted"] = json!(false);
        let shown = ok(&mut admin, &path, &input).await;
        assert_eq!(shown["allowedUserGroups"], json!([]));
        oidc::tokens(&app, &mut admin, &client).await;

        let answer = admin
            .put(
                "/api/oidc/clients/none/allowed-user-groups",
                &json!({"userGroupIds": []}),
            )
            .await;
        assert_eq!(refusal(&answer), (404, "not_found".to_owned()));
    }
);

both_engines!(claims_reach_tokens_as_json, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let tim = me(&mut admin).await;
    let (old, new) = (group(&mut admin, "old").await, group(&mut admin, "new").await);
    let body = json!({"userGroupIds": [old, new]});
    ok(&mut admin, &format!("/api/users/{tim}/user-groups"), &body).await;
    let of_user = format!("/api/custom-claims/user/{tim}");
    let (of_old, of_new) = (
        format!("/api/custom-claims/user-group/{old}"),
        format!("/api/custom-claims/user-group/{new}"),
    );
    let claim = |key: &str, value: &str| json!({"key": key, "value": value});
    ok(
        &mut admin,
        &of_old,
        &json!([claim("level", "1"), claim("room", "\"12\"")]),
    )
    .await;
    app.pass_seconds(1);
    ok(
        &mut admin,
        &of_new,
        &json!([claim("level", "2"), claim("rights", r#"{"read":true}"#)]),
    )
    .await;
    let stored = ok(
        &mut admin,
        &of_user,
        &json!([
            claim("room", "attic"),
            claim("list", "[1,2]"),
            claim("picture", "mine")
        ]),
    )
    .await;
    let keys: Vec<_> = stored
        .as_array()
        .unwrap()
        .iter()
        .map(|claim| &claim["key"])
        .collect();
    assert_eq!(keys, ["list", "picture", "room"], "as lists of users have them");

    let client = register(&mut admin, |_| {}).await;
    let tokens = oidc::tokens(&app, &mut admin, &client).await;
    let said = claims(text(&tokens["id_token"]));
    let info = oidc::userinfo(&app, text(&tokens["access_token"])).await.json();
    for said in [&said, &info] {
        assert_eq!(said["level"], 1, "of two groups the older claim counts");
        assert_eq!(said["room"], "attic", "one's own beat those of groups");
        assert_eq!(said["rights"], json!({"read": true}));
        assert_eq!(said["list"], json!([1, 2]));
        assert_ne!(said["picture"], "mine");
    }
    let silent = oidc::code(&mut admin, &client, &[("scope", "openid email")]).await;
    let silent = oidc::exchange(&app, &client, &silent).await.json();
    assert_eq!(claims(text(&silent["id_token"]))["level"], Value::Null);

    // A claim that stays keeps its place when its value changes.
    ok(&mut admin, &of_old, &json!([claim("level", "3")])).await;
    let info = oidc::userinfo(&app, text(&tokens["access_token"])).await.json();
    assert_eq!((&info["level"], &info["room"]), (&json!(3), &json!("attic")));

    assert_eq!(
        admin.get("/api/custom-claims/suggestions").await.json(),
        json!(["level", "list", "picture", "rights", "room"])
    );
    assert_eq!(admin.put(&of_user, &json!(null)).await.json(), json!([]));
    assert_eq!(
        admin.get(&format!("/api/users/{tim}")).await.json()["customClaims"],
        json!([])
    );
});

both_engines!(claims_have_rules, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let tim = me(&mut admin).await;
    let path = format!("/api/custom-claims/user/{tim}");
    let before = json!([{"key": "a", "value": "1"}]);
    ok(&mut admin, &path, &before).await;
    for (body, code, fault) in [
        (json!([{"value": "1"}]), "validation_failed", ("key", "required")),
        (
            json!([{"key": "b", "value": ""}, {}]),
            "validation_failed",
            ("value", "required"),
        ),
        (
            json!([{"key": "sub", "value": "root"}]),
            "reserved_claim",
            ("key", "reserved"),
        ),
        (
            json!([{"key": "e\u{301}", "value": "1"}, {"key": "\u{e9}", "value": "2"}]),
            "duplicate_claim",
            ("key", "duplicate"),
        ),
    ] {
        let answer = admin.put(&path, &body).await;
        assert_eq!(refusal(&answer), (400, code.to_owned()), "{body}");
        assert_eq!(
            answer.failed_rules(),
            [(fault.0.to_owned(), fault.1.to_owned())],
            "{body}"
        );
    }
    assert_eq!(
        admin.get(&format!("/api/users/{tim}")).await.json()["customClaims"],
        before,
        "nothing is lost"
    );
    for (path, code) in [
        ("/api/custom-claims/user/none", "user_not_found"),
        (
            "/api/custom-claims/user-group/00000000-0000-4000-8000-000000000000",
            "not_found",
        ),
    ] {
        let answer = admin.put(path, &json!([])).await;
        assert_eq!(refusal(&answer), (404, code.to_owned()));
    }
});

both_engines!(the_directory_rules_its_groups, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let id = group(&mut admin, "staff").await;
    let state = &app.app.state;
    let tx = state.store.begin().await.unwrap();
    let mut row = pocket_id_store::groups::find(&tx, id.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    row.ldap_id = Some("uuid-of-staff".to_owned());
    pocket_id_store::groups::update(&tx, row).await.unwrap();
    pocket_id_store::commit(tx).await.unwrap();
    let ldap = json!({"ldapEnabled": "true"});
    assert!(
        admin
            .patch("/api/application-configuration", &ldap)
            .await
            .status
            .is_success()
    );

    let path = format!("/api/user-groups/{id}");
    let refused = (403, "ldap_user_group_update".to_owned());
    let names = json!({"friendlyName": "Others", "name": "others"});
    assert_eq!(refusal(&admin.put(&path, &names).await), refused);
    assert_eq!(refusal(&admin.delete(&path).await), refused);
    let after = admin.get(&path).await.json();
    assert_eq!(
        (&after["name"], &after["ldapId"]),
        (&json!("staff"), &json!("uuid-of-staff"))
    );
    // What is not the directory's stays open.
    let claims = json!([{"key": "floor", "value": "3"}]);
    ok(
        &mut admin,
        &format!("/api/custom-claims/user-group/{id}"),
        &claims,
    )
    .await;

    let ldap = json!({"ldapEnabled": "false"});
    admin.patch("/api/application-configuration", &ldap).await;
    assert_eq!(ok(&mut admin, &path, &names).await["name"], "others");
});

both_engines!(long_lists_are_kept, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let tim = me(&mut admin).await;
    let crew = group(&mut admin, "crew").await;
    let claims = |count: usize, value: &str| -> Vec<Value> {
        (0..count)
            .map(|number| json!({"key": format!("claim{number:05}"), "value": value}))
            .collect()
    };
    for path in [
        format!("/api/custom-claims/user/{tim}"),
        format!("/api/custom-claims/user-group/{crew}"),
    ] {
        let many = json!(claims(12_000, "1"));
        assert_eq!(ok(&mut admin, &path, &many).await, many);
        // Those that stay are more than the parameters a statement may have.
        let few = json!(claims(3, "1"));
        assert_eq!(ok(&mut admin, &path, &few).await, few);
        assert_eq!(ok(&mut admin, &path, &json!([])).await, json!([]));
    }

    let config = json!({"signupDefaultCustomClaims": json!(claims(12_000, "1")).to_string()});
    let answer = admin.patch("/api/application-configuration", &config).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let ann = user(&mut admin, "ann").await;
    let shown = admin.get(&format!("/api/users/{ann}")).await.json();
    assert_eq!(shown["customClaims"].as_array().unwrap().len(), 12_000);

    // More than a mebibyte, and more than a statement may have parameters.
    let strangers = (0..70_000).map(|number| format!("00000000-0000-4000-8000-{number:012}"));
    let ids = |known: &str| json!(strangers.clone().chain([known.to_owned()]).collect::<Vec<_>>());
    let path = format!("/api/user-groups/{crew}/users");
    let shown = ok(&mut admin, &path, &json!({"userIds": ids(&ann)})).await;
    assert_eq!(shown["users"][0]["username"], "ann");
    let path = format!("/api/users/{tim}/user-groups");
    let shown = ok(&mut admin, &path, &json!({"userGroupIds": ids(&crew)})).await;
    assert_eq!(shown["userGroups"][0]["name"], "crew");
    let client = json!({"id": "files", "name": "Files", "isGroupRestricted": true});
    admin.post("/api/oidc/clients", &client).await;
    let path = "/api/oidc/clients/files/allowed-user-groups";
    let shown = ok(&mut admin, path, &json!({"userGroupIds": ids(&crew)})).await;
    assert_eq!(shown["allowedUserGroups"][0]["name"], "crew");
    let path = format!("/api/user-groups/{crew}/allowed-oidc-clients");
    let shown = ok(&mut admin, &path, &json!({"oidcClientIds": ids("files")})).await;
    assert_eq!(shown["allowedOidcClients"][0]["id"], "files");

    // Elsewhere, and of people who are no administrators, nobody reads so much.
    let long = json!({"friendlyName": "a".repeat(2 * 1024 * 1024), "name": "long"});
    assert_eq!(
        refusal(&admin.post("/api/user-groups", &long).await),
        (413, "file_too_large".to_owned())
    );
    let stranger = app
        .browser()
        .put(
            &format!("/api/user-groups/{crew}/users"),
            &json!({"userIds": ids(&ann)}),
        )
        .await;
    assert_eq!(refusal(&stranger), (401, "not_signed_in".to_owned()));
});

both_engines!(nobody_reads_the_names_of_our_types, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let tim = me(&mut admin).await;
    let claims = format!("/api/custom-claims/user/{tim}");
    for body in [json!("x"), json!(1), json!(true), json!([]), json!(null)] {
        for answer in [
            admin.put(&claims, &json!([body])).await,
            admin.post("/api/user-groups", &body).await,
        ] {
            assert_eq!(refusal(&answer), (400, "invalid_request_body".to_owned()));
            let said = answer.json().to_string();
            assert!(said.contains("expected an object"), "{said}");
            assert!(!said.contains("struct"), "{said}");
        }
    }
});
