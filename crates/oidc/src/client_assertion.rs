//! Clients that prove who they are with a signed assertion (RFC 7523 §3, OIDC Core §9).
//!
//! [`ClientAssertion::read`] takes one apart. Whose it is says the request or the assertion itself; then one of three
//! checks applies: [`verify_federated`](ClientAssertion::verify_federated) if the client lists the assertion's issuer,
//! else [`verify_private_key`](ClientAssertion::verify_private_key) or
//! [`verify_secret`](ClientAssertion::verify_secret) by the kind of its algorithm. [`Accepted::replay`] says what the
//! caller must consume before the client counts as authenticated. On [`Fault::Signature`] keys that were kept may be
//! outdated; it is worth one try with new ones.

use serde_json::{Map, Value};

use crate::client::Profile;
use crate::client_auth::Method;
use crate::error::{ErrorCode, OAuthError};
use crate::jose::{Algorithm, HmacAlgorithm, Jwk, JwsError, UnverifiedJws};
use crate::jwk_set::JwkSet;

/// Seconds clocks may differ.
const SKEW: i64 = 30;
/// Seconds a client's own assertion may be valid for, at most.
const LONGEST_LIFE: i64 = 60 * 60;
/// Longest `jti`, in bytes.
const LONGEST_JTI: usize = 1024;
/// FAPI 2.0 Security Profile §5.4.1.
const FAPI_ALGORITHMS: [&str; 4] = ["PS256", "ES256", "EdDSA", "Ed25519"];

/// An assertion taken apart and not yet checked.
#[derive(Clone)]
pub struct ClientAssertion {
    jwt: String,
    algorithm: String,
    claims: Map<String, Value>,
}

impl std::fmt::Debug for ClientAssertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientAssertion")
            .field("issuer", &self.issuer())
            .field("subject", &self.subject())
            .finish_non_exhaustive()
    }
}

/// What is wrong with an assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not a JWT.
    #[error("The client assertion is malformed.")]
    Malformed,
    /// An algorithm that is not accepted here.
    #[error("The client assertion has an algorithm that is not accepted.")]
    Algorithm,
    /// No known key made the signature.
    #[error("The client assertion has no valid signature.")]
    Signature,
    /// The secrets are too short for the algorithm (RFC 7518 §3.2).
    #[error("The client secret is too short for the algorithm of the client assertion.")]
    WeakSecret,
    /// `typ` says it is another kind of token.
    #[error("The client assertion is a token for another purpose.")]
    Type,
    /// `iss` is not who it must be from.
    #[error("The client assertion has the wrong issuer.")]
    Issuer,
    /// `sub` is not the client.
    #[error("The client assertion has the wrong subject.")]
    Subject,
    /// `aud` is not this server.
    #[error("The client assertion has the wrong audience.")]
    Audience,
    /// `exp` is missing or in the past.
    #[error("The client assertion has expired.")]
    Expired,
    /// `exp` is too far away.
    #[error("The client assertion is valid for too long.")]
    TooLong,
    /// `nbf` or `iat` is in the future, or no time.
    #[error("The client assertion is not valid yet.")]
    NotYet,
    /// `jti` is missing.
    #[error("The client assertion has no usable jti.")]
    Jti,
}

impl From<Fault> for OAuthError {
    fn from(fault: Fault) -> Self {
        Self::new(ErrorCode::InvalidClient, fault.to_string())
    }
}

impl From<JwsError> for Fault {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Malformed | JwsError::Critical | JwsError::HeaderKey => Self::Malformed,
            JwsError::Algorithm => Self::Algorithm,
            JwsError::UnknownKey | JwsError::Signature => Self::Signature,
            JwsError::WeakSecret => Self::WeakSecret,
        }
    }
}

/// Whether an assertion counts once or until it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Again and again.
    Allowed,
    /// Once; it must have a `jti`.
    Refused,
}

/// How much is asked of assertions clients make themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// What OpenID Connect asks.
    Usual,
    /// What the FAPI 2.0 Security Profile asks.
    Fapi2,
}

/// An issuer whose assertions authenticate a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederatedIssuer {
    /// The exact `iss`.
    pub issuer: String,
    /// The exact `sub`.
    pub subject: String,
    /// The `aud` it must contain.
    pub audience: String,
    /// Where the issuer's keys are.
    pub jwks_url: String,
    /// Whether an assertion counts once.
    pub reuse: Reuse,
}

/// A `jti` to consume: if it was consumed before, the assertion is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Within what the `jti` is unique.
    pub namespace: String,
    /// The `jti`.
    pub jti: String,
    /// Until when it must be remembered, in Unix milliseconds.
    pub until: i64,
}

/// A good assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What must be consumed first, if anything.
    pub replay: Option<Replay>,
}

/// Where this server is, for `aud`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audiences {
    /// The issuer identifier.
    pub issuer: String,
    /// Its endpoints that authenticate clients (RFC 7523 §3, RFC 9126 §2).
    pub endpoints: Vec<String>,
}

