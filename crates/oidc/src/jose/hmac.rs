//! HMACs by a shared secret (RFC 7518 §3.2): checked, never made by us.

use aws_lc_rs::hmac;

use super::JwsError;

/// A JWS `alg` with a shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HmacAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl HmacAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The `alg` value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// The algorithm of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// The fewest bytes a secret may have: those of the hash (RFC 7518 §3.2).
    pub fn shortest_secret(self) -> usize {
        match self {
            Self::Hs256 => 32,
            Self::Hs384 => 48,
            Self::Hs512 => 64,
        }
    }
}

/// Checks the HMAC of a message, in constant time.
///
/// # Errors
/// [`JwsError::WeakSecret`] when the secret is too short for the algorithm, [`JwsError::Signature`] when it is another.
pub fn verify_hmac(
    algorithm: HmacAlgorithm,
    secret: &[u8],
    message: &[u8],
    tag: &[u8],
) -> Result<(), JwsError> {
    if secret.len() < algorithm.shortest_secret() {
        return Err(JwsError::WeakSecret);
    }
    let hash = match algorithm {
        HmacAlgorithm::Hs256 => hmac::HMAC_SHA256,
        HmacAlgorithm::Hs384 => hmac::HMAC_SHA384,
        HmacAlgorithm::Hs512 => hmac::HMAC_SHA512,
    };
    hmac::verify(&hmac::Key::new(hash, secret), message, tag).map_err(|_| JwsError::Signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{UnverifiedJws, base64url, from_base64url};

    /// RFC 7515 A.1.
    #[test]
    fn known_answer() {
        let secret = from_base64url(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        )
        .unwrap();
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let parsed = UnverifiedJws::parse(token).unwrap();
        assert_eq!(parsed.algorithm_name(), Some("HS256"));
        assert_eq!(parsed.verify_with_secret(&secret).unwrap()["iss"], "joe");
        let mut other = secret.clone();
        other[0] ^= 1;
        assert_eq!(parsed.verify_with_secret(&other), Err(JwsError::Signature));
        assert_eq!(
            parsed.verify_with_secret(&secret[..31]),
            Err(JwsError::WeakSecret)
        );
        // A public key is no shared secret, and the other way round.
        assert_eq!(parsed.verify([]), Err(JwsError::Algorithm));
    }

    fn token(header: &str, secret: &[u8], hash: hmac::Algorithm) -> String {
        let message = format!("{}.{}", base64url(header.as_bytes()), base64url(b"{}"));
        let tag = hmac::sign(&hmac::Key::new(hash, secret), message.as_bytes());
        format!("{message}.{}", base64url(tag.as_ref()))
    }

    #[test]
    fn each_algorithm_wants_a_secret_of_its_hash_s_size() {
        for (algorithm, hash) in
            HmacAlgorithm::ALL
                .into_iter()
                .zip([hmac::HMAC_SHA256, hmac::HMAC_SHA384, hmac::HMAC_SHA512])
        {
            let header = format!(r#"{{"alg":"{}"}}"#, algorithm.as_str());
            let secret = vec![7; algorithm.shortest_secret()];
            let good = token(&header, &secret, hash);
            assert!(
                UnverifiedJws::parse(&good)
                    .unwrap()
                    .verify_with_secret(&secret)
                    .is_ok()
            );
            let short = &secret[1..];
            let weak = token(&header, short, hash);
            assert_eq!(
                UnverifiedJws::parse(&weak).unwrap().verify_with_secret(short),
                Err(JwsError::WeakSecret)
            );
        }
    }

    #[test]
    fn other_algorithms_and_critical_headers_are_refused() {
        let secret = [7; 64];
        for (header, error) in [
            (r#"{"alg":"none"}"#, JwsError::Algorithm),
            (r#"{"alg":"RS256"}"#, JwsError::Algorithm),
            (r#"{"alg":"hs256"}"#, JwsError::Algorithm),
            ("{}", JwsError::Algorithm),
            (r#"{"alg":"HS256","crit":["exp"]}"#, JwsError::Critical),
            // Signed with another hash than the header says.
            (r#"{"alg":"HS512"}"#, JwsError::Signature),
        ] {
            let token = token(header, &secret, hmac::HMAC_SHA256);
            let parsed = UnverifiedJws::parse(&token).unwrap();
            assert_eq!(parsed.verify_with_secret(&secret), Err(error), "{header}");
        }
    }
}
