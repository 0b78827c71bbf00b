//! Sign-ins that wait for approval on another device: decided once, redeemed once.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
pub use crate::entity::device_login::Model as DeviceLogin;
use crate::entity::device_login::{Column, Entity};
use crate::error::StoreResult;
use crate::types::{DeviceRequestStatus, Timestamp, TokenHash, UserId};

/// Adds a request.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] when the code is taken.
pub async fn insert(tx: &Tx, request: DeviceLogin) -> StoreResult<()> {
    Entity::insert(request.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A request that has not expired, whatever was decided about it.
pub async fn find(
    connection: &impl ConnectionTrait,
    code: &TokenHash,
    now: Timestamp,
) -> StoreResult<Option<DeviceLogin>> {
    Ok(Entity::find_by_id(code.clone())
        .filter(Column::ExpiresAt.gt(now))
        .one(connection)
        .await?)
}

/// Who decided what about a request, and from where.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What.
    pub status: DeviceRequestStatus,
    /// Whom it signs in from now on.
    pub user: Option<UserId>,
    /// The deciding address.
    pub from: Option<String>,
}

/// Decides about a pending request: of any number of callers one gets `true`.
pub async fn decide(tx: &Tx, code: &TokenHash, decision: Decision, now: Timestamp) -> StoreResult<bool> {
    let decided = Entity::update_many()
        .col_expr(Column::Status, Expr::value(decision.status))
        .col_expr(Column::UserId, Expr::value(decision.user))
        .col_expr(Column::ApprovedFrom, Expr::value(decision.from))
        .filter(Column::CodeHash.eq(code.clone()))
        .filter(Column::Status.eq(DeviceRequestStatus::Pending))
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(decided.rows_affected == 1)
}

/// Uses an approved request up: of any number of callers one gets `true`.
pub async fn take(tx: &Tx, code: &TokenHash, now: Timestamp) -> StoreResult<bool> {
    let taken = Entity::delete_by_id(code.clone())
        .filter(Column::Status.eq(DeviceRequestStatus::Approved))
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Removes what has expired.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(Entity::delete_many()
        .filter(Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
