//! Everything this server asks of other servers on somebody's behalf.
//!
//! A URL that anybody could have chosen ([`Trust::Untrusted`]) leads to the public internet only, and to what the
//! operator allows besides: the name is
//! resolved once, every address is judged, and the connection goes to an address so judged. No proxy, no kept
//! connections, redirects only where the caller follows them and then by the same rules. All requests have limits
//! of time, size and number, and none is made while a database transaction is open.

mod address;
mod caching;
mod fetch;
mod jwks;
mod network;
mod single_flight;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use pocket_id_oidc::jwk_set::JwkSet;
use url::Url;

pub use caching::{caching_headers, http_date};
pub use fetch::{Fetch, FetchError, Fetched, Ranges, Trust};
pub use network::{ManualNetwork, Network};
pub use single_flight::{Abandoned, SingleFlight};

use crate::clock::Clock;
use fetch::Fetcher;
use jwks::{JwksCache, Wanted};

/// Asks other servers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    fetcher: Fetcher,
    jwks: JwksCache,
    clock: Clock,
}

impl Outbound {
    /// Asks in a network.
    pub fn new(network: Network, ranges: Ranges, clock: Clock) -> Self {
        Self(Arc::new(Parts {
            fetcher: Fetcher::new(network, ranges),
            jwks: JwksCache::default(),
            clock,
        }))
    }

    /// Makes a request and waits for the whole answer, whatever its status.
    pub async fn fetch(&self, fetch: Fetch) -> Result<Fetched, FetchError> {
        self.0.fetcher.fetch(fetch).await
    }

    /// The key set at a URL, which may be up to a day old.
    pub async fn jwks(&self, url: &Url, trust: Trust) -> Result<Arc<JwkSet>, FetchError> {
        self.key_set(url, trust, Wanted::Known).await
    }

    /// The key set at a URL, asked for anew because a signature fits none of the keys [`Self::jwks`] gave. A server
    /// is asked this way every 30 seconds at most; in between the answer is the same as before.
    pub async fn jwks_refreshed(&self, url: &Url, trust: Trust) -> Result<Arc<JwkSet>, FetchError> {
        self.key_set(url, trust, Wanted::Newer).await
    }

    async fn key_set(&self, url: &Url, trust: Trust, wanted: Wanted) -> Result<Arc<JwkSet>, FetchError> {
        let source = (trust, url.clone());
        let cache = &self.0.jwks;
        if let Some(known) = cache.known(&source, wanted, self.0.clock.now()) {
            return known;
        }
        let this = self.clone();
        cache
            .load(source.clone(), || async move {
                let answer = this.fetch(jwks::request(source.1.clone(), source.0)).await;
                this.0.jwks.note(source, answer, this.0.clock.now())
            })
            .await
    }
}
