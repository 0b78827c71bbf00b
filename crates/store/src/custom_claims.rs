//! Queries over custom claims.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Order,
    QueryFilter, QueryOrder,
};

use crate::connect::Tx;
use crate::entity::custom_claim;
pub use crate::entity::custom_claim::Model as CustomClaim;
use crate::error::StoreResult;
use crate::types::{GroupId, UserId};

/// Adds claims.
pub async fn insert_many(tx: &Tx, claims: Vec<CustomClaim>) -> StoreResult<()> {
    if claims.is_empty() {
        return Ok(());
    }
    let rows = claims
        .into_iter()
        .map(|claim| claim.into_active_model().reset_all());
    custom_claim::Entity::insert_many(rows)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A user's own claims, in key order.
pub async fn of_users(connection: &impl ConnectionTrait, users: &[UserId]) -> StoreResult<Vec<CustomClaim>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    Ok(custom_claim::Entity::find()
        .filter(custom_claim::Column::UserId.is_in(users.iter().copied()))
        .order_by(custom_claim::Column::Key, Order::Asc)
        .all(connection)
        .await?)
}

/// The claims of a user and of their groups in one query, in creation order (the older claim of two groups wins).
pub async fn of_user_and_groups(
    connection: &impl ConnectionTrait,
    user: UserId,
    groups: &[GroupId],
) -> StoreResult<Vec<CustomClaim>> {
    Ok(custom_claim::Entity::find()
        .filter(
            Condition::any()
                .add(custom_claim::Column::UserId.eq(user))
                .add(custom_claim::Column::UserGroupId.is_in(groups.iter().copied())),
        )
        .order_by(custom_claim::Column::CreatedAt, Order::Asc)
        .order_by(custom_claim::Column::Id, Order::Asc)
        .all(connection)
        .await?)
}
