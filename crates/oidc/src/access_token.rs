//! Access tokens as JWTs (RFC 9068).

use serde::Serialize;
use serde_json::{Map, Value};

use crate::grant::Grant;
use crate::jose::{Jwk, JwsError, KeyError, Signer, UnverifiedJws, sign};

/// The `typ` header that tells access tokens from all others (RFC 9068 §2.1).
pub const TYP: &str = "at+jwt";

#[derive(Serialize)]
struct Claims<'g> {
    iss: &'g str,
    sub: &'g str,
    aud: &'g [String],
    client_id: &'g str,
    scope: String,
    scp: &'g [String],
    jti: &'g str,
    iat: i64,
    exp: i64,
}

/// Signs an access token. Times are Unix seconds.
pub fn issue(
    signer: &impl Signer,
    issuer: &str,
    grant: &Grant,
    jti: &str,
    issued_at: i64,
    expires_at: i64,
) -> Result<String, KeyError> {
    let claims = Claims {
        iss: issuer,
        sub: &grant.subject,
        aud: &grant.audience,
        client_id: &grant.client_id,
        scope: grant.scopes.to_string(),
        scp: grant.scopes.as_slice(),
        jti,
        iat: issued_at,
        exp: expires_at,
    };
    sign(signer, TYP, &claims)
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
