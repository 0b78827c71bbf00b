//! Queries over custom claims.

use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Order,
    QueryFilter, QueryOrder, QuerySelect,
};

use crate::connect::{AT_ONCE, Tx};
use crate::entity::custom_claim;
pub use crate::entity::custom_claim::Model as CustomClaim;
use crate::error::StoreResult;
use crate::types::{GroupId, UserId};

/// Adds claims.
pub async fn insert_many(tx: &Tx, claims: Vec<CustomClaim>) -> StoreResult<()> {
    for some in claims.chunks(AT_ONCE) {
        let rows = some
            .iter()
            .map(|claim| claim.clone().into_active_model().reset_all());
        custom_claim::Entity::insert_many(rows)
            .exec_without_returning(tx)
            .await?;
    }
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

/// Whose claims they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A user's own.
    User(UserId),
    /// Every member's of a group.
    Group(GroupId),
}

impl Owner {
    fn filter(self) -> SimpleExpr {
        match self {
            Self::User(id) => custom_claim::Column::UserId.eq(id),
            Self::Group(id) => custom_claim::Column::UserGroupId.eq(id),
        }
    }

    /// The user, if it is one.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::Group(_) => None,
        }
    }

    /// The group, if it is one.
    pub fn group(self) -> Option<GroupId> {
        match self {
            Self::Group(id) => Some(id),
            Self::User(_) => None,
        }
    }
}

/// An owner's claims, in key order.
pub async fn of_owner(connection: &impl ConnectionTrait, owner: Owner) -> StoreResult<Vec<CustomClaim>> {
    Ok(custom_claim::Entity::find()
        .filter(owner.filter())
        .order_by(custom_claim::Column::Key, Order::Asc)
        .all(connection)
        .await?)
}

/// The claims of several groups, in key order.
pub async fn of_groups(
    connection: &impl ConnectionTrait,
    groups: &[GroupId],
) -> StoreResult<Vec<CustomClaim>> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    Ok(custom_claim::Entity::find()
        .filter(custom_claim::Column::UserGroupId.is_in(groups.iter().copied()))
        .order_by(custom_claim::Column::Key, Order::Asc)
        .all(connection)
        .await?)
}

/// Removes claims.
pub async fn remove(tx: &Tx, claims: &[CustomClaim]) -> StoreResult<()> {
    for some in claims.chunks(AT_ONCE) {
        custom_claim::Entity::delete_many()
            .filter(custom_claim::Column::Id.is_in(some.iter().map(|claim| claim.id)))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Gives a claim another value.
pub async fn set_value(tx: &Tx, claim: &CustomClaim, value: &str) -> StoreResult<()> {
    custom_claim::Entity::update_many()
        .col_expr(custom_claim::Column::Value, Expr::value(value))
        .filter(custom_claim::Column::Id.eq(claim.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The keys in use, most used first.
pub async fn keys_by_use(connection: &impl ConnectionTrait) -> StoreResult<Vec<String>> {
    Ok(custom_claim::Entity::find()
        .select_only()
        .column(custom_claim::Column::Key)
        .group_by(custom_claim::Column::Key)
        .order_by(Expr::col(custom_claim::Column::Id).count(), Order::Desc)
        .order_by(custom_claim::Column::Key, Order::Asc)
        .into_tuple()
        .all(connection)
        .await?)
}
