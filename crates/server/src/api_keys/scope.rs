//! What an API key may be used for: everything, unless its owner said less.
//!
//! The check stands where keys are accepted, before any handler: a route that nobody has given a kind is closed to keys
//! that are limited to kinds.

use http::Method;
use pocket_id_store::types::StringList;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Resource {
    /// Oneself: account, passkeys, what one allowed clients.
    Account,
    /// People, their claims, pictures, login codes and invitations.
    Users,
    /// User groups and their claims.
    Groups,
    /// OIDC clients and what belongs to them.
    Clients,
    /// APIs and who may use them.
    Apis,
    /// API keys.
    ApiKeys,
    /// The application: its settings and images.
    Configuration,
    /// The audit log.
    AuditLog,
}

/// Addresses by kind; the first that fits counts.
const PLACES: &[(&str, Resource)] = &[
    ("/api/users/me", Resource::Account),
    ("/api/webauthn", Resource::Account),
    ("/api/oidc/users/me", Resource::Account),
    ("/api/sessions", Resource::Account),
    ("/api/users", Resource::Users),
    ("/api/oidc/users", Resource::Users),
    ("/api/signup-tokens", Resource::Users),
    ("/api/custom-claims/user-group", Resource::Groups),
    ("/api/custom-claims", Resource::Users),
    ("/api/user-groups", Resource::Groups),
    ("/api/oidc/clients", Resource::Clients),
    ("/api/oidc/refused-authorizations", Resource::Clients),
    ("/api/oidc/registration-policy", Resource::Clients),
    ("/api/oidc/registration-tokens", Resource::Clients),
    ("/api/scim", Resource::Clients),
    ("/api/api-access", Resource::Apis),
    ("/api/apis", Resource::Apis),
    ("/api/api-keys", Resource::ApiKeys),
    ("/api/application-configuration", Resource::Configuration),
    ("/api/application-images", Resource::Configuration),
    ("/api/email-deliveries", Resource::Configuration),
    ("/api/version", Resource::Configuration),
    ("/api/audit-logs", Resource::AuditLog),
];

/// What every key may read: programs ask which version it is before they do anything.
const OF_EVERY_KEY: &str = "/api/version/current";

/// Reading this is a way in: the invitations that are open, which a key that only reads is not for.
const SHOWS_WAYS_IN: &str = "/api/signup-tokens";

impl Resource {
    /// Every one, with its name on the wire and in the database.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Account, "account"),
        (Self::Users, "users"),
        (Self::Groups, "groups"),
        (Self::Clients, "clients"),
        (Self::Apis, "apis"),
        (Self::ApiKeys, "apiKeys"),
        (Self::Configuration, "configuration"),
        (Self::AuditLog, "auditLog"),
    ];

    fn of(path: &str) -> Option<Self> {
        PLACES
            .iter()
            .find(|(place, _)| {
                path.strip_prefix(place)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .map(|(_, resource)| *resource)
    }

    /// What it is called in the database.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(resource, _)| *resource == self)
            .map_or("", |(_, name)| name)
    }
}

/// Whether a key may be used for a request. `resources` is none for every kind.
pub fn allows(read_only: bool, resources: Option<&StringList>, method: &Method, path: &str) -> bool {
    if read_only && (!matches!(*method, Method::GET | Method::HEAD) || path == SHOWS_WAYS_IN) {
        return false;
    }
    if path == OF_EVERY_KEY {
        return true;
    }
    resources.is_none_or(|resources| {
        Resource::of(path).is_some_and(|wanted| resources.0.iter().any(|name| name == wanted.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_limits() {
        let users = StringList(vec!["users".to_owned(), "auditLog".to_owned()]);
        let nothing = StringList(Vec::new());
        for (read_only, resources, method, path, expected) in [
            (false, None, Method::DELETE, "/api/anything", true),
            (true, None, Method::GET, "/api/anything", true),
            (true, None, Method::HEAD, "/api/users", true),
            (true, None, Method::POST, "/api/users", false),
            (true, None, Method::PATCH, "/api/users", false),
            (true, None, Method::GET, "/api/signup-tokens", false),
            (false, None, Method::GET, "/api/signup-tokens", true),
            (true, Some(&users), Method::HEAD, "/api/signup-tokens", false),
            (false, Some(&users), Method::PUT, "/api/users/1", true),
            (false, Some(&users), Method::GET, "/api/users", true),
            (false, Some(&users), Method::GET, "/api/users/me", false),
            (false, Some(&users), Method::GET, "/api/user-groups", false),
            (false, Some(&users), Method::GET, "/api/usersandmore", false),
            (false, Some(&users), Method::GET, "/api/something-new", false),
            (false, Some(&users), Method::GET, "/api/audit-logs/all", true),
            (true, Some(&users), Method::PUT, "/api/users/1", false),
            (false, Some(&nothing), Method::GET, "/api/users", false),
            (true, Some(&nothing), Method::GET, "/api/version/current", true),
        ] {
            assert_eq!(
                allows(read_only, resources, &method, path),
                expected,
                "{read_only} {resources:?} {method} {path}"
            );
        }
    }

    #[test]
    fn every_route_for_keys_has_a_kind() {
        let document = serde_json::to_value(crate::router::openapi()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                let for_keys = operation["security"]
                    .as_array()
                    .is_some_and(|schemes| schemes.iter().any(|scheme| scheme.get("apiKey").is_some()));
                assert!(!for_keys || Resource::of(path).is_some(), "{path}");
            }
        }
    }
}
