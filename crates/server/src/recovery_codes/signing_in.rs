//! Signing in with a recovery code.

use http::{HeaderMap, StatusCode};
use pocket_id_store::types::AuthenticationMethod;
use pocket_id_store::users::{self, User};
use pocket_id_store::{StoreError, commit, recovery_codes};

use super::{code, managing};
use crate::app_config::Settings;
use crate::audit::{self, Event};
use crate::guesses::{self, Guesses};
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::SetCookie;
use crate::http::error::ApiError;
use crate::sessions::signing_in::SignIn;
use crate::state::AppState;

const GUESSES: Guesses = Guesses {
    name: "recovery-code",
    per_address: 10,
    per_user: None,
    // Codes have 79 bits: nobody finds one, and nobody is to lock everybody else out by trying.
    in_total: None,
};

/// What the log calls this way in.
const METHOD: &str = "recovery code";

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
    Disabled(Box<User>),
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
            RecoveryError::Disabled(_) => Self::user_disabled(),
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
    let settings = state.settings().await?;
    if !settings.allow_recovery_codes() {
        return Err(RecoveryError::Off);
    }
    let guess = GUESSES.take(state, None, origin).await?;
    let guess = guess.ok_or(RecoveryError::TooManyGuesses)?;
    let outcome = redeem(state, &settings, typed, origin, headers).await;
    let failed = match &outcome {
        Err(RecoveryError::Unknown) => Some((None, "no such code")),
        Err(RecoveryError::Disabled(user)) => Some((Some(&**user), "the user is disabled")),
        _ => None,
    };
    if let Some((user, reason)) = failed {
        audit::note_failed_sign_in(state, origin, user, METHOD, reason).await;
    }
    if !matches!(outcome, Err(RecoveryError::Unknown)) {
        guess.was_right(state).await;
    }
    outcome
}

async fn redeem(
    state: &AppState,
    settings: &Settings,
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
        return Err(RecoveryError::Disabled(Box::new(user)));
    }
    // Everything below happens once, or is undone with this.
    if !recovery_codes::take(&tx, &hash).await? {
        return Err(RecoveryError::Unknown);
    }
    let left = recovery_codes::count(&tx, user.id).await?.to_string();
    let sign_in = SignIn {
        user: &user,
        authentication: AuthenticationMethod::OneTimeCode.into(),
        event: Event::RecoveryCodeSignIn,
        origin,
        headers,
        settings,
    };
    let written = sign_in.write(state, &tx, [("codesLeft", left)]).await?;
    commit(tx).await?;
    let cookie = written.announce(state);
    Ok((user, cookie))
}
