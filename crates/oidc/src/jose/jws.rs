//! Compact JWS (RFC 7515 §7.1): one signature over JSON.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Algorithm, Jwk, KeyError, Signer, base64url, from_base64url};

/// Longest token looked at, in bytes; nothing of ours comes near it.
const LONGEST: usize = 64 * 1024;

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Not three base64url parts around JSON.
    #[error("not a compact JWS")]
    Malformed,
    /// An algorithm that is not accepted, `none` included.
    #[error("the algorithm is not accepted")]
    Algorithm,
    /// Critical headers we do not know (RFC 7515 §4.1.11).
    #[error("the token has critical headers that are not understood")]
    Critical,
    /// No known key, or none that made this signature.
    #[error("the signature is not by a known key")]
    Signature,
}

/// Signs claims; `typ` says what kind of token it is. One signature, nothing else expensive.
pub fn sign(signer: &impl Signer, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
    let header = serde_json::json!({
        "alg": signer.algorithm().as_str(),
        "kid": signer.key_id(),
        "typ": typ,
    });
    let payload = serde_json::to_vec(claims).map_err(|_| KeyError::Malformed)?;
    let mut token = base64url(header.to_string().as_bytes());
    token.push('.');
    token.push_str(&base64url(&payload));
    let signature = signer.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&base64url(&signature));
    Ok(token)
}

/// A token that has been taken apart and not yet been checked.
#[derive(Clone, Debug)]
pub struct UnverifiedJws<'t> {
    signed: &'t str,
    signature: Vec<u8>,
    /// The `alg` header, if it is one of ours.
    pub algorithm: Option<Algorithm>,
    /// The `kid` header.
    pub key_id: Option<String>,
    /// The `typ` header.
    pub typ: Option<String>,
    critical: bool,
    payload: Vec<u8>,
}

impl<'t> UnverifiedJws<'t> {
    /// Takes a compact token apart.
    pub fn parse(token: &'t str) -> Result<Self, JwsError> {
        if token.len() > LONGEST {
            return Err(JwsError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        let header = from_base64url(header).ok_or(JwsError::Malformed)?;
        let header: Map<String, Value> = serde_json::from_slice(&header).map_err(|_| JwsError::Malformed)?;
        let text = |name: &str| header.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            signed,
            signature: from_base64url(signature).ok_or(JwsError::Malformed)?,
            algorithm: text("alg").and_then(|alg| alg.parse().ok()),
            key_id: text("kid"),
            typ: text("typ"),
            critical: header.contains_key("crit"),
            payload: from_base64url(payload).ok_or(JwsError::Malformed)?,
        })
    }

    /// The claims, once a key of the set is found to have signed them.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k Jwk>,
    ) -> Result<Map<String, Value>, JwsError> {
        let algorithm = self.algorithm.ok_or(JwsError::Algorithm)?;
        if self.critical {
            return Err(JwsError::Critical);
        }
        let mut candidates = keys
            .into_iter()
            .filter(|key| self.key_id.is_none() || key.kid.is_none() || key.kid == self.key_id);
        if !candidates.any(|key| {
            key.verify(algorithm, self.signed.as_bytes(), &self.signature)
                .is_ok()
        }) {
            return Err(JwsError::Signature);
        }
        serde_json::from_slice(&self.payload).map_err(|_| JwsError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::jose::PrivateKey;

    fn key() -> PrivateKey {
        PrivateKey::generate(Algorithm::EdDsa, [3; 8]).unwrap()
    }

    #[test]
    fn only_whole_tokens_by_known_keys_are_accepted() {
        let (key, other) = (key(), PrivateKey::generate(Algorithm::EdDsa, [3; 8]).unwrap());
        let token = sign(&key, "JWT", &json!({"sub": "x"})).unwrap();
        let parsed = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(
            (parsed.typ.as_deref(), parsed.key_id.as_deref()),
            (Some("JWT"), Some("AwMDAwMDAwM"))
        );
        assert_eq!(parsed.verify([&key.public_jwk()]).unwrap()["sub"], "x");
        assert_eq!(parsed.verify([&other.public_jwk()]), Err(JwsError::Signature));
        assert_eq!(parsed.verify([]), Err(JwsError::Signature));

        let unsigned = format!(
            "{}.{}.",
            base64url(br#"{"alg":"none"}"#),
            base64url(br#"{"sub":"x"}"#)
        );
        let parsed = UnverifiedJws::parse(&unsigned).unwrap();
        assert_eq!(parsed.verify([&key.public_jwk()]), Err(JwsError::Algorithm));

        let critical = base64url(br#"{"alg":"EdDSA","crit":["b64"],"b64":false}"#);
        let message = format!("{critical}.{}", base64url(b"{}"));
        let token = format!("{message}.{}", base64url(&key.sign(message.as_bytes()).unwrap()));
        let parsed = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(parsed.verify([&key.public_jwk()]), Err(JwsError::Critical));

        for text in ["", "a", "a.b", "a.b.c", "..", "e30.e30", "!.e30.e30"] {
            assert!(UnverifiedJws::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn claims_survive_and_any_change_is_noticed(claim in ".*", at in 0usize..200, bit in 0u8..8) {
            let key = key();
            let token = sign(&key, "JWT", &json!({"claim": claim})).unwrap();
            let jwk = key.public_jwk();
            let claims = UnverifiedJws::parse(&token).unwrap().verify([&jwk]).unwrap();
            prop_assert_eq!(claims["claim"].as_str(), Some(claim.as_str()));

            let mut bytes = token.clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            if let Ok(changed) = String::from_utf8(bytes)
                && let Ok(parsed) = UnverifiedJws::parse(&changed)
            {
                prop_assert!(parsed.verify([&jwk]).is_err());
            }
        }

        #[test]
        fn parsing_never_fails_badly(text in ".*") {
            let _ = UnverifiedJws::parse(&text);
        }
    }
}
