//! Requests for mailed login codes: each answered once.

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Order, QueryOrder, QuerySelect,
};

use crate::connect::Tx;
pub use crate::entity::login_code_request::Model as LoginCodeRequest;
use crate::entity::login_code_request::{Column, Entity};
use crate::error::StoreResult;
use crate::types::LoginCodeRequestId;

/// Adds one.
pub async fn insert(tx: &Tx, request: LoginCodeRequest) -> StoreResult<()> {
    Entity::insert(request.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The oldest ones.
pub async fn oldest(connection: &impl ConnectionTrait, most: u64) -> StoreResult<Vec<LoginCodeRequest>> {
    Ok(Entity::find()
        .order_by(Column::CreatedAt, Order::Asc)
        .limit(most)
        .all(connection)
        .await?)
}

/// Takes a request to be answered: of any number of callers one gets `true`.
pub async fn take(tx: &Tx, id: LoginCodeRequestId) -> StoreResult<bool> {
    Ok(Entity::delete_by_id(id).exec(tx).await?.rows_affected == 1)
}
