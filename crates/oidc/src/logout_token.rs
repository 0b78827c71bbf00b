//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4).

use serde_json::json;

use crate::jose::{KeyError, Signer, sign};

/// Seconds a logout token is good for (§2.4 recommends two minutes at most).
pub const LIFETIME: i64 = 120;

/// The `typ` header that tells logout tokens from all others.
pub const TYP: &str = "logout+jwt";

/// The event a logout token reports.
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a logout token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content<'t> {
    /// The client it is for.
    pub client_id: &'t str,
    /// Who was signed out.
    pub subject: &'t str,
    /// The session that ended, as the client's ID tokens name it.
    pub sid: &'t str,
    /// The token's own identifier.
    pub jti: &'t str,
    /// Unix seconds.
    pub now: i64,
}

/// Signs a logout token. It never has a `nonce`, so that it cannot pass for an ID token.
///
/// # Errors
/// When the key cannot sign.
pub fn issue(signer: &impl Signer, issuer: &str, content: Content<'_>) -> Result<String, KeyError> {
    let Content {
        client_id,
        subject,
        sid,
        jti,
        now,
    } = content;
    let claims = json!({
        "iss": issuer,
        "sub": subject,
        "aud": client_id,
        "iat": now,
        "exp": now.saturating_add(LIFETIME),
        "jti": jti,
        "events": {EVENT: {}},
        "sid": sid,
    });
    sign(signer, TYP, &claims)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::jose::{Algorithm, PrivateKey, UnverifiedJws};
    use crate::{access_token, id_token};

    #[test]
    fn a_logout_token_says_what_is_specified_and_passes_for_nothing_else() {
        const ISSUER: &str = "https://id.example";
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let key = PrivateKey::generate(algorithm, [3; 8]).unwrap();
            let jwk = key.public_jwk();
            let content = Content {
                client_id: "app",
                subject: "u1",
                sid: "s1",
                jti: "j1",
                now: 1_700_000_000,
            };
            let token = issue(&key, ISSUER, content).unwrap();
            let parsed = UnverifiedJws::parse(&token).unwrap();
            assert_eq!(parsed.typ.as_deref(), Some("logout+jwt"));
            assert_eq!(
                Value::from(parsed.verify([&jwk]).unwrap()),
                json!({
                    "iss": ISSUER, "sub": "u1", "aud": "app", "iat": 1_700_000_000, "exp": 1_700_000_120,
                    "jti": "j1", "sid": "s1",
                    "events": {"http://schemas.openid.net/event/backchannel-logout": {}}
                })
            );
            assert!(access_token::verify(&token, [&jwk], ISSUER).is_err());
            assert!(id_token::read_hint(&token, [&jwk], ISSUER, 1_700_000_000).is_err());
        }
    }
}
