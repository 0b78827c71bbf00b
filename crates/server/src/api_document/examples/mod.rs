//! Examples of what is sent and answered, by the name of the schema: what people read first.

mod protocol;
mod rest;

use serde_json::{Value, json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::{Content, RefOr};

use super::answers::name;
use super::schemas::LIST;

/// `base` with more fields.
fn with(base: Value, more: &Value) -> Value {
    let mut all = base;
    if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    all
}

/// The example of a named schema.
fn of(schema: &str) -> Option<Value> {
    if let Some(row) = schema.strip_prefix(LIST) {
        return Some(json!({
            "data": [of(row)?],
            "pagination": {"totalPages": 1, "totalItems": 1, "currentPage": 1, "itemsPerPage": 20},
        }));
    }
    rest::of(schema).or_else(|| protocol::of(schema))
}

/// The example of any schema.
fn of_any(schema: &RefOr<Schema>) -> Option<Value> {
    match schema {
        RefOr::Ref(to) => of(name(to)),
        RefOr::T(Schema::Array(list)) => match &list.items {
            ArrayItems::RefOrSchema(item) => Some(json!([of_any(item)?])),
            ArrayItems::False => None,
        },
        RefOr::T(Schema::OneOf(choice)) => choice.items.iter().find_map(of_any),
        RefOr::T(_) => None,
    }
}

/// Examples of bodies whose schema says too little: `(path, example)`.
fn of_path(path: &str) -> Option<Value> {
    Some(match path {
        "/api/audit-logs/filters/client-names" => json!(["Files", "Calendar"]),
        "/api/audit-logs/filters/users" => json!({"4f1d7bd6-8d2c-4a58-9a3e-2c1f0f6f7a11": "craig"}),
        "/api/custom-claims/suggestions" => json!(["department", "phone"]),
        "/api/audit-logs/export" | "/api/audit-logs/all/export" => format!("{}\n", of("AuditLogDto")?).into(),
        _ => return None,
    })
}

fn fill(path: &str, media: &str, content: &mut RefOr<Content>) {
    if let RefOr::T(content) = content
        && media.contains("json")
        && content.example.is_none()
        && content.examples.is_empty()
    {
        content.example = content.schema.as_ref().and_then(of_any).or_else(|| of_path(path));
    }
}

/// Gives a route the examples there are.
pub(super) fn complete(path: &str, operation: &mut Operation) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for (media, content) in &mut body.content {
            if media.ends_with("form-urlencoded") || media.starts_with("multipart/") {
                protocol::fill_form(path, content);
            } else {
                fill(path, media, content);
            }
        }
    }
    for (status, answer) in &mut operation.responses.responses {
        if let RefOr::T(answer) = answer
            && status.starts_with('2')
        {
            for (media, content) in &mut answer.content {
                fill(path, media, content);
            }
        }
    }
}
