//! Clients whose `client_id` is the URL of a document that describes them.
//!
//! Their rows are copies of documents, kept as long as the documents' servers allow. Anybody can name such a URL, so:
//! only URLs on the administrator's list are fetched, and none while a transaction is open; a URL that failed is left
//! alone for a while; unknown URLs of one host are fetched only so often; and of clients nobody ever used only so many
//! rows are kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header;
use pocket_id_oidc::client_metadata_document::{
    self as rules, Document, Fault, NotADocumentUrl, document_url, is_document_type,
};
use pocket_id_store::clients::{self, Client, TokenDurations};
use pocket_id_store::types::{ClientId, ClientType, StringList, Timestamp};
use pocket_id_store::{StoreResult, commit, consents, metadata_clients};
use url::Url;

use crate::outbound::{Fetch, FetchError, SingleFlight, Trust, caching_headers};
use crate::state::AppState;

/// Largest document, in bytes.
const LARGEST: usize = 5120;
/// Seconds a URL that gave no usable document is left alone.
const AFTER_FAILURE: i64 = 10;
/// How many such URLs are remembered.
const MOST_FAILURES: usize = 1000;
/// How many clients that nobody has used are kept.
const MOST_UNUSED: u64 = 500;

/// Why a document is of no use.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DocumentError {
    /// The client ID is no URL of a document.
    #[error(transparent)]
    Url(#[from] NotADocumentUrl),
    /// The administrator does not allow it.
    #[error("The client ID is not in the list of allowed metadata document URLs.")]
    NotAllowed,
    /// Too many unknown documents of one host.
    #[error("Too many metadata documents of this host were asked for.")]
    TooMany,
    /// It could not be fetched.
    #[error("The metadata document could not be fetched: {0}.")]
    Fetch(#[from] FetchError),
    /// Its media type is not JSON.
    #[error("The metadata document is not JSON.")]
    ContentType,
    /// Its server forbids to keep it.
    #[error("The metadata document must not be stored.")]
    NoStore,
    /// It breaks a rule.
    #[error(transparent)]
    Document(#[from] Fault),
}

/// A document just read.
#[derive(Debug)]
struct Found {
    document: Document,
    expires_at: Timestamp,
}

type Answer = Result<Arc<Found>, DocumentError>;

/// What this process knows of documents: those being read, and those that were of no use a moment ago.
#[derive(Debug, Default)]
pub struct MetadataDocuments {
    flights: SingleFlight<Url, Answer>,
    failures: Mutex<HashMap<Url, (Timestamp, DocumentError)>>,
}

impl MetadataDocuments {
    fn failures(&self) -> MutexGuard<'_, HashMap<Url, (Timestamp, DocumentError)>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent_failure(&self, url: &Url, now: Timestamp) -> Option<DocumentError> {
        let failures = self.failures();
        let (at, error) = failures.get(url)?;
        (now < at.plus_seconds(AFTER_FAILURE)).then(|| error.clone())
    }

    fn note(&self, url: &Url, answer: &Answer, now: Timestamp) {
        let mut failures = self.failures();
        match answer {
            Ok(_) => {
                failures.remove(url);
            }
            Err(error) => {
                if failures.len() >= MOST_FAILURES {
                    failures.retain(|_, (at, _)| now < at.plus_seconds(AFTER_FAILURE));
                }
                if failures.len() < MOST_FAILURES {
                    failures.insert(url.clone(), (now, error.clone()));
                }
            }
        }
    }
}

/// The client an id means: one of the database, or one described by the document at that URL. Must not be called while
/// a transaction is open.
pub async fn resolve(state: &AppState, id: &str) -> StoreResult<Option<Client>> {
    // PostgreSQL cannot be asked for a text with NUL, and no client has one.
    if id.contains('\0') {
        return Ok(None);
    }
    let id = ClientId(id.to_owned());
    let row = clients::find(state.store.reader(), &id).await?;
    if row
        .as_ref()
        .is_some_and(|row| row.client_type != ClientType::MetadataDocument)
    {
        return Ok(row);
    }
    let url = match allowed_url(state, &id).await? {
        Ok(url) => url,
        Err(error) => {
            if row.is_some() {
                tracing::info!(client = %id, reason = %error, "a metadata document client is not allowed any more");
            }
            return Ok(None);
        }
    };
    if let Some(row) = &row
        && is_current(row, state.now())
    {
        return Ok(Some(row.clone()));
    }
    match read(state, url, row.as_ref()).await {
        Ok(found) => store(state, &id, &found).await,
        Err(error) => {
            tracing::info!(client = %id, reason = %error, "a metadata document is of no use");
            Ok(None)
        }
    }
}

/// Reads a client's document anew, whether it has expired or not.
pub async fn refresh(state: &AppState, id: &ClientId) -> StoreResult<Result<(), DocumentError>> {
    let url = match allowed_url(state, id).await? {
        Ok(url) => url,
        Err(error) => return Ok(Err(error)),
    };
    match ask(state, url).await {
        Ok(found) => store(state, id, &found).await.map(|_| Ok(())),
        Err(error) => Ok(Err(error)),
    }
}

/// The URL to fetch for a client id, by the rules for such URLs and the administrator's list.
async fn allowed_url(state: &AppState, id: &ClientId) -> StoreResult<Result<Url, DocumentError>> {
    let url = match document_url(&id.0) {
        Ok(url) => url,
        Err(error) => return Ok(Err(error.into())),
    };
    let settings = state.settings().await?;
    let listed = settings
        .metadata_document_urls()
        .iter()
        .any(|pattern| pattern.matches(&url));
    Ok(if listed {
        Ok(url)
    } else {
        Err(DocumentError::NotAllowed)
    })
}

/// Whether a row can be used without reading the document again.
fn is_current(row: &Client, now: Timestamp) -> bool {
    is_sound(row) && row.metadata_expires_at.is_some_and(|end| now < end)
}

/// Whether a row has the shape such clients have.
fn is_sound(row: &Client) -> bool {
    row.is_public && row.pkce_enabled && row.federated_identities.0.is_empty()
}

/// Reads the document, unless that failed a moment ago. Who reads it at the same time gets the same answer.
async fn read(state: &AppState, url: Url, known: Option<&Client>) -> Answer {
    let documents = &state.metadata_documents;
    if let Some(error) = documents.recent_failure(&url, state.now()) {
        return Err(error);
    }
    let host = url.host_str().unwrap_or_default();
    if known.is_none() && !state.rate_limits.allows_unknown_document(host) {
        return Err(DocumentError::TooMany);
    }
    let (state, source) = (state.clone(), url.clone());
    documents
        .flights
        .join(url, || async move {
            let answer = ask(&state, source.clone()).await;
            state.metadata_documents.note(&source, &answer, state.now());
            answer
        })
        .await
        .unwrap_or(Err(DocumentError::Fetch(FetchError::Impossible)))
}

async fn ask(state: &AppState, url: Url) -> Answer {
    let fetch = Fetch::get(url.clone(), Trust::Untrusted)
        .largest_body(LARGEST)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "pocket-id/oidc-client-metadata-fetcher");
    let answer = state.outbound.fetch(fetch).await?.ok()?;
    if !is_document_type(&answer.media_type()) {
        return Err(DocumentError::ContentType);
    }
    let now = state.now();
    let lifetime =
        rules::lifetime(&caching_headers(&answer.headers), now.seconds()).ok_or(DocumentError::NoStore)?;
    Ok(Arc::new(Found {
        document: Document::read(&url, &answer.body)?,
        expires_at: now.plus_seconds(lifetime),
    }))
}

