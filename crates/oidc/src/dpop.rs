//! Proofs of possession (RFC 9449): a request signed with the key a token is bound to.

use aws_lc_rs::digest;
use aws_lc_rs::hmac;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;
use url::Url;

use crate::client::Profile;
use crate::jose::{UnverifiedJws, base64url, from_base64url};

/// The `typ` of a proof.
const TYP: &str = "dpop+jwt";
/// Seconds after its making that a proof is taken.
pub const LIFETIME: i64 = 300;
/// Seconds a proof's clock may be ahead of ours.
pub const AHEAD: i64 = 60;
/// Seconds a nonce is handed out; it is taken for as long again.
const NONCE_SLOT: i64 = 150;
/// Longest `jti` and nonce looked at.
const LONGEST: usize = 512;

/// Why a proof is not accepted; the text is for developers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadProof(pub &'static str);

/// The request a proof must be for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    /// `htm`.
    pub method: &'e str,
    /// `htu`: the addresses this request may have been sent to.
    pub urls: &'e [Url],
    /// The access token that came along, for `ath`.
    pub access_token: Option<&'e str>,
    /// Unix seconds.
    pub now: i64,
    /// The rules of the client it comes from.
    pub profile: Profile,
}

/// A proof that is good but for being used before, and for its nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Thumbprint of the key (RFC 7638).
    pub thumbprint: String,
    /// `jti`.
    pub jti: String,
    /// `nonce`.
    pub nonce: Option<String>,
    /// When it will not be taken any more, Unix seconds.
    pub expires_at: i64,
}

/// Checks a proof (RFC 9449 §4.3).
pub fn verify(proof: &str, expected: &Expected<'_>) -> Result<Proof, BadProof> {
    let jws = UnverifiedJws::parse(proof).map_err(|_| BadProof("The DPoP proof is not a JWT."))?;
    if !jws.is_typ(TYP) {
        return Err(BadProof("The typ of the DPoP proof is not dpop+jwt."));
    }
    if jws
        .algorithm
        .is_some_and(|algorithm| !expected.profile.takes(algorithm))
    {
        return Err(BadProof(
            "The algorithm of the DPoP proof is not one of FAPI 2.0 (PS256, ES256, EdDSA).",
        ));
    }
    let key = jws
        .header_key()
        .map_err(|_| BadProof("The DPoP proof has no usable public key in its header."))?;
    let claims = jws
        .verify([&key])
        .map_err(|_| BadProof("The DPoP proof is not signed with the key in its header."))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("htm") != Some(expected.method) {
        return Err(BadProof(
            "The htm of the DPoP proof is not this request's method.",
        ));
    }
    let address = text("htu").and_then(|htu| Url::parse(htu).ok()).map(bare);
    if !address.is_some_and(|address| expected.urls.iter().any(|url| bare(url.clone()) == address)) {
        return Err(BadProof(
            "The htu of the DPoP proof is not this request's address.",
        ));
    }
    let made_at = seconds(&claims, "iat").ok_or(BadProof("The DPoP proof has no iat."))?;
    if made_at > expected.now + AHEAD || made_at < expected.now - LIFETIME {
        return Err(BadProof(
            "The DPoP proof was made too long ago, or in the future.",
        ));
    }
    let jti = text("jti")
        .filter(|jti| !jti.is_empty() && jti.len() <= LONGEST)
        .ok_or(BadProof("The DPoP proof has no usable jti."))?;
    if let Some(token) = expected.access_token {
        let hash = base64url(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        if text("ath") != Some(&hash) {
            return Err(BadProof("The ath of the DPoP proof is not of this access token."));
        }
    }
    Ok(Proof {
        thumbprint: key
            .thumbprint()
            .map_err(|_| BadProof("The key of the DPoP proof is malformed."))?,
        jti: jti.to_owned(),
        nonce: text("nonce").map(str::to_owned),
        expires_at: made_at + LIFETIME + 1,
    })
}

/// An address without query and fragment (RFC 9449 §4.2); parsing has normalized the rest.
fn bare(mut url: Url) -> Url {
    url.set_query(None);
    url.set_fragment(None);
    url
}

fn seconds(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    value.as_i64().or_else(|| {
        #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970, rounded down")]
        let whole = value.as_f64().filter(|seconds| seconds.abs() < 1e15)?.floor() as i64;
        Some(whole)
    })
}

/// Makes and knows nonces (RFC 9449 §8): a time slot and a MAC over it, so that no replica has to remember any.
pub struct Nonces(hmac::Key);

impl std::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nonces(..)")
    }
}

