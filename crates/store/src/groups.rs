//! Queries over user groups and memberships.

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, ExprTrait, JoinType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, Order,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use crate::connect::{AT_ONCE, Tx};
pub use crate::entity::user_group::Model as UserGroup;
use crate::entity::{client_allowed_group, group_member, oidc_client, user, user_group};
use crate::error::StoreResult;
use crate::list::{ListRequest, Ordering, Page, Place, contains, count, long_page, rows_at};
use crate::types::{ClientId, GroupId, Timestamp, UserId};

/// Adds a group.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] when the name is taken.
pub async fn insert(tx: &Tx, group: UserGroup) -> StoreResult<UserGroup> {
    Ok(group.into_active_model().reset_all().insert(tx).await?)
}

/// One group.
pub async fn find(connection: &impl ConnectionTrait, id: GroupId) -> StoreResult<Option<UserGroup>> {
    Ok(user_group::Entity::find_by_id(id).one(connection).await?)
}

/// One group, which nobody else changes until the transaction ends.
pub async fn lock(tx: &Tx, id: GroupId) -> StoreResult<Option<UserGroup>> {
    Ok(user_group::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?)
}

/// The group with exactly this name.
pub async fn find_by_name(connection: &impl ConnectionTrait, name: &str) -> StoreResult<Option<UserGroup>> {
    Ok(user_group::Entity::find()
        .filter(user_group::Column::Name.eq(name))
        .one(connection)
        .await?)
}

/// Writes all columns of a group.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] when the name is taken.
pub async fn update(tx: &Tx, group: UserGroup) -> StoreResult<UserGroup> {
    Ok(group.into_active_model().reset_all().update(tx).await?)
}

/// Notes that groups were changed.
pub async fn touch(tx: &Tx, ids: &[GroupId], now: Timestamp) -> StoreResult<()> {
    for some in ids.chunks(AT_ONCE) {
        user_group::Entity::update_many()
            .col_expr(user_group::Column::UpdatedAt, Expr::value(now))
            .filter(user_group::Column::Id.is_in(some.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Removes a group with its memberships, claims and places on clients' lists; whether there was one.
pub async fn delete(tx: &Tx, id: GroupId) -> StoreResult<bool> {
    Ok(user_group::Entity::delete_by_id(id).exec(tx).await?.rows_affected == 1)
}

/// A page of groups. Sort keys are those of the REST API.
pub async fn list(connection: &impl ConnectionTrait, request: &ListRequest) -> StoreResult<Page<UserGroup>> {
    use user_group::Column;

    let mut select = user_group::Entity::find();
    if let Some(text) = &request.search {
        select = select.filter(contains(connection.get_database_backend(), Column::Name, text));
    }
    let (column, order) = match request.sort_key() {
        Some(("friendlyName", order)) => (Column::FriendlyName, order),
        Some(("name", order)) => (Column::Name, order),
        Some(("createdAt", order)) => (Column::CreatedAt, order),
        Some(("userCount", order)) => return by_members(connection, select, order, request).await,
        _ => (Column::CreatedAt, Order::Asc),
    };
    let mut ordering = by_age(&order);
    if !matches!(column, Column::CreatedAt) {
        ordering.insert(0, (column.into_expr(), order));
    }
    long_page(select, Column::Id, ordering, request, connection).await
}

/// What is left to decide is decided by age, in the same direction: that is how the indices go.
fn by_age(order: &Order) -> Ordering {
    [user_group::Column::CreatedAt, user_group::Column::Id]
        .map(|column| (column.into_expr(), order.clone()))
        .into()
}

/// A page in the order of the numbers of members. All memberships are counted once to find it, and those of the page
/// again to read it.
async fn by_members(
    connection: &impl ConnectionTrait,
    select: Select<user_group::Entity>,
    order: Order,
    request: &ListRequest,
) -> StoreResult<Page<UserGroup>> {
    let place = Place::of(request, count(&select, connection).await?);
    let group = || Expr::col((group_member::Entity, group_member::Column::UserGroupId));
    let this = || Expr::col((user_group::Entity, user_group::Column::Id));

    let counts = group_member::Entity::find()
        .select_only()
        .column(group_member::Column::UserGroupId)
        // The column of the index that is looked into: no row is read.
        .column_as(group_member::Column::UserGroupId.count(), "members")
        .group_by(group_member::Column::UserGroupId)
        .into_query();
    let mut found = by_age(&order);
    let members = Expr::col(("counts", "members")).if_null(0_i64);
    found.insert(0, (members, order.clone()));
    let mut joined = select;
    QuerySelect::query(&mut joined).join_subquery(
        JoinType::LeftJoin,
        counts,
        "counts",
        Expr::col(("counts", group_member::Column::UserGroupId)).eq(this()),
    );

    let members = group_member::Entity::find()
        .select_only()
        .expr(group().count())
        .filter(group().eq(this()))
        .into_query();
    let mut read = by_age(&order);
    read.insert(0, (Expr::SubQuery(None, Box::new(members.into())), order));
    let rows = rows_at(place, joined, user_group::Column::Id, &found, &read, connection).await?;
    Ok(place.with(rows))
}

#[derive(FromQueryResult)]
struct MemberCount {
    user_group_id: GroupId,
    members: i64,
}

/// How many members each of some groups has; groups without any are left out.
pub async fn member_counts(
    connection: &impl ConnectionTrait,
    groups: &[GroupId],
) -> StoreResult<Vec<(GroupId, i64)>> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let rows = group_member::Entity::find()
        .select_only()
        .column(group_member::Column::UserGroupId)
        // The column of the index that is looked into: no row is read.
        .column_as(group_member::Column::UserGroupId.count(), "members")
        .filter(group_member::Column::UserGroupId.is_in(groups.iter().copied()))
        .group_by(group_member::Column::UserGroupId)
        .into_model::<MemberCount>()
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.user_group_id, row.members))
        .collect())
}

