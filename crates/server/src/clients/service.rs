//! Rules of clients.

use http::StatusCode;
use pocket_id_oidc::redirect_uri::RedirectUriPattern;
use pocket_id_store::clients::{self, Client, TokenDurations};
use pocket_id_store::list::{ListRequest, Page};
use pocket_id_store::types::{ClientId, ClientType, FederatedIdentities, GroupId, StringList, Timestamp};
use pocket_id_store::{StoreError, Tx, access_lists, client_lists, commit, groups, scim};
use sea_orm::ConnectionTrait;

use super::dto::{
    ClientDto, ClientInput, ClientMetaDto, ClientWithGroupCountDto, ClientWithGroupsDto, FederatedIdentityDto,
};
use super::logos::{self, Logo, Mode};
use super::metadata_document::{self, DocumentError};
use super::protocol::{ClientProtocolDto, Surroundings};
use crate::audit::{self, Event};
use crate::encrypted_text::EncryptedTextError;
use crate::files::FileError;
use crate::http::access::ActingAdmin;
use crate::http::conditional::{ChangedMeanwhile, IfMatch, Tagged as _};
use crate::http::error::{ApiError, FieldError};
use crate::http::validation::{Rules, is_launch_url, nfc};
use crate::state::AppState;

/// Minutes an access token lives unless the client says otherwise.
const ACCESS_TOKEN_MINUTES: i32 = 60;
/// Minutes a refresh token may stay unused unless the client says otherwise: 30 days.
const REFRESH_TOKEN_MINUTES: i32 = 43_200;
/// A year.
const MOST_MINUTES: i32 = 525_600;

/// Why something about a client cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no such client.
    #[error("client not found")]
    NotFound,
    /// There is no such secret.
    #[error("client secret not found")]
    SecretNotFound,
    /// The chosen `client_id` is taken.
    #[error("the client ID is taken")]
    IdTaken,
    /// A rule between values is broken; the text says which.
    #[error("{0}")]
    Refused(&'static str),
    /// The client's metadata document is of no use.
    #[error(transparent)]
    Document(DocumentError),
    /// A secret could not be encrypted.
    #[error(transparent)]
    Encryption(#[from] EncryptedTextError),
    /// Somebody else changed it since the caller saw it.
    #[error(transparent)]
    ChangedMeanwhile(#[from] ChangedMeanwhile),
    /// Values break rules of their own.
    #[error("invalid values")]
    Invalid(Vec<FieldError>),
    /// A file could not be removed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ClientError> for ApiError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::NotFound => Self::not_found("OIDC client"),
            ClientError::File(error) => error.into(),
            ClientError::ChangedMeanwhile(error) => error.into(),
            ClientError::SecretNotFound => Self::not_found("Client secret"),
            ClientError::IdTaken => Self::new(
                StatusCode::CONFLICT,
                "client_id_already_exists",
                "Client ID already exists",
            ),
            ClientError::Refused(reason) => Self::new(StatusCode::BAD_REQUEST, "validation_failed", reason),
            ClientError::Document(reason) => {
                Self::new(StatusCode::BAD_REQUEST, "validation_failed", reason.to_string())
            }
            ClientError::Invalid(fields) => Self::validation(fields),
            ClientError::Encryption(error) => Self::internal(error),
            ClientError::Store(error) => error.into(),
        }
    }
}

fn is_client_id(text: &str) -> bool {
    // `..` is another folder to whoever makes an address of it.
    (2..=128).contains(&text.len())
        && text.bytes().any(|byte| byte != b'.')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Whose input is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// A client that is to be.
    New,
    /// A client there is.
    Existing,
    /// A client that is described by its metadata document: what the document says is not taken from the input.
    Described,
}

fn check(input: &mut ClientInput, subject: Subject) -> Result<(), ApiError> {
    let mut rules = Rules::new();
    if subject == Subject::New && !input.id.is_empty() {
        rules.min("id", &input.id, 2);
        rules.max("id", &input.id, 128);
        if !is_client_id(&input.id) {
            rules.fail("id", "client_id", "is invalid");
        }
    }
    rules.required("name", &input.name);
    if subject != Subject::Described {
        check_described(input, &mut rules);
    }
    rules.max("description", &input.description, 150);
    if let Some(url) = &input.launch_url
        && !is_launch_url(url)
    {
        rules.fail("launchURL", "invalid_format", "must be a valid URL");
    }
    for (field, minutes) in [
        ("accessTokenDurationMinutes", input.access_token_duration_minutes),
        (
            "refreshTokenDurationMinutes",
            input.refresh_token_duration_minutes,
        ),
    ] {
        if !(0..=MOST_MINUTES).contains(&minutes) {
            rules.fail(field, "token_duration", "is invalid");
        }
    }
    rules.finish()
}

