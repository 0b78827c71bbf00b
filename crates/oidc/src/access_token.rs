//! Access tokens as JWTs (RFC 9068), bound to a key where one was proven (RFC 9449 §6.1).

use serde::Serialize;
use serde_json::{Map, Value};

use crate::grant::Grant;
use crate::jose::{Jwk, JwsError, KeyError, Signer, UnverifiedJws, sign};

/// The `typ` header that tells access tokens from all others (RFC 9068 §2.1).
pub const TYP: &str = "at+jwt";

#[derive(Serialize)]
struct Confirmation<'t> {
    jkt: &'t str,
}

#[derive(Serialize)]
struct Claims<'t> {
    iss: &'t str,
    sub: &'t str,
    aud: &'t [String],
    client_id: &'t str,
    scope: String,
    scp: &'t [String],
    jti: &'t str,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'t Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation<'t>>,
}

/// Whom a token is for and what it allows.
#[derive(Clone, Copy, Debug)]
pub struct Content<'t> {
    /// `sub`.
    pub subject: &'t str,
    /// `client_id`.
    pub client_id: &'t str,
    /// `aud`.
    pub audience: &'t [String],
    /// `scope`.
    pub scopes: &'t [String],
    /// `acr` with its `auth_time` in Unix seconds, for resources that ask for a step-up (RFC 9470 §6.2).
    pub authentication: Option<(&'t str, i64)>,
    /// `act`.
    pub actor: Option<&'t Value>,
    /// Thumbprint of the key the token is bound to.
    pub key_thumbprint: Option<&'t str>,
}

impl<'t> Content<'t> {
    /// What a user's grant gives.
    pub fn of_grant(grant: &'t Grant, key_thumbprint: Option<&'t str>) -> Self {
        Self {
            subject: &grant.subject,
            client_id: &grant.client_id,
            audience: &grant.audience,
            scopes: grant.scopes.as_slice(),
            authentication: grant
                .acr
                .as_deref()
                .map(|acr| (acr, grant.auth_time.div_euclid(1000))),
            actor: grant.actor.as_ref(),
            key_thumbprint,
        }
    }
}

/// The `sub` of a token a client got for itself: nobody's, and never a user's.
pub fn client_subject(client_id: &str) -> String {
    format!("client-{client_id}")
}

/// Identity and life of a token. Times are Unix seconds.
#[derive(Clone, Copy, Debug)]
pub struct Validity<'t> {
    /// `jti`.
    pub jti: &'t str,
    /// `iat`.
    pub issued_at: i64,
    /// `exp`.
    pub expires_at: i64,
}

/// Signs an access token.
pub fn issue(
    signer: &impl Signer,
    issuer: &str,
    content: &Content<'_>,
    validity: Validity<'_>,
) -> Result<String, KeyError> {
    sign(signer, TYP, &claims(issuer, content, validity))
}

/// The claims of an access token.
pub fn claims<'t>(issuer: &'t str, content: &Content<'t>, validity: Validity<'t>) -> impl Serialize + 't {
    Claims {
        iss: issuer,
        sub: content.subject,
        aud: content.audience,
        client_id: content.client_id,
        scope: content.scopes.join(" "),
        scp: content.scopes,
        jti: validity.jti,
        iat: validity.issued_at,
        exp: validity.expires_at,
        auth_time: content.authentication.map(|(_, at)| at),
        acr: content.authentication.map(|(acr, _)| acr),
        act: content.actor,
        cnf: content.key_thumbprint.map(|jkt| Confirmation { jkt }),
    }
}

