//! Queries over API keys.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Order, QueryFilter,
    QueryOrder,
};

use crate::connect::Tx;
use crate::entity::api_key;
pub use crate::entity::api_key::Model as ApiKey;
use crate::error::StoreResult;
use crate::list::{ListRequest, Page, page};
use crate::types::{ApiKeyId, Timestamp, TokenHash, UserId};

/// Adds a key.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] when its owner has one of that name.
pub async fn insert(tx: &Tx, key: ApiKey) -> StoreResult<ApiKey> {
    Ok(key.into_active_model().reset_all().insert(tx).await?)
}

/// One of an owner's keys.
pub async fn find(
    connection: &impl ConnectionTrait,
    owner: UserId,
    id: ApiKeyId,
) -> StoreResult<Option<ApiKey>> {
    Ok(api_key::Entity::find_by_id(id)
        .filter(api_key::Column::UserId.eq(owner))
        .one(connection)
        .await?)
}

/// An owner's key of a name.
pub async fn find_by_name(
    connection: &impl ConnectionTrait,
    owner: UserId,
    name: &str,
) -> StoreResult<Option<ApiKey>> {
    Ok(api_key::Entity::find()
        .filter(api_key::Column::UserId.eq(owner))
        .filter(api_key::Column::Name.eq(name))
        .one(connection)
        .await?)
}

/// The key a program presents, if it has not expired.
pub async fn find_live(
    connection: &impl ConnectionTrait,
    hash: &TokenHash,
    now: Timestamp,
) -> StoreResult<Option<ApiKey>> {
    Ok(api_key::Entity::find()
        .filter(api_key::Column::KeyHash.eq(hash.clone()))
        .filter(api_key::Column::ExpiresAt.gt(now))
        .one(connection)
        .await?)
}

/// Notes that a key was used.
pub async fn touch(tx: &Tx, id: ApiKeyId, now: Timestamp) -> StoreResult<()> {
    api_key::Entity::update_many()
        .col_expr(api_key::Column::LastUsedAt, Expr::value(now))
        .filter(api_key::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Gives an expired key another value and life: of any number of callers one gets `true`.
pub async fn renew(
    tx: &Tx,
    id: ApiKeyId,
    hash: TokenHash,
    expires_at: Timestamp,
    now: Timestamp,
) -> StoreResult<bool> {
    let renewed = api_key::Entity::update_many()
        .col_expr(api_key::Column::KeyHash, Expr::value(hash))
        .col_expr(api_key::Column::ExpiresAt, Expr::value(expires_at))
        .col_expr(api_key::Column::RenewedAt, Expr::value(now))
        // The next end of life is news again.
        .col_expr(api_key::Column::ExpirationEmailSent, Expr::value(false))
        .filter(api_key::Column::Id.eq(id))
        .filter(api_key::Column::ExpiresAt.lte(now))
        .exec(tx)
        .await?;
    Ok(renewed.rows_affected == 1)
}

/// Keys that end within a time and whose owners have not been told.
pub async fn ending_unannounced(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    until: Timestamp,
) -> StoreResult<Vec<ApiKey>> {
    Ok(api_key::Entity::find()
        .filter(api_key::Column::ExpiresAt.gt(now))
        .filter(api_key::Column::ExpiresAt.lte(until))
        .filter(api_key::Column::ExpirationEmailSent.eq(false))
        .all(connection)
        .await?)
}

/// Notes that a key's owner is told of its end: of any number of callers one gets `true`.
pub async fn announce_end(tx: &Tx, id: ApiKeyId) -> StoreResult<bool> {
    let announced = api_key::Entity::update_many()
        .col_expr(api_key::Column::ExpirationEmailSent, Expr::value(true))
        .filter(api_key::Column::Id.eq(id))
        .filter(api_key::Column::ExpirationEmailSent.eq(false))
        .exec(tx)
        .await?;
    Ok(announced.rows_affected == 1)
}

/// Removes a key; whether there was one.
pub async fn delete(tx: &Tx, owner: UserId, id: ApiKeyId) -> StoreResult<bool> {
    let deleted = api_key::Entity::delete_by_id(id)
        .filter(api_key::Column::UserId.eq(owner))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected == 1)
}

/// A page of an owner's keys. Sort keys are those of the REST API.
pub async fn list(
    connection: &impl ConnectionTrait,
    owner: UserId,
    request: &ListRequest,
) -> StoreResult<Page<ApiKey>> {
    use api_key::Column;
    let mut select = api_key::Entity::find().filter(Column::UserId.eq(owner));
    if let Some((key, order)) = request.sort_key() {
        select = match key {
            "name" => select.order_by(Column::Name, order),
            "expiresAt" => select.order_by(Column::ExpiresAt, order),
            "lastUsedAt" => select.order_by(Column::LastUsedAt, order),
            "createdAt" => select.order_by(Column::CreatedAt, order),
            _ => select,
        };
    }
    select = select
        .order_by(Column::CreatedAt, Order::Asc)
        .order_by(Column::Id, Order::Asc);
    page(select, request, connection).await
}
