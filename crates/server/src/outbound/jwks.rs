//! Key sets of others, kept in this process to spare their servers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pocket_id_oidc::http_caching::{Freshness, age, freshness};
use pocket_id_oidc::jwk_set::JwkSet;
use pocket_id_store::types::Timestamp;
use url::Url;

use super::caching::caching_headers;
use super::fetch::{Fetch, FetchError, Fetched, Trust};
use super::single_flight::SingleFlight;

/// Largest key set read, in bytes.
const LARGEST: usize = 256 * 1024;
/// How many key sets are kept.
const MOST: usize = 512;
/// Seconds a key set is kept at least, and when its server does not say.
const SHORTEST: i64 = 15 * 60;
/// Seconds a key set is kept at most.
const LONGEST: i64 = 24 * 60 * 60;
/// Seconds between two looks at a server because of a key it is not known to have.
const BETWEEN_REFRESHES: i64 = 30;
/// Seconds a server that failed is left alone.
const AFTER_FAILURE: i64 = 10;

type Source = (Trust, Url);

/// What is known of one key set.
#[derive(Clone, Debug)]
struct Entry {
    keys: Option<(Arc<JwkSet>, Timestamp)>,
    asked_at: Timestamp,
    failure: Option<FetchError>,
}

/// Why keys are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// To check a signature: kept ones will do.
    Known,
    /// The kept ones did not fit: perhaps there are new ones.
    Newer,
}

/// The key sets this process knows.
#[derive(Debug, Default)]
pub(super) struct JwksCache {
    entries: Mutex<HashMap<Source, Entry>>,
    flights: SingleFlight<Source, Result<Arc<JwkSet>, FetchError>>,
}

impl JwksCache {
    fn entries(&self) -> MutexGuard<'_, HashMap<Source, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer that is known without asking anybody, if there is one.
    pub(super) fn known(
        &self,
        source: &Source,
        wanted: Wanted,
        now: Timestamp,
    ) -> Option<Result<Arc<JwkSet>, FetchError>> {
        let entries = self.entries();
        let entry = entries.get(source)?;
        let fresh = entry.keys.as_ref().filter(|(_, end)| now < *end);
        let asked_within = |seconds| now < entry.asked_at.plus_seconds(seconds);
        match (fresh, wanted) {
            (Some((keys, _)), Wanted::Known) => Some(Ok(Arc::clone(keys))),
            (Some((keys, _)), Wanted::Newer) => asked_within(BETWEEN_REFRESHES).then(|| Ok(Arc::clone(keys))),
            (None, _) => match &entry.failure {
                Some(failure) if asked_within(AFTER_FAILURE) => Some(Err(failure.clone())),
                _ => None,
            },
        }
    }

    /// Joins whoever is asking for the keys already, or asks.
    pub(super) async fn load<F>(
        &self,
        source: Source,
        ask: impl FnOnce() -> F,
    ) -> Result<Arc<JwkSet>, FetchError>
    where
        F: Future<Output = Result<Arc<JwkSet>, FetchError>> + Send + 'static,
    {
        self.flights
            .join(source, ask)
            .await
            .unwrap_or(Err(FetchError::Impossible))
    }

    /// Keeps what asking brought.
    pub(super) fn note(
        &self,
        source: Source,
        answer: Result<Fetched, FetchError>,
        now: Timestamp,
    ) -> Result<Arc<JwkSet>, FetchError> {
        let read = answer.and_then(Fetched::ok).and_then(|answer| {
            let keys = JwkSet::parse(&answer.body).map_err(|error| FetchError::Content(error.to_string()))?;
            let headers = caching_headers(&answer.headers);
            let lifetime = match freshness(&headers, now.seconds()) {
                Freshness::Lifetime(seconds) => seconds.saturating_sub(age(&headers, now.seconds())),
                Freshness::NoStore | Freshness::Unstated => SHORTEST,
            };
            let lifetime = lifetime.clamp(SHORTEST, LONGEST);
            Ok((Arc::new(keys), now.plus_seconds(lifetime)))
        });
        let mut entries = self.entries();
        if entries.len() >= MOST && !entries.contains_key(&source) {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.asked_at);
            if let Some(oldest) = oldest.map(|(source, _)| source.clone()) {
                entries.remove(&oldest);
            }
        }
        let before = entries.get(&source).and_then(|entry| entry.keys.clone());
        // A failed refresh does not take away keys that are still fresh: otherwise a made-up key id would be enough
        // to stop a client whose key server is down for a moment.
        let (keys, failure, answer) = match read {
            Ok((keys, end)) => (Some((Arc::clone(&keys), end)), None, Ok(keys)),
            Err(error) => (before, Some(error.clone()), Err(error)),
        };
        let entry = Entry {
            keys,
            asked_at: now,
            failure,
        };
        entries.insert(source, entry);
        answer
    }
}

/// The request for a key set.
pub(super) fn request(url: Url, trust: Trust) -> Fetch {
    Fetch::get(url, trust)
        .largest_body(LARGEST)
        .header(http::header::ACCEPT, "application/jwk-set+json, application/json")
        .header(http::header::USER_AGENT, "pocket-id/jwks-fetcher")
}
