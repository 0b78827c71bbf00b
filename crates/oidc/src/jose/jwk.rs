//! Public keys as JSON (RFC 7517), their thumbprints (RFC 7638) and signature checks with them.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde::{Deserialize, Serialize};

use super::{Algorithm, base64url, from_base64url};

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Key type: `RSA`, `EC` or `OKP`.
    pub kty: String,
    /// What it is for; `sig` for ours.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub use_: Option<String>,
    /// What may be done with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    /// The one algorithm it is used with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// Which key it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// Curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// RSA modulus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// RSA public exponent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// First coordinate, or the Ed25519 key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Second coordinate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// A member the key type needs is missing or malformed.
    #[error("the key is incomplete or malformed")]
    Malformed,
    /// The key is not one of the algorithm, or not one for signatures.
    #[error("the key does not fit the algorithm or is not for signatures")]
    WrongKey,
    /// An RSA key of fewer than 2048 bits (RFC 7518 §3.3), or one of no worth.
    #[error("the key is too weak")]
    Weak,
    /// The signature is not by this key.
    #[error("the signature is wrong")]
    BadSignature,
}

impl Jwk {
    /// The SHA-256 thumbprint, base64url (RFC 7638 §3).
    pub fn thumbprint(&self) -> Result<String, JwkError> {
        let required: Vec<(&str, &Option<String>)> = match self.kty.as_str() {
            "RSA" => vec![("e", &self.e), ("n", &self.n)],
            "EC" => vec![("crv", &self.crv), ("x", &self.x), ("y", &self.y)],
            "OKP" => vec![("crv", &self.crv), ("x", &self.x)],
            _ => return Err(JwkError::Malformed),
        };
        // A sorted map prints its members in the order and form RFC 7638 §3.3 demands.
        let mut members = std::collections::BTreeMap::new();
        members.insert("kty", self.kty.as_str());
        for (name, value) in required {
            members.insert(name, value.as_deref().ok_or(JwkError::Malformed)?);
        }
        let text = serde_json::to_vec(&members).map_err(|_| JwkError::Malformed)?;
        Ok(base64url(digest::digest(&digest::SHA256, &text).as_ref()))
    }

    /// Whether signatures of an algorithm may be checked with this key, by what it says about itself.
    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        let for_signatures = self.use_.as_deref().is_none_or(|purpose| purpose == "sig")
            && self
                .key_ops
                .as_ref()
                .is_none_or(|operations| operations.iter().any(|name| name == "verify"));
        for_signatures
            && self.kty == algorithm.key_type()
            && algorithm
                .curve()
                .is_none_or(|curve| self.crv.as_deref() == Some(curve))
            && self.alg.as_deref().is_none_or(|alg| alg == algorithm.as_str())
    }

    /// Checks a signature over a message.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwkError> {
        if !self.is_for(algorithm) {
            return Err(JwkError::WrongKey);
        }
        let checked = match algorithm {
            Algorithm::Rs256 => {
                self.verify_rsa(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature)?
            }
            Algorithm::Rs384 => {
                self.verify_rsa(&signature::RSA_PKCS1_2048_8192_SHA384, message, signature)?
            }
            Algorithm::Rs512 => {
                self.verify_rsa(&signature::RSA_PKCS1_2048_8192_SHA512, message, signature)?
            }
            Algorithm::Ps256 => self.verify_rsa(&signature::RSA_PSS_2048_8192_SHA256, message, signature)?,
            Algorithm::Ps384 => self.verify_rsa(&signature::RSA_PSS_2048_8192_SHA384, message, signature)?,
            Algorithm::Ps512 => self.verify_rsa(&signature::RSA_PSS_2048_8192_SHA512, message, signature)?,
            Algorithm::Es256 => {
                self.verify_ec(&signature::ECDSA_P256_SHA256_FIXED, algorithm, message, signature)?
            }
            Algorithm::Es384 => {
                self.verify_ec(&signature::ECDSA_P384_SHA384_FIXED, algorithm, message, signature)?
            }
            Algorithm::Es512 => {
                self.verify_ec(&signature::ECDSA_P521_SHA512_FIXED, algorithm, message, signature)?
            }
            Algorithm::EdDsa => {
                let key = member(self.x.as_ref())?;
                UnparsedPublicKey::new(&signature::ED25519, key)
                    .verify(message, signature)
                    .is_ok()
            }
        };
        if checked {
            Ok(())
        } else {
            Err(JwkError::BadSignature)
        }
    }

    fn verify_rsa(
        &self,
        parameters: &'static signature::RsaParameters,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, JwkError> {
        let key = strong_rsa(&member(self.n.as_ref())?, &member(self.e.as_ref())?)?;
        Ok(key.verify(parameters, message, signature).is_ok())
    }

    fn verify_ec(
        &self,
        parameters: &'static dyn VerificationAlgorithm,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, JwkError> {
        let (x, y) = (member(self.x.as_ref())?, member(self.y.as_ref())?);
        let length = algorithm.coordinate_length();
        if x.len() != length || y.len() != length {
            return Err(JwkError::Malformed);
        }
        let mut point = Vec::with_capacity(1 + 2 * length);
        point.push(4);
        point.extend_from_slice(&x);
        point.extend_from_slice(&y);
        Ok(UnparsedPublicKey::new(parameters, point)
            .verify(message, signature)
            .is_ok())
    }
}

