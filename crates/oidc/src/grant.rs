//! What one authorization gave a client: every code and token of it hangs on one grant.

use serde_json::Value;

use crate::claims_request::RequestedClaims;
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
    /// Claims asked for one by one.
    pub claims: RequestedClaims,
    /// Who acts for the user, as the `act` claim (RFC 8693 §4.1).
    pub actor: Option<Value>,
    /// The client's session with the user, if it has one: the same at each sign-in from the same browser.
    pub session_id: Option<String>,
}

impl Grant {
    /// The `sid` of its tokens. A grant without a session is one by itself.
    pub fn sid(&self) -> &str {
        self.session_id.as_deref().unwrap_or(&self.id)
    }
}

/// The audience of access tokens: the API they are for, else the client, and this provider if any scope is about the
/// user.
pub fn audience(target: &str, scopes: &Scopes, issuer: &str) -> Vec<String> {
    let mut audience = vec![target.to_owned()];
    if scopes.has_identity() {
        audience.push(issuer.to_owned());
    }
    audience
}

#[cfg(test)]
impl Grant {
    /// An ordinary grant, for tests to change.
    pub(crate) fn example() -> Self {
        Self {
            id: "g1".to_owned(),
            client_id: "app".to_owned(),
            subject: "u1".to_owned(),
            scopes: Scopes::requested("openid email"),
            audience: vec!["app".to_owned(), "https://id.example".to_owned()],
            auth_time: 1_700_000_000_999,
            amr: vec!["phr".to_owned()],
            acr: None,
            nonce: Some("n-1".to_owned()),
            requested_at: 1_700_000_100_000,
            claims: RequestedClaims::default(),
            actor: None,
            session_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_tokens_are_for_their_target_and_for_us_if_they_say_who_somebody_is() {
        const ISSUER: &str = "https://id.example";
        const API: &str = "https://api.example";
        for (target, scopes, with_us) in [
            ("app", "openid", true),
            ("app", "profile", true),
            ("app", "email", true),
            ("app", "groups", true),
            ("app", "openid offline_access", true),
            ("app", "offline_access", false),
            ("app", "", false),
            (API, "openid", true),
            (API, "read", false),
            (API, "read email", true),
            (API, "", false),
        ] {
            let granted = Scopes::from_granted(scopes.split_whitespace().map(str::to_owned).collect());
            let mut expected = vec![target];
            expected.extend(with_us.then_some(ISSUER));
            assert_eq!(audience(target, &granted, ISSUER), expected, "{target} {scopes}");
        }
    }

    #[test]
    fn a_grant_without_a_session_is_one_by_itself() {
        let alone = Grant::example();
        assert_eq!(alone.sid(), alone.id);
        let in_session = Grant {
            session_id: Some("s1".to_owned()),
            ..alone
        };
        assert_eq!(in_session.sid(), "s1");
    }
}
