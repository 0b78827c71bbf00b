//! Telling people what was done to their account. A mail that cannot be written keeps nothing from being done.

use pocket_id_store::users::User;
use pocket_id_store::{StoreResult, Tx, commit};

use super::message::{Change, Circumstances, Message};
use super::queue::{QueueError, enqueue};
use crate::app_config::Settings;
use crate::http::client_ip::RequestOrigin;
use crate::state::AppState;

/// Puts a message into the queue if its reader has an address; whether it did.
pub async fn tell(state: &AppState, tx: &Tx, to: &User, message: &Message) -> StoreResult<bool> {
    match enqueue(state, tx, to, message).await {
        Ok(()) => Ok(true),
        Err(QueueError::NoAddress) => Ok(false),
        Err(QueueError::Store(error)) => Err(error),
        Err(error) => {
            tracing::error!(%error, "a mail could not be written");
            Ok(false)
        }
    }
}

/// Commits, and has mail that was written in the transaction sent at once.
pub async fn commit_and_send(state: &AppState, tx: Tx, written: bool) -> StoreResult<()> {
    commit(tx).await?;
    if written {
        state.mail.notify_one();
    }
    Ok(())
}

/// Tells somebody that something that opens their account was changed, where the installation tells of sign-ins;
/// whether it did.
pub async fn tell_of_change(
    state: &AppState,
    settings: &Settings,
    tx: &Tx,
    to: &User,
    change: Change,
    origin: &RequestOrigin,
) -> StoreResult<bool> {
    if !settings.mails_new_devices() {
        return Ok(false);
    }
    let message = Message::AccountChanged {
        change,
        circumstances: Circumstances::of(state, origin),
    };
    tell(state, tx, to, &message).await
}