/// The `jti` of one of our access tokens. Whether it is still good is for the database to say.
pub fn verify<'k>(
    token: &str,
    keys: impl IntoIterator<Item = &'k Jwk>,
    issuer: &str,
) -> Result<String, JwsError> {
    let parsed = UnverifiedJws::parse(token)?;
    if parsed.typ.as_deref() != Some(TYP) {
        return Err(JwsError::Malformed);
    }
    let claims: Map<String, Value> = parsed.verify(keys)?;
    if claims.get("iss").and_then(Value::as_str) != Some(issuer) {
        return Err(JwsError::Malformed);
    }
    claims
        .get("jti")
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or(JwsError::Malformed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::{Algorithm, PrivateKey};
    use crate::scope::Scopes;

    const ISSUER: &str = "https://id.example";
    const VALIDITY: Validity<'_> = Validity {
        jti: "j1",
        issued_at: 1_700_000_000,
        expires_at: 1_700_003_600,
    };

    fn said(content: &Content<'_>) -> Value {
        serde_json::to_value(claims(ISSUER, content, VALIDITY)).unwrap()
    }

    #[test]
    fn what_is_not_so_is_not_said() {
        let plain = Grant::example();
        let always = json!({
            "iss": ISSUER, "sub": "u1", "aud": ["app", ISSUER], "client_id": "app", "scope": "openid email",
            "scp": ["openid", "email"], "jti": "j1", "iat": 1_700_000_000, "exp": 1_700_003_600
        });
        assert_eq!(said(&Content::of_grant(&plain, None)), always);

        let stepped_up = Grant {
            acr: Some("phr".to_owned()),
            auth_time: 1_699_999_999_999,
            ..plain.clone()
        };
        let acting = Grant {
            actor: Some(json!({"sub": "client-app"})),
            ..plain.clone()
        };
        let silent = Grant {
            scopes: Scopes::default(),
            audience: vec!["app".to_owned()],
            ..plain.clone()
        };
        for (grant, key, more) in [
            (
                &stepped_up,
                None,
                json!({"acr": "phr", "auth_time": 1_699_999_999}),
            ),
            (&acting, None, json!({"act": {"sub": "client-app"}})),
            (&plain, Some("k1"), json!({"cnf": {"jkt": "k1"}})),
            (&silent, None, json!({"scope": "", "scp": [], "aud": ["app"]})),
        ] {
            let mut expected = always.clone();
            for (name, value) in more.as_object().unwrap() {
                expected[name] = value.clone();
            }
            assert_eq!(said(&Content::of_grant(grant, key)), expected);
        }
    }

    #[test]
    fn a_clients_own_token_is_nobodys() {
        assert_eq!(client_subject("app"), "client-app");
        assert_ne!(client_subject("u1"), "u1");
    }

    #[test]
    fn only_our_own_access_tokens_are_read() {
        let key = PrivateKey::generate(Algorithm::Es256, [1; 8]).unwrap();
        let other = PrivateKey::generate(Algorithm::Es256, [2; 8]).unwrap();
        let (jwk, foreign) = (key.public_jwk(), other.public_jwk());
        let good = json!({"iss": ISSUER, "jti": "j1"});
        let without = |name: &str| {
            let mut claims = good.clone();
            claims.as_object_mut().unwrap().remove(name);
            claims
        };
        let elsewhere = json!({"iss": "https://other.example", "jti": "j1"});
        for (typ, claims, key, fine) in [
            (TYP, good.clone(), &key, true),
            ("JWT", good.clone(), &key, false),
            ("AT+JWT", good.clone(), &key, false),
            ("logout+jwt", good.clone(), &key, false),
            (TYP, good.clone(), &other, false),
            (TYP, elsewhere, &key, false),
            (TYP, without("iss"), &key, false),
            (TYP, without("jti"), &key, false),
        ] {
            let token = sign(key, typ, &claims).unwrap();
            assert_eq!(verify(&token, [&jwk], ISSUER).is_ok(), fine, "{typ} {claims}");
        }
        let token = sign(&key, TYP, &good).unwrap();
        assert!(verify(&token, [&foreign], ISSUER).is_err());
        assert_eq!(verify(&token, [&foreign, &jwk], ISSUER).as_deref(), Ok("j1"));
        for broken in [
            "",
            "a.b.c",
            &format!("{token}x"),
            token.rsplit_once('.').unwrap().0,
        ] {
            assert!(verify(broken, [&jwk], ISSUER).is_err(), "{broken}");
        }
    }
}
