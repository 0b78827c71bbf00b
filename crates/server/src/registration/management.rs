//! A registered client reading, changing and removing itself (RFC 7592).

use pocket_id_oidc::client_auth::{self, is_one_of};
use pocket_id_oidc::registration::{self, RegistrationError, Safeguards};
use pocket_id_oidc::response_type::ResponseType;
use pocket_id_store::clients::{self, Client};
use pocket_id_store::registrations::{self, ClientRegistration};
use pocket_id_store::types::{ClientId, JsonDocument, StringList, Timestamp, TokenHash};
use pocket_id_store::{Tx, access_lists, commit, consents};
use sea_orm::ConnectionTrait;
use secrecy::SecretString;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use super::registering::{RegisterError, Registered, apply, check_sector, logo_uri, new_secret, safeguards};
use crate::clients::logos;
use crate::clients::service::prepare_keys;
use crate::oidc::facts;
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
        // Part of every such answer (RFC 7592 §3); only its hash is stored, and the client has just sent it.
        access_token: token.map(SecretString::from),
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
    // What an administrator changes at this moment is not to be overwritten.
    clients::lock(&tx, id).await?;
    let (mut client, registration, hash) = authorized(&tx, id, token).await?;
    let before = client.clone();
    let registered_before = self::members(&registration);
    // What an administrator asks for beyond what the client did is not the client's to give back.
    let asked_before = Safeguards::registered(&registered_before);
    let imposed = safeguards(&before).beyond(asked_before);
    apply(&mut client, &metadata.clone().with(imposed)?);
    // Of PKCE nothing is registered, so that nobody can tell whose wish it was.
    client.pkce_enabled |= before.pkce_enabled;
    check_secret(state, &tx, id, document).await?;
    let elsewhere = before.callback_urls != client.callback_urls
        || before.logout_callback_urls != client.logout_callback_urls
        || response_types(&before) != response_types(&client)
        || before.jwks != client.jwks
        || before.jwks_uri != client.jwks_uri
        || before.is_public != client.is_public;
    if elsewhere {
        // Who approved it, and who agreed to it, did so for another place, or another way to get there.
        client.is_approved = client.is_approved && registration.token_id.is_some();
        consents::delete_of_client(&tx, id).await?;
    }
    let members = not_claiming(metadata.to_json(), imposed, asked_before);
    let new_logo = logo_uri(&registered_before) != logo_uri(&members);
    if new_logo
        || looks_different(&registered_before, &members)
        || does_more(&before, &client)
        || undoes(&registered_before, &before, &client)
    {
        // Nobody approved of that face, or of what it does now.
        client.is_approved = client.is_approved && registration.token_id.is_some();
    }
    client.updated_at = Some(state.now());
    let usable = has_usable_secret(&tx, &client, metadata.auth_method, state.now()).await?;
    if client.is_public || !usable {
        clients::delete_secrets(&tx, id).await?;
    }
    let secret = if usable {
        None
    } else {
        new_secret(state, &tx, &client, metadata.auth_method).await?
    };
    let client = clients::update(&tx, client).await?;
    let access_token = SecretToken::generate(state.random);
    let stored = JsonDocument(members.clone().into());
    if !registrations::replace(&tx, id, &hash, &access_token.hash, stored).await? {
        return Err(RegisterError::Unauthorized);
    }
    commit(tx).await?;
    prepare_keys(state, &client).await;
    if new_logo {
        logos::adopt(state, id, logo_uri(&members)).await;
    }
    Ok(Registered {
        client,
        metadata: members,
        secret,
        access_token: Some(access_token.value),
    })
}

/// RFC 7592 §2.2: a client that names its secret names the one it has.
async fn check_secret(
    state: &AppState,
    tx: &Tx,
    id: &ClientId,
    document: &Value,
) -> Result<(), RegisterError> {
    let Some(sent) = document.get("client_secret").filter(|sent| !sent.is_null()) else {
        return Ok(());
    };
    let stored = facts::active_secrets(&clients::secrets(tx, id).await?, state.now());
    if sent.as_str().is_some_and(|sent| is_one_of(sent, &stored)) {
        return Ok(());
    }
    let text = "The client_secret is not the client's own.";
    Err(RegistrationError::Metadata(text.to_owned()).into())
}

