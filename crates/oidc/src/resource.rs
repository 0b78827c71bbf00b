//! Resource indicators (RFC 8707): which API a token is for, and what it allows there.
//!
//! A request without `resource` is an ordinary sign-in: its token is for the client itself, and only standard scopes
//! count. With one, the API's permissions are scopes too, as far as the client was given them for the kind of subject
//! the token is about. What a client holds nowhere is unknown to it and dropped like any unknown scope; what it holds
//! for another API or kind of subject is an error, so that nothing is silently left out that was meant.

use std::collections::BTreeSet;

use crate::error::{ErrorCode, OAuthError};
use crate::scope::{STANDARD, Scopes};

/// What separates an API from a permission in a consent.
const SEPARATOR: char = '\u{1f}';

/// What is known of a client and the API it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiFacts {
    /// The API at the address asked for.
    pub requested: Option<RequestedApi>,
    /// Every permission key the client holds anywhere, for any kind of subject.
    pub held: BTreeSet<String>,
}

/// An API and what the client has of it for the kind of subject the token is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedApi {
    /// Its address.
    pub resource: String,
    /// The permissions; none if the client has no access.
    pub permissions: Option<BTreeSet<String>>,
}

/// What becomes of scopes nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownScopes {
    /// They are dropped.
    Dropped,
    /// They are an error.
    Refused,
}

/// What a token will be for and allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The API.
    pub resource: Option<String>,
    /// Standard scopes and permissions, in the order they were asked for.
    pub scopes: Scopes,
}

/// The address of an API as it is stored: without trailing slashes.
pub fn normalized(resource: &str) -> &str {
    resource.trim_end_matches('/')
}

/// Whether a request needs [`ApiFacts`] to be looked at.
pub fn needs_facts(resource: Option<&str>, scope: Option<&str>) -> bool {
    resource.is_some()
        || scope
            .unwrap_or_default()
            .split_ascii_whitespace()
            .any(|scope| !STANDARD.contains(&scope))
}

/// Finds out what a request may have.
///
/// # Errors
/// `invalid_target` for an unknown API, `access_denied` for one the client has no access to, `invalid_scope`.
pub fn resolve(
    resource: Option<&str>,
    scope: Option<&str>,
    facts: &ApiFacts,
    unknown: UnknownScopes,
) -> Result<Resolution, OAuthError> {
    let refused = |code, text: &str| OAuthError::new(code, text);
    let permissions = match (resource, &facts.requested) {
        (None, _) => None,
        (Some(_), None) => {
            return Err(refused(
                ErrorCode::InvalidTarget,
                "The requested resource is unknown.",
            ));
        }
        (Some(_), Some(api)) => match &api.permissions {
            None => {
                return Err(refused(
                    ErrorCode::AccessDenied,
                    "The client has no access to the requested resource.",
                ));
            }
            Some(permissions) => Some(permissions),
        },
    };
    let mut scopes: Vec<String> = Vec::new();
    for scope in scope.unwrap_or_default().split_ascii_whitespace() {
        let granted =
            STANDARD.contains(&scope) || permissions.is_some_and(|permissions| permissions.contains(scope));
        if granted {
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        } else if facts.held.contains(scope) || unknown == UnknownScopes::Refused {
            return Err(refused(
                ErrorCode::InvalidScope,
                "A scope is not available for the requested resource.",
            ));
        }
    }
    Ok(Resolution {
        resource: resource.map(|resource| normalized(resource).to_owned()),
        scopes: Scopes::from_granted(scopes),
    })
}

/// The consent that covers a request: standard scopes by name, permissions with their API, and the API itself. The same
/// permission of another API is another consent.
pub fn consent_keys(resource: Option<&str>, scopes: &Scopes) -> Vec<String> {
    let mut keys: Vec<String> = scopes
        .as_slice()
        .iter()
        .map(|scope| match resource {
            Some(resource) if !STANDARD.contains(&scope.as_str()) => {
                format!("{resource}{SEPARATOR}{scope}")
            }
            _ => scope.clone(),
        })
        .collect();
    keys.extend(resource.map(|resource| format!("{resource}{SEPARATOR}")));
    keys
}

