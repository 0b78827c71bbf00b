//! Token-signing keys.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Order,
    QueryFilter, QueryOrder,
};

use crate::connect::Tx;
use crate::entity::signing_key;
pub use crate::entity::signing_key::Model as SigningKey;
use crate::error::StoreResult;
use crate::types::{SigningKeyState, Timestamp};

/// Adds a key.
pub async fn insert(tx: &Tx, key: SigningKey) -> StoreResult<()> {
    signing_key::Entity::insert(key.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The keys whose public half is still published: the active ones and those not yet retired for good.
pub async fn published(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<Vec<SigningKey>> {
    Ok(signing_key::Entity::find()
        .filter(
            Condition::any()
                .add(signing_key::Column::State.eq(SigningKeyState::Active))
                .add(signing_key::Column::RetiresAt.gt(now)),
        )
        .order_by(signing_key::Column::CreatedAt, Order::Asc)
        .all(connection)
        .await?)
}
