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

/// A client's keys. Keys of kinds we do not know are left out. A set that lacks the wanted key is fetched anew, if it
/// was not just fetched.
pub async fn of(
    state: &AppState,
    client: &Client,
    wanted_kid: Option<&str>,
) -> Result<Vec<Jwk>, ClientKeysError> {
    if let Some(listed) = &client.jwks {
        let set = JwkSet::from_value(&listed.0).map_err(|_| ClientKeysError::None)?;
        return Ok(set.keys().to_vec());
    }
    let url = client
        .jwks_uri
        .as_deref()
        .and_then(|url| Url::parse(url).ok())
        .ok_or(ClientKeysError::None)?;
    let known = state
        .outbound
        .jwks(&url, trust(client))
        .await
        .map_err(ClientKeysError::Fetch)?;
    let lacks = wanted_kid.is_some_and(|kid| !known.keys().iter().any(|key| key.kid.as_deref() == Some(kid)));
    if !lacks {
        return Ok(known.keys().to_vec());
    }
    let fetched = state
        .outbound
        .jwks_refreshed(&url, trust(client))
        .await
        .map_err(ClientKeysError::Fetch)?;
    Ok(fetched.keys().to_vec())
}
