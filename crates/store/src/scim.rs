//! Apps that are told of users and groups by SCIM: what is to be told, whose turn it is, and what was told.
//!
//! When an app is told next stands in its row, and so does who is telling it now: of any number of processes one does,
//! and what dies on the way is begun again by another.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Order,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::connect::{AT_ONCE, Tx};
pub use crate::entity::scim_provider::Model as ScimProvider;
pub use crate::entity::scim_resource::Model as ScimResource;
use crate::entity::{client_allowed_group, group_member, oidc_client, scim_provider, scim_resource};
use crate::entity::{user, user_group};
use crate::error::StoreResult;
use crate::types::{ClientId, GroupId, ScimKind, ScimProviderId, Timestamp, UserId};
use crate::users::STATIC_API_USER;
use crate::{Store, commit};

/// Seconds between a change and the run that tells of it; further changes put it off.
const PAUSE_SECONDS: i64 = 5 * 60;
/// Seconds between runs when nothing changes.
const EVERY_SECONDS: i64 = 60 * 60;
/// Seconds after a run at which changes do not put off the next any longer.
const LONGEST_PAUSE_SECONDS: i64 = 2 * 60 * 60;

/// Adds a provider.
///
/// # Errors
/// [`crate::StoreError::MissingReference`] when its client is gone.
pub async fn insert(tx: &Tx, provider: ScimProvider) -> StoreResult<()> {
    scim_provider::Entity::insert(provider.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// One provider.
pub async fn find(
    connection: &impl ConnectionTrait,
    id: ScimProviderId,
) -> StoreResult<Option<ScimProvider>> {
    Ok(scim_provider::Entity::find_by_id(id).one(connection).await?)
}

/// One provider, which nobody else changes until the transaction ends.
pub async fn lock(tx: &Tx, id: ScimProviderId) -> StoreResult<Option<ScimProvider>> {
    Ok(scim_provider::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx)
        .await?)
}

/// The provider of a client; of several the one with the lowest id.
pub async fn of_client(
    connection: &impl ConnectionTrait,
    client: &ClientId,
) -> StoreResult<Option<ScimProvider>> {
    Ok(scim_provider::Entity::find()
        .filter(scim_provider::Column::OidcClientId.eq(client.clone()))
        .order_by(scim_provider::Column::Id, Order::Asc)
        .one(connection)
        .await?)
}

/// Writes all columns of a provider, which has to be locked.
pub async fn update(tx: &Tx, provider: ScimProvider) -> StoreResult<()> {
    provider.into_active_model().reset_all().update(tx).await?;
    Ok(())
}

/// Removes a provider with all that is known of its resources; whether there was one.
pub async fn delete(tx: &Tx, id: ScimProviderId) -> StoreResult<bool> {
    Ok(scim_provider::Entity::delete_by_id(id)
        .exec(tx)
        .await?
        .rows_affected
        == 1)
}

/// When a run is due because of a change made now.
pub fn after_change(now: Timestamp) -> Timestamp {
    now.plus_seconds(PAUSE_SECONDS)
}

/// When the run after one that ended now is due.
pub fn after_run(now: Timestamp) -> Timestamp {
    now.plus_seconds(EVERY_SECONDS)
}

/// Notes that people, groups, or who may use what were changed: all apps are told a while after the last change. To be
/// the last statement of the transaction that changes them, so that it waits for nobody while it holds these rows.
pub async fn note_change(tx: &Tx, now: Timestamp) -> StoreResult<()> {
    // In the order of their ids, or two changes might wait for each other.
    let ids: Vec<ScimProviderId> = scim_provider::Entity::find()
        .select_only()
        .column(scim_provider::Column::Id)
        .order_by(scim_provider::Column::Id, Order::Asc)
        .lock_exclusive()
        .into_tuple()
        .all(tx)
        .await?;
    if ids.is_empty() {
        return Ok(());
    }
    let due = after_change(now);
    let last_run =
        Expr::col(scim_provider::Column::LastAttemptAt).if_null(Expr::col(scim_provider::Column::CreatedAt));
    scim_provider::Entity::update_many()
        .col_expr(scim_provider::Column::NextSyncAt, Expr::value(due))
        .filter(scim_provider::Column::Id.is_in(ids))
        .filter(last_run.gte(due.plus_seconds(-LONGEST_PAUSE_SECONDS)))
        .exec(tx)
        .await?;
    Ok(())
}

/// Providers to be told now that nobody is telling, the longest due first.
pub async fn due(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    most: u64,
) -> StoreResult<Vec<ScimProviderId>> {
    Ok(scim_provider::Entity::find()
        .select_only()
        .column(scim_provider::Column::Id)
        .filter(scim_provider::Column::NextSyncAt.lte(now))
        .filter(free(now))
        .order_by(scim_provider::Column::NextSyncAt, Order::Asc)
        .limit(most)
        .into_tuple()
        .all(connection)
        .await?)
}

fn free(now: Timestamp) -> Condition {
    Condition::any()
        .add(scim_provider::Column::LeaseUntil.is_null())
        .add(scim_provider::Column::LeaseUntil.lt(now))
}

/// Why a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is due.
    Due,
    /// An administrator asked for it.
    Asked,
}

