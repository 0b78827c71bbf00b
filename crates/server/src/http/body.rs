//! JSON request bodies, read as leniently as existing API clients expect and no more.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::state::AppState;

/// The largest JSON body accepted, in bytes.
pub const JSON_LIMIT: usize = 1024 * 1024;

/// A JSON body with a JSON media type.
///
/// Field names match exactly or, failing that, in any case; unknown fields are ignored; a field that is
/// null counts as absent; what follows the first JSON value is ignored.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Self::Rejection> {
        if !is_json(request.headers()) {
            return Err(ApiError::invalid_body(
                "its content type must be application/json",
            ));
        }
        let bytes = read_limited(request, JSON_LIMIT).await?;
        parse(&bytes).map(Self)
    }
}

/// A JSON body that may be left out altogether, with any content type.
pub struct OptionalJsonBody<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<AppState> for OptionalJsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Self::Rejection> {
        let json = is_json(request.headers());
        let bytes = read_limited(request, JSON_LIMIT).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        if !json {
            return Err(ApiError::invalid_body(
                "its content type must be application/json",
            ));
        }
        parse(&bytes).map(Self)
    }
}

/// The bytes of a body of at most `limit` bytes, whatever its type.
pub async fn read_limited(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::new(
            http::StatusCode::PAYLOAD_TOO_LARGE,
            "file_too_large",
            "The request body is too large",
        )
        .with("max_size", megabytes(limit))),
        Err(_) => Err(ApiError::invalid_body("it could not be read")),
    }
}

/// `1.00 MB`.
pub fn megabytes(bytes: usize) -> String {
    let hundredths = bytes.saturating_mul(100) / (1024 * 1024);
    format!("{}.{:02} MB", hundredths / 100, hundredths % 100)
}

/// Whether a body says it is JSON.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads a value from JSON text by the rules of [`JsonBody`].
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let value = match values.next() {
        None => return Err(ApiError::invalid_body("it is empty")),
        Some(Err(_)) => return Err(ApiError::invalid_body("it is not valid JSON")),
        Some(Ok(value)) => value,
    };
    if has_nul(&value) {
        // PostgreSQL cannot store it, and no name or address has it.
        return Err(ApiError::invalid_body("it contains a NUL character"));
    }
    let names = field_names::<T>();
    let value = match value {
        Value::Object(object) if !names.is_empty() => Value::Object(match_names(object, names)),
        // Serde would read an array as a struct's fields in order.
        Value::Array(_) if !names.is_empty() => {
            return Err(ApiError::invalid_body("it must be a JSON object"));
        }
        other => other,
    };
    T::deserialize(value).map_err(ApiError::invalid_body)
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Gives members the names the type has, drops nulls; exact names win over those in another case.
fn match_names(object: Map<String, Value>, names: &[&'static str]) -> Map<String, Value> {
    let mut matched = Map::new();
    let mut inexact: Vec<(&'static str, Value)> = Vec::new();
    for (key, value) in object {
        if value.is_null() {
            continue;
        }
        if names.contains(&key.as_str()) {
            matched.insert(key, value);
        } else if let Some(name) = names.iter().find(|name| name.eq_ignore_ascii_case(&key)) {
            inexact.push((name, value));
        }
    }
    for (name, value) in inexact {
        matched.entry(name).or_insert(value);
    }
    matched
}

/// The field names a struct deserializes from, asked of its own `Deserialize` implementation.
fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // The probe always fails: all that matters is what it was asked for.
    let _ = T::deserialize(Probe { names: &mut names });
    names
}

struct Probe<'n> {
    names: &'n mut &'static [&'static str],
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("probe"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.names = fields;
        Err(de::Error::custom("probe"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Example {
        first_name: String,
        is_admin: bool,
        email: Option<String>,
    }

    #[test]
    fn names_nulls_and_trailing_data_are_read_as_documented() {
        for (text, first_name, is_admin) in [
            (r#"{"firstName":"a","isAdmin":true}"#, "a", true),
            (r#"{"FIRSTNAME":"a"}"#, "a", false),
            (r#"{"FIRSTNAME":"a","firstName":"b"}"#, "b", false),
            (r#"{"firstName":"a","firstName":"b"}"#, "b", false),
            (r#"{"firstName":null,"isAdmin":null}"#, "", false),
            (r#"{"firstName":"a"} trailing"#, "a", false),
            (r#"{"unknown":[1,2]}"#, "", false),
        ] {
            let example: Example = parse(text.as_bytes()).unwrap();
            assert_eq!(
                example,
                Example {
                    first_name: first_name.into(),
                    is_admin,
                    email: None
                },
                "{text}"
            );
        }
    }

    #[test]
    fn members_of_a_map_keep_their_names() {
        let map: std::collections::BTreeMap<String, Option<u8>> = parse(br#"{"a":1,"b":null}"#).unwrap();
        assert_eq!(map, [("a".to_owned(), Some(1)), ("b".to_owned(), None)].into());
    }

    #[test]
    fn wrong_types_and_broken_text_are_refused() {
        for text in [
            "",
            "{",
            "[]",
            "\"x\"",
            r#"{"isAdmin":"true"}"#,
            r#"{"firstName":1}"#,
        ] {
            let error = parse::<Example>(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "invalid_request_body", "{text}");
        }
    }

    #[test]
    fn media_types_are_told_apart() {
        for (value, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/scim+json", true),
            ("text/json", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            assert_eq!(is_json(&headers), expected, "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
