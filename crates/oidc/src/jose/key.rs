//! Private signing keys: made, read, written and used.

use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPairComponents, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair, RsaSignatureEncoding,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Algorithm, Jwk, base64url, der, from_base64url};

/// Why a key cannot be made or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not a private JWK of a kind we sign with.
    #[error("not a private signing key in JWK form")]
    Malformed,
    /// The cryptographic library refused.
    #[error("the cryptographic library refused the key")]
    Refused,
}

/// Signs messages. A seam: the key may live elsewhere one day.
pub trait Signer {
    /// The algorithm of its signatures.
    fn algorithm(&self) -> Algorithm;
    /// Which key it is, for the `kid` header.
    fn key_id(&self) -> &str;
    /// A signature over a message, in JWS form.
    ///
    /// # Errors
    /// [`KeyError::Refused`] when the library fails.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}

impl<S: Signer + ?Sized> Signer for std::sync::Arc<S> {
    fn algorithm(&self) -> Algorithm {
        (**self).algorithm()
    }

    fn key_id(&self) -> &str {
        (**self).key_id()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        (**self).sign(message)
    }
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// A private signing key.
pub struct PrivateKey {
    pair: Pair,
    algorithm: Algorithm,
    key_id: String,
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrivateKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// The members of a private JWK.
#[derive(Serialize, Deserialize)]
struct PrivateJwk {
    #[serde(flatten)]
    public: Jwk,
    d: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dq: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qi: Option<String>,
}

fn ec(algorithm: Algorithm) -> &'static EcdsaSigningAlgorithm {
    match algorithm {
        Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Algorithm::Es512 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        _ => &ECDSA_P256_SHA256_FIXED_SIGNING,
    }
}

impl PrivateKey {
    /// A new key with a `kid` of the given 8 random bytes. RSA keys have 2048, 3072 and 4096 bits for
    /// RS256, RS384 and RS512, and likewise for PS256, PS384 and PS512.
    pub fn generate(algorithm: Algorithm, key_id: [u8; 8]) -> Result<Self, KeyError> {
        let rsa = |size| RsaKeyPair::generate(size).map(Pair::Rsa);
        let pair = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => rsa(KeySize::Rsa2048),
            Algorithm::Rs384 | Algorithm::Ps384 => rsa(KeySize::Rsa3072),
            Algorithm::Rs512 | Algorithm::Ps512 => rsa(KeySize::Rsa4096),
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 => {
                EcdsaKeyPair::generate(ec(algorithm)).map(Pair::Ec)
            }
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed),
        };
        let pair = pair.map_err(|_| KeyError::Refused)?;
        Ok(Self {
            pair,
            algorithm,
            key_id: base64url(&key_id),
        })
    }

    /// Reads a private JWK, as older installations keep in `jwt_private_key.json`. Without `alg` the key's
    /// type decides (RSA means RS256); without `kid` the thumbprint stands in.
    pub fn from_jwk(json: &str) -> Result<Self, KeyError> {
        let jwk: PrivateJwk = serde_json::from_str(json).map_err(|_| KeyError::Malformed)?;
        let algorithm = match (
            &jwk.public.alg,
            jwk.public.kty.as_str(),
            jwk.public.crv.as_deref(),
        ) {
            (Some(name), _, _) => name.parse().map_err(|_| KeyError::Malformed)?,
            (None, "RSA", _) => Algorithm::Rs256,
            (None, "EC", Some("P-256")) => Algorithm::Es256,
            (None, "EC", Some("P-384")) => Algorithm::Es384,
            (None, "EC", Some("P-521")) => Algorithm::Es512,
            (None, "OKP", Some("Ed25519")) => Algorithm::EdDsa,
            _ => return Err(KeyError::Malformed),
        };
        if jwk.public.kty != algorithm.key_type() || jwk.public.crv.as_deref() != algorithm.curve() {
            return Err(KeyError::Malformed);
        }
        let pair = match algorithm {
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => Pair::Rsa(rsa_from(&jwk)?),
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 => Pair::Ec(ec_from(&jwk, algorithm)?),
            Algorithm::EdDsa => {
                let (seed, public) = (secret(Some(&jwk.d))?, number(jwk.public.x.as_ref())?);
                Pair::Ed(
                    Ed25519KeyPair::from_seed_and_public_key(&seed, &public)
                        .map_err(|_| KeyError::Malformed)?,
                )
            }
        };
        let key_id = match jwk.public.kid.clone().filter(|kid| !kid.is_empty()) {
            Some(kid) => kid,
            None => jwk.public.thumbprint().map_err(|_| KeyError::Malformed)?,
        };
        Ok(Self {
            pair,
            algorithm,
            key_id,
        })
    }

