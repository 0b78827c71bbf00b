//! Signing in with a recovery code.

use http::{HeaderMap, StatusCode};
use pocket_id_store::types::AuthenticationMethod;
use pocket_id_store::users::{self, User};
use pocket_id_store::{StoreError, commit, recovery_codes};

use super::{code, managing};
use crate::audit::{self, Event};
use crate::guesses::{self, Guesses};
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::SetCookie;
use crate::http::error::ApiError;
use crate::sessions;
use crate::state::AppState;

const GUESSES: Guesses = Guesses {
    name: "recovery-code",
    per_address: 10,
    per_user: None,
    // Codes have 79 bits; the limit keeps tries from filling the audit log.
    in_total: Some(2000),
};

/// Why a code does not sign in.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// Nobody allows them.
    #[error("recovery codes are disabled")]
    Off,
    /// It is none, or was used.
    #[error("no such code")]
    Unknown,
    /// Too many wrong codes.
    #[error("too many wrong codes")]
    TooManyGuesses,
    /// Its user is locked out; the code stays.
    #[error("the user is disabled")]
    Disabled,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RecoveryError> for ApiError {
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::Off => managing::disabled(),
            RecoveryError::Unknown => Self::new(
                StatusCode::UNAUTHORIZED,
                "token_invalid_or_expired",
                "The code is wrong or has been used",
            ),
            RecoveryError::TooManyGuesses => guesses::too_many(),
            RecoveryError::Disabled => Self::user_disabled(),
            RecoveryError::Store(error) => error.into(),
        }
    }
}

/// Signs in with a code. Of any number of tries at once with one code, one succeeds.
pub async fn sign_in(
    state: &AppState,
    typed: &str,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<(User, SetCookie), RecoveryError> {
    if !state.settings().await?.allow_recovery_codes() {
        return Err(RecoveryError::Off);
    }
    if GUESSES.exhausted(state, None, origin).await? {
        return Err(RecoveryError::TooManyGuesses);
    }
    let outcome = redeem(state, typed, origin, headers).await;
    if matches!(outcome, Err(RecoveryError::Unknown)) {
        GUESSES.note(state, None, origin).await?;
        audit::note_wrong_code(state, origin, "recovery code").await;
    }
    outcome
}

async fn redeem(
    state: &AppState,
    typed: &str,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<(User, SetCookie), RecoveryError> {
    let hash = code::hash(&state.config, typed).ok_or(RecoveryError::Unknown)?;
    let tx = state.store.begin().await?;
    let found = recovery_codes::find(&tx, &hash)
        .await?
        .ok_or(RecoveryError::Unknown)?;
    let user = users::find(&tx, found.user_id)
        .await?
        .ok_or(RecoveryError::Unknown)?;
    if user.disabled {
        return Err(RecoveryError::Disabled);
    }
    // Everything below happens once, or is undone with this.
    if !recovery_codes::take(&tx, &hash).await? {
        return Err(RecoveryError::Unknown);
    }
    let method = AuthenticationMethod::OneTimeCode.into();
    let cookie = sessions::service::open(state, &tx, user.id, method, origin, headers).await?;
    let left = recovery_codes::count(&tx, user.id).await?.to_string();
    audit::record(
        state,
        &tx,
        Event::RecoveryCodeSignIn,
        &user,
        origin,
        [("codesLeft", left)],
    )
    .await?;
    commit(tx).await?;
    Ok((user, cookie))
}