/// Takes a provider for a run; of any number of callers one gets `true`.
pub async fn claim(
    tx: &Tx,
    id: ScimProviderId,
    reason: Reason,
    lease: Uuid,
    until: Timestamp,
    now: Timestamp,
) -> StoreResult<bool> {
    let mut update = scim_provider::Entity::update_many()
        .col_expr(scim_provider::Column::Lease, Expr::value(lease))
        .col_expr(scim_provider::Column::LeaseUntil, Expr::value(until))
        .filter(scim_provider::Column::Id.eq(id))
        .filter(free(now));
    match reason {
        Reason::Due => update = update.filter(scim_provider::Column::NextSyncAt.lte(now)),
        // Whatever moves this from now on is a change the run may have missed.
        Reason::Asked => update = update.col_expr(scim_provider::Column::NextSyncAt, Expr::value(now)),
    }
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Holds on to a lease; `false` if it was lost.
pub async fn renew(tx: &Tx, id: ScimProviderId, lease: Uuid, until: Timestamp) -> StoreResult<bool> {
    let result = scim_provider::Entity::update_many()
        .col_expr(scim_provider::Column::LeaseUntil, Expr::value(until))
        .filter(scim_provider::Column::Id.eq(id))
        .filter(scim_provider::Column::Lease.eq(lease))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Gives a lease back and says how the run went. The next one is due in an hour, or when a change made since the run
/// began wants it. A lease lost meanwhile is left alone.
pub async fn settle(
    tx: &Tx,
    id: ScimProviderId,
    lease: Uuid,
    began_at: Timestamp,
    error: Option<String>,
    now: Timestamp,
) -> StoreResult<bool> {
    let next = Expr::case(
        Expr::col(scim_provider::Column::NextSyncAt).gt(began_at),
        Expr::col(scim_provider::Column::NextSyncAt),
    )
    .finally(Expr::value(after_run(now)));
    let mut update = scim_provider::Entity::update_many()
        .col_expr(scim_provider::Column::Lease, Expr::value(None::<Uuid>))
        .col_expr(scim_provider::Column::LeaseUntil, Expr::value(None::<i64>))
        .col_expr(scim_provider::Column::LastAttemptAt, Expr::value(now))
        .col_expr(scim_provider::Column::NextSyncAt, next.into());
    if error.is_none() {
        update = update.col_expr(scim_provider::Column::LastSyncedAt, Expr::value(now));
    }
    let result = update
        .col_expr(scim_provider::Column::LastError, Expr::value(error))
        .filter(scim_provider::Column::Id.eq(id))
        .filter(scim_provider::Column::Lease.eq(lease))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// All that is known of a provider's resources.
pub async fn resources(
    connection: &impl ConnectionTrait,
    provider: ScimProviderId,
) -> StoreResult<Vec<ScimResource>> {
    Ok(scim_resource::Entity::find()
        .filter(scim_resource::Column::ProviderId.eq(provider))
        .order_by(scim_resource::Column::LocalId, Order::Asc)
        .all(connection)
        .await?)
}

/// Writes down what is known of resources.
pub async fn save_resources(tx: &Tx, resources: &[ScimResource]) -> StoreResult<()> {
    let key = [
        scim_resource::Column::ProviderId,
        scim_resource::Column::Kind,
        scim_resource::Column::LocalId,
    ];
    for some in resources.chunks(AT_ONCE) {
        let rows = some.iter().map(|row| row.clone().into_active_model().reset_all());
        let on_conflict = OnConflict::columns(key)
            .update_columns([
                scim_resource::Column::RemoteId,
                scim_resource::Column::RemoteName,
                scim_resource::Column::Origin,
                scim_resource::Column::SentHash,
                scim_resource::Column::SeenHash,
            ])
            .to_owned();
        scim_resource::Entity::insert_many(rows)
            .on_conflict(on_conflict)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Forgets resources.
pub async fn forget_resources(
    tx: &Tx,
    provider: ScimProviderId,
    kind: ScimKind,
    ids: &[Uuid],
) -> StoreResult<()> {
    for some in ids.chunks(AT_ONCE) {
        scim_resource::Entity::delete_many()
            .filter(scim_resource::Column::ProviderId.eq(provider))
            .filter(scim_resource::Column::Kind.eq(kind))
            .filter(scim_resource::Column::LocalId.is_in(some.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Forgets all resources of a provider: it is another one now.
pub async fn forget_all_resources(tx: &Tx, provider: ScimProviderId) -> StoreResult<()> {
    scim_resource::Entity::delete_many()
        .filter(scim_resource::Column::ProviderId.eq(provider))
        .exec(tx)
        .await?;
    Ok(())
}

/// Who may use a client, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// People, by username.
    pub users: Vec<user::Model>,
    /// Groups, by name.
    pub groups: Vec<user_group::Model>,
    /// Who of these people is in which of these groups.
    pub members: Vec<(GroupId, UserId)>,
}

/// Reads who may use a client, all of it as of one moment: everybody, or, if it is restricted, the groups on its list
/// and their members. None when the client is gone.
pub async fn scope(store: &Store, client: &ClientId) -> StoreResult<Option<Scope>> {
    let snapshot = store.begin_snapshot().await?;
    let found = read_scope(&snapshot, client).await;
    commit(snapshot).await?;
    found
}

async fn read_scope(snapshot: &impl ConnectionTrait, client: &ClientId) -> StoreResult<Option<Scope>> {
    let Some(client) = oidc_client::Entity::find_by_id(client.clone())
        .one(snapshot)
        .await?
    else {
        return Ok(None);
    };
    let allowed = || {
        client_allowed_group::Entity::find()
            .select_only()
            .column(client_allowed_group::Column::UserGroupId)
            .filter(client_allowed_group::Column::ClientId.eq(client.id.clone()))
            .into_query()
    };
    let mut groups = user_group::Entity::find().order_by(user_group::Column::Name, Order::Asc);
    let mut members = group_member::Entity::find()
        .filter(group_member::Column::UserId.ne(STATIC_API_USER))
        .order_by(group_member::Column::UserGroupId, Order::Asc)
        .order_by(group_member::Column::UserId, Order::Asc);
    let mut users = user::Entity::find()
        .filter(user::Column::Id.ne(STATIC_API_USER))
        .order_by(user::Column::Username, Order::Asc);
    if client.is_group_restricted {
        groups = groups.filter(user_group::Column::Id.in_subquery(allowed()));
        members = members.filter(group_member::Column::UserGroupId.in_subquery(allowed()));
        let in_them = group_member::Entity::find()
            .select_only()
            .column(group_member::Column::UserId)
            .filter(group_member::Column::UserGroupId.in_subquery(allowed()))
            .into_query();
        users = users.filter(user::Column::Id.in_subquery(in_them));
    }
    let members = members.all(snapshot).await?;
    Ok(Some(Scope {
        users: users.all(snapshot).await?,
        groups: groups.all(snapshot).await?,
        members: members
            .into_iter()
            .map(|row| (row.user_group_id, row.user_id))
            .collect(),
    }))
}
