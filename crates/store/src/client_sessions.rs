//! What sign-in sessions hold with clients.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Order, QueryFilter,
    QueryOrder,
};

use crate::clients::Client;
use crate::connect::Tx;
pub use crate::entity::client_session::Model as ClientSession;
use crate::entity::{client_session, oidc_client};
use crate::error::StoreResult;
use crate::types::{ClientId, ClientSessionId, SessionId, Timestamp, UserId};

/// The session of the same client and sign-in there is already, in use from now; or else this one, added.
pub async fn get_or_insert(tx: &Tx, new: ClientSession) -> StoreResult<ClientSessionId> {
    let (id, session, client) = (new.id, new.session_id, new.client_id.clone());
    let pair = [
        client_session::Column::SessionId,
        client_session::Column::ClientId,
    ];
    client_session::Entity::insert(new.into_active_model().reset_all())
        .on_conflict(
            OnConflict::columns(pair)
                .update_column(client_session::Column::LastUsedAt)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    let found = client_session::Entity::find()
        .filter(client_session::Column::SessionId.eq(session))
        .filter(client_session::Column::ClientId.eq(client))
        .one(tx)
        .await?;
    Ok(found.map_or(id, |found| found.id))
}

/// One by its `sid`.
pub async fn find(
    connection: &impl ConnectionTrait,
    id: ClientSessionId,
) -> StoreResult<Option<ClientSession>> {
    Ok(client_session::Entity::find_by_id(id).one(connection).await?)
}

/// Those of sign-in sessions, the last used first.
pub async fn of_sessions(
    connection: &impl ConnectionTrait,
    sessions: impl IntoIterator<Item = SessionId>,
) -> StoreResult<Vec<ClientSession>> {
    Ok(client_session::Entity::find()
        .filter(client_session::Column::SessionId.is_in(sessions))
        .order_by(client_session::Column::LastUsedAt, Order::Desc)
        .order_by(client_session::Column::Id, Order::Asc)
        .all(connection)
        .await?)
}

/// The clients of sessions.
pub async fn clients_of(
    connection: &impl ConnectionTrait,
    sessions: &[ClientSession],
) -> StoreResult<BTreeMap<ClientId, Client>> {
    let ids = sessions.iter().map(|session| session.client_id.clone());
    let rows = oidc_client::Entity::find()
        .filter(oidc_client::Column::Id.is_in(ids))
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|client| (client.id.clone(), client))
        .collect())
}

/// Notes that one is in use, unless that was noted lately.
pub async fn touch(tx: &Tx, id: ClientSessionId, unless_after: Timestamp, now: Timestamp) -> StoreResult<()> {
    client_session::Entity::update_many()
        .col_expr(client_session::Column::LastUsedAt, Expr::value(now.0))
        .filter(client_session::Column::Id.eq(id))
        .filter(client_session::Column::LastUsedAt.lt(unless_after))
        .exec(tx)
        .await?;
    Ok(())
}

/// Hands those of one sign-in session on to the one that takes its place.
pub async fn hand_over(tx: &Tx, user: UserId, from: SessionId, to: SessionId) -> StoreResult<()> {
    client_session::Entity::update_many()
        .col_expr(client_session::Column::SessionId, Expr::value(to))
        .filter(client_session::Column::SessionId.eq(from))
        .filter(client_session::Column::UserId.eq(user))
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends one; of any number of callers one gets `true`.
pub async fn delete(tx: &Tx, id: ClientSessionId) -> StoreResult<bool> {
    let result = client_session::Entity::delete_by_id(id).exec(tx).await?;
    Ok(result.rows_affected == 1)
}
