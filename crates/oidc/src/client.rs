//! The facts about a client that decide what it may do.

use crate::pkce::Method;

/// Every grant type there is (RFC 6749, RFC 8628, RFC 8693).
pub const GRANT_TYPES: [&str; 5] = [
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];

/// Whether a client can keep a secret (RFC 6749 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// It can, and must prove who it is.
    Confidential,
    /// It cannot; PKCE stands in.
    Public,
}

/// Whether something is asked of a client's users or requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Always.
    Required,
    /// Only when the request says so.
    Optional,
}

/// A client as the protocol sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// Public or confidential.
    pub kind: ClientKind,
    /// PKCE (RFC 7636); always required of public clients.
    pub pkce: Demand,
    /// The PKCE methods it may use.
    pub pkce_methods: Vec<Method>,
    /// A passkey used for each authorization.
    pub reauthentication: Demand,
    /// Pushed authorization requests only (RFC 9126).
    pub pushed_requests: Demand,
    /// The consent screen; `Optional` means it is skipped unless asked for.
    pub consent: Demand,
    /// Redirect URI patterns.
    pub redirect_uris: Vec<String>,
    /// Post-logout redirect URI patterns.
    pub post_logout_redirect_uris: Vec<String>,
}

impl Client {
    /// Whether requests without PKCE are refused.
    pub fn requires_pkce(&self) -> bool {
        self.kind == ClientKind::Public || self.pkce == Demand::Required
    }

    /// Whether the first redirect URI it successfully uses becomes its registered one: confidential clients
    /// that were registered without any.
    pub fn trusts_first_redirect_uri(&self) -> bool {
        self.kind == ClientKind::Confidential && self.redirect_uris.is_empty()
    }
}

#[cfg(test)]
impl Client {
    /// An ordinary confidential client, for tests to change.
    pub(crate) fn example() -> Self {
        Self {
            id: "app".to_owned(),
            kind: ClientKind::Confidential,
            pkce: Demand::Optional,
            pkce_methods: vec![Method::S256],
            reauthentication: Demand::Optional,
            pushed_requests: Demand::Optional,
            consent: Demand::Required,
            redirect_uris: vec!["https://app.example/cb".to_owned()],
            post_logout_redirect_uris: Vec::new(),
        }
    }
}
