//! What a token says of itself, for those who cannot read it (RFC 7662).

use serde::Serialize;
use serde_json::Value;

use crate::access_token::client_subject;
use crate::grant::Grant;

/// Which kind of token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An access token.
    Access,
    /// A refresh token.
    Refresh,
}

/// The order in which kinds are tried; a hint only puts one first (RFC 7662 §2.1).
pub fn kinds(hint: Option<&str>) -> [TokenKind; 2] {
    if hint == Some("refresh_token") {
        [TokenKind::Refresh, TokenKind::Access]
    } else {
        [TokenKind::Access, TokenKind::Refresh]
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Confirmation {
    jkt: String,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Introspection {
    active: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    facts: Option<Facts>,
}

/// What is said of a live token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    client_id: String,
    scope: String,
    sub: String,
    username: String,
    aud: Vec<String>,
    iss: String,
    exp: i64,
    iat: i64,
    #[serde(skip)]
    kind: TokenKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

/// The life of a token. Times are Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// Its identifier, if it has one that may be told.
    pub jti: Option<String>,
    /// When it was made.
    pub issued_at: i64,
    /// When it ends.
    pub expires_at: i64,
    /// Thumbprint of the key it is bound to.
    pub key_thumbprint: Option<String>,
}

/// What a token is called. One bound to a key is `DPoP` or nothing at all (RFC 9449 §6.2), and refresh tokens are no
/// such tokens.
fn token_type(kind: TokenKind, bound: bool) -> Option<&'static str> {
    match (kind, bound) {
        (TokenKind::Access, false) => Some("access_token"),
        (TokenKind::Access, true) => Some("DPoP"),
        (TokenKind::Refresh, false) => Some("refresh_token"),
        (TokenKind::Refresh, true) => None,
    }
}

/// A live token of a user.
pub fn of_grant(grant: &Grant, kind: TokenKind, life: Life, issuer: &str) -> Facts {
    Facts {
        client_id: grant.client_id.clone(),
        scope: grant.scopes.to_string(),
        sub: grant.subject.clone(),
        username: grant.subject.clone(),
        aud: grant.audience.clone(),
        iss: issuer.to_owned(),
        exp: life.expires_at,
        iat: life.issued_at,
        kind,
        token_type: token_type(kind, life.key_thumbprint.is_some()),
        jti: life.jti,
        auth_time: Some(grant.auth_time.div_euclid(1000)),
        acr: grant.acr.clone(),
        act: grant.actor.clone(),
        cnf: life.key_thumbprint.map(|jkt| Confirmation { jkt }),
    }
}

/// A live token a client got for itself.
pub fn of_client(
    client_id: &str,
    scope: &[String],
    audience: Vec<String>,
    life: Life,
    issuer: &str,
) -> Facts {
    let subject = client_subject(client_id);
    Facts {
        client_id: client_id.to_owned(),
        scope: scope.join(" "),
        username: subject.clone(),
        sub: subject,
        aud: audience,
        iss: issuer.to_owned(),
        exp: life.expires_at,
        iat: life.issued_at,
        kind: TokenKind::Access,
        token_type: token_type(TokenKind::Access, life.key_thumbprint.is_some()),
        jti: life.jti,
        auth_time: None,
        acr: None,
        act: None,
        cnf: life.key_thumbprint.map(|jkt| Confirmation { jkt }),
    }
}

impl Facts {
    /// The audience to which a server of an API would have to belong to see this token: access tokens are sent to
    /// APIs, refresh tokens never.
    pub fn readers(&self, caller: &str) -> &[String] {
        if self.client_id != caller && self.kind == TokenKind::Access {
            &self.aud
        } else {
            &[]
        }
    }
}

/// Whether a caller is a server of an API a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// It is, and has proved that itself.
    Yes,
    /// It is not.
    No,
}

/// What a caller learns: of a token that is neither its own nor for an API it is a server of, or lacks a scope it asks
/// about, nothing.
pub fn answer(
    facts: Option<Facts>,
    caller: &str,
    served: Served,
    needed_scope: Option<&str>,
) -> Introspection {
    let known = facts.filter(|facts| {
        let scopes: Vec<&str> = facts.scope.split(' ').collect();
        let may_know =
            facts.client_id == caller || (served == Served::Yes && !facts.readers(caller).is_empty());
        may_know
            && needed_scope
                .unwrap_or_default()
                .split_ascii_whitespace()
                .all(|scope| scopes.contains(&scope))
    });
    Introspection {
        active: known.is_some(),
        facts: known,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts() -> Facts {
        of_kind(TokenKind::Access)
    }

    fn of_kind(kind: TokenKind) -> Facts {
        let life = Life {
            jti: Some("j".to_owned()),
            issued_at: 1,
            expires_at: 2,
            key_thumbprint: Some("k".to_owned()),
        };
        of_grant(&Grant::example(), kind, life, "https://id.example")
    }

    #[test]
    fn a_live_token_of_ones_own_is_described() {
        let answer = serde_json::to_value(answer(Some(facts()), "app", Served::No, Some("email"))).unwrap();
        assert_eq!(
            answer,
            json!({
                "active": true, "client_id": "app", "scope": "openid email", "sub": "u1", "username": "u1",
                "aud": ["app", "https://id.example"], "iss": "https://id.example", "exp": 2, "iat": 1,
                "token_type": "DPoP", "jti": "j", "auth_time": 1_700_000_000, "cnf": {"jkt": "k"}
            })
        );
    }

    #[test]
    fn a_token_of_another_kind_than_its_key_makes_it_is_called_nothing() {
        for (kind, bound, expected) in [
            (TokenKind::Access, false, Some("access_token")),
            (TokenKind::Access, true, Some("DPoP")),
            (TokenKind::Refresh, false, Some("refresh_token")),
            (TokenKind::Refresh, true, None),
        ] {
            assert_eq!(token_type(kind, bound), expected, "{kind:?}, bound: {bound}");
        }
    }

    #[test]
    fn of_all_others_nothing_is_said() {
        for (facts, caller, served, scope) in [
            (None, "app", Served::Yes, None),
            (Some(facts()), "other", Served::No, None),
            (Some(facts()), "app", Served::No, Some("openid groups")),
            (Some(facts()), "other", Served::Yes, Some("openid groups")),
            (Some(of_kind(TokenKind::Refresh)), "other", Served::Yes, None),
        ] {
            let answer = serde_json::to_value(answer(facts, caller, served, scope)).unwrap();
            assert_eq!(answer, json!({"active": false}));
        }
    }

    #[test]
    fn a_server_sees_the_access_tokens_of_its_api() {
        assert_eq!(facts().readers("other"), ["app", "https://id.example"]);
        assert!(of_kind(TokenKind::Refresh).readers("other").is_empty());
        let seen = serde_json::to_value(answer(Some(facts()), "other", Served::Yes, None)).unwrap();
        assert_eq!(
            (&seen["active"], &seen["client_id"]),
            (&json!(true), &json!("app"))
        );
    }

    #[test]
    fn a_hint_changes_the_order_only() {
        assert_eq!(
            kinds(Some("refresh_token")),
            [TokenKind::Refresh, TokenKind::Access]
        );
        for hint in [None, Some("access_token"), Some("unheard_of")] {
            assert_eq!(kinds(hint), [TokenKind::Access, TokenKind::Refresh]);
        }
    }
}
