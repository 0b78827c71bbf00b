//! Rules of API keys.

use std::collections::HashSet;

use http::StatusCode;
use pocket_id_store::api_keys::{self, ApiKey};
use pocket_id_store::list::{ListRequest, Page};
use pocket_id_store::types::{ApiKeyId, StringList, Timestamp, TokenHash};
use pocket_id_store::users::User;
use pocket_id_store::{StoreError, commit};
use secrecy::{ExposeSecret as _, SecretString};

use super::dto::{ApiKeyDto, ApiKeyInput, CreatedApiKeyDto};
use super::scope::Resource;
use crate::audit::{self, Event};
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiError, FieldError};
use crate::http::time_format::parse_rfc3339;
use crate::http::validation::{Rules, nfc};
use crate::mail::{self, Change};
use crate::random::ALPHANUMERIC;
use crate::secret_token;
use crate::state::AppState;

const LENGTH: usize = 32;

/// Why something about a key cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// The caller has no such key.
    #[error("API key not found")]
    NotFound,
    /// The caller has a key of this name.
    #[error("the name is taken")]
    NameTaken,
    /// The end of life has passed already.
    #[error("the key would have expired")]
    Past,
    /// Only expired keys are renewed.
    #[error("the key has not expired")]
    NotExpired,
    /// The submitted values break rules.
    #[error("invalid values")]
    Invalid(Vec<FieldError>),
    /// The end of life is no moment.
    #[error("expiresAt is no moment")]
    NoMoment,
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ApiKeyError {
    fn from(error: StoreError) -> Self {
        match error {
            // Two requests at once got past the check of the name.
            StoreError::Duplicate(_) => Self::NameTaken,
            other => Self::Store(other),
        }
    }
}

impl From<ApiKeyError> for ApiError {
    fn from(error: ApiKeyError) -> Self {
        match error {
            ApiKeyError::NotFound => {
                Self::new(StatusCode::NOT_FOUND, "api_key_not_found", "API key not found")
            }
            ApiKeyError::NameTaken => Self::already_in_use("API key name"),
            ApiKeyError::Past => Self::new(
                StatusCode::BAD_REQUEST,
                "invalid_api_key_expiration",
                "The expiration must be in the future",
            )
            .with_fields(vec![FieldError {
                field: "expiresAt".to_owned(),
                code: "invalid_value".to_owned(),
                message: "must be in the future".to_owned(),
            }]),
            ApiKeyError::NotExpired => Self::new(
                StatusCode::CONFLICT,
                "api_key_not_expired",
                "Only expired API keys can be renewed",
            ),
            ApiKeyError::Invalid(fields) => Self::validation(fields),
            ApiKeyError::NoMoment => Self::invalid_body("expiresAt is no RFC 3339 date"),
            ApiKeyError::Store(error) => error.into(),
        }
    }
}

fn future(text: &str, now: Timestamp) -> Result<Timestamp, ApiKeyError> {
    let moment = parse_rfc3339(text).ok_or(ApiKeyError::NoMoment)?;
    if moment > now {
        Ok(moment)
    } else {
        Err(ApiKeyError::Past)
    }
}

fn new_value(state: &AppState) -> (SecretString, TokenHash) {
    let value: SecretString = state.random.text(ALPHANUMERIC, LENGTH).into();
    let hash = secret_token::hash(value.expose_secret());
    (value, hash)
}

/// A page of the caller's keys.
pub async fn list(
    state: &AppState,
    user: &User,
    request: &ListRequest,
) -> Result<Page<ApiKeyDto>, ApiKeyError> {
    let mut page = api_keys::list(state.store.reader(), user.id, request).await?;
    let items = std::mem::take(&mut page.items);
    Ok(page.with_items(items.iter().map(Into::into).collect()))
}