/// The modulus and exponent of an RSA key that is worth checking with: 2048 to 8192 bits and a sensible exponent.
/// With the exponent 1 every text would be its own signature.
fn strong_rsa(n: &[u8], e: &[u8]) -> Result<RsaPublicKeyComponents<Vec<u8>>, JwkError> {
    let (n, e) = (significant(n), significant(e));
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let odd = e.last().is_some_and(|byte| byte & 1 == 1);
    if !(2048..=8192).contains(&bits) || !odd || e == [1] || e.len() > 5 {
        return Err(JwkError::Weak);
    }
    Ok(RsaPublicKeyComponents {
        n: n.to_vec(),
        e: e.to_vec(),
    })
}

/// A number without its leading zeros, which some writers add.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn member(value: Option<&String>) -> Result<Vec<u8>, JwkError> {
    value
        .and_then(|text| from_base64url(text))
        .filter(|bytes| !bytes.is_empty())
        .ok_or(JwkError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037 A.3.
    #[test]
    fn ed25519_thumbprint_known_answer() {
        let key: Jwk = serde_json::from_str(
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        )
        .unwrap();
        assert_eq!(
            key.thumbprint().unwrap(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    /// RFC 7517 A.1: what two published keys say about themselves.
    #[test]
    fn published_keys_known_answer() {
        let set = crate::jwk_set::JwkSet::parse(br#"{"keys":[
            {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
             "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"},
            {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
             "e":"AQAB","alg":"RS256","kid":"2011-04-29"}]}"#).unwrap();
        let [rsa] = set.keys() else {
            panic!("the key for encryption is left out")
        };
        assert_eq!(rsa.kid.as_deref(), Some("2011-04-29"));
        let fitting: Vec<_> = Algorithm::ALL
            .into_iter()
            .filter(|algorithm| rsa.is_for(*algorithm))
            .collect();
        assert_eq!(fitting, [Algorithm::Rs256]);
        assert_eq!(
            rsa.verify(Algorithm::Rs256, b"message", &[0; 256]),
            Err(JwkError::BadSignature)
        );
    }

    fn rsa(bytes: usize, e: &[u8]) -> Jwk {
        let mut n = vec![0xff; bytes];
        n[0] = 0x80;
        serde_json::from_value(serde_json::json!({"kty": "RSA", "n": base64url(&n), "e": base64url(e)}))
            .unwrap()
    }

    #[test]
    fn weak_rsa_keys_are_refused() {
        let usual = [1, 0, 1];
        for (key, expected) in [
            (rsa(256, &usual), JwkError::BadSignature),
            (rsa(1024, &usual), JwkError::BadSignature),
            (rsa(128, &usual), JwkError::Weak),
            (rsa(255, &usual), JwkError::Weak),
            (rsa(1025, &usual), JwkError::Weak),
            (rsa(256, &[1]), JwkError::Weak),
            (rsa(256, &[0, 0, 1]), JwkError::Weak),
            (rsa(256, &[2]), JwkError::Weak),
            (rsa(256, &[1, 0, 0, 0, 0, 1]), JwkError::Weak),
        ] {
            for algorithm in [Algorithm::Rs256, Algorithm::Ps256] {
                assert_eq!(key.verify(algorithm, b"m", &[1; 256]), Err(expected), "{key:?}");
            }
        }
        // Zeros in front add no strength.
        let mut padded = vec![0; 200];
        padded.extend([0xff; 128]);
        let mut key = rsa(256, &usual);
        key.n = Some(base64url(&padded));
        assert_eq!(key.verify(Algorithm::Rs256, b"m", &[1; 256]), Err(JwkError::Weak));
    }

    type Change = fn(&mut Jwk);

    #[test]
    fn a_key_is_used_for_what_it_says_only() {
        let pair = crate::jose::PrivateKey::generate(Algorithm::Es256, [1; 8]).unwrap();
        let signature = crate::jose::Signer::sign(&pair, b"message").unwrap();
        let operations = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let changes: [(Change, Result<(), JwkError>); 6] = [
            (|_| {}, Ok(())),
            (|key| (key.use_, key.alg) = (None, None), Ok(())),
            (|key| key.use_ = Some("enc".to_owned()), Err(JwkError::WrongKey)),
            (|key| key.alg = Some("ES384".to_owned()), Err(JwkError::WrongKey)),
            (|key| key.crv = Some("P-384".to_owned()), Err(JwkError::WrongKey)),
            (|key| key.x = Some("AA".to_owned()), Err(JwkError::Malformed)),
        ];
        for (at, (change, expected)) in changes.into_iter().enumerate() {
            let mut key = pair.public_jwk();
            change(&mut key);
            assert_eq!(
                key.verify(Algorithm::Es256, b"message", &signature),
                expected,
                "{at}"
            );
        }
        for (names, expected) in [
            (&["sign", "verify"][..], Ok(())),
            (&["sign"], Err(JwkError::WrongKey)),
            (&["deriveKey"], Err(JwkError::WrongKey)),
            (&[], Err(JwkError::WrongKey)),
        ] {
            let mut key = pair.public_jwk();
            key.key_ops = operations(names);
            assert_eq!(
                key.verify(Algorithm::Es256, b"message", &signature),
                expected,
                "{names:?}"
            );
        }
    }

    #[test]
    fn a_point_off_the_curve_is_no_key() {
        let key: Jwk = serde_json::from_value(serde_json::json!({
            "kty": "EC", "crv": "P-256", "x": base64url(&[1; 32]), "y": base64url(&[1; 32])
        }))
        .unwrap();
        assert!(key.verify(Algorithm::Es256, b"m", &[1; 64]).is_err());
    }

    /// RFC 7638 §3.1.
    #[test]
    fn thumbprint_known_answer() {
        let key: Jwk = serde_json::from_str(
            r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
        )
        .unwrap();
        assert_eq!(
            key.thumbprint().unwrap(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    /// RFC 7515 A.3 (ES256) and A.4 (ES512), and RFC 8037 A.4 (Ed25519).
    #[test]
    fn signature_known_answers() {
        for (key, algorithm, message, signature) in [
            (
                r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
                Algorithm::Es256,
                "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
                "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            ),
            (
                r#"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#,
                Algorithm::Es512,
                "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA",
                "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
            ),
            (
                r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
                Algorithm::EdDsa,
                "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            ),
        ] {
            let key: Jwk = serde_json::from_str(key).unwrap();
            let signature = from_base64url(signature).unwrap();
            assert_eq!(
                key.verify(algorithm, message.as_bytes(), &signature),
                Ok(()),
                "{algorithm}"
            );
            assert_eq!(
                key.verify(algorithm, format!("{message}x").as_bytes(), &signature),
                Err(JwkError::BadSignature),
                "{algorithm}"
            );
            assert_eq!(
                key.verify(Algorithm::Rs256, message.as_bytes(), &signature),
                Err(JwkError::WrongKey)
            );
        }
    }
}
