//! From a configuration to a running application.

use std::sync::atomic::AtomicBool;

use axum::Router;
use pocket_id_store::{ConnectError, Engine, Store, StoreError};
use secrecy::ExposeSecret;

use crate::api_keys;
use crate::app_config::{SettingsCache, SettingsError};
use crate::audit::EntryIds;
use crate::clients::MetadataDocuments;
use crate::clock::Clock;
use crate::config::EncryptionKey;
use crate::config::{Config, DatabaseConfig};
use crate::geolite::{self, Places};
use crate::http::rate_limit::RateLimits;
use crate::jobs::{self, Scheduler};
use crate::oidc::request_uri::RequestObjects;
use crate::outbound::{self, Network, Outbound};
use crate::passkeys::metadata::{Metadata, MetadataError};
use crate::random::Random;
use crate::signing_keys::{SigningKeys, SigningKeysError};
use crate::state::{AppState, Parts};
use crate::{router, signup};
use pocket_id_oidc::dpop::Nonces;

/// Why the application did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database could not be opened or migrated.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Settings in the environment are invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The FIDO metadata cannot be used.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The signing keys could not be read or made.
    #[error(transparent)]
    SigningKeys(#[from] SigningKeysError),
    /// The database failed right after opening.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A running application, ready to be served.
pub struct App {
    /// Answers requests.
    pub router: Router,
    /// Whether nobody has an account yet, so that the address of `/setup` is worth printing.
    pub setup_required: bool,
    /// Shared parts, for tests and commands.
    pub state: AppState,
    scheduler: Scheduler,
}

impl App {
    /// Stops background work and closes the database.
    pub async fn shutdown(self) {
        self.scheduler.shutdown().await;
        drop(self.router);
        if let Err(error) = self.state.store.clone().close().await {
            tracing::warn!(error = %error, "the database did not close cleanly");
        }
    }
}

/// Opens the database, migrates it, loads keys and settings, starts background work.
pub async fn start(config: Config) -> Result<App, StartError> {
    start_with(config, Clock::System, Network::Internet).await
}

/// Opens the database for a command, which may run beside the server.
pub async fn open_store_beside(config: &Config) -> Result<Store, ConnectError> {
    let (engine, connection_string) = address(&config.database);
    Store::open_beside(engine, connection_string).await
}

fn address(database: &DatabaseConfig) -> (Engine, &str) {
    match database {
        DatabaseConfig::Sqlite { connection_string } => (Engine::Sqlite, connection_string),
        DatabaseConfig::Postgres { connection_string } => {
            (Engine::Postgres, connection_string.expose_secret())
        }
    }
}

/// [`start`] with a clock and a network of the caller's.
pub async fn start_with(config: Config, clock: Clock, network: Network) -> Result<App, StartError> {
    let settings = SettingsCache::new(&config.ui_config)?;
    let authenticator_metadata = match &config.fido_metadata {
        Some(files) => {
            let now = clock.now().seconds();
            let metadata = Metadata::load(&files.file, &files.root, now)?;
            tracing::info!(models = metadata.len(), "FIDO metadata loaded");
            if let Some(date) = metadata.overdue_since(now) {
                tracing::warn!(
                    next_update = date,
                    "FIDO_METADATA_FILE is out of date: a newer one was to come by {date}. It is used all the same; models that were \
                     found out since are not refused"
                );
            }
            Some(metadata)
        }
        None => None,
    };
    let (engine, connection_string) = address(&config.database);
    let store = Store::open(engine, connection_string).await?;
    tracing::info!(provider = store.engine().as_str(), "Connected to database");
    let random = Random;
    let signing_keys = SigningKeys::load_or_create(&config, &store, &clock, random).await?;
    let state = AppState::new(Parts {
        rate_limits: RateLimits::new(config.rate_limiting.is_on()),
        outbound: Outbound::new(
            network,
            outbound::Ranges {
                local_ipv6: config.local_ipv6_ranges.clone(),
                allowed: config.outbound_allowed_networks.clone(),
            },
            clock.clone(),
        ),
        places: Places::new(&config.geolite.path),
        entry_ids: EntryIds::default(),
        metadata_documents: MetadataDocuments::default(),
        request_objects: RequestObjects::default(),
        dpop_nonces: Nonces::new(config.encryption_key.as_ref().map_or(&[], EncryptionKey::expose)),
        config,
        store,
        clock,
        random,
        settings,
        signing_keys,
        authenticator_metadata,
        mail: tokio::sync::Notify::new(),
        device_login_decided: tokio::sync::Notify::new(),
        setup_completed: AtomicBool::new(false),
    });
    geolite::remove_unfinished(&state.config.geolite.path);
    state.places.load().await;
    api_keys::authentication::forget_static_user(&state).await?;
    let setup_required = signup::setup_available(&state).await?;
    let scheduler = jobs::start(&state);
    Ok(App {
        router: router::router(state.clone()),
        setup_required,
        state,
        scheduler,
    })
}