/// The members of a group, by username.
pub async fn members(connection: &impl ConnectionTrait, group: GroupId) -> StoreResult<Vec<user::Model>> {
    let members = group_member::Entity::find()
        .select_only()
        .column(group_member::Column::UserId)
        .filter(group_member::Column::UserGroupId.eq(group))
        .into_query();
    Ok(user::Entity::find()
        .filter(user::Column::Id.in_subquery(members))
        .order_by(user::Column::Username, Order::Asc)
        .all(connection)
        .await?)
}

async fn member_ids(tx: &Tx, group: GroupId) -> StoreResult<HashSet<UserId>> {
    let ids: Vec<UserId> = group_member::Entity::find()
        .select_only()
        .column(group_member::Column::UserId)
        .filter(group_member::Column::UserGroupId.eq(group))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(ids.into_iter().collect())
}

/// Makes the users that exist among some ids the only members of a group, and says whether others were.
pub async fn replace_members(tx: &Tx, group: GroupId, users: &[UserId]) -> StoreResult<bool> {
    let before = member_ids(tx, group).await?;
    let mut after = HashSet::with_capacity(users.len());
    group_member::Entity::delete_many()
        .filter(group_member::Column::UserGroupId.eq(group))
        .exec(tx)
        .await?;
    for some in users.chunks(AT_ONCE) {
        let existing: Vec<UserId> = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::Id.is_in(some.iter().copied()))
            .into_tuple()
            .all(tx)
            .await?;
        insert_members(tx, existing.iter().map(|user| (*user, group))).await?;
        after.extend(existing);
    }
    Ok(after != before)
}

async fn insert_members(tx: &Tx, members: impl Iterator<Item = (UserId, GroupId)>) -> StoreResult<()> {
    let rows: Vec<_> = members
        .map(|(user_id, user_group_id)| {
            group_member::Model {
                user_id,
                user_group_id,
            }
            .into_active_model()
            .reset_all()
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    // An id may have been named twice, in two chunks.
    group_member::Entity::insert_many(rows)
        .on_conflict_do_nothing()
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The clients whose lists a group is on, by name.
pub async fn allowed_clients(
    connection: &impl ConnectionTrait,
    group: GroupId,
) -> StoreResult<Vec<oidc_client::Model>> {
    let clients = client_allowed_group::Entity::find()
        .select_only()
        .column(client_allowed_group::Column::ClientId)
        .filter(client_allowed_group::Column::UserGroupId.eq(group))
        .into_query();
    Ok(oidc_client::Entity::find()
        .filter(oidc_client::Column::Id.in_subquery(clients))
        .order_by(oidc_client::Column::Name, Order::Asc)
        .all(connection)
        .await?)
}

async fn allowed_client_ids(tx: &Tx, group: GroupId) -> StoreResult<HashSet<ClientId>> {
    let ids: Vec<ClientId> = client_allowed_group::Entity::find()
        .select_only()
        .column(client_allowed_group::Column::ClientId)
        .filter(client_allowed_group::Column::UserGroupId.eq(group))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(ids.into_iter().collect())
}

/// Puts a group on the lists of the clients that exist among some ids, and takes it off all others; says whether that
/// changed anything.
pub async fn replace_allowed_clients(tx: &Tx, group: GroupId, clients: &[ClientId]) -> StoreResult<bool> {
    let before = allowed_client_ids(tx, group).await?;
    let mut after = HashSet::with_capacity(clients.len());
    client_allowed_group::Entity::delete_many()
        .filter(client_allowed_group::Column::UserGroupId.eq(group))
        .exec(tx)
        .await?;
    for some in clients.chunks(AT_ONCE) {
        let existing: Vec<ClientId> = oidc_client::Entity::find()
            .select_only()
            .column(oidc_client::Column::Id)
            .filter(oidc_client::Column::Id.is_in(some.iter().cloned()))
            .into_tuple()
            .all(tx)
            .await?;
        if existing.is_empty() {
            continue;
        }
        after.extend(existing.iter().cloned());
        let rows = existing.into_iter().map(|client_id| {
            client_allowed_group::Model {
                client_id,
                user_group_id: group,
            }
            .into_active_model()
            .reset_all()
        });
        client_allowed_group::Entity::insert_many(rows)
            .on_conflict_do_nothing()
            .exec_without_returning(tx)
            .await?;
    }
    Ok(after != before)
}

/// The groups that exist among some ids, by name: as the database compares names, or by their bytes if they are more than
/// fit into one statement.
pub async fn find_existing(
    connection: &impl ConnectionTrait,
    ids: &[GroupId],
) -> StoreResult<Vec<UserGroup>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let find = |some: &[GroupId]| {
        user_group::Entity::find()
            .filter(user_group::Column::Id.is_in(some.iter().copied()))
            .order_by(user_group::Column::Name, Order::Asc)
    };
    if ids.len() <= AT_ONCE {
        return Ok(find(ids).all(connection).await?);
    }
    let different: Vec<GroupId> = ids.iter().copied().collect::<HashSet<_>>().into_iter().collect();
    let mut found = Vec::with_capacity(different.len());
    for some in different.chunks(AT_ONCE) {
        found.extend(find(some).all(connection).await?);
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
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
    for some in groups.chunks(AT_ONCE) {
        insert_members(tx, some.iter().map(|group| (user, *group))).await?;
    }
    Ok(())
}
