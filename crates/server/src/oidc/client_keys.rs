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

/// A client's keys. Keys of kinds we do not know are left out. A set that lacks the wanted key is fetched anew, if it
/// was not just fetched.
pub async fn of(
    state: &AppState,
    client: &Client,
    wanted_kid: Option<&str>,
) -> Result<Vec<Jwk>, ClientKeysError> {
    let (url, trust) = match source(client)? {
        KeySource::Listed(set) => return Ok(set.keys().to_vec()),
        KeySource::At(url, trust) => (url, trust),
    };
    let known = state
        .outbound
        .jwks(&url, trust)
        .await
        .map_err(ClientKeysError::Fetch)?;
    let lacks = wanted_kid.is_some_and(|kid| !known.keys().iter().any(|key| key.kid.as_deref() == Some(kid)));
    if !lacks {
        return Ok(known.keys().to_vec());
    }
    let fetched = state
        .outbound
        .jwks_refreshed(&url, trust)
        .await
        .map_err(ClientKeysError::Fetch)?;
    Ok(fetched.keys().to_vec())
}
