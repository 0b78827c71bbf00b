//! `/api/oidc/users/{who}/authorized-clients`.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::oidc::{refresh, register, text, tokens, userinfo};
use crate::support::{Browser, TestApp, both_engines};

const MINE: &str = "/api/oidc/users/me/authorized-clients";

async fn listed(browser: &mut Browser, query: &str) -> Vec<Value> {
    let answer = browser.get(&format!("{MINE}{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["data"].as_array().unwrap().clone()
}

both_engines!(people_see_what_they_allowed, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let me = text(&admin.get("/api/users/me").await.json()["id"]).to_owned();
    let wiki = register(&mut admin, |body| {
        body["name"] = json!("Wiki");
        body["launchURL"] = json!("https://wiki.example");
    })
    .await;
    let files = register(&mut admin, |body| body["name"] = json!("Files")).await;
    assert_eq!(listed(&mut admin, "").await, Vec::<Value>::new());
    tokens(&app, &mut admin, &wiki).await;
    app.pass_seconds(1);
    tokens(&app, &mut admin, &files).await;

    let all = listed(&mut admin, "").await;
    let names = |rows: &[Value]| -> Vec<String> {
        rows.iter()
            .map(|row| text(&row["client"]["name"]).to_owned())
            .collect()
    };
    assert_eq!(names(&all), ["Files", "Wiki"]);
    assert_eq!(all[0]["scope"], r#"["openid","profile","email","groups"]"#);
    assert!(all[0]["lastUsedAt"].is_string());
    let asc = "?sort[column]=lastUsedAt&sort[direction]=asc";
    assert_eq!(names(&listed(&mut admin, asc).await), ["Wiki", "Files"]);
    let launchable = "?filters[hasLaunchURL]=true";
    assert_eq!(names(&listed(&mut admin, launchable).await), ["Wiki"]);
    let others = "?filters[hasLaunchURL]=false";
    assert_eq!(names(&listed(&mut admin, others).await), ["Files"]);
    let of_user = admin
        .get(&format!("/api/oidc/users/{me}/authorized-clients"))
        .await;
    assert_eq!(of_user.json()["data"], json!(all));
    let answer = admin.get("/api/oidc/users/none/authorized-clients").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::NOT_FOUND, "user_not_found")
    );
    for (method, path) in [
        (Method::GET, MINE.to_owned()),
        (Method::DELETE, format!("{MINE}/{}", wiki.id)),
        (Method::GET, format!("/api/oidc/users/{me}/authorized-clients")),
    ] {
        let mut stranger = app.browser();
        let request = stranger.request(method.clone(), &path);
        let answer = stranger.send(request).await;
        assert_eq!(answer.code(), "not_signed_in", "{method} {path}");
    }
});

both_engines!(
    what_was_allowed_is_taken_back_with_its_tokens,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let wiki = register(&mut admin, |body| {
            body["protocol"] = json!({"backchannelLogoutUri": "https://wiki.example/out"});
        })
        .await;
        let files = register(&mut admin, |_| {}).await;
        let held = tokens(&app, &mut admin, &wiki).await;
        let kept = tokens(&app, &mut admin, &files).await;
        let path = format!("{MINE}/{}", wiki.id);
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(
            userinfo(&app, text(&held["access_token"])).await.status,
            StatusCode::UNAUTHORIZED
        );
        let refused = refresh(&app, &wiki, text(&held["refresh_token"])).await;
        assert_eq!(refused.json()["error"], "invalid_grant");
        assert_eq!(
            userinfo(&app, text(&kept["access_token"])).await.status,
            StatusCode::OK,
            "other clients notice nothing"
        );
        assert_eq!(app.count("logout_deliveries").await, 1, "the client is told");
        assert_eq!(listed(&mut admin, "").await.len(), 1);

        // It asks again.
        let answer = admin.get(&crate::oidc::authorize_path(&wiki, &[])).await;
        assert!(answer.header("location").contains("/interaction?"), "{answer:?}");
        let answer = admin.delete(&path).await;
        assert_eq!(
            (answer.status, &answer.json()["details"]["resource"]),
            (StatusCode::NOT_FOUND, &json!("Client authorization"))
        );
        let log = app.audit_log().await;
        assert!(
            log.iter()
                .any(|entry| entry.event == "CLIENT_AUTHORIZATION_REVOKED" && entry.username == "tim")
        );
    }
);

both_engines!(people_see_the_apps_they_may_use, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    for (name, more) in [
        ("Open", json!({"launchURL": "https://open.example"})),
        ("Plain", json!({})),
        (
            "Closed",
            json!({"launchURL": "https://closed.example", "isGroupRestricted": true}),
        ),
        (
            "Ours",
            json!({"launchURL": "https://ours.example", "isGroupRestricted": true}),
        ),
    ] {
        let mut input = more;
        input["name"] = json!(name);
        app.pass_seconds(1);
        let made = admin.post("/api/oidc/clients", &input).await.json();
        if name == "Ours" {
            let group = json!({"name": "crew", "friendlyName": "Crew"});
            let group = admin.post("/api/user-groups", &group).await.json();
            let me = admin.get("/api/users/me").await.json();
            let members = json!({"userIds": [me["id"]]});
            let path = format!("/api/user-groups/{}", group["id"].as_str().unwrap());
            admin.put(&format!("{path}/users"), &members).await;
            let clients = json!({"oidcClientIds": [made["id"]]});
            admin.put(&format!("{path}/allowed-oidc-clients"), &clients).await;
        }
    }
    for (query, expected) in [
        ("sort[column]=name", vec!["Open", "Ours", "Plain"]),
        (
            "sort[column]=name&sort[direction]=desc",
            vec!["Plain", "Ours", "Open"],
        ),
        (
            "sort[column]=name&filters[hasLaunchURL]=true",
            vec!["Open", "Ours"],
        ),
        ("sort[column]=name&filters[hasLaunchURL]=false", vec!["Plain"]),
        (
            "sort[column]=lastUsedAt&sort[direction]=desc&search=o",
            vec!["Open", "Ours"],
        ),
        ("sort[column]=name&filters[isGroupRestricted]=true", vec!["Ours"]),
    ] {
        let answer = admin
            .get(&format!("/api/oidc/users/me/clients?{query}"))
            .await
            .json();
        let names: Vec<&str> = answer["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|client| client["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected, "{query}");
        assert_eq!(answer["data"][0]["lastUsedAt"], serde_json::Value::Null);
    }
});
