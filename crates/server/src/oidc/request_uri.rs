//! Request objects fetched from where a client keeps them (OIDC Core §6.2, RFC 9101 §5.2).
//!
//! Whoever opens the authorization endpoint makes this server ask, so: only addresses the client registered, small
//! answers soon, nothing while a transaction is open; and what an address gave, a failure too, is the answer for a
//! while, whatever is asked of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header;
use pocket_id_oidc::request_uri::{Reference, is_object_type};
use pocket_id_store::clients::Client;
use pocket_id_store::types::{ClientId, Timestamp};
use url::Url;

use super::client_keys::trust;
use crate::outbound::{Fetch, FetchError, SingleFlight, Trust};
use crate::state::AppState;

/// Largest request object, in bytes: as large as a request may be.
const LARGEST: usize = super::form::REQUEST_LIMIT;
/// A person waits for it.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How many are kept.
const MOST: usize = 128;
/// Seconds one is kept.
const KEPT: i64 = 30;
/// Seconds one is kept although the request names another version of it: the fragment is for anybody to make up.
const BETWEEN_VERSIONS: i64 = 5;
/// Seconds an address that failed is left alone.
const AFTER_FAILURE: i64 = 10;

/// Why there is no request object.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReferenceError {
    /// Too many of one server were asked for.
    #[error("too many request objects of this server were asked for")]
    TooMany,
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The media type says that it is something else.
    #[error("the answer is no request object by its media type")]
    ContentType,
    /// It is not text.
    #[error("the answer is not text")]
    NotText,
}

type Source = (ClientId, Url);
type Answer = Result<Arc<str>, ReferenceError>;

#[derive(Debug)]
struct Entry {
    version: Option<String>,
    answer: Answer,
    asked_at: Timestamp,
}

/// What this process knows of request objects.
#[derive(Debug, Default)]
pub struct RequestObjects {
    entries: Mutex<HashMap<Source, Entry>>,
    flights: SingleFlight<Source, Answer>,
}

impl RequestObjects {
    fn entries(&self) -> MutexGuard<'_, HashMap<Source, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, source: &Source, version: Option<&str>, now: Timestamp) -> Option<Answer> {
        let entries = self.entries();
        let entry = entries.get(source)?;
        let lifetime = match &entry.answer {
            Err(_) => AFTER_FAILURE,
            Ok(_) if entry.version.as_deref() == version => KEPT,
            Ok(_) => BETWEEN_VERSIONS,
        };
        (now < entry.asked_at.plus_seconds(lifetime)).then(|| entry.answer.clone())
    }

    fn note(&self, source: Source, version: Option<String>, answer: &Answer, now: Timestamp) {
        let mut entries = self.entries();
        if entries.len() >= MOST && !entries.contains_key(&source) {
            entries.retain(|_, entry| now < entry.asked_at.plus_seconds(KEPT));
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.asked_at);
            if entries.len() >= MOST
                && let Some(oldest) = oldest.map(|(source, _)| source.clone())
            {
                entries.remove(&oldest);
            }
        }
        let entry = Entry {
            version,
            answer: answer.clone(),
            asked_at: now,
        };
        entries.insert(source, entry);
    }
}

/// The object at an address of a client's. Must not be called while a transaction is open.
pub async fn fetch(state: &AppState, client: &Client, reference: Reference) -> Answer {
    let Reference { url, version } = reference;
    let source = (client.id.clone(), url);
    let objects = &state.request_objects;
    if let Some(known) = objects.known(&source, version.as_deref(), state.now()) {
        return known;
    }
    let trust = trust(client);
    let (state, asked) = (state.clone(), source.clone());
    objects
        .flights
        .join(source, || async move {
            let answer = ask(&state, asked.1.clone(), trust).await;
            if let Err(error) = &answer {
                tracing::info!(client = %asked.0, reason = %error, "a request object could not be had");
            }
            state.request_objects.note(asked, version, &answer, state.now());
            answer
        })
        .await
        .unwrap_or(Err(FetchError::Impossible.into()))
}

async fn ask(state: &AppState, url: Url, trust: Trust) -> Answer {
    let host = url.host_str().unwrap_or_default();
    if trust == Trust::Untrusted && !state.rate_limits.allows_unknown_document(host) {
        return Err(ReferenceError::TooMany);
    }
    let fetch = Fetch::get(url, trust)
        .largest_body(LARGEST)
        .time_limit(TIME_LIMIT)
        .header(header::ACCEPT, "application/oauth-authz-req+jwt, application/jwt")
        .header(header::USER_AGENT, "pocket-id/request-object-fetcher");
    let answer = state.outbound.fetch(fetch).await?.ok()?;
    if !is_object_type(&answer.media_type()) {
        return Err(ReferenceError::ContentType);
    }
    let text = std::str::from_utf8(&answer.body).map_err(|_| ReferenceError::NotText)?;
    Ok(text.trim().into())
}
