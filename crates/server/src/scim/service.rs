//! Rules of providers.

use http::StatusCode;
use pocket_id_store::clients::{self, Client};
use pocket_id_store::scim::{self as store, ScimProvider};
use pocket_id_store::types::{ClientId, ScimProviderId};
use pocket_id_store::{StoreError, Tx, commit};
use secrecy::ExposeSecret as _;
use url::Url;

use super::dto::{ScimServiceProviderDto, ScimServiceProviderInput};
use super::remote::endpoint;
use crate::app_config::HIDDEN;
use crate::audit::{self, Event};
use crate::encrypted_text::{EncryptedTextError, TextKey};
use crate::http::access::ActingAdmin;
use crate::http::conditional::{ChangedMeanwhile, EntityTag, IfMatch, Versioned};
use crate::http::error::{ApiError, FieldError};
use crate::http::validation::Rules;
use crate::state::AppState;

/// Most characters of an endpoint.
const LONGEST_ENDPOINT: usize = 2000;
/// Most characters of a token.
const LONGEST_TOKEN: usize = 4096;

/// Why something about a provider cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum ScimError {
    /// There is no such provider.
    #[error("provider not found")]
    NotFound,
    /// There is no such client.
    #[error("client not found")]
    ClientNotFound,
    /// The submitted values break rules.
    #[error("invalid values")]
    Invalid(Vec<FieldError>),
    /// Somebody else changed it since the caller saw it.
    #[error(transparent)]
    ChangedMeanwhile(#[from] ChangedMeanwhile),
    /// A run is under way, somewhere.
    #[error("a run is under way")]
    Running,
    /// A run failed; the text is for administrators.
    #[error("{0}")]
    Failed(String),
    /// The token could not be encrypted.
    #[error(transparent)]
    Encryption(#[from] EncryptedTextError),
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ScimError {
    fn from(error: StoreError) -> Self {
        match error {
            // The one thing a provider refers to.
            StoreError::MissingReference(_) => Self::ClientNotFound,
            other => Self::Store(other),
        }
    }
}

impl From<ScimError> for ApiError {
    fn from(error: ScimError) -> Self {
        match error {
            ScimError::NotFound => Self::not_found("SCIM service provider"),
            ScimError::ClientNotFound => Self::not_found("OIDC client"),
            ScimError::Invalid(fields) => Self::validation(fields),
            ScimError::ChangedMeanwhile(error) => error.into(),
            ScimError::Running => Self::new(
                StatusCode::CONFLICT,
                "scim_sync_running",
                "A sync is under way; its result will be shown here",
            ),
            ScimError::Failed(reason) => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "scim_sync_failed",
                format!("The SCIM sync failed: {reason}"),
            ),
            ScimError::Encryption(error) => Self::internal(error),
            ScimError::Store(error) => error.into(),
        }
    }
}

/// What to do with the stored token.
#[derive(Debug, PartialEq, Eq)]
enum NewToken {
    /// It stays as it is.
    Kept,
    /// There is none any more.
    None,
    /// This one takes its place.
    Sealed(Vec<u8>),
}

/// Submitted values that keep to the rules.
#[derive(Debug)]
struct Valid {
    endpoint: Url,
    token: NewToken,
    client: ClientId,
}

fn check(state: &AppState, input: &ScimServiceProviderInput) -> Result<Valid, ScimError> {
    let mut rules = Rules::new();
    let text = input.endpoint.trim();
    rules.required("endpoint", text);
    rules.max("endpoint", text, LONGEST_ENDPOINT);
    let url = endpoint(text);
    if let Err(message) = &url {
        rules.fail("endpoint", "invalid_format", *message);
    }
    let token = input.token.expose_secret().trim();
    rules.max("token", token, LONGEST_TOKEN);
    // It stands in a header, after a space.
    if !token.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
        rules.fail(
            "token",
            "printascii",
            "may contain only letters, digits and signs of ASCII, without spaces",
        );
    }
    rules.required("oidcClientId", &input.oidc_client_id);
    let client = ClientId(input.oidc_client_id.clone());
    rules.finish_with(ScimError::Invalid)?;
    let token = match token {
        "" => NewToken::None,
        HIDDEN => NewToken::Kept,
        token => NewToken::Sealed(TextKey::of(&state.config)?.seal(token, state.random)?),
    };
    Ok(Valid {
        endpoint: url.map_err(|_| ScimError::Invalid(Vec::new()))?,
        token,
        client,
    })
}

fn invalid_token(message: &str) -> ScimError {
    ScimError::Invalid(vec![FieldError {
        field: "token".to_owned(),
        code: "required".to_owned(),
        message: message.to_owned(),
    }])
}

/// The provider of a client.
pub async fn of_client(
    state: &AppState,
    client: &ClientId,
) -> Result<Versioned<ScimServiceProviderDto>, ScimError> {
    let reader = state.store.reader();
    let provider = store::of_client(reader, client)
        .await?
        .ok_or(ScimError::NotFound)?;
    let client = clients::find(reader, client).await?.ok_or(ScimError::NotFound)?;
    Ok(versioned(provider, &client))
}