/// Whether a `resource` is an absolute URI without fragment and white space (RFC 8707 §2).
pub fn is_well_formed(resource: &str) -> bool {
    let Some((scheme, rest)) = resource.split_once(':') else {
        return false;
    };
    let scheme_ok = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
    let harmless = !["javascript", "data"].contains(&scheme.to_ascii_lowercase().as_str());
    scheme_ok
        && harmless
        && !rest.is_empty()
        && !resource
            .chars()
            .any(|character| character.is_whitespace() || character.is_control() || character == '#')
        && (!matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
            || url::Url::parse(resource).is_ok_and(|url| url.has_host()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = "https://api.example";

    fn facts(permissions: Option<&[&str]>, held: &[&str]) -> ApiFacts {
        let set = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        ApiFacts {
            requested: Some(RequestedApi {
                resource: API.to_owned(),
                permissions: permissions.map(set),
            }),
            held: set(held),
        }
    }

    #[test]
    fn each_combination_of_resource_and_scope() {
        use UnknownScopes::{Dropped, Refused};
        let reader = facts(Some(&["read"]), &["read", "write"]);
        let none = ApiFacts::default();
        for (resource, scope, facts, unknown, expected) in [
            (None, "openid email", &none, Dropped, Ok("openid email")),
            (None, "openid unheard_of", &none, Dropped, Ok("openid")),
            (
                None,
                "openid unheard_of",
                &none,
                Refused,
                Err(ErrorCode::InvalidScope),
            ),
            (
                None,
                "openid read",
                &reader,
                Dropped,
                Err(ErrorCode::InvalidScope),
            ),
            (Some(API), "openid read read", &reader, Dropped, Ok("openid read")),
            (Some("https://api.example/"), "read", &reader, Dropped, Ok("read")),
            (Some(API), "openid", &reader, Dropped, Ok("openid")),
            (Some(API), "", &reader, Dropped, Ok("")),
            (Some(API), "write", &reader, Dropped, Err(ErrorCode::InvalidScope)),
            (Some(API), "unheard_of", &reader, Dropped, Ok("")),
            (
                Some(API),
                "unheard_of",
                &reader,
                Refused,
                Err(ErrorCode::InvalidScope),
            ),
            (Some(API), "read", &none, Dropped, Err(ErrorCode::InvalidTarget)),
            (
                Some(API),
                "read",
                &super::tests::facts(None, &[]),
                Dropped,
                Err(ErrorCode::AccessDenied),
            ),
        ] {
            let answer = resolve(resource, Some(scope), facts, unknown);
            match (&answer, expected) {
                (Ok(found), Ok(scopes)) => {
                    assert_eq!(found.scopes.to_string(), scopes, "{resource:?} {scope}");
                    assert_eq!(found.resource.as_deref(), resource.map(normalized));
                }
                (Err(error), Err(code)) => assert_eq!(error.code, code, "{resource:?} {scope}"),
                other => panic!("{resource:?} {scope}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_permission_is_consented_to_for_its_api() {
        let scopes = Scopes::from_granted(vec!["openid".to_owned(), "read".to_owned()]);
        assert_eq!(
            consent_keys(Some(API), &scopes),
            [
                "openid",
                "https://api.example\u{1f}read",
                "https://api.example\u{1f}"
            ]
        );
        assert_eq!(consent_keys(None, &Scopes::requested("openid")), ["openid"]);
    }

    #[test]
    fn addresses_of_apis() {
        for good in [
            "https://api.example",
            "urn:example:orders",
            "com.example.api:x",
            "api://x",
        ] {
            assert!(is_well_formed(good), "{good}");
        }
        for bad in [
            "",
            "orders",
            "https:",
            "https://",
            "https://a.ex/#x",
            "https://a ex",
            "javascript:1",
            "1x:y",
            ":x",
        ] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