/// What is kept of a registration: what was imposed on a client does not become its own wish because it names it now, or
/// it could give it back with the next change.
fn not_claiming(
    mut members: Map<String, Value>,
    imposed: Safeguards,
    asked_before: Safeguards,
) -> Map<String, Value> {
    let mut kept = Safeguards::registered(&members).beyond(imposed);
    if imposed.default_max_age.is_some() {
        kept.default_max_age = asked_before.default_max_age;
    }
    kept.write_into(&mut members);
    members
}

/// Whether a client takes back how it has to authenticate or sign, where an administrator decided that.
fn undoes(registered: &Map<String, Value>, before: &Client, now: &Client) -> bool {
    let values = |client: &Client| {
        [
            client.token_endpoint_auth_method.clone(),
            client.token_endpoint_auth_signing_alg.clone(),
            client.request_object_signing_alg.clone(),
        ]
    };
    let names = [
        "token_endpoint_auth_method",
        "token_endpoint_auth_signing_alg",
        "request_object_signing_alg",
    ];
    let changes = values(before).into_iter().zip(values(now));
    names.into_iter().zip(changes).any(|(name, (before, now))| {
        let own = registered.get(name).and_then(Value::as_str);
        before != now && before.is_some() && before.as_deref() != own
    })
}

/// Whether a client shows people another name, or other addresses of its owner, than it did.
fn looks_different(before: &Map<String, Value>, now: &Map<String, Value>) -> bool {
    let shown = |name: &str| {
        matches!(name, "client_uri" | "policy_uri" | "tos_uri")
            || name == "client_name"
            || name.starts_with("client_name#")
    };
    let names = before.keys().chain(now.keys()).filter(|name| shown(name));
    names.into_iter().any(|name| before.get(name) != now.get(name))
}

/// Whether a client has ways to tokens, or addresses this server asks, that it did not have. An administrator may have
/// taken away what it registers again.
fn does_more(before: &Client, now: &Client) -> bool {
    before.name != now.name
        || before.grant_types != now.grant_types
        || before.request_uris != now.request_uris
        || before.backchannel_logout_uri != now.backchannel_logout_uri
        || before.frontchannel_logout_uri != now.frontchannel_logout_uri
}

/// The response types of a client; those that registered before there was a choice have `code` alone.
fn response_types(client: &Client) -> StringList {
    let code_alone = || StringList(vec![ResponseType::Code.to_string()]);
    client.response_types.clone().unwrap_or_else(code_alone)
}

/// Whether a client has a secret it can authenticate with by a method. Of most secrets only a hash is known, from which
/// no assertion can be checked (`client_secret_jwt`).
async fn has_usable_secret(
    tx: &Tx,
    client: &Client,
    method: client_auth::Method,
    now: Timestamp,
) -> Result<bool, RegisterError> {
    let needs_sealed = method == client_auth::Method::ClientSecretJwt;
    Ok(clients::secrets(tx, &client.id)
        .await?
        .iter()
        .any(|secret| clients::secret_is_active(secret, now) && (!needs_sealed || secret.sealed.is_some())))
}

/// Removes a client that says it is no longer there.
pub async fn remove(state: &AppState, id: &ClientId, token: Option<&str>) -> Result<(), RegisterError> {
    let tx = state.store.begin().await?;
    access_lists::lock(&tx).await?;
    let (client, ..) = authorized(&tx, id, token).await?;
    clients::delete(&tx, id).await?;
    commit(tx).await?;
    if let Err(error) = logos::forget(state, &client).await {
        tracing::warn!(client = %id, error = %error, "the logo of a client that is gone could not be removed");
    }
    tracing::info!(client = %id, "a registered client removed itself");
    Ok(())
}