/// What a metadata document says of a client, where an administrator says it.
fn check_described(input: &mut ClientInput, rules: &mut Rules) {
    rules.max("name", &input.name, 50);
    rules.one_line("name", &input.name);
    for (field, urls) in [
        ("callbackURLs", &input.callback_urls),
        ("logoutCallbackURLs", &input.logout_callback_urls),
    ] {
        for (index, url) in urls.iter().enumerate() {
            if RedirectUriPattern::parse(url).is_err() {
                rules.fail(&format!("{field}[{index}]"), "callback_url_pattern", "is invalid");
            }
        }
    }
    input.protocol = input.protocol.take().map(ClientProtocolDto::normalized);
    if let Some(protocol) = &input.protocol {
        protocol.check(&surroundings(input), rules);
    }
}

/// The identities submitted that a client does not have already. What verifies them is fetched: from the address of
/// the key set, or from the issuer's, which need be no address otherwise (RFC 7519 section 4.1.1).
fn check_identities(client: Option<&Client>, input: &ClientInput) -> Result<(), ApiError> {
    if client.is_some_and(|client| client.client_type == ClientType::MetadataDocument) {
        return Ok(());
    }
    let mut rules = Rules::new();
    let sent = input.credentials.federated_identities.iter().flatten();
    for (index, identity) in sent.enumerate() {
        let is_kept = |client: &Client| {
            let mut kept = client.federated_identities.0.iter().cloned();
            kept.any(|kept| FederatedIdentityDto::from(kept) == *identity)
        };
        if client.is_some_and(is_kept) {
            continue;
        }
        let field = |name: &str| format!("credentials.federatedIdentities[{index}].{name}");
        rules.required(&field("issuer"), &identity.issuer);
        if identity.jwks.is_empty() {
            rules.web_address(&field("issuer"), &identity.issuer);
        } else {
            rules.web_address(&field("jwks"), &identity.jwks);
        }
    }
    rules.finish()
}

fn surroundings(input: &ClientInput) -> Surroundings<'_> {
    Surroundings {
        is_public: input.is_public,
        callback_urls: &input.callback_urls,
    }
}

/// What a client keeps because it was not sent must go with what was sent.
fn check_kept(client: &Client, input: &ClientInput) -> Result<(), ApiError> {
    if input.protocol.is_some() || client.client_type == ClientType::MetadataDocument {
        return Ok(());
    }
    let mut rules = Rules::new();
    ClientProtocolDto::from(client).check(&surroundings(input), &mut rules);
    rules.finish()
}

fn minutes(submitted: i32, default: i32) -> i32 {
    if submitted == 0 { default } else { submitted }
}

/// Puts submitted values into a client; what a metadata document owns stays.
fn apply(client: &mut Client, input: ClientInput) {
    client.description = nfc(&input.description);
    client.launch_url = input.launch_url;
    client.requires_reauthentication = input.requires_reauthentication;
    client.requires_pushed_authorization_requests = input.requires_pushed_authorization_requests;
    client.skip_consent = input.skip_consent;
    client.is_group_restricted = input.is_group_restricted;
    client.access_token_duration_minutes = minutes(input.access_token_duration_minutes, ACCESS_TOKEN_MINUTES);
    client.refresh_token_duration_minutes =
        minutes(input.refresh_token_duration_minutes, REFRESH_TOKEN_MINUTES);
    if client.client_type == ClientType::MetadataDocument {
        return;
    }
    client.name = nfc(&input.name);
    client.learns_callback_url &= input.callback_urls.is_empty();
    client.callback_urls = StringList(input.callback_urls);
    client.logout_callback_urls = StringList(input.logout_callback_urls);
    client.is_public = input.is_public;
    client.pkce_enabled = input.pkce_enabled || input.is_public;
    if !input.pkce_enabled {
        client.pkce_supported = false;
    }
    if let Some(protocol) = input.protocol {
        protocol.apply(client);
    }
    let identities = input.credentials.federated_identities.unwrap_or_default();
    client.federated_identities = FederatedIdentities(identities.into_iter().map(Into::into).collect());
}

