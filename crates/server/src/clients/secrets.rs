//! Client secrets: shown once, stored as a hash.

use aws_lc_rs::digest;
use pocket_id_oidc::client_auth::Method;
use pocket_id_store::clients::{self, Client, ClientSecret};
use pocket_id_store::types::{ClientId, ClientSecretId, SecretAlgorithm, Timestamp};
use pocket_id_store::{Tx, commit};
use secrecy::{ExposeSecret, SecretString};

use super::dto::{ClientSecretDto, CreatedSecretDto, SecretInput};
use super::service::ClientError;
use crate::audit::{self, Event};
use crate::encrypted_text::TextKey;
use crate::http::access::ActingAdmin;
use crate::http::error::FieldError;
use crate::http::time_format::parse_rfc3339;
use crate::http::validation::{Rules, nfc};
use crate::random::ALPHANUMERIC;
use crate::state::AppState;

/// Most secrets of a client, expired ones included.
const MOST: u64 = 20;
/// Most characters of a secret's name.
const LONGEST_NAME: usize = 50;
/// Shortest secret an administrator may choose.
const SHORTEST: usize = 16;
/// Length of a secret we choose.
const GENERATED: usize = 32;
/// Length of a secret we choose to make assertions from: enough for each kind of HMAC (RFC 7518 §3.2).
const GENERATED_FOR_ASSERTIONS: usize = 64;

/// A client's secrets, oldest first.
pub async fn list(state: &AppState, client: &ClientId) -> Result<Vec<ClientSecretDto>, ClientError> {
    let reader = state.store.reader();
    clients::find(reader, client)
        .await?
        .ok_or(ClientError::NotFound)?;
    let now = state.now();
    let secrets = clients::secrets(reader, client).await?;
    Ok(secrets
        .iter()
        .map(|secret| ClientSecretDto::new(secret, now))
        .collect())
}

async fn note(
    state: &AppState,
    tx: &Tx,
    by: &ActingAdmin,
    event: Event,
    owner: &Client,
) -> Result<(), ClientError> {
    let data = [("clientName", owner.name.clone())];
    Ok(audit::record_change(state, tx, event, by, None, data).await?)
}

/// Adds a secret and shows it.
pub async fn create(
    state: &AppState,
    by: &ActingAdmin,
    client: &ClientId,
    input: SecretInput,
) -> Result<CreatedSecretDto, ClientError> {
    let expires_at = match &input.expires_at {
        None => None,
        Some(text) => {
            Some(parse_rfc3339(text).ok_or_else(|| invalid("expiresAt", "must be a date (RFC 3339)"))?)
        }
    };
    if expires_at.is_some_and(|end| end <= state.now()) {
        return Err(ClientError::Refused("The expiration date must be in the future"));
    }
    let name = input.name.as_deref().map(|name| nfc(name.trim()));
    let mut rules = Rules::new();
    rules.max("name", name.as_deref().unwrap_or_default(), LONGEST_NAME);
    rules.finish_with(ClientError::Invalid)?;
    let name = name.filter(|name| !name.is_empty());
    let tx = state.store.begin().await?;
    let owner = clients::find(&tx, client).await?.ok_or(ClientError::NotFound)?;
    if owner.is_public {
        return Err(ClientError::Refused("Public clients cannot have secrets"));
    }
    if clients::count_secrets(&tx, client).await? >= MOST {
        return Err(ClientError::Refused("A client can have at most 20 secrets"));
    }
    let value = chosen_or_random(state, &owner, input.secret)?;
    let row = insert(state, &tx, &owner, &value, expires_at, name).await?;
    note(state, &tx, by, Event::ClientSecretCreated, &owner).await?;
    commit(tx).await?;
    Ok(CreatedSecretDto {
        facts: ClientSecretDto::new(&row, state.now()),
        secret: value,
    })
}

