//! Who may register clients, and what an administrator's approval is needed for.

use pocket_id_store::{app_config, commit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app_config::{ChangeError, Settings};
use crate::audit::{self, Event};
use crate::http::access::ActingAdmin;
use crate::http::conditional::{EntityTag, IfMatch, Tagged};
use crate::http::error::ApiError;
use crate::http::validation::Rules;
use crate::state::AppState;

/// The setting that says who.
const MODE: &str = "dynamicClientRegistration";
/// The setting that says whether approval is needed.
const APPROVAL: &str = "dynamicClientRegistrationRequiresApproval";

/// Who may register clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nobody.
    Disabled,
    /// Holders of an initial access token.
    Token,
    /// Everybody.
    Open,
}

impl Mode {
    /// The mode in force.
    pub fn of(settings: &Settings) -> Self {
        match settings.text(MODE) {
            "token" => Self::Token,
            "open" => Self::Open,
            _ => Self::Disabled,
        }
    }
}

/// Whether unapproved clients cannot be used.
pub fn requires_approval(settings: &Settings) -> bool {
    settings.text(APPROVAL) == "true"
}

/// The policy on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyDto {
    /// `disabled`, `token` or `open`.
    #[schema(required = true, example = "token")]
    pub mode: String,
    /// Whether a client nobody approved cannot be used.
    #[schema(required = false)]
    pub requires_approval: bool,
}

impl PolicyDto {
    fn of(settings: &Settings) -> Self {
        Self {
            mode: settings.text(MODE).to_owned(),
            requires_approval: requires_approval(settings),
        }
    }
}

impl Tagged for PolicyDto {
    fn tag(&self) -> EntityTag {
        EntityTag::of(self)
    }
}

/// The policy in force.
pub async fn find(state: &AppState) -> Result<PolicyDto, ApiError> {
    Ok(PolicyDto::of(&*state.settings().await?))
}

/// Changes the policy.
pub async fn save(
    state: &AppState,
    by: &ActingAdmin,
    policy: PolicyDto,
    seen: &IfMatch,
) -> Result<PolicyDto, ApiError> {
    if state.settings.is_fixed() {
        return Err(ApiError::from(ChangeError::Fixed));
    }
    let mut rules = Rules::new();
    if !["disabled", "token", "open"].contains(&policy.mode.as_str()) {
        rules.fail("mode", "oneof", "must be disabled, token or open");
    }
    rules.finish()?;
    let tx = state.store.begin().await?;
    let values = [
        (MODE.to_owned(), Some(policy.mode.clone())),
        (APPROVAL.to_owned(), Some(policy.requires_approval.to_string())),
    ];
    app_config::lock(&tx, state.now()).await?;
    let stored = app_config::all(&tx).await?;
    seen.check(&PolicyDto::of(&Settings::from_values(stored.into_iter().collect())).tag())?;
    app_config::set(&tx, &values, state.now()).await?;
    let keys = [MODE, APPROVAL].join(", ");
    audit::record_change(
        state,
        &tx,
        Event::ConfigurationChanged,
        by,
        None,
        [("keys", keys)],
    )
    .await?;
    commit(tx).await?;
    state.settings.invalidate().await;
    Ok(policy)
}
