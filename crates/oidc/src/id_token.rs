//! ID tokens (OIDC Core §2), and reading them back as hints.

use serde_json::{Map, Value, json};

use crate::grant::Grant;
use crate::jose::{Jwk, JwsError, KeyError, Signer, UnverifiedJws, sign};

/// Seconds an ID token is good for.
pub const LIFETIME: i64 = 3600;

/// Seconds the clocks of replicas may differ.
const SKEW: i64 = 60;

/// The `type` claim that tells ID tokens from other JWTs of ours.
const TYPE: &str = "id-token";

/// Whether the nonce of the request goes in: when it is answered, not at a refresh (OIDC Core §12.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A code was exchanged, or there was none.
    Code,
    /// A refresh token was used.
    Refresh,
}

/// When and why a token is made.
#[derive(Clone, Copy, Debug)]
pub struct Issuance<'t> {
    /// The token's own identifier.
    pub jti: &'t str,
    /// For a code or at a refresh.
    pub occasion: Occasion,
    /// Unix seconds.
    pub now: i64,
}

/// Signs an ID token, for the access token that comes with it if one does. `user_claims` are the person's for the
/// granted scopes.
pub fn issue(
    signer: &impl Signer,
    issuer: &str,
    grant: &Grant,
    user_claims: Map<String, Value>,
    access_token: Option<&str>,
    issuance: Issuance<'_>,
) -> Result<String, KeyError> {
    let mut claims = claims(issuer, grant, user_claims, issuance);
    if let Some(access_token) = access_token {
        let at_hash = signer.algorithm().half_hash(access_token);
        claims.insert("at_hash".to_owned(), at_hash.into());
    }
    sign(signer, "JWT", &claims)
}

/// The claims of an ID token, all but `at_hash`.
pub fn claims(
    issuer: &str,
    grant: &Grant,
    user_claims: Map<String, Value>,
    issuance: Issuance<'_>,
) -> Map<String, Value> {
    let Issuance { jti, occasion, now } = issuance;
    let mut claims = user_claims;
    // Protocol claims that are not set now must not be set by a custom claim either.
    for name in [
        "nonce",
        "at_hash",
        "c_hash",
        "acr",
        "amr",
        "auth_time",
        "azp",
        "nbf",
        "sid",
        "rat",
    ] {
        claims.remove(name);
    }
    let mut set = |name: &str, value: Value| {
        claims.insert(name.to_owned(), value);
    };
    set("iss", issuer.into());
    set("sub", grant.subject.clone().into());
    set("aud", json!([grant.client_id]));
    set("azp", grant.client_id.clone().into());
    set("exp", (now + LIFETIME).into());
    set("iat", now.into());
    set("jti", jti.into());
    set("auth_time", grant.auth_time.div_euclid(1000).into());
    set("rat", grant.requested_at.div_euclid(1000).into());
    set("type", TYPE.into());
    set("sid", grant.sid().into());
    if !grant.amr.is_empty() {
        set("amr", grant.amr.clone().into());
    }
    if let Some(acr) = &grant.acr {
        set("acr", acr.clone().into());
    }
    if let (Occasion::Code, Some(nonce)) = (occasion, &grant.nonce) {
        set("nonce", nonce.clone().into());
    }
    claims
}

/// What an ID token hint says (OIDC Core §3.1.2.1, RP-Initiated Logout §2). It may have expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The user it was about.
    pub subject: String,
    /// The client it was for.
    pub client_id: String,
    /// The session it belongs to, if it says: a client session's, or a grant's that has none.
    pub sid: Option<String>,
}

