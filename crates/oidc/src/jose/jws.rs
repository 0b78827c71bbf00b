//! Compact JWS (RFC 7515 §7.1): one signature over JSON.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Algorithm, HmacAlgorithm, Jwk, KeyError, Signer, base64url, from_base64url, verify_hmac};
use crate::jwk_set::reveals_secrets;

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
    /// No key of the set has the token's `kid`, or fits its algorithm. The set may be out of date.
    #[error("the signing key is not known")]
    UnknownKey,
    /// No known key made this signature.
    #[error("the signature is not by a known key")]
    Signature,
    /// The shared secret is shorter than the hash (RFC 7518 §3.2).
    #[error("the shared secret is too short for the algorithm")]
    WeakSecret,
    /// The key in the header is no public key (RFC 9449 §4.3).
    #[error("the key in the header is not a public key")]
    HeaderKey,
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
    header: Map<String, Value>,
    /// The `alg` header, if it is one of ours.
    pub algorithm: Option<Algorithm>,
    /// The `kid` header.
    pub key_id: Option<String>,
    /// The `typ` header.
    pub typ: Option<String>,
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
            payload: from_base64url(payload).ok_or(JwsError::Malformed)?,
            header,
        })
    }

    /// All headers, as they came.
    pub fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// The `alg` header, whatever it says.
    pub fn algorithm_name(&self) -> Option<&str> {
        self.header.get("alg").and_then(Value::as_str)
    }

    /// Whether the `typ` header is a media type, `application/` left out or not (RFC 7515 §4.1.9), in any case.
    pub fn is_typ(&self, typ: &str) -> bool {
        let short = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.strip_prefix("application/")
                .map(str::to_owned)
                .unwrap_or(name)
        };
        self.typ.as_deref().is_some_and(|own| short(own) == short(typ))
    }

    /// Whether it may be what a media type says: it names that type, none, or just `JWT`, as what was signed before types
    /// told tokens apart does (RFC 8725 §3.11).
    pub fn may_be(&self, typ: &str) -> bool {
        self.typ.is_none() || self.is_typ("JWT") || self.is_typ(typ)
    }

    /// The public key in the `jwk` header (RFC 7515 §4.1.3). It proves possession of a key, not who has it.
    ///
    /// # Errors
    /// [`JwsError::HeaderKey`] when there is none, it is malformed, or it reveals secrets (RFC 9449 §4.3).
    pub fn header_key(&self) -> Result<Jwk, JwsError> {
        let value = self.header.get("jwk").ok_or(JwsError::HeaderKey)?;
        if reveals_secrets(value) {
            return Err(JwsError::HeaderKey);
        }
        let key: Jwk = serde_json::from_value(value.clone()).map_err(|_| JwsError::HeaderKey)?;
        // A key without the members its kind needs has no thumbprint.
        key.thumbprint().map_err(|_| JwsError::HeaderKey)?;
        Ok(key)
    }

    /// The claims nobody has vouched for: to find out whose keys to check with, for nothing else.
    pub fn unverified_claims(&self) -> Result<Map<String, Value>, JwsError> {
        serde_json::from_slice(&self.payload).map_err(|_| JwsError::Malformed)
    }

    /// The claims, once a shared secret is found to have made the token (`client_secret_jwt`).
    pub fn verify_with_secret(&self, secret: &[u8]) -> Result<Map<String, Value>, JwsError> {
        let algorithm = self
            .algorithm_name()
            .and_then(HmacAlgorithm::from_name)
            .ok_or(JwsError::Algorithm)?;
        self.refuse_critical()?;
        verify_hmac(algorithm, secret, self.signed.as_bytes(), &self.signature)?;
        self.unverified_claims()
    }

    /// None of the extensions there are is understood here, so any is a reason to refuse (RFC 7515 §4.1.11).
    fn refuse_critical(&self) -> Result<(), JwsError> {
        if self.header.contains_key("crit") {
            return Err(JwsError::Critical);
        }
        Ok(())
    }

    /// The claims, once a key of the set is found to have signed them.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k Jwk>,
    ) -> Result<Map<String, Value>, JwsError> {
        let algorithm = self.algorithm.ok_or(JwsError::Algorithm)?;
        self.refuse_critical()?;
        let mut known = false;
        for key in keys {
            let named = self.key_id.is_none() || key.kid.is_none() || key.kid == self.key_id;
            if !named || !key.is_for(algorithm) {
                continue;
            }
            known = true;
            if key
                .verify(algorithm, self.signed.as_bytes(), &self.signature)
                .is_ok()
            {
                return self.unverified_claims();
            }
        }
        Err(if known {
            JwsError::Signature
        } else {
            JwsError::UnknownKey
        })
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
        assert_eq!(parsed.verify([]), Err(JwsError::UnknownKey));

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

    fn with_header(key: &PrivateKey, header: &Value) -> String {
        let message = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(b"{}")
        );
        format!("{message}.{}", base64url(&key.sign(message.as_bytes()).unwrap()))
    }

    #[test]
    fn a_key_in_the_header_is_read_if_it_is_public_and_whole() {
        let key = PrivateKey::generate(Algorithm::Es256, [3; 8]).unwrap();
        let jwk = serde_json::to_value(key.public_jwk()).unwrap();
        let token = with_header(
            &key,
            &json!({"alg": "ES256", "typ": "Application/DPoP+JWT", "jwk": jwk}),
        );
        let parsed = UnverifiedJws::parse(&token).unwrap();
        assert!(parsed.is_typ("dpop+jwt") && !parsed.is_typ("jwt"));
        assert_eq!(parsed.header()["jwk"], jwk);
        let own = parsed.header_key().unwrap();
        assert!(parsed.verify([&own]).is_ok());

        let private: Value = serde_json::from_str(&key.to_jwk().unwrap()).unwrap();
        let mut half = jwk.clone();
        half.as_object_mut().unwrap().remove("y");
        for header in [
            json!({"alg": "ES256"}),
            json!({"alg": "ES256", "jwk": private}),
            json!({"alg": "ES256", "jwk": half}),
            json!({"alg": "ES256", "jwk": "text"}),
            json!({"alg": "ES256", "jwk": {"kty": "oct", "k": "AA"}}),
            json!({"alg": "ES256", "jwk": {"kty": "oct"}}),
            json!({"alg": "ES256", "jwk": null}),
        ] {
            let token = with_header(&key, &header);
            assert_eq!(
                UnverifiedJws::parse(&token).unwrap().header_key(),
                Err(JwsError::HeaderKey),
                "{header}"
            );
        }
    }

    #[test]
    fn a_key_that_is_missing_is_told_from_one_that_did_not_sign() {
        let (key, other) = (
            key(),
            PrivateKey::generate(Algorithm::Es256, [4; 8])
                .unwrap()
                .public_jwk(),
        );
        let token = with_header(&key, &json!({"alg": "EdDSA", "kid": "new"}));
        let parsed = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(parsed.verify([&other]), Err(JwsError::UnknownKey));
        let mut renamed = key.public_jwk();
        assert_eq!(parsed.verify([&renamed]), Err(JwsError::UnknownKey));
        renamed.kid = None;
        assert!(parsed.verify([&other, &renamed]).is_ok());
        renamed.use_ = Some("enc".to_owned());
        assert_eq!(parsed.verify([&renamed]), Err(JwsError::UnknownKey));
        // Without a kid every key that fits is tried.
        let token = with_header(&key, &json!({"alg": "EdDSA"}));
        let stranger = PrivateKey::generate(Algorithm::EdDsa, [4; 8])
            .unwrap()
            .public_jwk();
        let parsed = UnverifiedJws::parse(&token).unwrap();
        assert!(parsed.verify([&stranger, &key.public_jwk()]).is_ok());
        assert_eq!(parsed.verify([&stranger]), Err(JwsError::Signature));
    }

    /// The classic confusion: a public key's text is no HMAC secret.
    #[test]
    fn a_public_key_is_no_shared_secret() {
        let jwk = serde_json::to_string(&key().public_jwk()).unwrap();
        let message = format!("{}.{}", base64url(br#"{"alg":"HS256"}"#), base64url(b"{}"));
        let hmac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, jwk.as_bytes());
        let tag = aws_lc_rs::hmac::sign(&hmac, message.as_bytes());
        let token = format!("{message}.{}", base64url(tag.as_ref()));
        let parsed = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(parsed.verify([&key().public_jwk()]), Err(JwsError::Algorithm));
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
