//! Signing in with a code.

use http::{HeaderMap, StatusCode};
use pocket_id_store::types::AuthenticationMethod;
use pocket_id_store::users::{self, User};
use pocket_id_store::{StoreError, commit, login_codes};
use secrecy::SecretString;
use subtle::ConstantTimeEq as _;

use super::code;
use crate::audit::{self, Event};
use crate::guesses::{self, Guesses};
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::{Cookie, SetCookie};
use crate::http::error::ApiError;
use crate::secret_token;
use crate::sessions::signing_in::SignIn;
use crate::state::AppState;

/// Guesses at short codes. So many find one of thirty thousand million with no chance worth naming.
const GUESSES: Guesses = Guesses {
    name: "login-code",
    per_address: 10,
    per_user: None,
    in_total: Some(500),
};

/// Guesses at codes that cannot be guessed: whoever uses up everybody's tries locks nobody out who has a link of an
/// administrator, or of the command line.
const GUESSES_AT_LONG: Guesses = Guesses {
    in_total: None,
    ..GUESSES
};

/// How often a code may be shown by a browser it is not for.
const TRIES_PER_CODE: i32 = 5;

/// What the log calls this way in.
const METHOD: &str = "login code";

/// Why a code does not sign in.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// It is none, was used, or has expired.
    #[error("no such code")]
    Unknown,
    /// It works in another browser only; it stays, unless this was one try too many.
    #[error("the code is for another device")]
    WrongDevice(Box<User>),
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

impl From<ExchangeError> for ApiError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Unknown => Self::new(
                StatusCode::UNAUTHORIZED,
                "token_invalid_or_expired",
                "Token is invalid or expired",
            ),
            ExchangeError::WrongDevice(_) => Self::new(
                StatusCode::UNAUTHORIZED,
                "device_code_invalid",
                "Device code is invalid",
            ),
            ExchangeError::TooManyGuesses => guesses::too_many(),
            ExchangeError::Disabled(_) => Self::user_disabled(),
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
    let code = code::typed(text);
    let guesses = match &code {
        Some(code) if code::is_long(code) => GUESSES_AT_LONG,
        _ => GUESSES,
    };
    let guess = guesses.take(state, None, origin).await?;
    let guess = guess.ok_or(ExchangeError::TooManyGuesses)?;
    let outcome = match code {
        Some(code) => redeem(state, &code, origin, headers).await,
        None => Err(ExchangeError::Unknown),
    };
    let failed = match &outcome {
        Err(ExchangeError::Unknown) => Some((None, "no such code")),
        Err(ExchangeError::WrongDevice(user)) => Some((Some(&**user), "the code is for another browser")),
        Err(ExchangeError::Disabled(user)) => Some((Some(&**user), "the user is disabled")),
        _ => None,
    };
    if let Some((user, reason)) = failed {
        audit::note_failed_sign_in(state, origin, user, METHOD, reason).await;
    }
    if !matches!(
        outcome,
        Err(ExchangeError::Unknown | ExchangeError::WrongDevice(_))
    ) {
        guess.was_right(state).await;
    }
    outcome
}

async fn redeem(
    state: &AppState,
    code: &SecretString,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<(User, SetCookie), ExchangeError> {
    let hash = code::hash(&state.config, code);
    let now = state.now();
    let settings = state.settings().await?;
    let tx = state.store.begin().await?;
    let found = login_codes::find(&tx, &hash, now)
        .await?
        .ok_or(ExchangeError::Unknown)?;
    let user = users::find(&tx, found.user_id)
        .await?
        .ok_or(ExchangeError::Unknown)?;
    if let Some(device) = &found.device_token_hash {
        let sent = Cookie::LoginCodeDevice
            .read(headers, &state.config.app_url)
            .map(secret_token::hash);
        if !sent.is_some_and(|sent| bool::from(sent.0.ct_eq(&device.0))) {
            if guesses::note_try(&tx, state, GUESSES.name, &hash).await? >= TRIES_PER_CODE {
                login_codes::take(&tx, &hash, now).await?;
            }
            commit(tx).await?;
            return Err(ExchangeError::WrongDevice(Box::new(user)));
        }
    }
    if user.disabled {
        return Err(ExchangeError::Disabled(Box::new(user)));
    }
    // Everything below happens once, or is undone with this.
    if !login_codes::take(&tx, &hash, now).await? {
        return Err(ExchangeError::Unknown);
    }
    let sign_in = SignIn {
        user: &user,
        authentication: AuthenticationMethod::OneTimeCode.into(),
        event: Event::TokenSignIn,
        origin,
        headers,
        settings: &settings,
    };
    let written = sign_in.write(state, &tx, []).await?;
    commit(tx).await?;
    let cookie = written.announce(state);
    Ok((user, cookie))
}