/// Reads a hint. `now` is in Unix seconds: a token of the future is none of ours.
pub fn read_hint<'k>(
    token: &str,
    keys: impl IntoIterator<Item = &'k Jwk>,
    issuer: &str,
    now: i64,
) -> Result<Hint, JwsError> {
    let claims = UnverifiedJws::parse(token)?.verify(keys)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(issuer) || text("type") != Some(TYPE) {
        return Err(JwsError::Malformed);
    }
    let not_yet = |at: &Value| at.as_i64().is_none_or(|at| at > now + SKEW);
    if ["iat", "nbf"]
        .iter()
        .any(|name| claims.get(*name).is_some_and(not_yet))
    {
        return Err(JwsError::Malformed);
    }
    let client_id = match claims.get("aud") {
        Some(Value::String(client)) => Some(client.as_str()),
        Some(Value::Array(clients)) => clients.first().and_then(Value::as_str),
        _ => None,
    };
    match (text("sub"), client_id) {
        (Some(subject), Some(client_id)) => Ok(Hint {
            subject: subject.to_owned(),
            client_id: client_id.to_owned(),
            sid: text("sid").map(str::to_owned),
        }),
        _ => Err(JwsError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_token;
    use crate::jose::{Algorithm, PrivateKey};

    const ISSUER: &str = "https://id.example";

    fn grant() -> Grant {
        Grant::example()
    }

    #[test]
    fn both_tokens_say_what_is_specified() {
        let key = PrivateKey::generate(Algorithm::Es256, [1; 8]).unwrap();
        let jwk = key.public_jwk();
        let validity = access_token::Validity {
            jti: "jti-1",
            issued_at: 1_700_000_200,
            expires_at: 1_700_003_800,
        };
        let content = grant();
        let content = access_token::Content::of_grant(&content, None);
        let at = access_token::issue(&key, ISSUER, &content, validity).unwrap();
        let parsed = UnverifiedJws::parse(&at).unwrap();
        assert_eq!(parsed.typ.as_deref(), Some("at+jwt"));
        assert_eq!(
            Value::from(parsed.verify([&jwk]).unwrap()),
            json!({
                "iss": ISSUER, "sub": "u1", "aud": ["app", ISSUER], "client_id": "app", "scope": "openid email",
                "scp": ["openid", "email"], "jti": "jti-1", "iat": 1_700_000_200, "exp": 1_700_003_800
            })
        );
        assert_eq!(access_token::verify(&at, [&jwk], ISSUER).as_deref(), Ok("jti-1"));
        assert!(access_token::verify(&at, [&jwk], "https://other.example").is_err());

        let user: Map<String, Value> =
            serde_json::from_str(r#"{"sub":"forged","email":"e","nonce":"forged","acr":"forged"}"#).unwrap();
        let at_code = Issuance {
            jti: "jti-2",
            occasion: Occasion::Code,
            now: 1_700_000_200,
        };
        let id = issue(&key, ISSUER, &grant(), user.clone(), Some(&at), at_code).unwrap();
        let claims = UnverifiedJws::parse(&id).unwrap().verify([&jwk]).unwrap();
        assert_eq!(
            Value::from(claims),
            json!({
                "iss": ISSUER, "sub": "u1", "aud": ["app"], "azp": "app", "iat": 1_700_000_200, "exp": 1_700_003_800,
                "jti": "jti-2", "auth_time": 1_700_000_000, "rat": 1_700_000_100, "nonce": "n-1", "amr": ["phr"],
                "at_hash": Algorithm::Es256.half_hash(&at), "type": "id-token", "sid": "g1", "email": "e"
            })
        );
        // Neither kind passes for the other.
        assert!(access_token::verify(&id, [&jwk], ISSUER).is_err());
        let now = 1_700_000_200;
        assert!(read_hint(&at, [&jwk], ISSUER, now).is_err());
        assert_eq!(
            read_hint(&id, [&jwk], ISSUER, now).unwrap(),
            Hint {
                subject: "u1".to_owned(),
                client_id: "app".to_owned(),
                sid: Some("g1".to_owned())
            }
        );
        let in_session = Grant {
            session_id: Some("s1".to_owned()),
            ..grant()
        };
        let id = issue(&key, ISSUER, &in_session, Map::new(), Some(&at), at_code).unwrap();
        assert_eq!(
            read_hint(&id, [&jwk], ISSUER, now).unwrap().sid.as_deref(),
            Some("s1")
        );
        let at_refresh = Issuance {
            jti: "jti-3",
            occasion: Occasion::Refresh,
            now: 1_700_000_200,
        };
        let refreshed = issue(&key, ISSUER, &grant(), user, Some(&at), at_refresh).unwrap();
        let claims = UnverifiedJws::parse(&refreshed).unwrap().verify([&jwk]).unwrap();
        assert_eq!(claims.get("nonce"), None);
    }

    #[test]
    fn a_hint_may_be_old_but_not_of_the_future() {
        let key = PrivateKey::generate(Algorithm::Es256, [1; 8]).unwrap();
        let jwk = key.public_jwk();
        let now = 1_700_000_200;
        for (name, value, fine) in [
            ("iat", json!(now), true),
            ("iat", json!(now + SKEW), true),
            ("iat", json!(now + SKEW + 1), false),
            ("iat", json!(now - 86_400), true),
            ("iat", json!("now"), false),
            ("nbf", json!(now + SKEW), true),
            ("nbf", json!(now + SKEW + 1), false),
            ("exp", json!(now - 86_400), true),
            ("iss", json!("https://other.example"), false),
            ("type", json!("access-token"), false),
            ("sub", Value::Null, false),
            ("aud", json!([]), false),
            ("aud", json!("app"), true),
        ] {
            let mut claims = json!({
                "iss": ISSUER, "sub": "u1", "aud": ["app"], "iat": now, "exp": now + LIFETIME, "jti": "j",
                "type": TYPE
            });
            claims[name] = value;
            let token = sign(&key, "JWT", &claims).unwrap();
            let read = read_hint(&token, [&jwk], ISSUER, now);
            assert_eq!(read.is_ok(), fine, "{name}: {claims}");
        }
    }

    #[test]
    fn alone_it_vouches_for_no_access_token_and_nobody_forges_the_hash() {
        let key = PrivateKey::generate(Algorithm::Es256, [1; 8]).unwrap();
        let issuance = Issuance {
            jti: "jti-1",
            occasion: Occasion::Code,
            now: 1_700_000_200,
        };
        let user = serde_json::from_str(r#"{"at_hash":"forged","c_hash":"forged"}"#).unwrap();
        let token = issue(&key, ISSUER, &grant(), user, None, issuance).unwrap();
        let jwk = key.public_jwk();
        let claims = UnverifiedJws::parse(&token).unwrap().verify([&jwk]).unwrap();
        assert_eq!((claims.get("at_hash"), claims.get("c_hash")), (None, None));
        assert_eq!(claims["nonce"], "n-1");
    }
}