/// Writes a document down. Consents end when what users agreed to has changed: where codes go, or what the client may
/// do with them.
async fn store(state: &AppState, id: &ClientId, found: &Found) -> StoreResult<Option<Client>> {
    let tx = state.store.begin().await?;
    let fresh = described(
        Client::new(id.clone(), String::new(), TokenDurations::default(), state.now()),
        found,
    );
    let added = metadata_clients::insert_if_absent(&tx, fresh.clone()).await?;
    let client = if added {
        metadata_clients::keep_unused(&tx, MOST_UNUSED).await?;
        fresh
    } else {
        let Some(before) = metadata_clients::lock(&tx, id).await? else {
            return Ok(None);
        };
        if before.client_type != ClientType::MetadataDocument {
            return Ok(Some(before));
        }
        let after = described(before.clone(), found);
        if !is_sound(&before) || agreed(&before) != agreed(&after) {
            consents::delete_of_client(&tx, id).await?;
        }
        if before == after {
            return Ok(Some(after));
        }
        clients::update(&tx, after).await?
    };
    commit(tx).await?;
    Ok(Some(client))
}

/// A client with what its document says put in; what an administrator may change stays.
fn described(mut client: Client, found: &Found) -> Client {
    let document = found.document.clone();
    client.client_type = ClientType::MetadataDocument;
    client.name = document.name;
    client.callback_urls = StringList(document.redirect_uris);
    client.logout_callback_urls = StringList(document.post_logout_redirect_uris);
    client.grant_types = Some(StringList(document.grant_types));
    client.metadata_expires_at = Some(found.expires_at);
    client.is_public = true;
    client.pkce_enabled = true;
    client.federated_identities.0.clear();
    client.token_endpoint_auth_method = None;
    client.jwks = None;
    client.jwks_uri = None;
    client
}

/// What a consent rests on.
fn agreed(client: &Client) -> (&StringList, &StringList, &Option<StringList>) {
    (
        &client.callback_urls,
        &client.logout_callback_urls,
        &client.grant_types,
    )
}
