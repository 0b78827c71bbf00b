//! Requests of clients that were refused: the newest few of each client.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::connect::Tx;
pub use crate::entity::refused_authorization::Model as RefusedAuthorization;
use crate::entity::refused_authorization::{self as entity, Column, Entity};
use crate::error::StoreResult;
use crate::types::{ClientId, RefusedAuthorizationId, TokenHash};

/// How many of a client are kept.
pub const KEPT: u64 = 50;

/// Adds one, or counts it again, and forgets a client's oldest ones; gives its identifier.
pub async fn note(tx: &Tx, refused: RefusedAuthorization) -> StoreResult<Option<RefusedAuthorizationId>> {
    let (client, fingerprint) = (refused.client_id.clone(), refused.fingerprint.clone());
    Entity::insert(refused.into_active_model().reset_all())
        .on_conflict(
            OnConflict::columns([Column::ClientId, Column::Fingerprint])
                .value(Column::Count, Expr::col((Entity, Column::Count)).add(1))
                .update_columns([Column::LastAt, Column::Username, Column::Detail])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    let old: Vec<RefusedAuthorizationId> = newest_first(&client)
        .select_only()
        .column(Column::Id)
        .offset(KEPT)
        .limit(KEPT)
        .into_tuple()
        .all(tx)
        .await?;
    if !old.is_empty() {
        Entity::delete_many()
            .filter(Column::Id.is_in(old))
            .exec(tx)
            .await?;
    }
    Ok(Entity::find()
        .filter(Column::ClientId.eq(client))
        .filter(Column::Fingerprint.eq::<TokenHash>(fingerprint))
        .one(tx)
        .await?
        .map(|row: entity::Model| row.id))
}

fn newest_first(client: &ClientId) -> sea_orm::Select<Entity> {
    Entity::find()
        .filter(Column::ClientId.eq(client.clone()))
        .order_by_desc(Column::LastAt)
        .order_by_asc(Column::Id)
}

/// A client's, the newest first.
pub async fn of_client(
    connection: &impl ConnectionTrait,
    client: &ClientId,
) -> StoreResult<Vec<RefusedAuthorization>> {
    Ok(newest_first(client).limit(KEPT).all(connection).await?)
}

/// One.
pub async fn find(
    connection: &impl ConnectionTrait,
    id: RefusedAuthorizationId,
) -> StoreResult<Option<RefusedAuthorization>> {
    Ok(Entity::find_by_id(id).one(connection).await?)
}

/// Forgets those of a client with a redirect URI, which is registered now.
pub async fn forget(tx: &Tx, client: &ClientId, redirect_uri: &str) -> StoreResult<()> {
    Entity::delete_many()
        .filter(Column::ClientId.eq(client.clone()))
        .filter(Column::RedirectUri.eq(redirect_uri))
        .exec(tx)
        .await?;
    Ok(())
}
