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