impl FederatedIssuer {
    /// An issuer as an administrator entered it; what was left empty has a default.
    pub fn new(entered: (&str, &str, &str, &str), reuse: Reuse, client_id: &str, own_issuer: &str) -> Self {
        let (issuer, subject, audience, jwks) = entered;
        let or = |text: &str, default: &str| if text.is_empty() { default } else { text }.to_owned();
        let jwks_url = if jwks.is_empty() {
            format!(
                "{}/.well-known/jwks.json",
                issuer.strip_suffix('/').unwrap_or(issuer)
            )
        } else {
            jwks.to_owned()
        };
        Self {
            issuer: issuer.to_owned(),
            subject: or(subject, client_id),
            audience: or(audience, own_issuer),
            jwks_url,
            reuse,
        }
    }
}

/// What an assertion of a client's own is signed or authenticated with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssertionAlgorithm {
    /// A private key.
    Key(Algorithm),
    /// A secret.
    Secret(HmacAlgorithm),
}

impl AssertionAlgorithm {
    /// The `alg` value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key(algorithm) => algorithm.as_str(),
            Self::Secret(algorithm) => algorithm.as_str(),
        }
    }

    /// Whether a client that authenticates by a method can use it. Those that make no assertions have no use for any.
    pub fn fits(self, method: Method) -> bool {
        match method {
            Method::PrivateKeyJwt => matches!(self, Self::Key(_)),
            Method::ClientSecretJwt => matches!(self, Self::Secret(_)),
            Method::ClientSecretBasic | Method::ClientSecretPost | Method::None => true,
        }
    }

    /// Whether a client under some rules can use it.
    pub fn fits_profile(self, profile: Profile) -> bool {
        match self {
            Self::Key(algorithm) => profile.takes(algorithm),
            Self::Secret(_) => profile == Profile::OAuth,
        }
    }
}

/// A text that names no algorithm assertions can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a supported algorithm of client assertions")]
pub struct UnknownAlgorithm;

impl std::str::FromStr for AssertionAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match (name.parse(), HmacAlgorithm::from_name(name)) {
            (Ok(algorithm), _) => Ok(Self::Key(algorithm)),
            (Err(_), Some(algorithm)) => Ok(Self::Secret(algorithm)),
            (Err(_), None) => Err(UnknownAlgorithm),
        }
    }
}

impl ClientAssertion {
    /// Whether it has the algorithm its client registered, if it did (OIDC Registration §2,
    /// `token_endpoint_auth_signing_alg`). Says nothing about assertions of other issuers.
    ///
    /// # Errors
    /// [`Fault::Algorithm`].
    pub fn check_algorithm(&self, registered: Option<AssertionAlgorithm>) -> Result<(), Fault> {
        match registered {
            Some(only) if only.as_str() != self.algorithm => Err(Fault::Algorithm),
            _ => Ok(()),
        }
    }

    /// Takes an assertion apart.
    pub fn read(jwt: &str) -> Result<Self, Fault> {
        let jws = UnverifiedJws::parse(jwt)?;
        Ok(Self {
            jwt: jwt.to_owned(),
            algorithm: jws.algorithm_name().ok_or(Fault::Algorithm)?.to_owned(),
            claims: jws.unverified_claims()?,
        })
    }

    fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// Who it says it is from; not to be believed yet.
    pub fn issuer(&self) -> Option<&str> {
        self.claim("iss")
    }

    /// Who it says it is about; not to be believed yet.
    pub fn subject(&self) -> Option<&str> {
        self.claim("sub")
    }

    /// Whether it is authenticated with a shared secret.
    pub fn is_symmetric(&self) -> bool {
        HmacAlgorithm::from_name(&self.algorithm).is_some()
    }

    /// Checks the assertion of another issuer about a client.
    pub fn verify_federated(
        &self,
        issuer: &FederatedIssuer,
        client_id: &str,
        keys: &JwkSet,
        now: i64,
    ) -> Result<Accepted, Fault> {
        let jws = UnverifiedJws::parse(&self.jwt)?;
        match keys.keys() {
            // An issuer with one key means that one, whatever it is called.
            [only] => {
                let unnamed = Jwk {
                    kid: None,
                    ..only.clone()
                };
                jws.verify([&unnamed])?
            }
            keys => jws.verify(keys)?,
        };
        if self.issuer() != Some(&issuer.issuer) {
            return Err(Fault::Issuer);
        }
        if self.subject() != Some(&issuer.subject) {
            return Err(Fault::Subject);
        }
        if !self.audiences().any(|audience| audience == issuer.audience) {
            return Err(Fault::Audience);
        }
        let expiry = self.check_times(now)?;
        let replay = match issuer.reuse {
            Reuse::Allowed => None,
            Reuse::Refused => Some(self.replay(format!("federated {} {client_id}", issuer.issuer), expiry)?),
        };
        Ok(Accepted { replay })
    }