    /// The key as a private JWK with `kid`, `use` and `alg`.
    pub fn to_jwk(&self) -> Result<Zeroizing<String>, KeyError> {
        let mut jwk = PrivateJwk {
            public: self.public_jwk(),
            d: String::new(),
            p: None,
            q: None,
            dp: None,
            dq: None,
            qi: None,
        };
        match &self.pair {
            Pair::Rsa(pair) => {
                let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Refused)?;
                let [d, p, q, dp, dq, qi] =
                    der::rsa_private_numbers(pkcs8.as_ref()).ok_or(KeyError::Refused)?;
                jwk.d = base64url(d);
                jwk.p = Some(base64url(p));
                jwk.q = Some(base64url(q));
                jwk.dp = Some(base64url(dp));
                jwk.dq = Some(base64url(dq));
                jwk.qi = Some(base64url(qi));
            }
            Pair::Ec(pair) => {
                let d: EcPrivateKeyBin<'_> =
                    pair.private_key().as_be_bytes().map_err(|_| KeyError::Refused)?;
                jwk.d = base64url(d.as_ref());
            }
            Pair::Ed(pair) => {
                let seed = pair.seed().map_err(|_| KeyError::Refused)?;
                let bytes = seed.as_be_bytes().map_err(|_| KeyError::Refused)?;
                jwk.d = base64url(bytes.as_ref());
            }
        }
        serde_json::to_string(&jwk)
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Refused)
    }

    /// The public half with `kid`, `use` and `alg`, for the key set.
    pub fn public_jwk(&self) -> Jwk {
        let mut jwk = Jwk {
            kty: self.algorithm.key_type().to_owned(),
            use_: Some("sig".to_owned()),
            key_ops: None,
            alg: Some(self.algorithm.as_str().to_owned()),
            kid: Some(self.key_id.clone()),
            crv: self.algorithm.curve().map(str::to_owned),
            n: None,
            e: None,
            x: None,
            y: None,
        };
        match &self.pair {
            Pair::Rsa(pair) => {
                let numbers = der::rsa_public_numbers(pair.public_key().as_ref());
                jwk.n = numbers.map(|[n, _]| base64url(n));
                jwk.e = numbers.map(|[_, e]| base64url(e));
            }
            Pair::Ec(pair) => {
                // An uncompressed point: 4, x, y.
                let point = pair.public_key().as_ref();
                let length = self.algorithm.coordinate_length();
                jwk.x = point.get(1..=length).map(base64url);
                jwk.y = point.get(1 + length..).map(base64url);
            }
            Pair::Ed(pair) => jwk.x = Some(base64url(pair.public_key().as_ref())),
        }
        jwk
    }
}

impl Signer for PrivateKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn key_id(&self) -> &str {
        &self.key_id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let encoding: &'static RsaSignatureEncoding = match self.algorithm {
                    Algorithm::Rs384 => &RSA_PKCS1_SHA384,
                    Algorithm::Rs512 => &RSA_PKCS1_SHA512,
                    Algorithm::Ps256 => &RSA_PSS_SHA256,
                    Algorithm::Ps384 => &RSA_PSS_SHA384,
                    Algorithm::Ps512 => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| KeyError::Refused)?;
                Ok(signature)
            }
            Pair::Ec(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| KeyError::Refused),
            Pair::Ed(pair) => pair
                .try_sign(message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| KeyError::Refused),
        }
    }
}

fn number(text: Option<&String>) -> Result<Vec<u8>, KeyError> {
    text.and_then(|text| from_base64url(text))
        .filter(|bytes| !bytes.is_empty())
        .ok_or(KeyError::Malformed)
}

fn secret(text: Option<&String>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    number(text).map(Zeroizing::new)
}

fn rsa_from(jwk: &PrivateJwk) -> Result<RsaKeyPair, KeyError> {
    let components = KeyPairComponents {
        public_key: PublicKeyComponents {
            n: number(jwk.public.n.as_ref())?,
            e: number(jwk.public.e.as_ref())?,
        },
        d: secret(Some(&jwk.d))?.to_vec(),
        p: secret(jwk.p.as_ref())?.to_vec(),
        q: secret(jwk.q.as_ref())?.to_vec(),
        dP: secret(jwk.dp.as_ref())?.to_vec(),
        dQ: secret(jwk.dq.as_ref())?.to_vec(),
        qInv: secret(jwk.qi.as_ref())?.to_vec(),
    };
    RsaKeyPair::from_components(&components).map_err(|_| KeyError::Malformed)
}

fn ec_from(jwk: &PrivateJwk, algorithm: Algorithm) -> Result<EcdsaKeyPair, KeyError> {
    let mut point = vec![4];
    for coordinate in [&jwk.public.x, &jwk.public.y] {
        point.extend_from_slice(&padded(number(coordinate.as_ref())?, algorithm)?);
    }
    let d = Zeroizing::new(padded(secret(Some(&jwk.d))?.to_vec(), algorithm)?);
    EcdsaKeyPair::from_private_key_and_public_key(ec(algorithm), &d, &point).map_err(|_| KeyError::Malformed)
}