/// Makes a key.
pub async fn create(
    state: &AppState,
    user: &User,
    input: &ApiKeyInput,
    origin: &RequestOrigin,
) -> Result<CreatedApiKeyDto, ApiKeyError> {
    let mut rules = Rules::new();
    rules.required("name", &input.name);
    rules.min("name", &input.name, 3);
    rules.max("name", &input.name, 50);
    rules.one_line("name", &input.name);
    rules.required("expiresAt", &input.expires_at);
    rules.max(
        "description",
        input.description.as_deref().unwrap_or_default(),
        1000,
    );
    let known = |name: &String| Resource::ALL.iter().any(|(_, known)| known == name);
    for (index, name) in input.resources.iter().flatten().enumerate() {
        if !known(name) {
            rules.fail(&format!("resources[{index}]"), "oneof", "is no part of the API");
        }
    }
    if input.resources.as_ref().is_some_and(Vec::is_empty) {
        rules.fail("resources", "required", "must name a part of the API");
    }
    rules.finish_with(ApiKeyError::Invalid)?;
    let mut resources = input.resources.clone();
    if let Some(names) = &mut resources {
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
    }
    let now = state.now();
    let expires_at = future(&input.expires_at, now)?;
    let (token, key_hash) = new_value(state);
    let key = ApiKey {
        id: ApiKeyId(state.random.uuid()),
        user_id: user.id,
        name: nfc(&input.name),
        description: input.description.as_deref().map(nfc),
        key_hash,
        created_at: now,
        expires_at,
        last_used_at: None,
        expiration_email_sent: false,
        read_only: input.read_only,
        resources: resources.map(StringList),
        renewed_at: None,
    };
    let settings = state.settings().await?;
    let tx = state.store.begin().await?;
    if api_keys::find_by_name(&tx, user.id, &key.name).await?.is_some() {
        return Err(ApiKeyError::NameTaken);
    }
    let key = api_keys::insert(&tx, key).await?;
    let data = [("apiKeyName", key.name.clone())];
    audit::record(state, &tx, Event::ApiKeyCreated, user, origin, data).await?;
    let change = Change::ApiKey(key.name.clone());
    let told = mail::tell_of_change(state, &settings, &tx, user, change, origin).await?;
    mail::commit_and_send(state, tx, told).await?;
    Ok(CreatedApiKeyDto {
        api_key: ApiKeyDto::from(&key),
        token,
    })
}

/// Gives an expired key a new value and life.
pub async fn renew(
    state: &AppState,
    user: &User,
    id: Option<ApiKeyId>,
    expires_at: &str,
    origin: &RequestOrigin,
) -> Result<CreatedApiKeyDto, ApiKeyError> {
    let mut rules = Rules::new();
    rules.required("expiresAt", expires_at);
    rules.finish_with(ApiKeyError::Invalid)?;
    let now = state.now();
    let expires_at = future(expires_at, now)?;
    let id = id.ok_or(ApiKeyError::NotFound)?;
    let settings = state.settings().await?;
    let tx = state.store.begin().await?;
    api_keys::find(&tx, user.id, id)
        .await?
        .ok_or(ApiKeyError::NotFound)?;
    let (token, hash) = new_value(state);
    if !api_keys::renew(&tx, id, hash, expires_at, now).await? {
        return Err(ApiKeyError::NotExpired);
    }
    let key = api_keys::find(&tx, user.id, id)
        .await?
        .ok_or(ApiKeyError::NotFound)?;
    let data = [("apiKeyName", key.name.clone())];
    audit::record(state, &tx, Event::ApiKeyCreated, user, origin, data).await?;
    let change = Change::ApiKey(key.name.clone());
    let told = mail::tell_of_change(state, &settings, &tx, user, change, origin).await?;
    mail::commit_and_send(state, tx, told).await?;
    Ok(CreatedApiKeyDto {
        api_key: ApiKeyDto::from(&key),
        token,
    })
}

/// Takes a key away.
pub async fn revoke(
    state: &AppState,
    user: &User,
    id: Option<ApiKeyId>,
    origin: &RequestOrigin,
) -> Result<(), ApiKeyError> {
    let id = id.ok_or(ApiKeyError::NotFound)?;
    let tx = state.store.begin().await?;
    let key = api_keys::find(&tx, user.id, id)
        .await?
        .ok_or(ApiKeyError::NotFound)?;
    if !api_keys::delete(&tx, user.id, id).await? {
        return Err(ApiKeyError::NotFound);
    }
    audit::record(
        state,
        &tx,
        Event::ApiKeyRevoked,
        user,
        origin,
        [("apiKeyName", key.name)],
    )
    .await?;
    Ok(commit(tx).await?)
}
