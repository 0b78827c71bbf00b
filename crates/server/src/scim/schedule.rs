//! When apps are told: when it is due, by whichever process comes first, and when an administrator asks.

use std::time::Duration;

use pocket_id_store::scim::{self as store, Reason};
use pocket_id_store::types::ScimProviderId;
use pocket_id_store::{StoreResult, commit};

use super::running::{self, LEASE_SECONDS, Lease, RunError};
use super::service::ScimError;
use crate::http::error::ApiError;
use crate::jobs::attempts::some_at_a_time;
use crate::state::AppState;

/// Apps told at once by one process.
const AT_ONCE: usize = 4;
/// Providers looked at in one go.
const BATCH: u64 = 64;
/// How long who asks for a run waits for it: less than a request may take.
const PATIENCE: Duration = Duration::from_secs(25);

/// Tells all apps whose time has come.
pub async fn sync_due(state: &AppState) -> StoreResult<()> {
    let due = store::due(state.store.reader(), state.now(), BATCH).await?;
    some_at_a_time(AT_ONCE, due, |id| {
        let state = state.clone();
        async move {
            if let Err(error) = sync(&state, id, Reason::Due).await {
                tracing::error!(provider = %id, error = %error, "a SCIM sync could not be made");
            }
        }
    })
    .await;
    Ok(())
}

/// Tells an app, unless somebody is at it; then the answer is none.
async fn sync(
    state: &AppState,
    id: ScimProviderId,
    reason: Reason,
) -> StoreResult<Option<Result<(), RunError>>> {
    let began_at = state.now();
    let lease = Lease {
        provider: id,
        id: state.random.uuid(),
    };
    let until = began_at.plus_seconds(LEASE_SECONDS);
    let tx = state.store.begin().await?;
    let claimed = store::claim(&tx, id, reason, lease.id, until, began_at).await?;
    let provider = store::find(&tx, id).await?;
    commit(tx).await?;
    let Some(provider) = provider.filter(|_| claimed) else {
        return Ok(None);
    };
    let (done, result) = running::run(state, &provider, lease).await;
    running::settle(state, lease, began_at, &result).await?;
    let client = &provider.oidc_client_id;
    match &result {
        Ok(()) => tracing::info!(
            provider = %id, %client, created = done.created, replaced = done.replaced, removed = done.removed,
            "SCIM sync done"
        ),
        Err(error) => tracing::error!(
            provider = %id, %client, created = done.created, replaced = done.replaced, removed = done.removed,
            error = %error, "SCIM sync failed"
        ),
    }
    Ok(Some(result))
}

/// Tells an app because somebody asked, and waits a while for the result.
pub async fn sync_now(state: &AppState, id: Option<ScimProviderId>) -> Result<(), ApiError> {
    let id = id.ok_or(ScimError::NotFound)?;
    if store::find(state.store.reader(), id)
        .await
        .map_err(ScimError::from)?
        .is_none()
    {
        return Err(ScimError::NotFound.into());
    }
    let task = {
        let state = state.clone();
        // On its own feet: nothing is left half done when who asked has gone.
        tokio::spawn(async move { sync(&state, id, Reason::Asked).await })
    };
    match tokio::time::timeout(PATIENCE, task).await {
        Err(_) | Ok(Ok(Ok(None))) => Err(ScimError::Running.into()),
        Ok(Err(panicked)) => Err(ApiError::internal(panicked)),
        Ok(Ok(Err(error))) => Err(ScimError::from(error).into()),
        Ok(Ok(Ok(Some(Ok(()))))) => Ok(()),
        Ok(Ok(Ok(Some(Err(error))))) => Err(ScimError::Failed(error.to_string()).into()),
    }
}
