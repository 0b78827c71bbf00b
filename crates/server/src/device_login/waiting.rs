//! The side of the browser that waits.

use std::pin::pin;
use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode};
use pocket_id_store::device_logins::{self, DeviceLogin};
use pocket_id_store::types::{AuthenticationMethod, DeviceRequestStatus};
use pocket_id_store::users::{self, User};
use pocket_id_store::{StoreError, commit};
use subtle::ConstantTimeEq as _;

use super::dto::DeviceLoginDto;
use crate::audit::{self, Event};
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::{Cookie, SetCookie};
use crate::http::error::ApiError;
use crate::secret_token::{self, SecretToken};
use crate::sessions::signing_in::SignIn;
use crate::state::AppState;

/// Seconds a request lives; nothing makes it live longer.
const LIFETIME: i64 = 5 * 60;
/// Seconds the waiting browser is asked to leave between two exchanges.
const INTERVAL: i64 = 3;
/// How often a code is made anew because another request has it.
const TRIES: usize = 3;
/// How often an exchange that waits looks: what another replica decided is seen no sooner.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Longest a `User-Agent` is kept.
const LONGEST_AGENT: usize = 512;

/// Why a waiting browser is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum WaitingError {
    /// There is no such request, not any more, or not for this browser.
    #[error("no such request")]
    Expired,
    /// Somebody said no.
    #[error("denied")]
    Denied,
    /// Whoever approved it is locked out.
    #[error("the user is disabled")]
    Disabled,
    /// No code could be found that is free.
    #[error("no free code")]
    NoCode,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<WaitingError> for ApiError {
    fn from(error: WaitingError) -> Self {
        match error {
            WaitingError::Expired => expired(),
            WaitingError::Denied => Self::new(
                StatusCode::FORBIDDEN,
                "device_login_denied",
                "Device login request was denied",
            ),
            WaitingError::Disabled => Self::user_disabled(),
            WaitingError::NoCode => Self::internal(error),
            WaitingError::Store(error) => error.into(),
        }
    }
}

/// What unknown, expired and used-up requests are answered with.
pub fn expired() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "device_login_expired",
        "The sign-in request is invalid or has expired",
    )
}

/// The only path the waiting browser's cookie is sent to.
fn cookie_path(code: &str) -> String {
    format!("/api/device-login/requests/{code}/exchange")
}

/// Asks to be signed in from another device.
pub async fn start(
    state: &AppState,
    origin: &RequestOrigin,
) -> Result<(DeviceLoginDto, SetCookie), WaitingError> {
    let now = state.now();
    let expires_at = now.plus_seconds(LIFETIME);
    let token = SecretToken::generate(state.random);
    for _ in 0..TRIES {
        let code = super::new_code(state.random);
        let request = DeviceLogin {
            code_hash: super::hash(&state.config, &code),
            device_token_hash: token.hash.clone(),
            status: DeviceRequestStatus::Pending,
            user_id: None,
            ip_address: origin.ip.map(|ip| ip.to_string()),
            user_agent: origin.user_agent.chars().take(LONGEST_AGENT).collect(),
            approved_from: None,
            created_at: now,
            expires_at,
        };
        let tx = state.store.begin().await?;
        match device_logins::insert(&tx, request).await {
            Ok(()) => commit(tx).await?,
            Err(StoreError::Duplicate(_)) => continue,
            Err(error) => return Err(error.into()),
        }
        let url = &state.config.app_url;
        let cookie = Cookie::DeviceLogin.set_at(url, &cookie_path(&code), &token.value, LIFETIME);
        let request = DeviceLoginDto {
            verification_uri: url.join("/device"),
            verification_uri_complete: url.join(&format!("/device?user_code={code}")),
            id: code.clone(),
            user_code: code,
            expires_at,
            interval: INTERVAL,
        };
        return Ok((request, cookie));
    }
    Err(WaitingError::NoCode)
}

/// What an exchange comes to.
pub enum Exchange {
    /// Nobody has decided yet.
    Pending,
    /// The browser is signed in.
    SignedIn(Box<User>, [SetCookie; 2]),
}

/// Signs the waiting browser in once somebody approved it; waits for that so long.
pub async fn exchange(
    state: &AppState,
    code: &str,
    wait: Duration,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<Exchange, WaitingError> {
    let until = Instant::now() + wait;
    loop {
        // Listens before it looks: nothing is decided in between without being heard.
        let mut decided = pin!(state.device_login_decided.notified());
        decided.as_mut().enable();
        let outcome = look(state, code, origin, headers).await?;
        let left = until.saturating_duration_since(Instant::now());
        if !matches!(outcome, Exchange::Pending) || left.is_zero() {
            return Ok(outcome);
        }
        // Whichever comes first; both mean looking again.
        let _ = tokio::time::timeout(left.min(LOOK_EVERY), decided).await;
    }
}

async fn look(
    state: &AppState,
    code: &str,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<Exchange, WaitingError> {
    let app_url = &state.config.app_url;
    let hash = super::hash(&state.config, code);
    let presented = Cookie::DeviceLogin.read(headers, app_url).map(secret_token::hash);
    let request = device_logins::find(state.store.reader(), &hash, state.now())
        .await?
        .ok_or(WaitingError::Expired)?;
    let same_browser =
        presented.is_some_and(|presented| bool::from(presented.0.ct_eq(&request.device_token_hash.0)));
    if !same_browser {
        return Err(WaitingError::Expired);
    }
    match request.status {
        DeviceRequestStatus::Pending => Ok(Exchange::Pending),
        DeviceRequestStatus::Denied => Err(WaitingError::Denied),
        DeviceRequestStatus::Redeemed => Err(WaitingError::Expired),
        DeviceRequestStatus::Approved => redeem(state, code, &request, origin, headers).await,
    }
}

async fn redeem(
    state: &AppState,
    code: &str,
    request: &DeviceLogin,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<Exchange, WaitingError> {
    let settings = state.settings().await?;
    let tx = state.store.begin().await?;
    let user = match request.user_id {
        Some(id) => users::find(&tx, id).await?,
        None => None,
    };
    let user = user.ok_or(WaitingError::Expired)?;
    if user.disabled {
        drop(tx);
        let reason = "the user is disabled";
        audit::note_failed_sign_in(state, origin, Some(&user), "another device", reason).await;
        return Err(WaitingError::Disabled);
    }
    // Of any number of exchanges one passes here, and signs in or is undone as a whole.
    if !device_logins::take(&tx, &request.code_hash, state.now()).await? {
        return Err(WaitingError::Expired);
    }
    let from = request.approved_from.clone().unwrap_or_default();
    let sign_in = SignIn {
        user: &user,
        authentication: AuthenticationMethod::RemoteApproval.into(),
        event: Event::RemoteSignIn,
        origin,
        headers,
        settings: &settings,
    };
    let written = sign_in.write(state, &tx, [("approvedFrom", from)]).await?;
    commit(tx).await?;
    let session = written.announce(state);
    let spent = Cookie::DeviceLogin.clear_at(&state.config.app_url, &cookie_path(code));
    Ok(Exchange::SignedIn(Box::new(user), [session, spent]))
}
