//! Telling people of sign-ins from where they never were.

use pocket_id_store::users::User;
use pocket_id_store::{StoreResult, Tx, audit_logs};

use crate::audit::Event;
use crate::http::client_ip::RequestOrigin;
use crate::mail::{self, Circumstances, Message};
use crate::state::AppState;

/// Puts a mail into the queue if the user never signed in from this address with this program; whether it did.
/// Nothing else that was written about them counts: strangers ask for codes and fail to sign in, too.
pub(super) async fn notify(
    state: &AppState,
    tx: &Tx,
    user: &User,
    origin: &RequestOrigin,
) -> StoreResult<bool> {
    if user.email.is_none() {
        return Ok(false);
    }
    let ip = origin.ip.map(|ip| ip.to_string());
    let sign_ins = Event::SIGN_INS.map(Event::as_str);
    if audit_logs::seen_from(tx, user.id, ip.as_deref(), &origin.user_agent, sign_ins).await? {
        return Ok(false);
    }
    let message = Message::NewDevice {
        circumstances: Circumstances::of(state, origin),
    };
    mail::tell(state, tx, user, &message).await
}