/// By what a change could overwrite; that there was a run is none of it. Of the token it says as much as that it is another
/// one, for each time it is stored it is encrypted anew.
fn tag(provider: &ScimProvider) -> EntityTag {
    EntityTag::of(&(
        &provider.endpoint,
        &provider.sealed_token,
        &provider.oidc_client_id.0,
    ))
}

fn versioned(provider: ScimProvider, client: &Client) -> Versioned<ScimServiceProviderDto> {
    Versioned {
        tag: tag(&provider),
        body: ScimServiceProviderDto::new(provider, client),
    }
}

async fn note(
    state: &AppState,
    tx: &Tx,
    by: &ActingAdmin,
    event: Event,
    client: &Client,
) -> Result<(), ScimError> {
    let data = [("clientName", client.name.clone())];
    Ok(audit::record_change(state, tx, event, by, None, data).await?)
}

/// Adds a provider. The app is told of everybody a while later, as after any change.
pub async fn create(
    state: &AppState,
    by: &ActingAdmin,
    input: &ScimServiceProviderInput,
) -> Result<Versioned<ScimServiceProviderDto>, ScimError> {
    let valid = check(state, input)?;
    let sealed_token = match valid.token {
        NewToken::Kept => return Err(invalid_token("must be entered, for none is stored yet")),
        NewToken::None => None,
        NewToken::Sealed(sealed) => Some(sealed),
    };
    let now = state.now();
    let provider = ScimProvider {
        id: ScimProviderId(state.random.uuid()),
        oidc_client_id: valid.client,
        endpoint: valid.endpoint.into(),
        sealed_token,
        created_at: now,
        last_synced_at: None,
        last_attempt_at: None,
        last_error: None,
        next_sync_at: store::after_change(now),
        lease: None,
        lease_until: None,
    };
    let tx = state.store.begin().await?;
    let client = clients::find(&tx, &provider.oidc_client_id)
        .await?
        .ok_or(ScimError::ClientNotFound)?;
    store::insert(&tx, provider.clone()).await?;
    note(state, &tx, by, Event::ScimProviderCreated, &client).await?;
    commit(tx).await?;
    Ok(versioned(provider, &client))
}

/// Replaces a provider.
pub async fn update(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<ScimProviderId>,
    input: &ScimServiceProviderInput,
    seen: &IfMatch,
) -> Result<Versioned<ScimServiceProviderDto>, ScimError> {
    let valid = check(state, input)?;
    let id = id.ok_or(ScimError::NotFound)?;
    let tx = state.store.begin().await?;
    let mut provider = store::lock(&tx, id).await?.ok_or(ScimError::NotFound)?;
    seen.check(&tag(&provider))?;
    let before = Url::parse(&provider.endpoint).ok();
    match valid.token {
        // Whoever may change where the token goes must not learn it that way.
        NewToken::Kept
            if provider.sealed_token.is_some()
                && before.as_ref().map(Url::origin) != Some(valid.endpoint.origin()) =>
        {
            return Err(invalid_token(
                "must be entered again, for the endpoint is on another server",
            ));
        }
        NewToken::Kept => {}
        NewToken::None => provider.sealed_token = None,
        NewToken::Sealed(sealed) => provider.sealed_token = Some(sealed),
    }
    if before.as_ref() != Some(&valid.endpoint) {
        // What is known of resources is about those of the other place.
        store::forget_all_resources(&tx, id).await?;
        provider.last_synced_at = None;
        // A run under way there has nothing to say of this place.
        provider.lease = None;
        provider.lease_until = None;
    }
    let now = state.now();
    provider.oidc_client_id = valid.client;
    provider.endpoint = valid.endpoint.into();
    provider.last_error = None;
    provider.next_sync_at = store::after_change(now);
    let client = clients::find(&tx, &provider.oidc_client_id)
        .await?
        .ok_or(ScimError::ClientNotFound)?;
    store::update(&tx, provider.clone()).await?;
    note(state, &tx, by, Event::ScimProviderUpdated, &client).await?;
    commit(tx).await?;
    Ok(versioned(provider, &client))
}

/// Removes a provider. What the app has stays.
pub async fn delete(state: &AppState, by: &ActingAdmin, id: Option<ScimProviderId>) -> Result<(), ScimError> {
    let id = id.ok_or(ScimError::NotFound)?;
    let tx = state.store.begin().await?;
    let provider = store::lock(&tx, id).await?.ok_or(ScimError::NotFound)?;
    let client = clients::find(&tx, &provider.oidc_client_id)
        .await?
        .ok_or(ScimError::NotFound)?;
    store::delete(&tx, id).await?;
    note(state, &tx, by, Event::ScimProviderDeleted, &client).await?;
    Ok(commit(tx).await?)
}