/// The logos an input gives the addresses of. They are read before anything is written: a logo that cannot be had is
/// no reason for half a client.
async fn read_logos(state: &AppState, input: &ClientInput) -> Result<Vec<(Mode, Logo)>, ApiError> {
    let mut found = Vec::new();
    for (mode, address) in [(Mode::Light, &input.logo_url), (Mode::Dark, &input.dark_logo_url)] {
        if let Some(address) = address.as_deref().filter(|address| !address.is_empty()) {
            found.push((mode, logos::fetched(state, mode, address).await?));
        }
    }
    Ok(found)
}

/// Adds a client.
pub async fn create(
    state: &AppState,
    by: &ActingAdmin,
    mut input: ClientInput,
) -> Result<ClientWithGroupsDto, ApiError> {
    check(&mut input, Subject::New)?;
    check_identities(None, &input)?;
    let id = if input.id.is_empty() {
        state.random.uuid().to_string()
    } else {
        input.id.clone()
    };
    let mut client = Client::new(
        ClientId(id),
        String::new(),
        TokenDurations::default(),
        state.now(),
    );
    client.created_by = Some(by.user.id);
    // What is kept of it once the values are in.
    client.learns_callback_url = true;
    let logos = read_logos(state, &input).await?;
    apply(&mut client, input);
    let tx = state.store.begin().await?;
    if clients::find(&tx, &client.id).await?.is_some() {
        return Err(ClientError::IdTaken.into());
    }
    let mut client = clients::insert(&tx, client).await.map_err(|error| match error {
        StoreError::Duplicate(_) => ClientError::IdTaken,
        other => ClientError::Store(other),
    })?;
    audit::record_change(
        state,
        &tx,
        Event::ClientCreated,
        by,
        None,
        [("clientName", client.name.clone())],
    )
    .await?;
    commit(tx).await?;
    prepare_keys(state, &client).await;
    // Not before it is certain that the ID is not another client's, whose logos these would replace.
    for (mode, logo) in logos {
        logos::add(state, &mut client, mode, logo).await;
    }
    let client = ClientDto::new(&client, [], state.now());
    Ok(ClientWithGroupsDto::new(client, &[]))
}

/// One client.
pub async fn find(state: &AppState, id: &ClientId) -> Result<ClientWithGroupsDto, ClientError> {
    let client = clients::find(state.store.reader(), id)
        .await?
        .ok_or(ClientError::NotFound)?;
    Ok(described(state.store.reader(), &client, state.now()).await?)
}

/// A client with what belongs to it, as a transaction or anybody else sees it.
async fn described(
    connection: &impl ConnectionTrait,
    client: &Client,
    now: Timestamp,
) -> Result<ClientWithGroupsDto, StoreError> {
    let secrets = clients::secrets(connection, &client.id).await?;
    let allowed = clients::allowed_groups(connection, &client.id).await?;
    let groups = groups::find_existing(connection, &allowed).await?;
    Ok(ClientWithGroupsDto::new(
        ClientDto::new(client, &secrets, now),
        &groups,
    ))
}

/// A client nobody else changes until the transaction ends, nor who may use it, if it still is what the caller saw.
async fn locked(state: &AppState, tx: &Tx, id: &ClientId, seen: &IfMatch) -> Result<Client, ClientError> {
    access_lists::lock(tx).await?;
    let client = clients::lock(tx, id).await?.ok_or(ClientError::NotFound)?;
    if seen.is_conditional() {
        seen.check(&described(tx, &client, state.now()).await?.tag())?;
    }
    Ok(client)
}

/// What anybody may know of a client.
pub async fn find_meta(state: &AppState, id: &ClientId) -> Result<ClientMetaDto, ClientError> {
    let client = clients::find(state.store.reader(), id)
        .await?
        .ok_or(ClientError::NotFound)?;
    Ok(ClientMetaDto::from(&client))
}

/// Replaces a client. Its secrets stay.
pub async fn update(
    state: &AppState,
    by: &ActingAdmin,
    id: &ClientId,
    mut input: ClientInput,
    seen: &IfMatch,
) -> Result<ClientWithGroupsDto, ApiError> {
    // No other client has an address as its ID.
    let has_document = id.0.contains("://");
    check(
        &mut input,
        if has_document {
            Subject::Described
        } else {
            Subject::Existing
        },
    )?;
    let logos = read_logos(state, &input).await?;
    let tx = state.store.begin().await?;
    let mut client = locked(state, &tx, id, seen).await?;
    check_kept(&client, &input)?;
    check_identities(Some(&client), &input)?;
    let before = client.clone();
    apply(&mut client, input);
    let mut changed = client != before;
    client.updated_at = Some(state.now());
    if !client.is_group_restricted {
        changed |= clients::replace_allowed_groups(&tx, id, &[]).await?;
    }
    clients::update(&tx, client.clone()).await?;
    if changed {
        let data = [("clientName", client.name.clone())];
        audit::record_change(state, &tx, Event::ClientUpdated, by, None, data).await?;
    }
    let mut answer = described(&tx, &client, state.now()).await?;
    if client.is_group_restricted != before.is_group_restricted {
        scim::note_change(&tx, state.now()).await?;
    }
    commit(tx).await?;
    prepare_keys(state, &client).await;
    for (mode, logo) in logos {
        logos::replace(state, by, id, mode, logo).await?;
        match mode {
            Mode::Light => answer.client.meta.has_logo = true,
            Mode::Dark => answer.client.meta.has_dark_logo = true,
        }
    }
    Ok(answer)
}

