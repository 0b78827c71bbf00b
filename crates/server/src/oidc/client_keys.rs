//! The public keys of a client: those it listed, or those at its `jwks_uri`.

use pocket_id_oidc::jose::Jwk;
use pocket_id_oidc::jwk_set::JwkSet;
use pocket_id_store::clients::Client;
use url::Url;

use crate::outbound::{FetchError, Trust};
use crate::state::AppState;

/// Why a client's keys are not to be had.
#[derive(Debug, thiserror::Error)]
pub enum ClientKeysError {
    /// It registered none.
    #[error("The client has no registered keys.")]
    None,
    /// Its `jwks_uri` gave none.
    #[error("The keys of the client cannot be fetched.")]
    Fetch(#[source] FetchError),
}

/// Whether a client's addresses were chosen by an administrator or by the client itself.
pub fn trust(client: &Client) -> Trust {
    if client.is_dynamic {
        Trust::Untrusted
    } else {
        Trust::Admin
    }
}

/// Where a client's keys are.
pub enum KeySource {
    /// With the client.
    Listed(JwkSet),
    /// At an address.
    At(Url, Trust),
}

/// Where a client's keys are.
pub fn source(client: &Client) -> Result<KeySource, ClientKeysError> {
    if let Some(listed) = &client.jwks {
        return JwkSet::from_value(&listed.0)
            .map(KeySource::Listed)
            .map_err(|_| ClientKeysError::None);
    }
    let url = client.jwks_uri.as_deref().and_then(|url| Url::parse(url).ok());
    url.map(|url| KeySource::At(url, trust(client)))
        .ok_or(ClientKeysError::None)
}

/// How a client's keys are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// As they are known; those at an address may be up to a day old.
    Known,
    /// Asked for anew, because a signature fits none of the known ones: a key may have been added, or have changed
    /// under the same name. An address is asked this way every half minute at most.
    Newer,
}

/// A client's keys. Keys of kinds we do not know are left out.
pub async fn of(state: &AppState, client: &Client, wanted: Wanted) -> Result<Vec<Jwk>, ClientKeysError> {
    let (url, trust) = match source(client)? {
        KeySource::Listed(set) => return Ok(set.keys().to_vec()),
        KeySource::At(url, trust) => (url, trust),
    };
    let set = match wanted {
        Wanted::Known => state.outbound.jwks(&url, trust).await,
        Wanted::Newer => state.outbound.jwks_refreshed(&url, trust).await,
    };
    Ok(set.map_err(ClientKeysError::Fetch)?.keys().to_vec())
}
