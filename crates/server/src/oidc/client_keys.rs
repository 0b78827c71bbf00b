//! The public keys of a client: those it listed.

use pocket_id_oidc::jose::Jwk;
use pocket_id_store::clients::Client;
use serde_json::Value;

use crate::state::AppState;

/// Why a client's keys are not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientKeysError {
    /// It registered none.
    #[error("The client has no registered keys.")]
    None,
}

/// A client's keys. Keys of kinds we do not know are left out.
///
/// # Errors
/// [`ClientKeysError`].
#[expect(clippy::unused_async, reason = "keys at a jwks_uri are fetched")]
pub async fn of(_: &AppState, client: &Client) -> Result<Vec<Jwk>, ClientKeysError> {
    let listed = client
        .jwks
        .as_ref()
        .and_then(|jwks| jwks.0.get("keys"))
        .and_then(Value::as_array)
        .ok_or(ClientKeysError::None)?;
    Ok(listed
        .iter()
        .filter_map(|key| serde_json::from_value(key.clone()).ok())
        .collect())
}
