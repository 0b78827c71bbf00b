//! Where the settings in force come from: the database, or the environment with `UI_CONFIG_DISABLED`.

use std::collections::BTreeMap;
use std::sync::Arc;

use pocket_id_store::types::Timestamp;
use pocket_id_store::{Store, StoreError, app_config};
use tokio::sync::RwLock;

use super::catalog::{SETTINGS, Visibility};
use super::dto::ConfigEntry;
use super::sealed;
use super::settings::Settings;
use crate::clock::Clock;
use crate::config::{Config, UiConfigSource};
use crate::state::AppState;

/// How long another replica's change may go unnoticed, in milliseconds.
const FRESH_MILLIS: i64 = 2_000;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Environment variables that break their rule.
    #[error("invalid settings in the environment: {0}")]
    Environment(String),
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The settings in force, read from the database at most every two seconds.
pub struct SettingsCache {
    fixed: Option<Arc<Settings>>,
    cached: RwLock<Option<(Timestamp, Arc<Settings>)>>,
}

impl SettingsCache {
    /// Settings from where the configuration says.
    ///
    /// # Errors
    /// Names every environment variable whose value is invalid.
    pub fn new(source: &UiConfigSource) -> Result<Self, SettingsError> {
        let fixed = match source {
            UiConfigSource::Database => None,
            UiConfigSource::Environment(variables) => {
                let mut values = BTreeMap::new();
                let mut faults = Vec::new();
                for setting in SETTINGS {
                    if let Some(value) = variables.get(setting.env) {
                        let value = setting.from_environment(value);
                        if let Some(fault) = setting.fault(&value) {
                            faults.push(format!("{} {fault}", setting.env));
                        } else if let Some(fault) = setting.fault_of_change(&value) {
                            // Installations of before start with it; what breaks the rules is left out where it is used.
                            tracing::warn!(variable = setting.env, %fault, "part of a setting is not used");
                        }
                        values.insert(setting.key.to_owned(), value);
                    }
                }
                if !faults.is_empty() {
                    return Err(SettingsError::Environment(faults.join(", ")));
                }
                Some(Arc::new(Settings::from_values(values)))
            }
        };
        Ok(Self {
            fixed,
            cached: RwLock::new(None),
        })
    }

    /// Whether the environment decides and the UI may not.
    pub fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }

    /// The settings in force.
    pub async fn get(
        &self,
        store: &Store,
        clock: &Clock,
        config: &Config,
    ) -> Result<Arc<Settings>, StoreError> {
        if let Some(fixed) = &self.fixed {
            return Ok(Arc::clone(fixed));
        }
        let now = clock.now();
        if let Some((read_at, settings)) = &*self.cached.read().await
            && now < read_at.plus_millis(FRESH_MILLIS)
        {
            return Ok(Arc::clone(settings));
        }
        let stored = app_config::all(store.reader()).await?;
        let settings = Arc::new(Settings::from_values(sealed::unseal_all(config, stored)));
        *self.cached.write().await = Some((now, Arc::clone(&settings)));
        Ok(settings)
    }

    /// Forgets what was read, after a change made here.
    pub async fn invalidate(&self) {
        *self.cached.write().await = None;
    }
}

/// The settings anybody may read, and three facts about this installation in the same form.
pub async fn public_entries(state: &AppState) -> Result<Vec<ConfigEntry>, StoreError> {
    let settings = state.settings().await?;
    let mut entries: Vec<ConfigEntry> = SETTINGS
        .iter()
        .filter(|setting| setting.visibility == Visibility::Public)
        .map(|setting| ConfigEntry {
            key: setting.key,
            type_: "",
            value: settings.text(setting.key).to_owned(),
        })
        .collect();
    entries.push(ConfigEntry {
        key: "uiConfigDisabled",
        type_: "boolean",
        value: state.settings.is_fixed().to_string(),
    });
    entries.push(ConfigEntry {
        key: "passkeyRpId",
        type_: "",
        value: state.config.app_url.host().to_owned(),
    });
    // Browser traces are not relayed yet, so the UI must not send any.
    entries.push(ConfigEntry {
        key: "tracingEnabled",
        type_: "",
        value: "false".to_owned(),
    });
    Ok(entries)
}
