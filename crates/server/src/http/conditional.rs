//! Changes that prove what they are based on: entity tags and `If-Match` (RFC 9110 §8.8.3, §13.1.1).
//!
//! A tag stands for what a change of the thing could overwrite, and for nothing else: what changes by itself (whether a
//! secret has expired, whether there is a logo) never refuses a change. So the tags are for `If-Match`, not for caches,
//! which keep no answer of the API anyway (`Cache-Control: no-store`).

use std::convert::Infallible;

use aws_lc_rs::digest;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::error::ApiError;
use crate::state::AppState;

/// Tells one state of a thing from every other. Strong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag(Option<String>);

impl EntityTag {
    /// The tag of a state, by everything that makes it up. Something that cannot be written down has no tag, and so
    /// fits no condition.
    pub fn of(facts: &impl Serialize) -> Self {
        Self(serde_json::to_vec(facts).ok().map(|text| {
            let hash = digest::digest(&digest::SHA256, &text);
            format!("\"{}\"", hex::encode(hash.as_ref().get(..16).unwrap_or_default()))
        }))
    }
}

/// What has a tag.
pub trait Tagged {
    /// The tag of its present state.
    fn tag(&self) -> EntityTag;
}

/// An answer with the tag of the thing it is about.
#[derive(Clone, Debug)]
pub struct Versioned<T> {
    /// What is answered.
    pub body: T,
    /// The state that is.
    pub tag: EntityTag,
}

impl<T: Tagged> From<T> for Versioned<T> {
    fn from(body: T) -> Self {
        Self {
            tag: body.tag(),
            body,
        }
    }
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let tag = self.tag.0.and_then(|tag| HeaderValue::from_str(&tag).ok());
        let mut response = Json(self.body).into_response();
        if let Some(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// Somebody else changed the thing since the caller saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was changed meanwhile")]
pub struct ChangedMeanwhile;

impl From<ChangedMeanwhile> for ApiError {
    fn from(_: ChangedMeanwhile) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            "Somebody else changed this meanwhile: the If-Match header names a state that is no longer the present one",
        )
    }
}

/// The states a change is made for, by their tags: whichever there is when the request does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// What the header says. Weak tags never match (the strong comparison of RFC 9110 §8.8.3.2), and what is no list of
    /// tags matches nothing: a condition that was meant and cannot be read must not be dropped.
    pub fn of(headers: &HeaderMap) -> Self {
        if !headers.contains_key(header::IF_MATCH) {
            return Self(None);
        }
        let lines: Vec<_> = headers
            .get_all(header::IF_MATCH)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let text = lines.join(",");
        if text.trim() == "*" {
            return Self(None);
        }
        Self(Some(strong_tags(&text).unwrap_or_default()))
    }

    /// Whether the condition depends on the state at all.
    pub fn is_conditional(&self) -> bool {
        self.0.is_some()
    }

    /// Refuses a change of something that is no longer what the caller saw. To be asked inside the transaction that
    /// writes, once nobody else can change the thing any more.
    ///
    /// # Errors
    /// When the present state is none of those named.
    pub fn check(&self, present: &EntityTag) -> Result<(), ChangedMeanwhile> {
        match (&self.0, &present.0) {
            (None, _) => Ok(()),
            (Some(tags), Some(present)) if tags.contains(present) => Ok(()),
            _ => Err(ChangedMeanwhile),
        }
    }
}

/// The strong ones of a list of entity tags, quotes included; a tag may have commas in it.
fn strong_tags(text: &str) -> Option<Vec<String>> {
    let mut tags = Vec::new();
    let mut rest = text;
    loop {
        // Empty elements of a list do not count (RFC 9110 §5.6.1.2).
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(tags);
        }
        let (strong, quoted) = match rest.strip_prefix("W/") {
            Some(weak) => (false, weak),
            None => (true, rest),
        };
        let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
        if !tag
            .chars()
            .all(|character| character > ' ' && character != '\u{7f}')
        {
            return None;
        }
        if strong {
            tags.push(format!("\"{tag}\""));
        }
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

impl FromRequestParts<AppState> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, HeaderValue::from_str(value).unwrap());
        }
        IfMatch::of(&headers)
            .check(&EntityTag(Some("\"a,b\"".to_owned())))
            .is_ok()
    }

    #[test]
    fn conditions_are_read_as_specified() {
        for (values, expected) in [
            (&[][..], true),
            (&["*"], true),
            (&[" * "], true),
            (&["\"a,b\""], true),
            (&["\"x\", \"a,b\""], true),
            (&["\"x\",,\"a,b\" ,"], true),
            (&["\"x\"", "\"a,b\""], true),
            (&["W/\"x\", \"a,b\""], true),
            (&["\"a\""], false),
            (&["W/\"a,b\""], false),
            (&[""], false),
            (&["a,b"], false),
            (&["\"a,b"], false),
            (&["\"a,b\" \"x\""], false),
            (&["\"a,b\"x"], false),
            (&["*, \"x\""], false),
            (&["\"x\", *"], false),
            (&["\"a,b\"", "nonsense"], false),
            (&["\"a b\", \"a,b\""], false),
        ] {
            assert_eq!(allows(values), expected, "{values:?}");
        }
    }

    #[test]
    fn every_fact_counts_and_nothing_else() {
        let tag = |name: &str, groups: &[&str]| EntityTag::of(&(name, groups));
        assert_eq!(tag("a", &["b"]), tag("a", &["b"]));
        for (name, groups) in [
            ("b", &["b"][..]),
            ("a", &[]),
            ("a", &["b", "b"]),
            ("a\",[\"b", &[]),
        ] {
            assert_ne!(tag(name, groups), tag("a", &["b"]));
        }
    }

    #[test]
    fn what_has_no_tag_fits_no_condition_but_none() {
        // No JSON has keys that are lists.
        let odd = EntityTag::of(&std::collections::BTreeMap::from([(vec![1], 2)]));
        assert_eq!(odd, EntityTag(None));
        assert!(IfMatch(None).check(&odd).is_ok());
        assert!(IfMatch(Some(vec!["\"\"".to_owned()])).check(&odd).is_err());
    }
}
