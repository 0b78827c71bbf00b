//! Removing what has expired.

use pocket_id_store::{
    StoreResult, access_tokens, audit_logs, authorization_codes, client_access_tokens, commit, device_logins,
    device_requests, email_verifications, grants, interactions, jtis, login_codes, logout_deliveries, mails,
    pushed_requests, reauthentication_tokens as proofs, refresh_tokens, registrations, sessions as sign_ins,
    signing_keys, signup_tokens, webauthn_challenges, wrong_guesses,
};

use crate::clients::logos;
use crate::state::AppState;

/// How many audit entries are removed in one transaction.
const ENTRIES_AT_ONCE: u64 = 1000;

/// Codes, tokens, and grants nothing can be done with any more.
pub async fn tokens(state: &AppState) -> StoreResult<()> {
    let now = state.now();
    let tx = state.store.begin().await?;
    access_tokens::delete_expired(&tx, now).await?;
    client_access_tokens::delete_expired(&tx, now).await?;
    pushed_requests::delete_expired(&tx, now).await?;
    device_requests::delete_expired(&tx, now).await?;
    login_codes::delete_expired(&tx, now).await?;
    email_verifications::delete_expired(&tx, now).await?;
    mails::delete_settled(&tx, now.plus_seconds(-30 * 24 * 60 * 60)).await?;
    device_logins::delete_expired(&tx, now).await?;
    signup_tokens::delete_expired(&tx, now).await?;
    wrong_guesses::delete_expired(&tx, now).await?;
    authorization_codes::delete_expired(&tx, now).await?;
    refresh_tokens::delete_expired(&tx, now).await?;
    grants::delete_expired(&tx, now).await?;
    commit(tx).await
}

/// Ids of assertions and proofs that have expired since.
pub async fn jtis(state: &AppState) -> StoreResult<()> {
    let tx = state.store.begin().await?;
    jtis::delete_expired(&tx, state.now()).await?;
    commit(tx).await
}

/// Replaced signing keys nothing valid is signed with any more.
pub async fn signing_keys(state: &AppState) -> StoreResult<()> {
    let tx = state.store.begin().await?;
    signing_keys::delete_retired(&tx, state.now()).await?;
    commit(tx).await
}

/// Clients that registered themselves a month ago and that nobody approved or ever used.
pub async fn registered_clients(state: &AppState) -> StoreResult<()> {
    let tx = state.store.begin().await?;
    let month_ago = state.now().plus_seconds(-30 * 24 * 60 * 60);
    let gone = registrations::delete_unused(&tx, month_ago).await?;
    commit(tx).await?;
    for client in gone {
        if let Err(error) = logos::forget(state, &client).await {
            tracing::warn!(client = %client.id, error = %error, "the logo of a client that is gone could not be removed");
        }
    }
    Ok(())
}

/// Abandoned authorization requests.
pub async fn interactions(state: &AppState) -> StoreResult<()> {
    let tx = state.store.begin().await?;
    interactions::delete_expired(&tx, state.now()).await?;
    commit(tx).await
}

/// Abandoned WebAuthn ceremonies.
pub async fn challenges(state: &AppState) -> StoreResult<()> {
    let tx = state.store.begin().await?;
    webauthn_challenges::delete_expired(&tx, state.now()).await?;
    commit(tx).await
}

/// Stale proofs of a passkey used.
pub async fn reauthentication_tokens(state: &AppState) -> StoreResult<()> {
    let tx = state.store.begin().await?;
    proofs::delete_expired(&tx, state.now()).await?;
    commit(tx).await
}

/// Sign-in sessions that ended by themselves, and word of others that reached its client, or did not, a month ago.
pub async fn sessions(state: &AppState) -> StoreResult<()> {
    let tx = state.store.begin().await?;
    let now = state.now();
    sign_ins::delete_expired(&tx, now).await?;
    logout_deliveries::delete_settled(&tx, now.plus_seconds(-30 * 24 * 60 * 60)).await?;
    commit(tx).await
}

/// Audit entries past their retention.
pub async fn audit_logs(state: &AppState) -> StoreResult<()> {
    let days = i64::from(state.config.audit_log_retention_days.get());
    let oldest = state.now().plus_seconds(-days * 24 * 60 * 60);
    // In pieces: who else writes does not wait for all of them.
    loop {
        let tx = state.store.begin().await?;
        let removed = audit_logs::delete_older_than(&tx, oldest, ENTRIES_AT_ONCE).await?;
        commit(tx).await?;
        if removed < ENTRIES_AT_ONCE {
            return Ok(());
        }
    }
}

/// What the database noted about numbers of audit entries is added up, so that lists have little to add.
pub async fn audit_log_counts(state: &AppState) -> StoreResult<()> {
    let tx = state.store.begin().await?;
    audit_logs::compact_counts(&tx).await?;
    commit(tx).await
}