    /// Checks an assertion a client signed with its private key (`private_key_jwt`).
    pub fn verify_private_key(
        &self,
        client_id: &str,
        keys: &JwkSet,
        audiences: &Audiences,
        strictness: Strictness,
        now: i64,
    ) -> Result<Accepted, Fault> {
        if strictness == Strictness::Fapi2 && !FAPI_ALGORITHMS.contains(&self.algorithm.as_str()) {
            return Err(Fault::Algorithm);
        }
        let jws = UnverifiedJws::parse(&self.jwt)?;
        jws.verify(keys.keys())?;
        self.check_own(&jws, client_id, audiences, strictness, now)
    }

    /// Checks an assertion a client authenticated with one of its secrets (`client_secret_jwt`).
    pub fn verify_secret<'s>(
        &self,
        client_id: &str,
        secrets: impl IntoIterator<Item = &'s [u8]>,
        audiences: &Audiences,
        now: i64,
    ) -> Result<Accepted, Fault> {
        let jws = UnverifiedJws::parse(&self.jwt)?;
        let mut verdict = Err(Fault::Signature);
        for secret in secrets {
            match jws.verify_with_secret(secret) {
                Ok(_) => {
                    verdict = Ok(());
                    break;
                }
                // Another secret may be long enough.
                Err(JwsError::WeakSecret) => verdict = Err(Fault::WeakSecret),
                Err(JwsError::Signature) => {}
                Err(error) => return Err(error.into()),
            }
        }
        verdict?;
        self.check_own(&jws, client_id, audiences, Strictness::Usual, now)
    }

    /// The rules for assertions clients make themselves; the signature has been checked.
    fn check_own(
        &self,
        jws: &UnverifiedJws<'_>,
        client_id: &str,
        audiences: &Audiences,
        strictness: Strictness,
        now: i64,
    ) -> Result<Accepted, Fault> {
        // A signed authorization request has the same issuer and audience (RFC 9101 §10.8).
        let fits = jws.may_be("client-authentication+jwt");
        // Nor has one that says nothing of its type ever these parameters.
        let request = ["response_type", "redirect_uri"]
            .iter()
            .any(|name| self.claims.contains_key(*name));
        if !fits || request {
            return Err(Fault::Type);
        }
        if self.issuer() != Some(client_id) {
            return Err(Fault::Issuer);
        }
        if self.subject() != Some(client_id) {
            return Err(Fault::Subject);
        }
        let here = match strictness {
            Strictness::Usual => self
                .audiences()
                .any(|named| named == audiences.issuer || audiences.endpoints.iter().any(|url| url == named)),
            // FAPI 2.0 Security Profile §5.3.2.1: the issuer, as a string.
            Strictness::Fapi2 => self.claim("aud") == Some(&audiences.issuer),
        };
        if !here {
            return Err(Fault::Audience);
        }
        let expiry = self.check_times(now)?;
        if expiry > now.saturating_add((LONGEST_LIFE + SKEW) * 1000) {
            return Err(Fault::TooLong);
        }
        let replay = self.replay(format!("client {client_id}"), expiry)?;
        Ok(Accepted { replay: Some(replay) })
    }

    fn audiences(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self.claims.get("aud") {
            Some(Value::String(one)) => (Some(one.as_str()), &[][..]),
            Some(Value::Array(many)) => (None, many.as_slice()),
            _ => (None, &[][..]),
        };
        one.into_iter().chain(many.iter().filter_map(Value::as_str))
    }

    /// `exp` in Unix milliseconds, after it, `nbf` and `iat` have been checked.
    fn check_times(&self, now: i64) -> Result<i64, Fault> {
        let Moment::At(expiry) = self.time("exp") else {
            return Err(Fault::Expired);
        };
        if expiry.saturating_add(SKEW * 1000) <= now {
            return Err(Fault::Expired);
        }
        let latest_start = now.saturating_add(SKEW * 1000);
        for name in ["nbf", "iat"] {
            match self.time(name) {
                Moment::Unstated => {}
                Moment::At(start) if start <= latest_start => {}
                Moment::At(_) | Moment::NotATime => return Err(Fault::NotYet),
            }
        }
        Ok(expiry)
    }

    /// A time claim.
    fn time(&self, name: &str) -> Moment {
        let Some(value) = self.claims.get(name) else {
            return Moment::Unstated;
        };
        // NumericDate may have a fraction (RFC 7519 §2); whole seconds will do.
        #[expect(clippy::cast_possible_truncation, reason = "casts from floats saturate")]
        let seconds = value
            .as_i64()
            .or_else(|| value.as_f64().map(|seconds| seconds as i64));
        seconds.map_or(Moment::NotATime, |seconds| {
            Moment::At(seconds.saturating_mul(1000))
        })
    }

    fn replay(&self, namespace: String, expiry: i64) -> Result<Replay, Fault> {
        let jti = self.claim("jti").unwrap_or_default();
        if jti.is_empty() || jti.len() > LONGEST_JTI {
            return Err(Fault::Jti);
        }
        Ok(Replay {
            namespace,
            jti: jti.to_owned(),
            until: expiry.saturating_add(SKEW * 1000),
        })
    }
}

/// A time claim, in Unix milliseconds.
enum Moment {
    Unstated,
    NotATime,
    At(i64),
}

#[cfg(test)]
mod tests;
