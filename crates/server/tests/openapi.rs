//! The checked-in API document is the one the program serves, says what everything means, and shows true examples.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails by panicking"
)]

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(pocket_id_server::router::openapi()).unwrap()
}

/// `UPDATE_OPENAPI=1 cargo test -p pocket-id-server --test openapi` writes the document anew.
#[test]
fn the_checked_in_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let mut current = serde_json::to_string_pretty(&pocket_id_server::router::openapi()).unwrap();
    current.push('\n');
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == current,
        "docs/openapi.json is stale: run UPDATE_OPENAPI=1 cargo test -p pocket-id-server --test openapi"
    );
}

/// The members of an object, or nothing.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(to) => document
            .pointer(&to[1..])
            .unwrap_or_else(|| panic!("{to} leads nowhere")),
        None => value,
    }
}

/// Calls `look` with each schema in a schema and where it is.
fn each_schema(schema: &Value, place: &str, look: &mut impl FnMut(&Value, &str)) {
    look(schema, place);
    for (name, field) in members(&schema["properties"]) {
        each_schema(field, &format!("{place}.{name}"), look);
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            each_schema(&schema[inner], &format!("{place}.{inner}"), look);
        }
    }
    for choice in ["allOf", "oneOf", "anyOf"] {
        for part in schema[choice].as_array().into_iter().flatten() {
            each_schema(part, place, look);
        }
    }
}

/// A body: where it is, of which type, its schema and examples.
struct Body {
    place: String,
    media: String,
    content: Value,
}

fn bodies(document: &Value) -> Vec<Body> {
    let mut all = Vec::new();
    let mut add = |place: &str, contents: &Value| {
        for (media, content) in members(contents) {
            all.push(Body {
                place: place.to_owned(),
                media: media.clone(),
                content: content.clone(),
            });
        }
    };
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            add(
                &format!("{method} {path} body"),
                &operation["requestBody"]["content"],
            );
            for (status, answer) in members(&operation["responses"]) {
                let place = format!("{method} {path} {status}");
                add(&place, &resolved(document, answer)["content"]);
            }
        }
    }
    all
}

fn is_said(value: &Value) -> bool {
    value["description"]
        .as_str()
        .is_some_and(|text| !text.trim().is_empty())
}

#[test]
fn everything_says_what_it_means() {
    let document = document();
    let mut silent = Vec::new();
    let mut look = |schema: &Value, place: &str| {
        let fields = members(&schema["properties"]).filter(|(_, field)| !is_said(field));
        silent.extend(fields.map(|(name, _)| format!("{place}.{name}")));
    };
    for (name, schema) in members(&document["components"]["schemas"]) {
        each_schema(schema, name, &mut look);
    }
    for body in bodies(&document) {
        each_schema(&body.content["schema"], &body.place, &mut look);
    }
    for (name, schema) in members(&document["components"]["schemas"]) {
        if !is_said(schema) {
            silent.push(name.clone());
        }
    }
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            let place = format!("{method} {path}");
            if operation["summary"].as_str().is_none_or(str::is_empty) {
                silent.push(place.clone());
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if !is_said(parameter) {
                    silent.push(format!("{place} {}", parameter["name"]));
                }
            }
            for (status, answer) in members(&operation["responses"]) {
                let answer = resolved(&document, answer);
                if !is_said(answer) {
                    silent.push(format!("{place} {status}"));
                }
                let headers = members(&answer["headers"]).filter(|(_, header)| !is_said(header));
                silent.extend(headers.map(|(name, _)| format!("{place} {status} {name}")));
            }
        }
    }
    assert_eq!(silent, Vec::<String>::new());
}

