//! Authorization grants: revoking one ends every code and token of it, and all that was exchanged for them.

use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use crate::connect::Tx;
use crate::entity::grant;
pub use crate::entity::grant::Model as Grant;
use crate::error::StoreResult;
use crate::types::{ClientId, ClientSessionId, GrantId, SessionId, Timestamp, UserId};

/// Adds a grant.
pub async fn insert(tx: &Tx, grant: Grant) -> StoreResult<()> {
    grant::Entity::insert(grant.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A grant, revoked or not.
pub async fn find(connection: &impl ConnectionTrait, id: GrantId) -> StoreResult<Option<Grant>> {
    Ok(grant::Entity::find_by_id(id).one(connection).await?)
}

/// Moves the end of a grant as its refresh token is renewed.
pub async fn extend(tx: &Tx, id: GrantId, expires_at: Timestamp) -> StoreResult<()> {
    grant::Entity::update_many()
        .col_expr(grant::Column::ExpiresAt, Expr::value(expires_at.0))
        .filter(grant::Column::Id.eq(id))
        .filter(grant::Column::ExpiresAt.lt(expires_at))
        .exec(tx)
        .await?;
    Ok(())
}

/// Binds a grant's refresh tokens to a key, or frees them of one.
pub async fn bind(tx: &Tx, id: GrantId, key_thumbprint: Option<&str>) -> StoreResult<()> {
    grant::Entity::update_many()
        .col_expr(grant::Column::DpopJkt, Expr::value(key_thumbprint))
        .filter(grant::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Holds a live grant until the transaction ends, so that nobody ends it while another is made of it; whether it is
/// still live.
pub async fn hold(tx: &Tx, id: GrantId) -> StoreResult<bool> {
    let result = grant::Entity::update_many()
        .col_expr(grant::Column::ExpiresAt, Expr::col(grant::Column::ExpiresAt))
        .filter(grant::Column::Id.eq(id))
        .filter(grant::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Ends a grant and all its tokens; whether it was live.
pub async fn revoke(tx: &Tx, id: GrantId, now: Timestamp) -> StoreResult<bool> {
    Ok(end(tx, grant::Column::Id.eq(id), now).await? == 1)
}

/// Ends all of a user's grants for a client; how many there were.
pub async fn revoke_for_client(tx: &Tx, user: UserId, client: &ClientId, now: Timestamp) -> StoreResult<u64> {
    let of_client = grant::Column::UserId
        .eq(user)
        .and(grant::Column::ClientId.eq(client.clone()));
    end(tx, of_client, now).await
}

/// Ends all of a user's grants but those of one sign-in session if so wished, also where the session that gave them has
/// long ended; how many there were.
pub async fn revoke_of_user(
    tx: &Tx,
    user: UserId,
    except: Option<SessionId>,
    now: Timestamp,
) -> StoreResult<u64> {
    let mut of_user = grant::Column::UserId.eq(user);
    if let Some(kept) = except {
        let elsewhere = grant::Column::SessionId
            .is_null()
            .or(grant::Column::SessionId.ne(kept));
        of_user = of_user.and(elsewhere);
    }
    end(tx, of_user, now).await
}

/// The live grants a sign-in session gave.
pub async fn of_session(connection: &impl ConnectionTrait, session: SessionId) -> StoreResult<Vec<Grant>> {
    Ok(grant::Entity::find()
        .filter(grant::Column::SessionId.eq(session))
        .filter(grant::Column::RevokedAt.is_null())
        .all(connection)
        .await?)
}

/// Ends grants; how many of them were live.
pub async fn revoke_all(tx: &Tx, ids: impl IntoIterator<Item = GrantId>, now: Timestamp) -> StoreResult<u64> {
    end(tx, grant::Column::Id.is_in(ids), now).await
}

/// Ends the grants of a client's session, which may have ended itself; how many there were.
pub async fn revoke_for_client_session(
    tx: &Tx,
    client_session: ClientSessionId,
    now: Timestamp,
) -> StoreResult<u64> {
    end(tx, grant::Column::ClientSessionId.eq(client_session), now).await
}

/// Hands the grants of one sign-in session on to the one that takes its place.
pub async fn hand_over(tx: &Tx, user: UserId, from: SessionId, to: SessionId) -> StoreResult<()> {
    grant::Entity::update_many()
        .col_expr(grant::Column::SessionId, Expr::value(to))
        .filter(grant::Column::SessionId.eq(from))
        .filter(grant::Column::UserId.eq(user))
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends some grants, and whatever was made of them by token exchange, of whichever client; how many of the first there
/// were. Parents end before their children are looked for: who holds a parent ([`hold`]) has either made a child that
/// is found, or finds the parent ended.
async fn end(tx: &Tx, which: SimpleExpr, now: Timestamp) -> StoreResult<u64> {
    let ended = revocation(now)
        .filter(which.clone())
        .exec(tx)
        .await?
        .rows_affected;
    let parents = Query::select()
        .column(grant::Column::Id)
        .from(grant::Entity)
        .and_where(which)
        .to_owned();
    let mut level = live_ids(tx, grant::Column::ParentId.in_subquery(parents)).await?;
    while !level.is_empty() {
        revocation(now)
            .filter(grant::Column::Id.is_in(level.iter().copied()))
            .exec(tx)
            .await?;
        level = live_ids(tx, grant::Column::ParentId.is_in(level)).await?;
    }
    Ok(ended)
}

async fn live_ids(tx: &Tx, which: SimpleExpr) -> StoreResult<Vec<GrantId>> {
    Ok(grant::Entity::find()
        .select_only()
        .column(grant::Column::Id)
        .filter(which)
        .filter(grant::Column::RevokedAt.is_null())
        .into_tuple()
        .all(tx)
        .await?)
}

fn revocation(now: Timestamp) -> sea_orm::UpdateMany<grant::Entity> {
    grant::Entity::update_many()
        .col_expr(grant::Column::RevokedAt, Expr::value(now.0))
        .filter(grant::Column::RevokedAt.is_null())
}

/// Removes grants nothing can be done with any more, and their used artefacts with them.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(grant::Entity::delete_many()
        .filter(grant::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
