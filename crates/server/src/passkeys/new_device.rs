//! Telling people of sign-ins from where they never were.

use pocket_id_store::users::User;
use pocket_id_store::{Tx, audit_logs};

use super::error::PasskeyError;
use crate::audit;
use crate::http::client_ip::RequestOrigin;
use crate::mail::{self, Message};
use crate::state::AppState;

/// Puts a mail into the queue if nothing the user did before came from this address with this program; whether it did.
/// A mail that cannot be written keeps nobody from signing in.
pub async fn notify(
    state: &AppState,
    tx: &Tx,
    user: &User,
    origin: &RequestOrigin,
) -> Result<bool, PasskeyError> {
    if user.email.is_none() {
        return Ok(false);
    }
    let ip = origin.ip.map(|ip| ip.to_string());
    if audit_logs::seen_from(tx, user.id, ip.as_deref(), &origin.user_agent).await? {
        return Ok(false);
    }
    let place = audit::place(state, origin.ip);
    let message = Message::NewDevice {
        city: place.city,
        country: place.country,
        ip: ip.unwrap_or_default(),
        device: audit::device_name(&origin.user_agent),
        at: state.now().0,
    };
    match mail::enqueue(state, tx, user, &message).await {
        Ok(()) => Ok(true),
        Err(mail::QueueError::Store(error)) => Err(error.into()),
        Err(error) => {
            tracing::error!(%error, "the mail about a new device could not be written");
            Ok(false)
        }
    }
}
