//! Telling people of API keys that end soon.

use pocket_id_store::api_keys::{self, ApiKey};
use pocket_id_store::{StoreResult, commit, users};

use crate::mail::{self, MailServer, Message, QueueError};
use crate::state::AppState;

/// Seconds before the end at which its owner is told.
const NOTICE: i64 = 7 * 24 * 60 * 60;

/// Puts a mail into the queue for each key that ends within a week, once. One that cannot be written does not stop the
/// others; it is tried again with the next run.
pub async fn announce_ends(state: &AppState) -> StoreResult<()> {
    let settings = state.settings().await?;
    if !settings.mails_ends_of_api_keys() || MailServer::of(&settings).is_err() {
        return Ok(());
    }
    let now = state.now();
    let keys = api_keys::ending_unannounced(state.store.reader(), now, now.plus_seconds(NOTICE)).await?;
    for key in keys {
        if let Err(error) = announce(state, &key).await {
            tracing::error!(key = %key.id, %error, "an API key's end could not be announced");
        }
    }
    state.mail.notify_one();
    Ok(())
}

async fn announce(state: &AppState, key: &ApiKey) -> Result<(), QueueError> {
    let tx = state.store.begin().await?;
    let Some(owner) = users::find(&tx, key.user_id).await? else {
        return Ok(());
    };
    // Told later, should they get an address or be let in again in time.
    if owner.email.is_none() || owner.disabled || !api_keys::announce_end(&tx, key.id).await? {
        return Ok(());
    }
    let message = Message::ApiKeyExpiring {
        key: key.name.clone(),
        expires_at: key.expires_at.0,
    };
    mail::enqueue(state, &tx, &owner, &message).await?;
    Ok(commit(tx).await?)
}
