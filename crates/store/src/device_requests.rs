//! Sign-ins on devices: answered once, redeemed once.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
use crate::entity::device_request;
pub use crate::entity::device_request::Model as DeviceRequest;
use crate::error::StoreResult;
use crate::types::{DeviceRequestStatus, GrantId, Timestamp, TokenHash};

/// Adds a request.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] when the user code is taken.
pub async fn insert(tx: &Tx, request: DeviceRequest) -> StoreResult<()> {
    device_request::Entity::insert(request.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// One by its device code, whatever became of it.
pub async fn find(
    connection: &impl ConnectionTrait,
    device_code: &TokenHash,
) -> StoreResult<Option<DeviceRequest>> {
    Ok(device_request::Entity::find_by_id(device_code.clone())
        .one(connection)
        .await?)
}

/// One by its user code, whatever became of it.
pub async fn find_by_user_code(
    connection: &impl ConnectionTrait,
    user_code: &TokenHash,
) -> StoreResult<Option<DeviceRequest>> {
    Ok(device_request::Entity::find()
        .filter(device_request::Column::UserCodeHash.eq(user_code.clone()))
        .one(connection)
        .await?)
}

/// Answers a pending request; of any number of callers one gets `true`.
pub async fn answer(
    tx: &Tx,
    device_code: &TokenHash,
    status: DeviceRequestStatus,
    grant: Option<GrantId>,
    now: Timestamp,
) -> StoreResult<bool> {
    let result = device_request::Entity::update_many()
        .col_expr(device_request::Column::Status, Expr::value(status))
        .col_expr(device_request::Column::GrantId, Expr::value(grant))
        .filter(device_request::Column::DeviceCodeHash.eq(device_code.clone()))
        .filter(device_request::Column::Status.eq(DeviceRequestStatus::Pending))
        .filter(device_request::Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Redeems an approved request; of any number of callers one gets `true`.
pub async fn redeem(tx: &Tx, device_code: &TokenHash, now: Timestamp) -> StoreResult<bool> {
    let result = device_request::Entity::update_many()
        .col_expr(
            device_request::Column::Status,
            Expr::value(DeviceRequestStatus::Redeemed),
        )
        .filter(device_request::Column::DeviceCodeHash.eq(device_code.clone()))
        .filter(device_request::Column::Status.eq(DeviceRequestStatus::Approved))
        .filter(device_request::Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Notes that the device asked, and how long it is to wait.
pub async fn polled(
    tx: &Tx,
    device_code: &TokenHash,
    interval_seconds: i32,
    now: Timestamp,
) -> StoreResult<()> {
    device_request::Entity::update_many()
        .col_expr(device_request::Column::LastPolledAt, Expr::value(now.0))
        .col_expr(
            device_request::Column::IntervalSeconds,
            Expr::value(interval_seconds),
        )
        .filter(device_request::Column::DeviceCodeHash.eq(device_code.clone()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes expired requests.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(device_request::Entity::delete_many()
        .filter(device_request::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