/// A coordinate at its full length (RFC 7518 §6.2.1.2): some writers leave out leading zeros.
fn padded(number: Vec<u8>, algorithm: Algorithm) -> Result<Vec<u8>, KeyError> {
    let missing = algorithm
        .coordinate_length()
        .checked_sub(number.len())
        .ok_or(KeyError::Malformed)?;
    let mut padded = vec![0; missing];
    padded.extend(number);
    Ok(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_key_signs_verifies_and_survives_its_text_form() {
        for algorithm in Algorithm::ALL {
            let key = PrivateKey::generate(algorithm, [7; 8]).unwrap();
            let read = PrivateKey::from_jwk(&key.to_jwk().unwrap()).unwrap();
            assert_eq!(read.key_id(), "BwcHBwcHBwc");
            assert_eq!(read.public_jwk(), key.public_jwk());
            let signature = read.sign(b"message").unwrap();
            assert_eq!(
                key.public_jwk().verify(algorithm, b"message", &signature),
                Ok(()),
                "{algorithm}"
            );
            assert!(
                key.public_jwk()
                    .verify(algorithm, b"massage", &signature)
                    .is_err(),
                "{algorithm}"
            );
        }
    }

    /// RFC 8037 A.1 and A.4: the one signature an Ed25519 key makes.
    #[test]
    fn ed25519_known_answer() {
        let key = PrivateKey::from_jwk(
            r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        )
        .unwrap();
        let signature = key
            .sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")
            .unwrap();
        assert_eq!(
            base64url(&signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
        assert_eq!(key.key_id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    /// RFC 7517 A.2: a private key of somebody else's fits its public half.
    #[test]
    fn ec_private_key_known_answer() {
        let key = PrivateKey::from_jwk(
            r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","kid":"1"}"#,
        )
        .unwrap();
        let signature = key.sign(b"message").unwrap();
        assert_eq!(
            key.public_jwk().verify(Algorithm::Es256, b"message", &signature),
            Ok(())
        );
        let written: serde_json::Value = serde_json::from_str(&key.to_jwk().unwrap()).unwrap();
        assert_eq!(written["d"], "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE");
    }

    /// RFC 7515 A.2: a key written by somebody else, and the one signature it makes.
    #[test]
    fn rsa_known_answer() {
        let key = PrivateKey::from_jwk(RFC7515_A2_KEY).unwrap();
        assert_eq!(key.algorithm(), Algorithm::Rs256);
        let message = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let expected = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        assert_eq!(base64url(&key.sign(message.as_bytes()).unwrap()), expected);
        let written: serde_json::Value = serde_json::from_str(&key.to_jwk().unwrap()).unwrap();
        let original: serde_json::Value = serde_json::from_str(RFC7515_A2_KEY).unwrap();
        for member in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
            assert_eq!(written[member], original[member], "{member}");
        }
    }

    const RFC7515_A2_KEY: &str = r#"{"kty":"RSA",
        "n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        "e":"AQAB",
        "d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
        "p":"4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
        "q":"uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
        "dp":"BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
        "dq":"h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
        "qi":"IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U"}"#;

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

        /// Written and read, public and private, any key signs what its public half accepts, and nothing else.
        #[test]
        fn keys_survive_being_written(
            kind in 0usize..4,
            id in proptest::array::uniform8(0u8..),
            message in proptest::collection::vec(0u8.., 0..200),
            at in 0usize..200,
            bit in 0u8..8,
        ) {
            let algorithm = [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa][kind];
            let key = PrivateKey::generate(algorithm, id).unwrap();
            let key = PrivateKey::from_jwk(&key.to_jwk().unwrap()).unwrap();
            let public = serde_json::to_string(&key.public_jwk()).unwrap();
            let public: Jwk = serde_json::from_str(&public).unwrap();
            proptest::prop_assert_eq!(&public, &key.public_jwk());
            proptest::prop_assert_eq!(public.kid.clone(), Some(base64url(&id)));
            proptest::prop_assert_eq!(public.thumbprint(), key.public_jwk().thumbprint());
            let mut signature = key.sign(&message).unwrap();
            proptest::prop_assert_eq!(public.verify(algorithm, &message, &signature), Ok(()));
            let at = at % signature.len();
            signature[at] ^= 1 << bit;
            proptest::prop_assert!(public.verify(algorithm, &message, &signature).is_err());
        }

        #[test]
        fn reading_a_key_never_fails_badly(text in r#"\{("(kty|crv|alg|x|y|d|n|e|p)":"[A-Za-z0-9_-]{0,8}",?){0,6}\}"#) {
            proptest::prop_assert!(PrivateKey::from_jwk(&text).is_err());
        }
    }

    #[test]
    fn public_and_broken_keys_are_refused() {
        let key = PrivateKey::generate(Algorithm::Es256, [1; 8]).unwrap();
        let public = serde_json::to_string(&key.public_jwk()).unwrap();
        for text in ["", "{}", "[]", public.as_str(), r#"{"kty":"oct","d":"AA"}"#] {
            assert_eq!(
                PrivateKey::from_jwk(text).err(),
                Some(KeyError::Malformed),
                "{text}"
            );
        }
    }

    #[test]
    fn a_printed_key_shows_nothing_secret() {
        let key = PrivateKey::generate(Algorithm::EdDsa, [1; 8]).unwrap();
        let text = key.to_jwk().unwrap();
        let d = serde_json::from_str::<serde_json::Value>(&text).unwrap()["d"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(!format!("{key:?}").contains(&d));
    }
}
