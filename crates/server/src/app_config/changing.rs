//! Reading and changing the whole configuration, as administrators do.

use http::StatusCode;
use pocket_id_store::users::User;
use pocket_id_store::{StoreError, app_config, commit};

use super::catalog::{HIDDEN, Rule, SETTINGS, Setting, Since, Visibility};
use super::dto::{AdminConfigEntry, ConfigEntry, ConfigInput};
use super::sealed;
use super::settings::Settings;
use crate::audit::{self, Event};
use crate::encrypted_text::EncryptedTextError;
use crate::http::client_ip::RequestOrigin;
use crate::http::conditional::{ChangedMeanwhile, EntityTag, IfMatch, Versioned};
use crate::http::error::{ApiError, FieldError};
use crate::http::validation::{Rules, nfc};
use crate::state::AppState;

/// Why the configuration cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The environment decides.
    #[error("the configuration is set by environment variables")]
    Fixed,
    /// It decides who gets in, and who changes it has not proven within minutes who they are.
    #[error("a fresh proof is needed")]
    Stale,
    /// Somebody else changed it since the caller read it.
    #[error(transparent)]
    Outdated(#[from] ChangedMeanwhile),
    /// Values break their rules.
    #[error("invalid values")]
    Invalid(Vec<FieldError>),
    /// A secret cannot be encrypted.
    #[error(transparent)]
    Encryption(#[from] EncryptedTextError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Fixed => Self::new(
                StatusCode::FORBIDDEN,
                "ui_config_disabled",
                "The configuration is set by environment variables",
            ),
            ChangeError::Stale => Self::reauthentication_required(),
            ChangeError::Outdated(error) => error.into(),
            ChangeError::Invalid(fields) => Self::validation(fields),
            ChangeError::Encryption(error) => Self::internal(error),
            ChangeError::Store(error) => error.into(),
        }
    }
}

/// How much of the configuration a request speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All: what is left out returns to its default.
    Whole,
    /// What it names.
    Named,
}

/// Which state of the configuration this is. Secrets count as they are stored, so that a tag tells nothing of them.
fn tag(mut stored: Vec<(String, String)>) -> EntityTag {
    stored.sort();
    EntityTag::of(&stored)
}

/// Every setting as administrators see it.
pub type Shown = Versioned<Vec<AdminConfigEntry>>;

fn shown(settings: &Settings, tag: EntityTag) -> Shown {
    let entries = SETTINGS
        .iter()
        .zip(settings.shown())
        .map(|(setting, (key, value))| AdminConfigEntry {
            entry: ConfigEntry {
                key,
                type_: "",
                value: value.to_owned(),
            },
            is_public: setting.visibility == Visibility::Public,
        })
        .collect();
    Versioned { body: entries, tag }
}

/// The whole configuration, as stored right now.
pub async fn all(state: &AppState) -> Result<Shown, StoreError> {
    if state.settings.is_fixed() {
        return Ok(shown(&*state.settings().await?, tag(Vec::new())));
    }
    let stored = app_config::all(state.store.reader()).await?;
    let settings = Settings::from_values(sealed::unseal_all(&state.config, stored.clone()));
    Ok(shown(&settings, tag(stored)))
}

/// The settings a request changes: `None` returns one to its default.
fn wanted(
    input: &ConfigInput,
    extent: Extent,
) -> Result<Vec<(&'static Setting, Option<String>)>, ChangeError> {
    let mut rules = Rules::new();
    let mut changes = Vec::new();
    for setting in SETTINGS {
        let given = input.value(setting);
        let stays = match (given, extent) {
            (Some(value), _) => setting.visibility == Visibility::Secret && value == HIDDEN,
            (None, Extent::Named) => !input.mentions(setting),
            (None, Extent::Whole) => setting.since == Since::Later,
        };
        if stays {
            continue;
        }
        let value = match setting.rule {
            Rule::Text(_) => nfc(given.unwrap_or_default()),
            _ => given.unwrap_or_default().to_owned(),
        };
        let resets =
            value.is_empty() && (!setting.is_required() || given.is_none() && extent == Extent::Named);
        if let Some(fault) = setting.fault_of_change(&value).filter(|_| !resets) {
            rules.fail(setting.key, fault.code, fault.message);
        }
        changes.push((
            setting,
            Some(value).filter(|value| !value.is_empty() && value != setting.default),
        ));
    }
    rules.finish_with(ChangeError::Invalid)?;
    Ok(changes)
}

