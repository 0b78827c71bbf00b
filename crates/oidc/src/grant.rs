//! What one authorization gave a client: every code and token of it hangs on one grant.

use crate::scope::Scopes;

/// A grant as tokens describe it. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Identifier.
    pub id: String,
    /// Whose client it is.
    pub client_id: String,
    /// The user.
    pub subject: String,
    /// Granted scopes.
    pub scopes: Scopes,
    /// Audience of access tokens.
    pub audience: Vec<String>,
    /// When the user authenticated.
    pub auth_time: i64,
    /// How, as `amr` values.
    pub amr: Vec<String>,
    /// `acr`, if one was asked for.
    pub acr: Option<String>,
    /// `nonce` of the request.
    pub nonce: Option<String>,
    /// When the request came in.
    pub requested_at: i64,
}

/// The audience of a login's access tokens: the client, and this provider if any scope is about the user.
pub fn audience(client_id: &str, scopes: &Scopes, issuer: &str) -> Vec<String> {
    let mut audience = vec![client_id.to_owned()];
    if scopes.has_identity() {
        audience.push(issuer.to_owned());
    }
    audience
}
