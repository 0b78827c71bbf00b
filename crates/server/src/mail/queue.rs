//! Mail on its way: written down with what it is about, attempted by any replica until the mail server takes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pocket_id_oidc::claims;
use pocket_id_store::mails::{self as store, Mail, Outcome};
use pocket_id_store::types::{DeliveryState, MailId, MailKind, Timestamp};
use pocket_id_store::users::{self, User};
use pocket_id_store::{StoreError, StoreResult, Tx, commit};
use secrecy::ExposeSecret as _;

use super::message::Message;
use super::smtp::{Dialogue, MailServer, Outgoing, SendError, SetupError};
use super::texts::Language;
use super::writing::{self, Reader, Sender, WritingError, Written};
use crate::app_config::Settings;
use crate::encrypted_text::{EncryptedTextError, TextKey};
use crate::jobs::attempts::{MOST_ATTEMPTS, next_attempt, some_at_a_time};
use crate::state::AppState;

/// Seconds an attempt has; another replica may try again after that.
const LEASE_SECONDS: i64 = 90;
/// Attempts under way at once in one process.
const AT_ONCE: usize = 4;
/// Mails looked at in one go: where the mail server lets each wait, what became urgent meanwhile is only a few behind.
const BATCH: u64 = 8;

/// Why a mail cannot be put into the queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The user has no address.
    #[error("the user has no e-mail address")]
    NoAddress,
    /// What it says cannot be encrypted.
    #[error(transparent)]
    Sealing(#[from] EncryptedTextError),
    /// What it says cannot be written down.
    #[error("a message cannot be written down: {0}")]
    Form(#[from] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an attempt failed. The texts are for administrators.
#[derive(Debug, thiserror::Error)]
enum AttemptError {
    /// Its reader has no account any more, or has locked themselves out of it.
    #[error("there is nobody to read it any more")]
    NoReader,
    /// It comes too late to be of use.
    #[error("it would come too late")]
    TooLate,
    /// The one who made the last attempt never said what came of it.
    #[error("the last attempt never ended")]
    Interrupted,
    /// What it says cannot be read: the encryption key is another one.
    #[error("what it says cannot be decrypted")]
    Sealing(#[from] EncryptedTextError),
    /// What it says is of another version.
    #[error("what it says cannot be read")]
    Form(#[from] serde_json::Error),
    /// It cannot be put into words.
    #[error(transparent)]
    Writing(#[from] WritingError),
    /// The mail server did not take it.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] StoreError),
}

impl From<SetupError> for AttemptError {
    fn from(error: SetupError) -> Self {
        Self::Send(error.into())
    }
}

impl AttemptError {
    fn is_final(&self) -> bool {
        match self {
            Self::NoReader | Self::TooLate | Self::Interrupted | Self::Sealing(_) | Self::Form(_) => true,
            Self::Send(error) => error.is_final(),
            Self::Writing(_) | Self::Store(_) => false,
        }
    }
}

/// Puts a message to a user into the queue, to be sent once the transaction is committed. Call [`AppState::mail`]'s
/// `notify_one` after that, lest it wait for the next look.
pub async fn enqueue(state: &AppState, tx: &Tx, to: &User, message: &Message) -> Result<(), QueueError> {
    let now = state.now();
    let recipient = to.email.clone().ok_or(QueueError::NoAddress)?;
    let content = serde_json::to_string(message)?;
    let mail = Mail {
        id: MailId(state.random.uuid()),
        kind: message.kind(),
        user_id: Some(to.id),
        recipient,
        sealed_content: Some(TextKey::of(&state.config)?.seal(&content, state.random)?),
        state: DeliveryState::Pending,
        attempts: 0,
        next_attempt_at: now,
        last_error: None,
        created_at: now,
        expires_at: message.expires_at(now),
        sent_at: None,
    };
    Ok(store::insert(tx, mail).await?)
}

/// Attempts some of what is due, what expires soonest first: a code to sign in with is of no use in an hour. Tells
/// whether more may be due.
pub async fn run_due(state: &AppState) -> StoreResult<bool> {
    let due = store::due(state.store.reader(), state.now(), BATCH).await?;
    let full = due.len() as u64 == BATCH;
    let failed = Arc::new(AtomicBool::new(false));
    some_at_a_time(AT_ONCE, due, |id| {
        let (state, failed) = (state.clone(), Arc::clone(&failed));
        async move {
            if let Err(error) = attempt(&state, id).await {
                tracing::error!(mail = %id, %error, "a mail could not be attempted");
                failed.store(true, Ordering::Relaxed);
            }
        }
    })
    .await;
    // What could not be attempted is still due, and not to be tried again at once.
    Ok(full && !failed.load(Ordering::Relaxed))
}

/// Attempts a mail, unless somebody else is at it.
async fn attempt(state: &AppState, id: MailId) -> StoreResult<()> {
    let now = state.now();
    let tx = state.store.begin().await?;
    let Some(mail) = store::find(&tx, id).await? else {
        return Ok(());
    };
    let claimed = store::claim(&tx, &mail, now.plus_seconds(LEASE_SECONDS), now).await?;
    commit(tx).await?;
    if !claimed {
        return Ok(());
    }
    let attempt = mail.attempts.saturating_add(1);
    let result = if attempt > MOST_ATTEMPTS {
        Err(AttemptError::Interrupted)
    } else {
        send(state, &mail, now).await
    };
    if let Err(error) = &result {
        tracing::warn!(mail = %id, kind = %mail.kind, attempt, %error, "a mail was not sent");
    }
    let outcome = outcome(attempt, &result, state.now());
    let tx = state.store.begin().await?;
    store::settle(&tx, id, attempt, outcome).await?;
    commit(tx).await
}

async fn send(state: &AppState, mail: &Mail, now: Timestamp) -> Result<(), AttemptError> {
    if mail.expires_at.is_some_and(|end| end <= now) {
        return Err(AttemptError::TooLate);
    }
    let user = match mail.user_id {
        Some(id) => users::find(state.store.reader(), id).await?,
        None => None,
    };
    let user = user.filter(|user| !user.disabled).ok_or(AttemptError::NoReader)?;
    let settings = state.settings().await?;
    let server = MailServer::of(&settings)?;
    let sealed = mail.sealed_content.as_deref().ok_or(AttemptError::TooLate)?;
    let content = TextKey::of(&state.config)?.open(sealed)?;
    let message: Message = serde_json::from_str(content.expose_secret())?;
    let full_name = full_name(&user);
    let written = writing::write(
        &sender(state, &settings),
        &reader(&user, &full_name, &mail.recipient),
        &message,
    )?;
    let outgoing = Outgoing {
        written: &written,
        from_name: settings.app_name(),
        to_name: match mail.kind {
            // It may be a stranger's address, who is not to read words chosen by another.
            MailKind::EmailVerification => "",
            _ => &full_name,
        },
        to_address: &mail.recipient,
        host: state.config.app_url.host(),
        id: mail.id.0,
        written_at: mail.created_at,
    };
    let patience = state.config.mail_patience;
    Ok(server.send(&outgoing, patience, &mut Dialogue::default()).await?)
}

fn sender<'a>(state: &'a AppState, settings: &'a Arc<Settings>) -> Sender<'a> {
    Sender {
        app_name: settings.app_name(),
        app_url: &state.config.app_url,
        accent: settings.text("accentColor"),
    }
}

fn full_name(user: &User) -> String {
    claims::full_name(
        &user.first_name,
        &user.last_name,
        &user.display_name,
        &user.username,
    )
}

fn reader<'a>(user: &'a User, full_name: &'a str, address: &'a str) -> Reader<'a> {
    Reader {
        first_name: Some(user.first_name.trim())
            .filter(|name| !name.is_empty())
            .unwrap_or(full_name),
        address,
        language: Language::of(user.locale.as_deref()),
    }
}

/// What an attempt means for its mail.
fn outcome(attempt: i32, result: &Result<(), AttemptError>, now: Timestamp) -> Outcome {
    match result {
        Ok(()) => Outcome {
            state: DeliveryState::Delivered,
            next_attempt_at: now,
            error: None,
            sent_at: Some(now),
        },
        Err(error) => {
            let gives_up = attempt >= MOST_ATTEMPTS || error.is_final();
            Outcome {
                state: if gives_up {
                    DeliveryState::Failed
                } else {
                    DeliveryState::Pending
                },
                next_attempt_at: next_attempt(attempt, now),
                error: Some(error.to_string()),
                sent_at: None,
            }
        }
    }
}

/// How the test mail went.
#[derive(Debug)]
pub enum TestMail {
    /// The server took it.
    Sent,
    /// It did not.
    Failed {
        /// Why.
        error: SendError,
        /// What was said.
        dialogue: Dialogue,
    },
}

/// Sends the test mail at once, to somebody with this address.
pub async fn send_test(state: &AppState, to: &User, address: &str) -> Result<TestMail, TestMailError> {
    let settings = state.settings().await?;
    let full_name = full_name(to);
    let written: Written = writing::write_test(&sender(state, &settings), &reader(to, &full_name, address))?;
    let outgoing = Outgoing {
        written: &written,
        from_name: settings.app_name(),
        to_name: &full_name,
        to_address: address,
        host: state.config.app_url.host(),
        id: state.random.uuid(),
        written_at: state.now(),
    };
    let mut dialogue = Dialogue::default();
    let sent = match MailServer::of(&settings) {
        Ok(server) => {
            let patience = state.config.mail_patience;
            server.send(&outgoing, patience, &mut dialogue).await
        }
        Err(error) => Err(error.into()),
    };
    Ok(match sent {
        Ok(()) => TestMail::Sent,
        Err(error) => TestMail::Failed { error, dialogue },
    })
}

/// Why no test mail was tried.
#[derive(Debug, thiserror::Error)]
pub enum TestMailError {
    /// It cannot be put into words.
    #[error(transparent)]
    Writing(#[from] WritingError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_attempts_end() {
        let now = Timestamp(1_000_000);
        let refused = || Err(AttemptError::Send(SendError::TimedOut));
        for (attempt, state, pause) in [
            (1, DeliveryState::Pending, 30),
            (2, DeliveryState::Pending, 90),
            (7, DeliveryState::Pending, 21_870),
            (8, DeliveryState::Failed, 65_610),
        ] {
            let outcome = outcome(attempt, &refused(), now);
            assert_eq!(
                (outcome.state, outcome.next_attempt_at),
                (state, now.plus_seconds(pause)),
                "{attempt}"
            );
        }
        let late = outcome(1, &Err(AttemptError::TooLate), now);
        assert_eq!(late.state, DeliveryState::Failed);
        let taken = outcome(8, &Ok(()), now);
        assert_eq!(
            (taken.state, taken.sent_at, taken.error),
            (DeliveryState::Delivered, Some(now), None)
        );
    }
}
