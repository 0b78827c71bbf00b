//! What only somebody may do who proved within minutes who they are: a browser left open, or a stolen cookie, must not
//! be enough to make oneself at home in an account for good.

use http::HeaderMap;
use pocket_id_store::types::AuthenticationMethod;
use pocket_id_store::{StoreResult, commit, passkeys};

use super::service::take_fresh_proof;
use crate::http::access::SignedIn;
use crate::state::AppState;

/// Seconds a sign-in counts as a proof.
pub const FRESH_SECONDS: i64 = 10 * 60;

/// Seconds in which a passkey may be added after a sign-in without one.
pub const RECOVERY_SECONDS: i64 = 60 * 60;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Adding a passkey. Who signed in with a code, or has just made their account, may do it for an hour: it is the way
    /// back in. Who was let in from another device has a passkey at hand there.
    AddPasskey,
    /// Removing a passkey, or making something else that opens the account. A code is no proof for it where there was a
    /// passkey to prove it with: whoever came by one would have the account for good.
    ChangeWaysIn,
}

/// Whether somebody is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// They proved who they are, or have nothing to prove it with.
    Fresh,
    /// Their passkey has to be used first.
    Stale,
}

/// Judges a session, and uses up the proof that comes along if the session alone does not do.
pub async fn judge(
    state: &AppState,
    signed_in: &SignedIn,
    headers: &HeaderMap,
    errand: Errand,
) -> StoreResult<Freshness> {
    let session = &signed_in.session;
    let user = signed_in.user.id;
    let recovers = errand == Errand::AddPasskey
        && matches!(
            session.method,
            AuthenticationMethod::OneTimeCode | AuthenticationMethod::SignUp
        );
    let enough = if recovers { RECOVERY_SECONDS } else { FRESH_SECONDS };
    if state.now() <= session.authenticated_at.plus_seconds(enough) {
        let evaded = errand == Errand::ChangeWaysIn
            && session.method == AuthenticationMethod::OneTimeCode
            && passkeys::any_from_before(state.store.reader(), user, session.authenticated_at).await?;
        if !evaded {
            return Ok(Freshness::Fresh);
        }
    }
    let tx = state.store.begin().await?;
    let proven = take_fresh_proof(state, &tx, headers, user).await?.is_some();
    let has_passkey = proven || passkeys::any_of_user(&tx, user).await?;
    commit(tx).await?;
    Ok(if proven || !has_passkey {
        Freshness::Fresh
    } else {
        Freshness::Stale
    })
}
