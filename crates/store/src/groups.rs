//! Queries over user groups and memberships.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Order, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};

use crate::connect::Tx;
pub use crate::entity::user_group::Model as UserGroup;
use crate::entity::{group_member, user_group};
use crate::error::StoreResult;
use crate::types::{GroupId, UserId};

/// Adds a group.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] when the name is taken.
pub async fn insert(tx: &Tx, group: UserGroup) -> StoreResult<UserGroup> {
    Ok(group.into_active_model().reset_all().insert(tx).await?)
}

/// The groups that exist among some ids.
pub async fn find_existing(
    connection: &impl ConnectionTrait,
    ids: &[GroupId],
) -> StoreResult<Vec<UserGroup>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(user_group::Entity::find()
        .filter(user_group::Column::Id.is_in(ids.iter().copied()))
        .order_by(user_group::Column::Name, Order::Asc)
        .all(connection)
        .await?)
}

/// The groups a user is in, by name.
pub async fn of_user(connection: &impl ConnectionTrait, user: UserId) -> StoreResult<Vec<UserGroup>> {
    let memberships = group_member::Entity::find()
        .select_only()
        .column(group_member::Column::UserGroupId)
        .filter(group_member::Column::UserId.eq(user))
        .into_query();
    Ok(user_group::Entity::find()
        .filter(user_group::Column::Id.in_subquery(memberships))
        .order_by(user_group::Column::Name, Order::Asc)
        .all(connection)
        .await?)
}

/// The memberships of several users, for lists.
pub async fn of_users(
    connection: &impl ConnectionTrait,
    users: &[UserId],
) -> StoreResult<Vec<(UserId, UserGroup)>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let memberships = group_member::Entity::find()
        .filter(group_member::Column::UserId.is_in(users.iter().copied()))
        .all(connection)
        .await?;
    let ids: Vec<GroupId> = memberships.iter().map(|row| row.user_group_id).collect();
    let groups = find_existing(connection, &ids).await?;
    let mut found = Vec::with_capacity(memberships.len());
    for group in groups {
        for membership in memberships.iter().filter(|row| row.user_group_id == group.id) {
            found.push((membership.user_id, group.clone()));
        }
    }
    Ok(found)
}

/// Makes the given groups the user's only ones; unknown groups must have been dropped before.
pub async fn replace_for_user(tx: &Tx, user: UserId, groups: &[GroupId]) -> StoreResult<()> {
    group_member::Entity::delete_many()
        .filter(group_member::Column::UserId.eq(user))
        .exec(tx)
        .await?;
    if groups.is_empty() {
        return Ok(());
    }
    let rows = groups.iter().map(|group| {
        group_member::Model {
            user_id: user,
            user_group_id: *group,
        }
        .into_active_model()
        .reset_all()
    });
    group_member::Entity::insert_many(rows)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
