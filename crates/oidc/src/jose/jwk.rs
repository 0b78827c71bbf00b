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
    /// The key is not one of the algorithm.
    #[error("the key does not fit the algorithm")]
    WrongKey,
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

    /// Checks a signature over a message.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwkError> {
        let fits = self.kty == algorithm.key_type()
            && self.crv.as_deref() == algorithm.curve()
            && self.alg.as_deref().is_none_or(|alg| alg == algorithm.as_str());
        if !fits {
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
        let key = RsaPublicKeyComponents {
            n: member(self.n.as_ref())?,
            e: member(self.e.as_ref())?,
        };
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

fn member(value: Option<&String>) -> Result<Vec<u8>, JwkError> {
    value
        .and_then(|text| from_base64url(text))
        .filter(|bytes| !bytes.is_empty())
        .ok_or(JwkError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

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

    /// RFC 7515 A.3 (ES256) and RFC 8037 A.4 (Ed25519).
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