/// Makes a new secret the only one and shows it, as the older API does.
pub async fn replace(
    state: &AppState,
    by: &ActingAdmin,
    client: &ClientId,
    chosen: Option<String>,
) -> Result<SecretString, ClientError> {
    let tx = state.store.begin().await?;
    let owner = clients::find(&tx, client).await?.ok_or(ClientError::NotFound)?;
    if owner.is_public {
        return Err(ClientError::Refused("Public clients cannot have secrets"));
    }
    let value = chosen_or_random(state, &owner, chosen)?;
    clients::delete_secrets(&tx, client).await?;
    insert(state, &tx, &owner, &value, None, None).await?;
    note(state, &tx, by, Event::ClientSecretCreated, &owner).await?;
    commit(tx).await?;
    Ok(value)
}

/// Removes a secret; it stops working at once.
pub async fn delete(
    state: &AppState,
    by: &ActingAdmin,
    client: &ClientId,
    id: &str,
) -> Result<(), ClientError> {
    let id: ClientSecretId = id.parse().map_err(|_| ClientError::SecretNotFound)?;
    let tx = state.store.begin().await?;
    let owner = clients::find(&tx, client).await?.ok_or(ClientError::NotFound)?;
    if !clients::delete_secret(&tx, client, id).await? {
        return Err(ClientError::SecretNotFound);
    }
    note(state, &tx, by, Event::ClientSecretDeleted, &owner).await?;
    Ok(commit(tx).await?)
}

/// Stores the hash of a secret; with it the secret itself, encrypted, if the client is to authenticate with assertions
/// made from it (`client_secret_jwt`), which cannot be checked otherwise.
pub async fn insert(
    state: &AppState,
    tx: &Tx,
    owner: &Client,
    value: &SecretString,
    expires_at: Option<Timestamp>,
    name: Option<String>,
) -> Result<ClientSecret, ClientError> {
    let value = value.expose_secret();
    let sealed = if makes_assertions(owner) {
        Some(TextKey::of(&state.config)?.seal(value, state.random)?)
    } else {
        None
    };
    let row = ClientSecret {
        id: ClientSecretId(state.random.uuid()),
        client_id: owner.id.clone(),
        name,
        algorithm: SecretAlgorithm::Sha256,
        hash: hex::encode(digest::digest(&digest::SHA256, value.as_bytes())),
        sealed,
        prefix: value.chars().take(4).collect(),
        created_at: state.now(),
        expires_at,
    };
    clients::insert_secret(tx, row.clone()).await?;
    Ok(row)
}

/// Whether a client authenticates with assertions made from its secret.
fn makes_assertions(client: &Client) -> bool {
    client.token_endpoint_auth_method.as_deref() == Some(Method::ClientSecretJwt.as_str())
}

/// A secret of ours.
pub fn generate(state: &AppState, owner: &Client) -> SecretString {
    let length = if makes_assertions(owner) {
        GENERATED_FOR_ASSERTIONS
    } else {
        GENERATED
    };
    state.random.text(ALPHANUMERIC, length).into()
}

fn chosen_or_random(
    state: &AppState,
    owner: &Client,
    chosen: Option<String>,
) -> Result<SecretString, ClientError> {
    let Some(secret) = chosen.filter(|secret| !secret.is_empty()) else {
        return Ok(generate(state, owner));
    };
    if !secret.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
        return Err(ClientError::Invalid(vec![FieldError {
            field: "secret".to_owned(),
            code: "printascii".to_owned(),
            message: "is invalid".to_owned(),
        }]));
    }
    if secret.len() < SHORTEST {
        return Err(ClientError::Invalid(vec![FieldError {
            field: "secret".to_owned(),
            code: "too_short".to_owned(),
            message: format!("must be at least {SHORTEST} characters long"),
        }]));
    }
    Ok(secret.into())
}

fn invalid(field: &str, message: &str) -> ClientError {
    ClientError::Invalid(vec![FieldError {
        field: field.to_owned(),
        code: "invalid_format".to_owned(),
        message: message.to_owned(),
    }])
}
