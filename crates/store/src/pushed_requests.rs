//! Pushed authorization requests (RFC 9126): kept briefly, taken once.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
use crate::entity::pushed_request;
pub use crate::entity::pushed_request::Model as PushedRequest;
use crate::error::StoreResult;
use crate::types::{Timestamp, TokenHash};

/// Keeps one.
pub async fn insert(tx: &Tx, row: PushedRequest) -> StoreResult<()> {
    pushed_request::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Takes an unexpired one; of any number of callers one gets it.
pub async fn take(tx: &Tx, handle: &TokenHash, now: Timestamp) -> StoreResult<Option<PushedRequest>> {
    let Some(found) = pushed_request::Entity::find_by_id(handle.clone())
        .filter(pushed_request::Column::ExpiresAt.gt(now))
        .one(tx)
        .await?
    else {
        return Ok(None);
    };
    let deleted = pushed_request::Entity::delete_by_id(handle.clone())
        .exec(tx)
        .await?
        .rows_affected;
    Ok((deleted == 1).then_some(found))
}

/// Removes expired ones.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(pushed_request::Entity::delete_many()
        .filter(pushed_request::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
