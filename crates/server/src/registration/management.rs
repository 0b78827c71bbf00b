//! A registered client reading, changing and removing itself (RFC 7592).

use pocket_id_oidc::registration::{self, RegistrationError};
use pocket_id_store::clients::{self, Client};
use pocket_id_store::registrations::{self, ClientRegistration};
use pocket_id_store::types::{ClientId, JsonDocument, TokenHash};
use pocket_id_store::{commit, consents};
use sea_orm::ConnectionTrait;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use super::registering::{RegisterError, Registered, apply, check_sector, new_secret};
use crate::secret_token::{self, SecretToken};
use crate::state::AppState;

/// The client a management token belongs to. A wrong token, another client's and an unknown client look the same.
async fn authorized(
    connection: &impl ConnectionTrait,
    id: &ClientId,
    token: Option<&str>,
) -> Result<(Client, ClientRegistration, TokenHash), RegisterError> {
    let hash = secret_token::hash(token.ok_or(RegisterError::Unauthorized)?);
    let registration = registrations::find(connection, id)
        .await?
        .filter(|row| row.access_token_hash.0.ct_eq(&hash.0).into())
        .ok_or(RegisterError::Unauthorized)?;
    let client = clients::find(connection, id)
        .await?
        .ok_or(RegisterError::Unauthorized)?;
    Ok((client, registration, hash))
}

fn members(registration: &ClientRegistration) -> Map<String, Value> {
    registration.metadata.0.as_object().cloned().unwrap_or_default()
}

/// What a client registered.
pub async fn find(state: &AppState, id: &ClientId, token: Option<&str>) -> Result<Registered, RegisterError> {
    let (client, registration, _) = authorized(state.store.reader(), id, token).await?;
    Ok(Registered {
        metadata: members(&registration),
        client,
        secret: None,
        access_token: None,
    })
}

/// Replaces what a client registered. The management token is replaced too, so that of two changes at once one wins
/// and the other notices.
pub async fn replace(
    state: &AppState,
    id: &ClientId,
    token: Option<&str>,
    document: &Value,
) -> Result<Registered, RegisterError> {
    authorized(state.store.reader(), id, token).await?;
    if document.get("client_id").and_then(Value::as_str) != Some(&id.0) {
        let text = "The client_id must be the client's own.";
        return Err(RegistrationError::Metadata(text.to_owned()).into());
    }
    let metadata = registration::parse(document)?;
    check_sector(state, &metadata).await?;
    let tx = state.store.begin().await?;
    let (mut client, registration, hash) = authorized(&tx, id, token).await?;
    let before = client.clone();
    apply(&mut client, &metadata);
    let elsewhere = before.callback_urls != client.callback_urls
        || before.logout_callback_urls != client.logout_callback_urls
        || before.jwks != client.jwks
        || before.jwks_uri != client.jwks_uri
        || before.is_public != client.is_public;
    if elsewhere {
        // Who approved it, and who agreed to it, did so for another place.
        client.is_approved = client.is_approved && registration.token_id.is_some();
        consents::delete_of_client(&tx, id).await?;
    }
    client.updated_at = Some(state.now());
    let had_secret = clients::count_secrets(&tx, id).await? > 0;
    let secret = if had_secret {
        None
    } else {
        new_secret(state, &tx, &client, metadata.auth_method).await?
    };
    if client.is_public {
        clients::delete_secrets(&tx, id).await?;
    }
    let client = clients::update(&tx, client).await?;
    let access_token = SecretToken::generate(state.random);
    let members = metadata.to_json();
    let stored = JsonDocument(members.clone().into());
    if !registrations::replace(&tx, id, &hash, &access_token.hash, stored).await? {
        return Err(RegisterError::Unauthorized);
    }
    commit(tx).await?;
    Ok(Registered {
        client,
        metadata: members,
        secret,
        access_token: Some(access_token.value),
    })
}

/// Removes a client that says it is no longer there.
pub async fn remove(state: &AppState, id: &ClientId, token: Option<&str>) -> Result<(), RegisterError> {
    let tx = state.store.begin().await?;
    authorized(&tx, id, token).await?;
    clients::delete(&tx, id).await?;
    commit(tx).await?;
    tracing::info!(client = %id, "a registered client removed itself");
    Ok(())
}
