//! Making codes and throwing them away.

use http::StatusCode;
use pocket_id_store::types::UserId;
use pocket_id_store::users::{self, User};
use pocket_id_store::{StoreResult, commit, recovery_codes};
use secrecy::ExposeSecret as _;

use super::code;
use super::dto::{NewRecoveryCodesDto, RecoveryCodesDto};
use crate::audit::{self, Event};
use crate::http::access::ActingAdmin;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::mail::{self, Change};
use crate::state::AppState;
use crate::users::service::UserError;

/// How many codes a set has.
const SET: usize = 10;

/// What people read where no administrator allows recovery codes.
pub fn disabled() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "recovery_codes_disabled",
        "Recovery codes are disabled",
    )
}

/// What a user has.
pub async fn summary(state: &AppState, user: UserId) -> StoreResult<RecoveryCodesDto> {
    let reader = state.store.reader();
    Ok(RecoveryCodesDto {
        remaining: recovery_codes::count(reader, user).await?,
        created_at: recovery_codes::made_at(reader, user).await?,
    })
}

/// What a user has, for an administrator.
pub async fn summary_of(state: &AppState, user: Option<UserId>) -> Result<RecoveryCodesDto, UserError> {
    let user = users::find(state.store.reader(), user.ok_or(UserError::NotFound)?)
        .await?
        .ok_or(UserError::NotFound)?;
    Ok(summary(state, user.id).await?)
}

/// Makes a set of codes in the place of the one before.
pub async fn create(
    state: &AppState,
    user: &User,
    origin: &RequestOrigin,
) -> Result<NewRecoveryCodesDto, ApiError> {
    let settings = state.settings().await?;
    if !settings.allow_recovery_codes() {
        return Err(disabled());
    }
    let codes: Vec<_> = (0..SET).map(|_| code::new(state.random)).collect();
    let hashes = codes
        .iter()
        .filter_map(|code| code::hash(&state.config, code.expose_secret()))
        .collect();
    let tx = state.store.begin().await?;
    users::lock(&tx, user.id).await?.ok_or(UserError::NotFound)?;
    recovery_codes::replace(&tx, user.id, hashes, state.now()).await?;
    audit::record(state, &tx, Event::RecoveryCodesCreated, user, origin, []).await?;
    let change = Change::RecoveryCodes;
    let told = mail::tell_of_change(state, &settings, &tx, user, change, origin).await?;
    mail::commit_and_send(state, tx, told).await?;
    Ok(NewRecoveryCodesDto { codes })
}

/// Throws one's own codes away.
pub async fn delete_own(state: &AppState, user: &User, origin: &RequestOrigin) -> StoreResult<()> {
    let tx = state.store.begin().await?;
    if recovery_codes::delete_all(&tx, user.id).await? > 0 {
        audit::record(state, &tx, Event::RecoveryCodesDeleted, user, origin, []).await?;
    }
    commit(tx).await
}

/// Throws a user's codes away.
pub async fn delete_of(state: &AppState, by: &ActingAdmin, user: Option<UserId>) -> Result<(), UserError> {
    let tx = state.store.begin().await?;
    let user = users::find(&tx, user.ok_or(UserError::NotFound)?)
        .await?
        .ok_or(UserError::NotFound)?;
    if recovery_codes::delete_all(&tx, user.id).await? > 0 {
        audit::record_change(state, &tx, Event::RecoveryCodesDeleted, by, Some(&user), []).await?;
    }
    Ok(commit(tx).await?)
}
