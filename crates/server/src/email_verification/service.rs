//! The rules: one link per user, for the address they have, used once.

use http::StatusCode;
use pocket_id_store::email_verifications::{self, EmailVerification};
use pocket_id_store::users::{self, User};
use pocket_id_store::{StoreError, commit};
use subtle::ConstantTimeEq as _;

use crate::audit::{self, Event};
use crate::guesses::{self, Guesses};
use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::mail::{self, MailServer, Message, QueueError, SetupError};
use crate::random::ALPHANUMERIC;
use crate::secret_token;
use crate::state::AppState;

const LENGTH: usize = 32;
/// Seconds a link works.
const LIFETIME: i64 = 24 * 60 * 60;

/// Nobody's mailbox is flooded, from however many addresses it is tried.
const MAILS: Guesses = Guesses {
    name: "verification-mail",
    per_address: i32::MAX,
    per_user: Some(5),
    in_total: None,
};

/// Why an address is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// The token is not the user's newest, was used, has expired, or they have another address by now.
    #[error("no such token")]
    Unknown,
    /// So many links were mailed within a quarter of an hour.
    #[error("too many links were mailed")]
    TooMany,
    /// No mail can be sent.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The mail could not be put into the queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<VerificationError> for ApiError {
    fn from(error: VerificationError) -> Self {
        match error {
            VerificationError::Unknown => Self::new(
                StatusCode::BAD_REQUEST,
                "invalid_email_verification_token",
                "Email verification token is invalid",
            ),
            VerificationError::TooMany => guesses::too_many_of("verification emails"),
            VerificationError::Setup(_) => Self::smtp_not_configured(),
            VerificationError::Queue(error) => error.into(),
            VerificationError::Store(error) => error.into(),
        }
    }
}

/// Mails a link to a user's address. The link before it works no more. An address that is known to be theirs gets none.
pub async fn send(state: &AppState, user: &User, origin: &RequestOrigin) -> Result<(), VerificationError> {
    let email = user.email.clone().ok_or(QueueError::NoAddress)?;
    MailServer::of(&*state.settings().await?)?;
    if user.email_verified {
        return Ok(());
    }
    if MAILS.take(state, Some(user.id), origin).await?.is_none() {
        return Err(VerificationError::TooMany);
    }
    let token = state.random.text(ALPHANUMERIC, LENGTH);
    let now = state.now();
    let tx = state.store.begin().await?;
    email_verifications::replace(
        &tx,
        EmailVerification {
            user_id: user.id,
            token_hash: secret_token::hash(&token),
            email,
            created_at: now,
            expires_at: now.plus_seconds(LIFETIME),
        },
    )
    .await?;
    let message = Message::EmailVerification {
        token,
        lifetime: LIFETIME,
    };
    mail::enqueue(state, &tx, user, &message).await?;
    commit(tx).await?;
    state.mail.notify_one();
    Ok(())
}

/// Notes that the user's address is theirs. A wrong token leaves the right one as it is.
pub async fn verify(
    state: &AppState,
    user: &User,
    token: &str,
    origin: &RequestOrigin,
) -> Result<(), VerificationError> {
    let now = state.now();
    let hash = secret_token::hash(token);
    let tx = state.store.begin().await?;
    let pending = email_verifications::find(&tx, user.id, now)
        .await?
        .filter(|pending| bool::from(pending.token_hash.0.ct_eq(&hash.0)))
        .ok_or(VerificationError::Unknown)?;
    let verified = email_verifications::take(&tx, user.id, &hash).await?
        && users::verify_email(&tx, user.id, &pending.email, now).await?;
    if !verified {
        return Err(VerificationError::Unknown);
    }
    let data = [("email", pending.email)];
    audit::record(state, &tx, Event::EmailVerified, user, origin, data).await?;
    Ok(commit(tx).await?)
}
