//! Taking a registration, and writing a client's metadata into it.

use pocket_id_oidc::client_auth;
use pocket_id_oidc::registration::{self, ClientMetadata, RegistrationError, Safeguards, sector_lists_all};
use pocket_id_store::clients::{self, Client, TokenDurations};
use pocket_id_store::registrations::{self, ClientRegistration};
use pocket_id_store::types::{ClientId, JsonDocument, StringList};
use pocket_id_store::{Tx, commit};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use super::policy::Mode;
use crate::clients::service::prepare_keys;
use crate::clients::{logos, secrets};
use crate::http::authorization::SeveralHeaders;
use crate::http::error::ApiError;
use crate::outbound::{Fetch, Trust};
use crate::secret_token::{self, SecretToken};
use crate::state::AppState;

/// Most unapproved clients there may be. Anybody can make one in open mode; this bounds what that fills.
const MOST_UNAPPROVED: u64 = 500;

/// Why a client is not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The administrator has not switched it on.
    #[error("registration is off")]
    Disabled,
    /// No initial access token, or one that is unknown, expired or used up; or a wrong management token.
    #[error("the access token is missing, unknown, expired or used up")]
    Unauthorized,
    /// Which access token is meant is not clear.
    #[error(transparent)]
    SeveralHeaders(#[from] SeveralHeaders),
    /// The metadata.
    #[error(transparent)]
    Refused(#[from] RegistrationError),
    /// Too many unapproved clients.
    #[error("too many unapproved clients")]
    Full,
    /// Something of ours failed.
    #[error("internal error")]
    Internal(ApiError),
}

impl From<pocket_id_store::StoreError> for RegisterError {
    fn from(error: pocket_id_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

/// A registered client, as it is told.
pub struct Registered {
    /// The client.
    pub client: Client,
    /// The metadata it registered.
    pub metadata: Map<String, Value>,
    /// Its new secret, if it has one.
    pub secret: Option<SecretString>,
    /// The token it manages itself with.
    pub access_token: Option<SecretString>,
}

/// Registers a client.
pub async fn register(
    state: &AppState,
    initial_token: Option<&str>,
    document: &Value,
) -> Result<Registered, RegisterError> {
    let mode = Mode::of(&*state.settings().await?);
    match (mode, initial_token) {
        (Mode::Disabled, _) => return Err(RegisterError::Disabled),
        (Mode::Token, None) => return Err(RegisterError::Unauthorized),
        _ => {}
    }
    let metadata = registration::parse(document)?;
    // Before the transaction: another server answers in its own time.
    check_sector(state, &metadata).await?;
    let now = state.now();
    let tx = state.store.begin().await?;
    let token_id = match initial_token {
        None => None,
        Some(token) => Some(
            registrations::use_token(&tx, &secret_token::hash(token), now)
                .await?
                .ok_or(RegisterError::Unauthorized)?,
        ),
    };
    if token_id.is_none() && registrations::count_unapproved(&tx).await? >= MOST_UNAPPROVED {
        return Err(RegisterError::Full);
    }
    let id = ClientId(state.random.uuid().to_string());
    let mut client = Client::new(id.clone(), String::new(), TokenDurations::default(), now);
    client.is_dynamic = true;
    client.is_approved = token_id.is_some();
    apply(&mut client, &metadata);
    let client = clients::insert(&tx, client).await?;
    let secret = new_secret(state, &tx, &client, metadata.auth_method).await?;
    let access_token = SecretToken::generate(state.random);
    let members = metadata.to_json();
    registrations::insert(
        &tx,
        ClientRegistration {
            client_id: id,
            access_token_hash: access_token.hash,
            metadata: JsonDocument(members.clone().into()),
            token_id,
            created_at: now,
        },
    )
    .await?;
    commit(tx).await?;
    prepare_keys(state, &client).await;
    if let Some(address) = logo_uri(&members) {
        logos::adopt(state, &client.id, Some(address)).await;
    }
    tracing::info!(client = %client.id, name = client.name, approved = client.is_approved, "a client registered itself");
    Ok(Registered {
        client,
        metadata: members,
        secret,
        access_token: Some(access_token.value),
    })
}

/// Makes the secret a client authenticates with, if it does with one.
pub async fn new_secret(
    state: &AppState,
    tx: &Tx,
    client: &Client,
    method: client_auth::Method,
) -> Result<Option<SecretString>, RegisterError> {
    use client_auth::Method::{None as Nothing, PrivateKeyJwt};
    if matches!(method, Nothing | PrivateKeyJwt) {
        return Ok(None);
    }
    let value = secrets::generate(state, client);
    secrets::insert(state, tx, client, &value, None, None)
        .await
        .map_err(|error| RegisterError::Internal(error.into()))?;
    Ok(Some(value))
}

/// Whether a document at the client's sector identifier lists its redirect URIs.
pub async fn check_sector(state: &AppState, metadata: &ClientMetadata) -> Result<(), RegisterError> {
    let Some(url) = &metadata.sector_identifier_uri else {
        return Ok(());
    };
    let refused = |text: &str| RegistrationError::Metadata(text.to_owned());
    let url = Url::parse(url).map_err(|_| refused("The sector_identifier_uri is not a URL."))?;
    let document = state
        .outbound
        .fetch(Fetch::get(url, Trust::Untrusted))
        .await
        .and_then(crate::outbound::Fetched::ok)
        .map_err(|_| refused("The document at the sector_identifier_uri cannot be fetched."))?;
    let listed: Value = serde_json::from_slice(&document.body)
        .map_err(|_| refused("The document at the sector_identifier_uri is not JSON."))?;
    if !sector_lists_all(&listed, &metadata.redirect_uris) {
        return Err(refused("The sector_identifier_uri does not list every redirect URI.").into());
    }
    Ok(())
}

/// Puts metadata into a client.
pub fn apply(client: &mut Client, metadata: &ClientMetadata) {
    let metadata = metadata.clone();
    let fallback = metadata
        .redirect_uris
        .first()
        .and_then(|uri| Url::parse(uri).ok())
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| client.id.0.clone());
    client.name = shortened(metadata.client_name.as_deref().unwrap_or(&fallback));
    client.launch_url = metadata
        .about
        .get("client_uri")
        .and_then(Value::as_str)
        .map(str::to_owned);
    client.callback_urls = StringList(metadata.redirect_uris);
    client.logout_callback_urls = StringList(metadata.post_logout_redirect_uris);
    client.is_public = metadata.auth_method == client_auth::Method::None;
    client.pkce_enabled = client.is_public;
    client.grant_types = Some(StringList(metadata.grant_types));
    let response_types = metadata.response_types.iter().map(ToString::to_string);
    client.response_types = Some(StringList(response_types.collect()));
    client.request_uris = StringList(metadata.request_uris);
    client.token_endpoint_auth_method = Some(metadata.auth_method.as_str().to_owned());
    client.jwks = metadata.jwks.map(JsonDocument);
    client.jwks_uri = metadata.jwks_uri;
    let name =
        |algorithm: Option<pocket_id_oidc::jose::Algorithm>| algorithm.map(|alg| alg.as_str().to_owned());
    client.id_token_signed_response_alg = name(metadata.id_token_alg);
    client.userinfo_signed_response_alg = name(metadata.userinfo_alg);
    client.request_object_signing_alg = metadata.request_object_alg.map(|alg| alg.as_str().to_owned());
    client.token_endpoint_auth_signing_alg = metadata.assertion_alg.map(|alg| alg.as_str().to_owned());
    client.default_max_age = metadata.default_max_age;
    client.requires_pushed_authorization_requests = metadata.pushed_requests;
    client.require_signed_request_object = metadata.signed_requests;
    client.dpop_bound_access_tokens = metadata.dpop_tokens;
    client.backchannel_logout_uri = metadata.backchannel_logout_uri;
    client.backchannel_logout_session_required = metadata.backchannel_logout_session_required;
    client.frontchannel_logout_uri = metadata.frontchannel_logout_uri;
    client.frontchannel_logout_session_required = metadata.frontchannel_logout_session_required;
}

/// What protects a client's people, as it holds.
pub fn safeguards(client: &Client) -> Safeguards {
    Safeguards {
        pushed_requests: client.requires_pushed_authorization_requests,
        signed_requests: client.require_signed_request_object,
        dpop_tokens: client.dpop_bound_access_tokens,
        default_max_age: client.default_max_age,
    }
}

/// Where a client says its logo is.
pub fn logo_uri(metadata: &Map<String, Value>) -> Option<&str> {
    metadata.get("logo_uri").and_then(Value::as_str)
}

/// A name as long as names may be.
fn shortened(name: &str) -> String {
    crate::http::validation::nfc(name).chars().take(50).collect()
}

/// A secret as text, for an answer that shows it.
pub fn reveal(secret: &SecretString) -> Value {
    secret.expose_secret().into()
}
