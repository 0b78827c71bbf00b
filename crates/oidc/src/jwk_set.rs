//! JWK Sets of others (RFC 7517 §5): what of them can be used.

use serde_json::Value;

use crate::jose::Jwk;

/// The most keys looked at in one set.
const MOST_KEYS: usize = 100;

/// Members that only private or symmetric keys have.
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The public keys of somebody that signatures can be checked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

/// Why a text is not a JWK Set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkSetError {
    /// No JSON object with an array `keys`.
    #[error("not a JWK Set")]
    Malformed,
    /// More keys than anybody needs.
    #[error("the JWK Set holds too many keys")]
    TooMany,
}

impl JwkSet {
    /// Reads a set. Keys of unknown kinds, for encryption, or symmetric are left out (RFC 7517 §5): they are no
    /// business of ours and no reason to refuse the others.
    pub fn parse(json: &[u8]) -> Result<Self, JwkSetError> {
        let value = serde_json::from_slice(json).map_err(|_| JwkSetError::Malformed)?;
        Self::from_value(&value)
    }

    /// [`Self::parse`] of a document already read.
    pub fn from_value(value: &Value) -> Result<Self, JwkSetError> {
        let keys = value
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(JwkSetError::Malformed)?;
        if keys.len() > MOST_KEYS {
            return Err(JwkSetError::TooMany);
        }
        let keys = keys
            .iter()
            .filter(|key| {
                key.get("key_ops")
                    .and_then(Value::as_array)
                    .is_none_or(|uses| uses.iter().any(|name| name == "verify"))
            })
            .filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok())
            .filter(|key| matches!(key.kty.as_str(), "RSA" | "EC" | "OKP"))
            .filter(|key| key.use_.as_deref().is_none_or(|purpose| purpose == "sig"))
            .collect();
        Ok(Self { keys })
    }

    /// The keys, in the set's order.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }
}

/// Whether a key, or one of a set, holds something its owner should have kept.
pub fn reveals_secrets(value: &Value) -> bool {
    let secret = |key: &Value| {
        SECRET_MEMBERS
            .iter()
            .any(|name| key.get(name).is_some_and(|value| !value.is_null()))
    };
    match value.get("keys").and_then(Value::as_array) {
        Some(keys) => keys.iter().any(secret),
        None => secret(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ec(kid: &str) -> Value {
        json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": kid})
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    #[test]
    fn keys_of_no_use_are_left_out() {
        let set = json!({"keys": [
            ec("plain"),
            with(ec("sig"), "use", json!("sig")),
            with(ec("enc"), "use", json!("enc")),
            with(ec("verify"), "key_ops", json!(["verify"])),
            with(ec("wrap"), "key_ops", json!(["wrapKey"])),
            with(ec("odd"), "kty", json!("new")),
            {"kty": "oct", "k": "AAAA", "kid": "shared"},
            {"kid": "no kind"},
            with(ec("number"), "x", json!(3)),
            "text",
            null,
        ]});
        let set = JwkSet::from_value(&set).unwrap();
        let ids: Vec<_> = set.keys().iter().map(|key| key.kid.as_deref().unwrap()).collect();
        assert_eq!(ids, ["plain", "sig", "verify"]);
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, "<html>"] {
            assert_eq!(
                JwkSet::parse(text.as_bytes()),
                Err(JwkSetError::Malformed),
                "{text}"
            );
        }
        let many = json!({"keys": vec![ec("x"); 101]}).to_string();
        assert_eq!(JwkSet::parse(many.as_bytes()), Err(JwkSetError::TooMany));
        assert_eq!(
            JwkSet::parse(br#"{"keys":[]}"#).map(|set| set.keys().len()),
            Ok(0)
        );
    }

    #[test]
    fn private_and_shared_keys_are_noticed() {
        for name in SECRET_MEMBERS {
            let key = with(ec("x"), name, json!("AA"));
            assert!(reveals_secrets(&key), "{name}");
            assert!(reveals_secrets(&json!({"keys": [ec("y"), key]})), "{name}");
        }
        assert!(!reveals_secrets(&json!({"keys": [ec("x")]})));
        assert!(!reveals_secrets(&ec("x")));
    }
}