/// Settings that nobody gets in by: how things look, and clients that register themselves. All others decide where mail
/// with codes goes, who may sign up, or what a passkey or a session has to be.
const HARMLESS: &[&str] = &[
    "appName",
    "homePageUrl",
    "accentColor",
    "disableAnimations",
    "requireUserEmail",
    "dynamicClientRegistration",
    "dynamicClientRegistrationRequiresApproval",
    "cimdUrlAllowlist",
];

fn changes_ways_in(before: &Settings, wanted: &[(&'static Setting, Option<String>)]) -> bool {
    wanted.iter().any(|(setting, value)| {
        !HARMLESS.contains(&setting.key)
            && before.text(setting.key) != value.as_deref().unwrap_or(setting.default)
    })
}

/// Secrets that are sent to servers, and what the names of the settings of that server begin with.
const SENT: [(&str, &str); 2] = [("smtpPassword", "smtp"), ("ldapBindPassword", "ldap")];

/// Whether a setting with another value sends what is stored to another server, or to whoever is between.
fn sends_elsewhere(setting: &Setting, value: &str) -> bool {
    match setting.key {
        "smtpHost" | "ldapUrl" => !value.is_empty(),
        "smtpPort" => true,
        "smtpTls" => value == "none",
        "smtpSkipCertVerify" | "ldapSkipCertVerify" => value == "true",
        _ => false,
    }
}

/// Refuses to send a stored secret elsewhere: whoever may change where it goes must not learn it that way.
fn refuse_to_send_elsewhere(
    before: &Settings,
    wanted: &[(&'static Setting, Option<String>)],
) -> Result<(), ChangeError> {
    let mut rules = Rules::new();
    for (secret, server) in SENT {
        let is_kept =
            !before.text(secret).is_empty() && !wanted.iter().any(|(setting, _)| setting.key == secret);
        let moves = wanted.iter().any(|(setting, value)| {
            let value = value.as_deref().unwrap_or(setting.default);
            setting.key.starts_with(server)
                && value != before.text(setting.key)
                && sends_elsewhere(setting, value)
        });
        if is_kept && moves {
            rules.fail(
                secret,
                "required",
                "must be entered again, for it is sent another way",
            );
        }
    }
    rules.finish_with(ChangeError::Invalid)
}

/// What is known of who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// They have proven who they are as far as it is needed.
    Given,
    /// They were not asked for any.
    NotAsked,
}

/// Changes the configuration, if it still is what the caller saw.
///
/// # Errors
/// [`ChangeError::Stale`] when nobody was asked for a proof and the change needs one.
pub async fn change(
    state: &AppState,
    admin: &User,
    origin: &RequestOrigin,
    input: &ConfigInput,
    extent: Extent,
    seen: &IfMatch,
    proof: Proof,
) -> Result<Shown, ChangeError> {
    let wanted = wanted(input, extent)?;
    if state.settings.is_fixed() {
        return Err(ChangeError::Fixed);
    }
    let now = state.now();
    let tx = state.store.begin().await?;
    app_config::lock(&tx, now).await?;
    let stored = app_config::all(&tx).await?;
    let before = Settings::from_values(sealed::unseal_all(&state.config, stored.clone()));
    if proof == Proof::NotAsked && changes_ways_in(&before, &wanted) {
        return Err(ChangeError::Stale);
    }
    seen.check(&tag(stored))?;
    refuse_to_send_elsewhere(&before, &wanted)?;
    let mut changed = Vec::new();
    let mut values = Vec::new();
    for (setting, value) in wanted {
        if before.text(setting.key) == value.as_deref().unwrap_or(setting.default) {
            continue;
        }
        let value = match value {
            Some(value) if setting.visibility == Visibility::Secret => {
                Some(sealed::seal(&state.config, state.random, &value)?)
            }
            other => other,
        };
        changed.push(setting.key);
        values.push((setting.key.to_owned(), value));
    }
    if !values.is_empty() {
        app_config::set(&tx, &values, now).await?;
        let names = [("settings", changed.join(", "))];
        audit::record(state, &tx, Event::ConfigurationChanged, admin, origin, names).await?;
    }
    let stored = app_config::all(&tx).await?;
    commit(tx).await?;
    state.settings.invalidate().await;
    let settings = Settings::from_values(sealed::unseal_all(&state.config, stored.clone()));
    Ok(shown(&settings, tag(stored)))
}
