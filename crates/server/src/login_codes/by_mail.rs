//! Login codes by mail: from an administrator, or for whoever asks and has an account.
//!
//! Asking only writes the wish down, the same for every address, so that neither the answer nor the time it takes
//! tells whether somebody has an account. What follows from it happens afterwards, in whichever process looks first.

use pocket_id_store::login_code_requests::{self as requests, LoginCodeRequest};
use pocket_id_store::types::{LoginCodeRequestId, UserId};
use pocket_id_store::users;
use pocket_id_store::{StoreError, StoreResult, commit};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use utoipa::ToSchema;

use super::issue::{DEFAULT_SECONDS, LifetimeInput, NewCode, lifetime, store_new};
use crate::audit::{self, Event};
use crate::guesses::Guesses;
use crate::http::access::ActingAdmin;
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::{Cookie, SetCookie};
use crate::http::error::ApiError;
use crate::http::validation::{Rules, nfc};
use crate::mail::{self, MailServer, Message, QueueError};
use crate::random::ALPHANUMERIC;
use crate::secret_token;
use crate::state::AppState;
use crate::users::service::UserError;

/// Characters of the secret of the browser that asks.
const DEVICE_TOKEN_LENGTH: usize = 16;
/// Seconds a mailed code lives that somebody asked for.
const REQUESTED_SECONDS: i64 = 15 * 60;
/// Where the browser's secret is sent.
const COOKIE_PATH: &str = "/api/one-time-access-token";
/// Characters of a page's address that go into a mail.
const LONGEST_REDIRECT: usize = 2000;
/// Requests answered in one go.
const BATCH: u64 = 64;

/// Nobody's mailbox is flooded, from however many addresses it is tried.
const MAILS: Guesses = Guesses {
    name: "login-code-mail",
    per_address: i32::MAX,
    per_user: Some(5),
    in_total: None,
};

/// Whose code is to be mailed, and where its link goes on to.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestInput {
    /// The address.
    #[schema(example = "tim@example.com")]
    pub email: String,
    /// A page of this installation to go on to: it begins with one `/`. Anything else is left out.
    #[schema(required = false)]
    pub redirect_path: Option<String>,
}

/// Mails a user a code, as an administrator. Whoever reads it becomes that person: it is written down who made it.
pub async fn to_user(
    state: &AppState,
    user: Option<UserId>,
    input: &LifetimeInput,
    by: &ActingAdmin,
) -> Result<(), ApiError> {
    let settings = state.settings().await?;
    if !settings.mails_login_codes_of_admins() {
        return Err(ApiError::one_time_access_disabled());
    }
    let seconds = lifetime(input, DEFAULT_SECONDS, state.now())?;
    let tx = state.store.begin().await?;
    let user = users::find(&tx, user.ok_or(UserError::NotFound)?)
        .await?
        .ok_or(UserError::NotFound)?;
    if user.email.is_none() {
        return Err(ApiError::user_email_not_set());
    }
    if MailServer::of(&settings).is_err() {
        return Err(ApiError::smtp_not_configured());
    }
    let new = NewCode::by_admin(&user, seconds, by);
    let code = store_new(&state.config, &tx, new, state.now()).await?;
    let message = Message::LoginCode {
        code: code.expose_secret().to_owned(),
        redirect: None,
        lifetime: seconds,
    };
    mail::enqueue(state, &tx, &user, &message).await?;
    let data = [
        ("actorUserID", by.user.id.to_string()),
        ("actorUsername", by.user.username.clone()),
        ("method", "email".to_owned()),
    ];
    audit::record(state, &tx, Event::LoginCodeCreated, &user, &by.origin, data).await?;
    commit(tx).await?;
    state.mail.notify_one();
    Ok(())
}

