//! Codes that sign somebody in once: stored once, taken once.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
use crate::entity::login_code;
pub use crate::entity::login_code::Model as LoginCode;
use crate::error::StoreResult;
use crate::types::{Timestamp, TokenHash, UserId};

/// Stores a code.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] when the very code is there already.
pub async fn insert(tx: &Tx, code: LoginCode) -> StoreResult<()> {
    login_code::Entity::insert(code.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A code that has not expired; it stays.
pub async fn find(
    connection: &impl ConnectionTrait,
    hash: &TokenHash,
    now: Timestamp,
) -> StoreResult<Option<LoginCode>> {
    Ok(login_code::Entity::find_by_id(hash.clone())
        .filter(login_code::Column::ExpiresAt.gt(now))
        .one(connection)
        .await?)
}

/// Uses a code up: of any number of callers one gets `true`.
pub async fn take(tx: &Tx, hash: &TokenHash, now: Timestamp) -> StoreResult<bool> {
    let taken = login_code::Entity::delete_by_id(hash.clone())
        .filter(login_code::Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Removes all that are to sign somebody in.
pub async fn delete_of_user(tx: &Tx, user: UserId) -> StoreResult<()> {
    login_code::Entity::delete_many()
        .filter(login_code::Column::UserId.eq(user))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes those a user has made themselves.
pub async fn delete_self_made(tx: &Tx, user: UserId) -> StoreResult<()> {
    login_code::Entity::delete_many()
        .filter(login_code::Column::UserId.eq(user))
        .filter(login_code::Column::SelfMade.eq(true))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes what has expired.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(login_code::Entity::delete_many()
        .filter(login_code::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
