//! Signing in with a code.

use http::{HeaderMap, StatusCode};
use pocket_id_store::types::AuthenticationMethod;
use pocket_id_store::users::{self, User};
use pocket_id_store::{StoreError, commit, login_codes};
use subtle::ConstantTimeEq as _;

use super::code;
use crate::audit::{self, Event};
use crate::guesses::{self, Guesses};
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::{Cookie, SetCookie};
use crate::http::error::ApiError;
use crate::secret_token;
use crate::sessions;
use crate::state::AppState;

const GUESSES: Guesses = Guesses {
    name: "login-code",
    per_address: 10,
    per_user: None,
    // So many guesses find a short code of one in thirty thousand million with no chance worth naming.
    in_total: Some(2000),
};

/// Why a code does not sign in.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// It is none, was used, or has expired.
    #[error("no such code")]
    Unknown,
    /// It works in another browser only; it stays.
    #[error("the code is for another device")]
    WrongDevice,
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

impl From<ExchangeError> for ApiError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Unknown => Self::new(
                StatusCode::UNAUTHORIZED,
                "token_invalid_or_expired",
                "Token is invalid or expired",
            ),
            ExchangeError::WrongDevice => Self::new(
                StatusCode::UNAUTHORIZED,
                "device_code_invalid",
                "Device code is invalid",
            ),
            ExchangeError::TooManyGuesses => guesses::too_many(),
            ExchangeError::Disabled => Self::user_disabled(),
            ExchangeError::Store(error) => error.into(),
        }
    }
}

/// Signs in with a code. Of any number of tries at once with one code, one succeeds.
pub async fn exchange(
    state: &AppState,
    text: &str,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<(User, SetCookie), ExchangeError> {
    if GUESSES.exhausted(state, None, origin).await? {
        return Err(ExchangeError::TooManyGuesses);
    }
    let outcome = redeem(state, text, origin, headers).await;
    if matches!(outcome, Err(ExchangeError::Unknown | ExchangeError::WrongDevice)) {
        GUESSES.note(state, None, origin).await?;
        audit::note_wrong_code(state, origin, "login code").await;
    }
    outcome
}

async fn redeem(
    state: &AppState,
    text: &str,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<(User, SetCookie), ExchangeError> {
    let code = code::typed(text).ok_or(ExchangeError::Unknown)?;
    let hash = code::hash(&state.config, &code);
    let now = state.now();
    let tx = state.store.begin().await?;
    let found = login_codes::find(&tx, &hash, now)
        .await?
        .ok_or(ExchangeError::Unknown)?;
    if let Some(device) = &found.device_token_hash {
        let sent = Cookie::LoginCodeDevice
            .read(headers, &state.config.app_url)
            .map(secret_token::hash);
        if !sent.is_some_and(|sent| bool::from(sent.0.ct_eq(&device.0))) {
            return Err(ExchangeError::WrongDevice);
        }
    }
    let user = users::find(&tx, found.user_id)
        .await?
        .ok_or(ExchangeError::Unknown)?;
    if user.disabled {
        return Err(ExchangeError::Disabled);
    }
    // Everything below happens once, or is undone with this.
    if !login_codes::take(&tx, &hash, now).await? {
        return Err(ExchangeError::Unknown);
    }
    let method = AuthenticationMethod::OneTimeCode.into();
    let cookie = sessions::service::open(state, &tx, user.id, method, origin, headers).await?;
    audit::record(state, &tx, Event::TokenSignIn, &user, origin, []).await?;
    commit(tx).await?;
    Ok((user, cookie))
}
