//! What every handler and job shares.

use std::ops::Deref;
use std::sync::Arc;

use pocket_id_oidc::dpop::Nonces;
use pocket_id_store::types::Timestamp;
use pocket_id_store::{Store, StoreResult};

use crate::app_config::{Settings, SettingsCache};
use crate::audit::EntryIds;
use crate::clients::MetadataDocuments;
use crate::clock::Clock;
use crate::config::Config;
use crate::geolite::Places;
use crate::http::rate_limit::RateLimits;
use crate::oidc::request_uri::RequestObjects;
use crate::outbound::Outbound;
use crate::passkeys::metadata::Metadata;
use crate::random::Random;
use crate::signing_keys::SigningKeys;

/// The application's shared parts. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// See [`AppState`].
pub struct Parts {
    /// What the operator decided.
    pub config: Config,
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// Request limits of this process.
    pub rate_limits: RateLimits,
    /// What administrators decided, cached.
    pub settings: SettingsCache,

    /// Requests to other servers.
    pub outbound: Outbound,
    /// Where public addresses are.
    pub places: Places,
    /// Identifiers of audit entries.
    pub entry_ids: EntryIds,
    /// Documents of clients being read.
    pub metadata_documents: MetadataDocuments,
    /// Request objects fetched a moment ago.
    pub request_objects: RequestObjects,
    /// Nonces for proofs of possession.
    pub dpop_nonces: Nonces,
    /// What makers say of their authenticators, where an administrator supplied it.
    pub authenticator_metadata: Option<Metadata>,
    /// The keys tokens are signed with.
    pub signing_keys: SigningKeys,
    /// Wakes whoever sends mail in this process: there is some. Only spares the wait; others look by themselves.
    pub mail: tokio::sync::Notify,
    /// Wakes the browsers that wait in this process for another device to decide. Only spares the wait, as above.
    pub device_login_decided: tokio::sync::Notify,
    /// `/setup` is closed for good once somebody has an account; remembered to spare the query.
    pub setup_completed: std::sync::atomic::AtomicBool,
}

impl AppState {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl AppState {
    /// The current moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The settings in force.
    pub async fn settings(&self) -> StoreResult<Arc<Settings>> {
        self.settings.get(&self.store, &self.clock, &self.config).await
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