/// Replaces the groups that may use a client while it is restricted.
pub async fn replace_allowed_groups(
    state: &AppState,
    by: &ActingAdmin,
    id: &ClientId,
    wanted: &[GroupId],
    seen: &IfMatch,
) -> Result<ClientWithGroupsDto, ClientError> {
    let tx = state.store.begin().await?;
    let client = locked(state, &tx, id, seen).await?;
    let existing = groups::find_existing(&tx, wanted).await?;
    let names: Vec<&str> = existing.iter().map(|group| group.name.as_str()).collect();
    let data = [("clientName", client.name.clone()), ("groups", names.join(", "))];
    let existing: Vec<GroupId> = existing.iter().map(|group| group.id).collect();
    if clients::replace_allowed_groups(&tx, id, &existing).await? {
        audit::record_change(state, &tx, Event::ClientGroupsUpdated, by, None, data).await?;
    }
    let answer = described(&tx, &client, state.now()).await?;
    scim::note_change(&tx, state.now()).await?;
    commit(tx).await?;
    Ok(answer)
}

/// Makes the keys a saved client asks for. Not to be called while holding a transaction.
pub async fn prepare_keys(state: &AppState, client: &Client) {
    let asked_for = [
        client.id_token_signed_response_alg.as_deref(),
        client.userinfo_signed_response_alg.as_deref(),
    ];
    state.signing_keys.prepare(asked_for).await;
}

/// Reads a client's metadata document anew.
pub async fn refresh(
    state: &AppState,
    by: &ActingAdmin,
    id: &ClientId,
) -> Result<ClientWithGroupsDto, ClientError> {
    let client = clients::find(state.store.reader(), id)
        .await?
        .ok_or(ClientError::NotFound)?;
    if client.client_type != ClientType::MetadataDocument {
        let reason = "Only clients with a metadata document can be refreshed";
        return Err(ClientError::Refused(reason));
    }
    metadata_document::refresh(state, id)
        .await?
        .map_err(ClientError::Document)?;
    let tx = state.store.begin().await?;
    let data = [("clientName", client.name)];
    audit::record_change(state, &tx, Event::ClientRefreshed, by, None, data).await?;
    commit(tx).await?;
    find(state, id).await
}

/// Removes a client with everything it was given.
pub async fn delete(state: &AppState, by: &ActingAdmin, id: &ClientId) -> Result<(), ClientError> {
    let tx = state.store.begin().await?;
    access_lists::lock(&tx).await?;
    let client = clients::find(&tx, id).await?.ok_or(ClientError::NotFound)?;
    clients::delete(&tx, id).await?;
    let data = [("clientName", client.name.clone())];
    audit::record_change(state, &tx, Event::ClientDeleted, by, None, data).await?;
    commit(tx).await?;
    Ok(logos::forget(state, &client).await?)
}

/// A page of clients.
pub async fn list(
    state: &AppState,
    request: &ListRequest,
) -> Result<Page<ClientWithGroupCountDto>, ClientError> {
    let reader = state.store.reader();
    let mut page = client_lists::list(reader, request).await?;
    let found = std::mem::take(&mut page.items);
    let ids: Vec<ClientId> = found.iter().map(|client| client.id.clone()).collect();
    let counts = clients::allowed_group_counts(reader, &ids).await?;
    let secrets = clients::secrets_of(reader, &ids).await?;
    let now = state.now();
    let items = found
        .iter()
        .map(|client| ClientWithGroupCountDto {
            client: ClientDto::new(
                client,
                secrets.iter().filter(|secret| secret.client_id == client.id),
                now,
            ),
            allowed_user_groups_count: counts
                .iter()
                .find(|(id, _)| *id == client.id)
                .map_or(0, |(_, count)| *count),
        })
        .collect();
    Ok(page.with_items(items))
}