impl Nonces {
    /// Nonces under a secret of the installation.
    pub fn new(secret: &[u8]) -> Self {
        let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"pocketid/dpop-nonce");
        Self(hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()))
    }

    /// The nonce to use now.
    pub fn current(&self, now_seconds: i64) -> String {
        self.of_slot(now_seconds.div_euclid(NONCE_SLOT))
    }

    fn of_slot(&self, slot: i64) -> String {
        let slot = slot.to_be_bytes();
        let mac = hmac::sign(&self.0, &slot);
        let mut bytes = slot.to_vec();
        bytes.extend_from_slice(mac.as_ref().get(..16).unwrap_or_default());
        base64url(&bytes)
    }

    /// Whether a nonce was handed out just now.
    pub fn knows(&self, nonce: &str, now_seconds: i64) -> bool {
        let slot = from_base64url(nonce)
            .filter(|bytes| bytes.len() == 24)
            .and_then(|bytes| bytes.get(..8)?.try_into().ok())
            .map(i64::from_be_bytes);
        let now = now_seconds.div_euclid(NONCE_SLOT);
        slot.is_some_and(|slot| {
            (slot == now || slot == now - 1) && self.of_slot(slot).as_bytes().ct_eq(nonce.as_bytes()).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::{Algorithm, PrivateKey, Signer as _};

    const NOW: i64 = 1_700_000_000;
    const URL: &str = "https://id.example/api/oidc/token";

    fn key() -> PrivateKey {
        PrivateKey::generate(Algorithm::Es256, [1; 8]).unwrap()
    }

    fn header(key: &PrivateKey) -> Value {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.public_jwk()})
    }

    fn claims() -> Value {
        json!({"htm": "POST", "htu": URL, "iat": NOW, "jti": "j1"})
    }

    fn make(key: &PrivateKey, header: &Value, claims: &Value) -> String {
        let signed = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let signature = key.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", base64url(&signature))
    }

    fn check(proof: &str, access_token: Option<&str>) -> Result<Proof, BadProof> {
        let urls = [Url::parse(URL).unwrap()];
        verify(
            proof,
            &Expected {
                method: "POST",
                urls: &urls,
                access_token,
                now: NOW,
                profile: Profile::OAuth,
            },
        )
    }

    #[test]
    fn a_good_proof_names_its_key() {
        let key = key();
        for htu in [URL, "HTTPS://ID.example:443/api/oidc/token?x=1#y"] {
            let mut claims = claims();
            claims["htu"] = json!(htu);
            claims["nonce"] = json!("n");
            let proof = check(&make(&key, &header(&key), &claims), None).unwrap();
            assert_eq!(proof.thumbprint, key.public_jwk().thumbprint().unwrap());
            assert_eq!((proof.jti.as_str(), proof.nonce.as_deref()), ("j1", Some("n")));
        }
    }

    /// FAPI 2.0 Security Profile §5.4.1.
    #[test]
    fn a_fapi_client_proves_with_the_algorithms_of_its_profile() {
        let urls = [Url::parse(URL).unwrap()];
        for (algorithm, fapi) in [
            (Algorithm::Rs256, false),
            (Algorithm::Ps256, true),
            (Algorithm::Es256, true),
            (Algorithm::Es384, false),
            (Algorithm::EdDsa, true),
        ] {
            let key = PrivateKey::generate(algorithm, [1; 8]).unwrap();
            let header = json!({"typ": "dpop+jwt", "alg": algorithm.as_str(), "jwk": key.public_jwk()});
            let proof = make(&key, &header, &claims());
            for (profile, fine) in [(Profile::OAuth, true), (Profile::Fapi2, fapi)] {
                let expected = Expected {
                    method: "POST",
                    urls: &urls,
                    access_token: None,
                    now: NOW,
                    profile,
                };
                assert_eq!(verify(&proof, &expected).is_ok(), fine, "{algorithm} {profile:?}");
            }
        }
    }

    #[test]
    fn each_fault_is_refused() {
        let (key, other) = (key(), PrivateKey::generate(Algorithm::Es256, [2; 8]).unwrap());
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            make(&key, &header(&key), &claims)
        };
        let with_header = |name: &str, value: Value| {
            let mut header = header(&key);
            header[name] = value;
            make(&key, &header, &claims())
        };
        let mut private = serde_json::to_value(key.public_jwk()).unwrap();
        private["d"] = json!("AAAA");
        for (proof, why) in [
            (String::new(), "nothing"),
            ("a.b.c".to_owned(), "no JWT"),
            (with_header("typ", json!("JWT")), "another typ"),
            (with_header("alg", json!("none")), "not signed"),
            (with_header("alg", json!("HS256")), "symmetric"),
            (with_header("jwk", json!(null)), "no key"),
            (with_header("jwk", private), "a private key"),
            (
                with_header("jwk", serde_json::to_value(other.public_jwk()).unwrap()),
                "another's key",
            ),
            (with_header("crit", json!(["x"])), "critical headers"),
            (with("htm", json!("GET")), "another method"),
            (with("htm", json!("post")), "method in another case"),
            (
                with("htu", json!("https://id.example/api/oidc/userinfo")),
                "another path",
            ),
            (
                with("htu", json!("http://id.example/api/oidc/token")),
                "another scheme",
            ),
            (
                with("htu", json!("https://id.example:444/api/oidc/token")),
                "another port",
            ),
            (with("htu", json!(null)), "no address"),
            (with("iat", json!(NOW - LIFETIME - 1)), "old"),
            (with("iat", json!(NOW + AHEAD + 1)), "from the future"),
            (with("iat", json!("now")), "no time"),
            (with("jti", json!("")), "no jti"),
            (with("jti", json!("x".repeat(LONGEST + 1))), "an endless jti"),
        ] {
            assert!(check(&proof, None).is_err(), "{why}");
        }
    }

    #[test]
    fn with_a_token_its_hash_must_be_there() {
        let key = key();
        // RFC 9449 §7.1: the access token of the example and its ath.
        let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
        let ath = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";
        let mut with_hash = claims();
        with_hash["ath"] = json!(ath);
        let good = make(&key, &header(&key), &with_hash);
        assert!(check(&good, Some(token)).is_ok());
        assert!(check(&good, Some("another")).is_err());
        assert!(check(&make(&key, &header(&key), &claims()), Some(token)).is_err());
    }

    /// RFC 9449 §4.1: the proof of Figure 2, and the thumbprint of its key given in §6.1.
    #[test]
    fn known_answer() {
        let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
        let urls = [Url::parse("https://server.example.com/token").unwrap()];
        let expected = Expected {
            method: "POST",
            urls: &urls,
            access_token: None,
            now: 1_562_262_616,
            profile: Profile::OAuth,
        };
        let proof = verify(proof, &expected).unwrap();
        assert_eq!(proof.thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        assert_eq!(proof.jti, "-BwC3ESc6acc2lTc");
    }

    #[test]
    fn nonces_are_known_for_a_while_and_only_here() {
        let (here, elsewhere) = (Nonces::new(b"secret"), Nonces::new(b"other"));
        let nonce = here.current(NOW);
        for (later, known) in [
            (0, true),
            (NONCE_SLOT, true),
            (2 * NONCE_SLOT, false),
            (-NONCE_SLOT, false),
        ] {
            assert_eq!(here.knows(&nonce, NOW + later), known, "{later}");
        }
        assert!(Nonces::new(b"secret").knows(&nonce, NOW), "another replica");
        assert!(!elsewhere.knows(&nonce, NOW));
        for made_up in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert!(!here.knows(made_up, NOW), "{made_up}");
        }
    }
}