/// What of a value a schema does not allow; `known` gathers the fields it names.
fn faults(
    document: &Value,
    schema: &Value,
    value: &Value,
    place: &str,
    known: &mut HashSet<String>,
) -> Vec<String> {
    if schema["$ref"].is_string() {
        return faults(document, resolved(document, schema), value, place, known);
    }
    let mut found = Vec::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(faults(document, part, value, place, known));
    }
    for choice in ["oneOf", "anyOf"] {
        let Some(parts) = schema[choice].as_array() else {
            continue;
        };
        if parts
            .iter()
            .any(|part| misfits(document, part, value, place).is_empty())
        {
            known.extend(members(value).map(|(name, _)| name.clone()));
        } else {
            found.push(format!("{place}: {value} is none of what it may be"));
        }
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = &schema["type"];
    let allows = |kinds: &Value| kinds == kind || (kinds == "number" && kind == "integer");
    if !kinds.is_null() && !allows(kinds) && !kinds.as_array().is_some_and(|all| all.iter().any(allows)) {
        found.push(format!("{place}: {value} is no {kinds}"));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|words| !words.contains(value))
    {
        found.push(format!("{place}: {value} is none of {}", schema["enum"]));
    }
    if let Some(text) = value.as_str() {
        let letters = text.chars().count() as u64;
        let fits = letters >= schema["minLength"].as_u64().unwrap_or(0)
            && letters <= schema["maxLength"].as_u64().unwrap_or(u64::MAX)
            && match schema["format"].as_str() {
                Some("uuid") => uuid::Uuid::try_parse(text).is_ok(),
                Some("date-time") => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
                _ => true,
            };
        if !fits {
            found.push(format!(
                "{place}: {value} is too short, too long or of another form"
            ));
        }
    }
    if let Some(number) = value.as_f64() {
        let fits = number >= schema["minimum"].as_f64().unwrap_or(f64::MIN)
            && number <= schema["maximum"].as_f64().unwrap_or(f64::MAX);
        if !fits {
            found.push(format!("{place}: {value} is too small or too large"));
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(misfits(
            document,
            &schema["items"],
            item,
            &format!("{place}[{index}]"),
        ));
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        if value.get(required.as_str().unwrap()).is_none() {
            found.push(format!("{place}: no {required}"));
        }
    }
    for (name, field) in members(&schema["properties"]) {
        known.insert(name.clone());
        if let Some(value) = value.get(name) {
            found.extend(misfits(document, field, value, &format!("{place}.{name}")));
        }
    }
    let names_all = schema["properties"].is_object() || !known.is_empty();
    if !names_all || schema["additionalProperties"].is_object() {
        known.extend(members(value).map(|(name, _)| name.clone()));
    }
    found
}

/// The same, and the fields the schema does not name: an example must not show what is not there.
fn misfits(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut known = HashSet::new();
    let mut found = faults(document, schema, value, place, &mut known);
    let unknown = members(value).filter(|(name, _)| !known.contains(*name));
    found.extend(unknown.map(|(name, _)| format!("{place}.{name} is unknown")));
    found
}

#[test]
fn every_body_has_examples_and_they_are_of_its_shape() {
    let document = document();
    let mut wrong = Vec::new();
    // Most failures are the same in many places.
    let mut seen = HashSet::new();
    for body in bodies(&document) {
        let mut examples: Vec<&Value> = body.content.get("example").into_iter().collect();
        let named = members(&body.content["examples"]);
        examples.extend(named.map(|(_, example)| &resolved(&document, example)["value"]));
        if examples.is_empty() && (body.media.contains("json") || body.place.ends_with("body")) {
            wrong.push(format!("{} {} has no example", body.place, body.media));
        }
        let schema = &body.content["schema"];
        for example in examples {
            if !seen.insert(format!("{schema} {example}")) {
                continue;
            }
            wrong.extend(misfits(&document, schema, example, &body.place));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(seen.len() > 150, "{}", seen.len());
}

#[test]
fn every_failure_shows_each_of_its_codes() {
    let document = document();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            for (status, answer) in members(&operation["responses"]) {
                let answer = resolved(&document, answer);
                let content = &answer["content"]["application/json"];
                if status.as_str() < "4" || content.is_null() {
                    continue;
                }
                seen += 1;
                let codes = answer["x-codes"].as_array().cloned().unwrap_or_default();
                let shown = |code: &Value| content["examples"].get(code.as_str().unwrap()).is_some();
                if codes.is_empty() || !codes.iter().all(shown) {
                    wrong.push(format!("{method} {path} {status}"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(seen > 500, "{seen}");
}

#[test]
fn examples_that_do_not_fit_are_found() {
    let document = document();
    let schema = serde_json::json!({"$ref": "#/components/schemas/ApiInput"});
    let good = serde_json::json!({"name": "Calendar", "resource": "https://calendar.example.com"});
    assert_eq!(misfits(&document, &schema, &good, "it"), Vec::<String>::new());
    for bad in [
        serde_json::json!(null),
        serde_json::json!({"name": "Calendar"}),
        serde_json::json!({"name": 1, "resource": "https://calendar.example.com"}),
        serde_json::json!({"name": "Calendar", "resource": "https://calendar.example.com", "nothing": 1}),
    ] {
        assert!(!misfits(&document, &schema, &bad, "it").is_empty(), "{bad}");
    }
}
