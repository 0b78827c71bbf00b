//! Proofs of possession that requests carry (RFC 9449), checked against what only the server knows: its addresses,
//! its nonces, and which proofs were used.

use http::{HeaderMap, HeaderName, Method};
use pocket_id_oidc::client::Profile;
use pocket_id_oidc::dpop::{self, Expected, Proof};
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_store::types::{Timestamp, TokenHash};
use pocket_id_store::{Tx, commit, jtis};
use url::Url;

use super::replay::{self, Kind};
use super::response::Failure;
use crate::state::AppState;

/// The header proofs come in.
pub const HEADER: HeaderName = HeaderName::from_static("dpop");
/// The header nonces are handed out in.
pub const NONCE_HEADER: HeaderName = HeaderName::from_static("dpop-nonce");

/// Whether a proof must have a nonce of ours. One that is sent must be good either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonce {
    /// It must: proofs cannot be made in advance.
    Required,
    /// It may.
    Optional,
}

/// The request a proof came with.
pub struct Proven<'r> {
    /// Its headers.
    pub headers: &'r HeaderMap,
    /// Its method.
    pub method: &'r Method,
    /// The path of the endpoint.
    pub path: &'r str,
    /// The access token it is for, at a protected resource.
    pub access_token: Option<&'r str>,
    /// Whether it needs a nonce.
    pub nonce: Nonce,
    /// The rules of the client it comes from.
    pub profile: Profile,
}

/// A proof that is in order and is still to be used up. It says which key it is of, so that whoever has no business here
/// can be sent away before anything is written down.
pub struct Unused(Proof);

impl Unused {
    /// The thumbprint of the key it proves.
    pub fn thumbprint(&self) -> &str {
        &self.0.thumbprint
    }

    /// Uses the proof up: it counts once. Of any number of transactions with it, one can be committed.
    pub async fn consume_in(&self, state: &AppState, tx: &Tx) -> Result<(), Failure> {
        let Self(proof) = self;
        let expires_at = Timestamp(proof.expires_at.saturating_mul(1000));
        let (namespace, hash) = self.name();
        if jtis::consume(tx, &namespace, hash, expires_at).await? {
            Ok(())
        } else {
            Err(used_before(state))
        }
    }

    /// Uses the proof up where nothing else is written.
    pub async fn consume(self, state: &AppState) -> Result<(), Failure> {
        let tx = state.store.begin().await?;
        self.consume_in(state, &tx).await?;
        Ok(commit(tx).await?)
    }

    fn name(&self) -> (String, TokenHash) {
        let Self(proof) = self;
        (
            replay::namespace(Kind::DpopProof, &proof.thumbprint),
            replay::hash(&proof.jti),
        )
    }
}

fn used_before(state: &AppState) -> Failure {
    refused(state, "The DPoP proof was used before.")
}

fn refused(state: &AppState, text: &str) -> Failure {
    Failure::Dpop(
        OAuthError::new(ErrorCode::InvalidDpopProof, text),
        current_nonce(state),
    )
}

/// The proof of a request, if it has one. It must be used up with whatever the request leads to, in one transaction:
/// what strangers send is not written down.
pub async fn unused(state: &AppState, request: Proven<'_>) -> Result<Option<Unused>, Failure> {
    let Some(proof) = read(state, &request)? else {
        return Ok(None);
    };
    // So that a request that is merely sent again does not count as a second use of its code or refresh token.
    let (namespace, hash) = proof.name();
    if jtis::is_known(state.store.reader(), &namespace, hash).await? {
        return Err(used_before(state));
    }
    Ok(Some(proof))
}

/// The proof of a request, if it has one.
pub fn read(state: &AppState, request: &Proven<'_>) -> Result<Option<Unused>, Failure> {
    let mut proofs = request.headers.get_all(&HEADER).iter();
    let Some(proof) = proofs.next() else {
        return Ok(None);
    };
    let refused = |text: &str| refused(state, text);
    if proofs.next().is_some() {
        return Err(refused("There is more than one DPoP header."));
    }
    let proof = proof
        .to_str()
        .map_err(|_| refused("The DPoP header is malformed."))?;
    let urls: Vec<Url> = [&state.config.app_url, &state.config.internal_app_url]
        .into_iter()
        .filter_map(|base| Url::parse(&base.join(request.path)).ok())
        .collect();
    let now = state.now().seconds();
    let expected = Expected {
        method: request.method.as_str(),
        urls: &urls,
        access_token: request.access_token,
        now,
        profile: request.profile,
    };
    let proof = dpop::verify(proof, &expected).map_err(|error| refused(error.0))?;
    let nonce_is_good = match (&proof.nonce, request.nonce) {
        (Some(nonce), _) => state.dpop_nonces.knows(nonce, now),
        (None, Nonce::Required) => false,
        (None, Nonce::Optional) => true,
    };
    if !nonce_is_good {
        let text = "The DPoP proof must have the nonce of the DPoP-Nonce header.";
        return Err(Failure::Dpop(
            OAuthError::new(ErrorCode::UseDpopNonce, text),
            current_nonce(state),
        ));
    }
    Ok(Some(Unused(proof)))
}

/// The nonce to hand out.
pub fn current_nonce(state: &AppState) -> String {
    state.dpop_nonces.current(state.now().seconds())
}