/// Notes that somebody wants a code mailed to an address. Gives the browser the secret without which the code is of no
/// use.
pub async fn request(
    state: &AppState,
    input: &RequestInput,
    origin: &RequestOrigin,
) -> Result<SetCookie, ApiError> {
    if !state.settings().await?.mails_login_codes_on_request() {
        return Err(ApiError::one_time_access_disabled());
    }
    let email = nfc(&input.email);
    let mut rules = Rules::new();
    rules.required("email", &email);
    rules.email("email", &email);
    rules.finish()?;
    let device: secrecy::SecretString = state.random.text(ALPHANUMERIC, DEVICE_TOKEN_LENGTH).into();
    let request = LoginCodeRequest {
        id: LoginCodeRequestId(state.random.uuid()),
        email,
        device_token_hash: secret_token::hash(device.expose_secret()),
        redirect_path: input
            .redirect_path
            .as_deref()
            .filter(|path| is_own_page(path))
            .map(str::to_owned),
        ip_address: origin.ip.map(|ip| ip.to_string()),
        user_agent: origin.user_agent.clone(),
        created_at: state.now(),
    };
    let tx = state.store.begin().await?;
    requests::insert(&tx, request).await?;
    commit(tx).await?;
    state.mail.notify_one();
    Ok(Cookie::LoginCodeDevice.set_at(&state.config.app_url, COOKIE_PATH, &device, REQUESTED_SECONDS))
}

/// Whether a browser stays with us when it is sent to a path: `//host` and `/\host` are other hosts, and so is what remains
/// of `/.//host` when the dots are gone.
fn is_own_page(path: &str) -> bool {
    path.len() <= LONGEST_REDIRECT
        && path.starts_with('/')
        && !path.contains(|c: char| c == '\\' || c.is_control())
        && !path
            .split(['?', '#'])
            .next()
            .is_some_and(|path| path.contains("//"))
}

/// Why a request was not answered; it stays.
#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Mails a code to each who asked for one and has an account.
pub async fn answer_requests(state: &AppState) -> StoreResult<()> {
    for request in requests::oldest(state.store.reader(), BATCH).await? {
        let id = request.id;
        if let Err(error) = answer(state, request).await {
            tracing::error!(request = %id, %error, "a login code could not be mailed");
        }
    }
    Ok(())
}

async fn answer(state: &AppState, request: LoginCodeRequest) -> Result<(), AnswerError> {
    let now = state.now();
    let seconds = (request.created_at.plus_seconds(REQUESTED_SECONDS).0 - now.0) / 1000;
    let nowhere = RequestOrigin::default();
    let mut user = users::find_by_typed_email(state.store.reader(), &request.email)
        .await?
        .filter(|user| !user.disabled && seconds > 1);
    if let Some(flooded) = &user
        && MAILS.exhausted(state, Some(flooded.id), &nowhere).await?
    {
        tracing::warn!(user = %flooded.id, "too many login codes were asked for; this one is not mailed");
        user = None;
    }
    let tx = state.store.begin().await?;
    if !requests::take(&tx, request.id).await? {
        return Ok(());
    }
    let Some(user) = user else {
        return Ok(commit(tx).await?);
    };
    MAILS.note_in(&tx, state, Some(user.id), &nowhere).await?;
    let new = NewCode {
        user: user.id,
        seconds,
        device: Some(request.device_token_hash),
        self_made: false,
    };
    let code = store_new(&state.config, &tx, new, now).await?;
    let message = Message::LoginCode {
        code: code.expose_secret().to_owned(),
        redirect: request.redirect_path,
        lifetime: REQUESTED_SECONDS,
    };
    mail::enqueue(state, &tx, &user, &message).await?;
    let origin = RequestOrigin {
        ip: request.ip_address.and_then(|ip| ip.parse().ok()),
        user_agent: request.user_agent,
    };
    let data = [("method", "email".to_owned())];
    audit::record(state, &tx, Event::LoginCodeCreated, &user, &origin, data).await?;
    Ok(commit(tx).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_ours() {
        for (path, own) in [
            ("/settings", true),
            ("/interaction?interaction=1", true),
            ("/interaction?from=https://app.example//", true),
            ("//evil.example", false),
            ("/.//evil.example", false),
            ("/x/..//evil.example", false),
            ("/%2e//evil.example", false),
            ("/\\evil.example", false),
            ("/a\tb", false),
            ("https://evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_own_page(path), own, "{path}");
        }
        assert!(!is_own_page(&format!("/{}", "a".repeat(LONGEST_REDIRECT))));
    }
}
