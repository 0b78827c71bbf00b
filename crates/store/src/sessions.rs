//! Sign-in sessions.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Order, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::connect::Tx;
pub use crate::entity::session::Model as Session;
use crate::entity::{session, user};
use crate::error::StoreResult;
use crate::types::{SessionId, Timestamp, TokenHash, UserId};
use crate::users::User;

/// Adds a session.
pub async fn insert(tx: &Tx, session: Session) -> StoreResult<()> {
    session::Entity::insert(session.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The live session with a token, and whose it is.
pub async fn find_live(
    connection: &impl ConnectionTrait,
    token: &TokenHash,
    now: Timestamp,
) -> StoreResult<Option<(Session, User)>> {
    let Some(session) = session::Entity::find()
        .filter(session::Column::TokenHash.eq(token.clone()))
        .filter(session::Column::ExpiresAt.gt(now))
        .one(connection)
        .await?
    else {
        return Ok(None);
    };
    let user = user::Entity::find_by_id(session.user_id).one(connection).await?;
    Ok(user.map(|user| (session, user)))
}

/// The session with a token, even if it ended by itself.
pub async fn find_by_token(
    connection: &impl ConnectionTrait,
    token: &TokenHash,
) -> StoreResult<Option<Session>> {
    Ok(session::Entity::find()
        .filter(session::Column::TokenHash.eq(token.clone()))
        .one(connection)
        .await?)
}

/// One by its identifier, even if it ended by itself. Nothing is added to it until the transaction ends.
pub async fn lock(tx: &Tx, id: SessionId) -> StoreResult<Option<Session>> {
    Ok(session::Entity::find_by_id(id).lock_exclusive().one(tx).await?)
}

/// One by its identifier, even if it ended by itself.
pub async fn find(connection: &impl ConnectionTrait, id: SessionId) -> StoreResult<Option<Session>> {
    Ok(session::Entity::find_by_id(id).one(connection).await?)
}

/// A user's live sessions, most recently seen first.
pub async fn of_user(
    connection: &impl ConnectionTrait,
    user: UserId,
    now: Timestamp,
) -> StoreResult<Vec<Session>> {
    Ok(session::Entity::find()
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::ExpiresAt.gt(now))
        .order_by(session::Column::LastSeenAt, Order::Desc)
        .all(connection)
        .await?)
}

/// Notes that a session is in use.
pub async fn touch(connection: &impl ConnectionTrait, id: SessionId, now: Timestamp) -> StoreResult<()> {
    session::Entity::update_many()
        .col_expr(session::Column::LastSeenAt, Expr::value(now.0))
        .filter(session::Column::Id.eq(id))
        .exec(connection)
        .await?;
    Ok(())
}

/// Ends one of a user's sessions; whether it was there.
pub async fn delete(tx: &Tx, user: UserId, id: SessionId) -> StoreResult<bool> {
    let result = session::Entity::delete_many()
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::UserId.eq(user))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// All sessions of a user, those that ended by themselves included.
pub async fn all_of_user(connection: &impl ConnectionTrait, user: UserId) -> StoreResult<Vec<Session>> {
    Ok(session::Entity::find()
        .filter(session::Column::UserId.eq(user))
        .all(connection)
        .await?)
}

/// Removes sessions that ended by themselves.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(session::Entity::delete_many()
        .filter(session::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
