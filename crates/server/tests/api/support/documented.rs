//! Every failure a test meets is one the API document knows: its status and its code.

use std::sync::LazyLock;

use http::Method;
use serde_json::Value;

use super::Answer;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(pocket_id_server::router::openapi()).unwrap());

/// The documented path a request was for; literal parts win over parameters.
fn documented_path<'d>(paths: &'d serde_json::Map<String, Value>, path: &str) -> Option<&'d String> {
    let asked: Vec<&str> = path.split('/').collect();
    let fits = |known: &str| {
        let parts: Vec<&str> = known.split('/').collect();
        parts.len() == asked.len()
            && parts
                .iter()
                .zip(&asked)
                .all(|(part, asked)| part.starts_with('{') || part == asked)
    };
    paths
        .keys()
        .filter(|known| fits(known))
        .min_by_key(|known| known.matches('{').count())
}

/// Fails the test for a failure that is not in the document.
pub(super) fn check(method: &Method, path: &str, answer: &Answer) {
    let Ok(body) = serde_json::from_str::<Value>(&answer.text) else {
        return;
    };
    // Those of OAuth have a shape of their own.
    let (Some(code), true) = (body["code"].as_str(), body["request_id"].is_string()) else {
        return;
    };
    if answer.status.as_u16() < 400 {
        return;
    }
    let Some(path) = documented_path(DOCUMENT["paths"].as_object().unwrap(), path) else {
        return;
    };
    let method = match method.as_str() {
        "HEAD" => "get".to_owned(),
        method => method.to_lowercase(),
    };
    let operation = &DOCUMENT["paths"][path][&method];
    if operation.is_null() {
        return;
    }
    let status = answer.status.as_str();
    let known = match &operation["responses"][status] {
        Value::Object(answer) if answer.contains_key("$ref") => {
            let name = answer["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
            &DOCUMENT["components"]["responses"][name]["x-codes"]
        }
        answer => &answer["x-codes"],
    };
    let known = known.as_array().cloned().unwrap_or_default();
    assert!(
        known.contains(&code.into()),
        "UNDOCUMENTED {method} {path} {status} {code}"
    );
}
