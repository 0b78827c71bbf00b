//! JSON request bodies, read as leniently as existing API clients expect and no more.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, Unexpected, Visitor};
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::state::AppState;

/// The largest JSON body accepted, in bytes.
const JSON_LIMIT: usize = 1024 * 1024;
/// The largest JSON body accepted of an administrator who replaces a list of anything there is many of, in bytes.
const LIST_LIMIT: usize = 16 * 1024 * 1024;

/// A JSON body with a JSON media type.
///
/// Field names match exactly or, failing that, in any case; unknown fields are ignored; a field that is
/// null counts as absent; what follows the first JSON value is ignored.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Self::Rejection> {
        read_json(request, JSON_LIMIT).await.map(Self)
    }
}

/// A [`JsonBody`] that may be a long list. Handlers that take one have let only administrators through before it is read.
pub struct LongJsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for LongJsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Self::Rejection> {
        read_json(request, LIST_LIMIT).await.map(Self)
    }
}

async fn read_json<T: DeserializeOwned>(request: Request, limit: usize) -> Result<T, ApiError> {
    if !is_json(request.headers()) {
        return Err(ApiError::invalid_body(
            "its content type must be application/json",
        ));
    }
    parse(&read_limited(request, limit).await?)
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
    T::deserialize(Lenient(value)).map_err(ApiError::invalid_body)
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

/// A value whose objects, however deep, may spell the fields of a struct in any case and say null of them.
struct Lenient(Value);

impl de::IntoDeserializer<'_, serde_json::Error> for Lenient {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Lenient {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Lenient));
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Value::Object(members) => {
                let members = members.into_iter().map(|(key, value)| (key, Lenient(value)));
                let mut members = MapDeserializer::new(members);
                let value = visitor.visit_map(&mut members)?;
                members.end()?;
                Ok(value)
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Object(members) => {
                Self(Value::Object(match_names(members, fields))).deserialize_any(visitor)
            }
            // Serde would read an array as a struct's fields in order, and name the type where it refuses the rest.
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &"an object")),
            Value::String(text) => Err(de::Error::invalid_type(Unexpected::Str(&text), &"an object")),
            Value::Bool(flag) => Err(de::Error::invalid_type(Unexpected::Bool(flag), &"an object")),
            Value::Number(_) => Err(de::Error::invalid_type(Unexpected::Other("number"), &"an object")),
            Value::Null => Err(de::Error::invalid_type(Unexpected::Unit, &"an object")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
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

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Outer {
        inner: Example,
        list: Vec<Example>,
        maybe: Option<Example>,
        anything: Option<Value>,
    }

    #[test]
    fn the_same_holds_however_deep() {
        let named = |name: &str| Example {
            first_name: name.to_owned(),
            ..Example::default()
        };
        let outer: Outer = parse(
            br#"{
                "inner": {"FIRSTNAME": "a", "isAdmin": null, "email": null},
                "list": [{"firstName": "b", "isAdmin": null}, {"firstname": null}],
                "MAYBE": {"firstName": null, "unknown": null},
                "anything": {"KEEPS": null}
            }"#,
        )
        .unwrap();
        let expected = Outer {
            inner: named("a"),
            list: vec![named("b"), named("")],
            maybe: Some(named("")),
            anything: Some(serde_json::json!({"KEEPS": null})),
        };
        assert_eq!(outer, expected);
        for text in [
            r#"{"inner": []}"#,
            r#"{"inner": "a"}"#,
            r#"{"list": {}}"#,
            r#"{"list": [{"isAdmin": 1}]}"#,
            r#"{"list": [[]]}"#,
        ] {
            let error = parse::<Outer>(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "invalid_request_body", "{text}");
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
