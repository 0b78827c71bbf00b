//! What users agreed clients may see.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Order, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};

use crate::connect::Tx;
pub use crate::entity::consent::Model as Consent;
use crate::entity::{consent, oidc_client};
use crate::error::StoreResult;
use crate::list::{ListRequest, Page, page};
use crate::types::{ClientId, StringList, Timestamp, UserId};

/// A user's consent for a client.
pub async fn find(
    connection: &impl ConnectionTrait,
    user: UserId,
    client: &ClientId,
) -> StoreResult<Option<Consent>> {
    Ok(consent::Entity::find_by_id((user, client.clone()))
        .one(connection)
        .await?)
}

/// Whether a consent was news or known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentChange {
    /// First consent, or new scope keys.
    New,
    /// Everything was agreed to before.
    Unchanged,
}

/// Adds scope keys to a consent (made when missing) and notes its use.
pub async fn merge(
    tx: &Tx,
    user: UserId,
    client: &ClientId,
    keys: &[String],
    now: Timestamp,
) -> StoreResult<ConsentChange> {
    let mut row = loop {
        // The row is locked so that two grants at once do not lose each other's keys.
        let known = consent::Entity::find_by_id((user, client.clone()))
            .lock_exclusive()
            .one(tx)
            .await?;
        if let Some(row) = known {
            break row;
        }
        let row = Consent {
            user_id: user,
            client_id: client.clone(),
            scope: StringList(keys.to_vec()),
            created_at: now,
            last_used_at: now,
        };
        let inserted = consent::Entity::insert(row.into_active_model().reset_all())
            .on_conflict(
                OnConflict::columns([consent::Column::UserId, consent::Column::ClientId])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
        if inserted == 1 {
            return Ok(ConsentChange::New);
        }
        // Another first consent was made meanwhile: this one adds to it.
    };
    let mut change = ConsentChange::Unchanged;
    for key in keys {
        if !row.scope.0.contains(key) {
            row.scope.0.push(key.clone());
            change = ConsentChange::New;
        }
    }
    row.last_used_at = now;
    row.into_active_model().reset_all().update(tx).await?;
    Ok(change)
}

/// A user's consents for some clients.
pub async fn find_many(
    connection: &impl ConnectionTrait,
    user: UserId,
    clients: &[ClientId],
) -> StoreResult<Vec<Consent>> {
    if clients.is_empty() {
        return Ok(Vec::new());
    }
    Ok(consent::Entity::find()
        .filter(consent::Column::UserId.eq(user))
        .filter(consent::Column::ClientId.is_in(clients.iter().cloned()))
        .all(connection)
        .await?)
}

/// Removes all consents for a client.
pub async fn delete_of_client(tx: &Tx, client: &ClientId) -> StoreResult<()> {
    consent::Entity::delete_many()
        .filter(consent::Column::ClientId.eq(client.clone()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes a consent; whether there was one.
pub async fn delete(tx: &Tx, user: UserId, client: &ClientId) -> StoreResult<bool> {
    let result = consent::Entity::delete_many()
        .filter(consent::Column::UserId.eq(user))
        .filter(consent::Column::ClientId.eq(client.clone()))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// A page of a user's consents, the last used first unless asked otherwise. Sort key and filter are those of the REST
/// API.
pub async fn list(
    connection: &impl ConnectionTrait,
    user: UserId,
    request: &ListRequest,
) -> StoreResult<Page<Consent>> {
    use consent::Column;
    let mut select = consent::Entity::find().filter(Column::UserId.eq(user));
    // Of several values the first counts.
    if let Some(launchable) = request
        .flag_filter("hasLaunchURL")
        .and_then(|values| values.first().copied())
    {
        let launch_url = oidc_client::Column::LaunchUrl;
        let condition = if launchable {
            launch_url.is_not_null()
        } else {
            launch_url.is_null()
        };
        let clients = oidc_client::Entity::find()
            .select_only()
            .column(oidc_client::Column::Id)
            .filter(condition)
            .into_query();
        select = select.filter(Column::ClientId.in_subquery(clients));
    }
    let order = match request.sort_key() {
        Some(("lastUsedAt", order)) => order,
        _ => Order::Desc,
    };
    select = select
        .order_by(Column::LastUsedAt, order)
        .order_by(Column::ClientId, Order::Asc);
    page(select, request, connection).await
}
