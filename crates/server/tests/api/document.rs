//! What the API document says of who may call a route is what the routes do.

use http::Method;
use serde_json::Value;

use crate::support::{TestApp, both_engines};

/// A path with its parameters filled in.
fn concrete(path: &str) -> String {
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| match part {
            "{name}" => "favicon",
            part if part.starts_with('{') => "6f6b6a5e-6b5e-4b0e-9d5b-0a4d6c1f9a11",
            part => part,
        })
        .collect();
    parts.join("/")
}

fn schemes(operation: &Value) -> Vec<&str> {
    operation["security"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|requirement| requirement.as_object()?.keys().next())
        .map(String::as_str)
        .collect()
}

both_engines!(the_document_says_truly_who_may_call, |app: TestApp| async move {
    app.set_up().await;
    let document = app.browser().get("/api/openapi.json").await.json();
    let (mut seen, mut wrong) = (0, Vec::new());
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let mut program = app.browser();
            let bare = program.request(method.clone(), &concrete(path));
            let bare = program.send(bare).await.text;
            let keyed = program
                .request(method.clone(), &concrete(path))
                .header("x-api-key", "no-such-key");
            let keyed = program.send(keyed).await.text;
            let refused_with_key = match schemes(operation).as_slice() {
                ["session"] => "api_key_auth_not_allowed",
                ["session", "apiKey"] => "not_signed_in",
                [] if bare.contains("not_signed_in") => "(is for everybody)",
                _ => continue,
            };
            seen += 1;
            if !bare.contains("not_signed_in") || !keyed.contains(refused_with_key) {
                wrong.push(format!("{method} {path}: {refused_with_key}: {bare} {keyed}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 60, "{seen}");
});

both_engines!(
    people_read_the_document_without_scripts,
    |app: TestApp| async move {
        let page = app.browser().get("/api/docs").await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.text.contains("<code>/api/users/{id}</code>"));
    }
);

/// Every address of a list, with real things in place of its parameters.
async fn list_addresses(app: &TestApp, admin: &mut crate::support::Browser) -> Vec<(String, Vec<Value>)> {
    use serde_json::json;

    let me = admin.get("/api/users/me").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let api = admin
        .post(
            "/api/apis",
            &json!({"name": "Calendar", "resource": "https://calendar.example.com"}),
        )
        .await
        .json();
    let client = admin
        .post("/api/oidc/clients", &json!({"name": "Files"}))
        .await
        .json();
    let document = app.browser().get("/api/openapi.json").await.json();
    let mut lists = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let narrowed = |one: &Value| {
            let name = one["name"].as_str().unwrap();
            name == "sort[column]" || name.starts_with("filters[")
        };
        if !parameters.iter().any(narrowed) {
            continue;
        }
        let address = path
            .replace(
                "/api/apis/{id}",
                &format!("/api/apis/{}", api["id"].as_str().unwrap()),
            )
            .replace("{clientId}", client["id"].as_str().unwrap())
            .replace("{id}", &me);
        lists.push((address, parameters));
    }
    lists
}

both_engines!(
    lists_take_every_sort_and_filter_they_are_said_to_take,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let lists = list_addresses(&app, &mut admin).await;
        assert!(lists.len() > 14, "{lists:?}");
        for (address, parameters) in lists {
            for parameter in parameters {
                let name = parameter["name"].as_str().unwrap().to_owned();
                let schema = &parameter["schema"];
                let values: Vec<String> = if name == "sort[column]" {
                    schema["enum"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|word| word.as_str().unwrap().to_owned())
                        .collect()
                } else if name.starts_with("filters[") {
                    match schema["items"]["enum"].as_array() {
                        Some(words) => words
                            .iter()
                            .map(|word| word.as_str().unwrap().to_owned())
                            .collect(),
                        None if schema["items"]["type"] == "boolean" => {
                            vec!["true".to_owned(), "false".to_owned()]
                        }
                        None => vec!["Files".to_owned(), String::new()],
                    }
                } else {
                    continue;
                };
                for value in values {
                    for direction in ["asc", "desc"] {
                        let asked =
                            format!("{address}?{name}={value}&sort[direction]={direction}&format=csv");
                        assert_eq!(admin.get(&asked).await.status, 200, "{asked}");
                    }
                }
            }
        }
    }
);

both_engines!(lists_are_sorted_by_what_is_asked_for, |app: TestApp| async move {
    use serde_json::json;

    let mut admin = app.set_up().await;
    for (index, name) in ["beta", "alpha", "gamma"].into_iter().enumerate() {
        let shown = name.replacen(|first: char| first.is_lowercase(), &name[..1].to_uppercase(), 1);
        app.pass_seconds(1);
        let user = json!({
            "username": name, "email": format!("{name}@example.com"), "firstName": shown, "lastName": shown,
            "displayName": shown, "isAdmin": index == 1, "disabled": index == 2, "emailVerified": index == 0,
        });
        assert_eq!(admin.post("/api/users", &user).await.status, 201);
        let group = json!({"friendlyName": name, "name": name});
        assert_eq!(admin.post("/api/user-groups", &group).await.status, 201);
        let api = json!({"name": name, "resource": format!("https://{name}.example.com")});
        assert_eq!(admin.post("/api/apis", &api).await.status, 201);
        let client = json!({
            "name": name, "pkceEnabled": index == 0, "requiresReauthentication": index == 1, "skipConsent": index == 2,
            "requiresPushedAuthorizationRequests": index == 1, "isGroupRestricted": index == 2, "isPublic": index == 0,
        });
        assert_eq!(admin.post("/api/oidc/clients", &client).await.status, 201);
        let token = json!({"usageLimit": 9 - index, "ttl": format!("{}h", 9 - index)});
        assert_eq!(admin.post("/api/signup-tokens", &token).await.status, 201);
    }
    let mut compared = 0;
    for (address, parameters) in list_addresses(&app, &mut admin).await {
        let Some(column) = parameters.iter().find(|one| one["name"] == "sort[column]") else {
            continue;
        };
        for key in column["schema"]["enum"].as_array().unwrap() {
            let key = key.as_str().unwrap();
            let mut values = Vec::new();
            for direction in ["asc", "desc"] {
                let asked = format!("{address}?sort[column]={key}&sort[direction]={direction}");
                let answer = admin.get(&asked).await.json();
                let rows = answer["data"].as_array().unwrap();
                let each: Vec<String> = rows
                    .iter()
                    .map(|row| {
                        row.get(key)
                            .unwrap_or(&row["client"][key])
                            .to_string()
                            .to_lowercase()
                    })
                    .collect();
                values.push(each);
            }
            if values[0].iter().any(|value| value == "null") || values[0].len() < 2 {
                continue;
            }
            compared += 1;
            let mut sorted = values[0].clone();
            sorted.sort();
            assert_eq!(values[0], sorted, "{address} {key}");
            sorted.reverse();
            assert_eq!(values[1], sorted, "{address} {key}");
        }
    }
    assert!(compared > 25, "{compared}");
});
