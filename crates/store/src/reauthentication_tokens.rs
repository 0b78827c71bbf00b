//! Proofs of a passkey just used: stored once, taken once.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
use crate::entity::reauthentication_token;
pub use crate::entity::reauthentication_token::Model as ReauthenticationToken;
use crate::error::StoreResult;
use crate::types::{Timestamp, TokenHash, UserId};

/// Stores a proof.
pub async fn insert(tx: &Tx, token: ReauthenticationToken) -> StoreResult<()> {
    reauthentication_token::Entity::insert(token.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Takes a user's unexpired proof; at most one caller gets it.
pub async fn take(
    tx: &Tx,
    token: &TokenHash,
    user: UserId,
    now: Timestamp,
) -> StoreResult<Option<ReauthenticationToken>> {
    let Some(found) = reauthentication_token::Entity::find_by_id(token.clone())
        .filter(reauthentication_token::Column::UserId.eq(user))
        .filter(reauthentication_token::Column::ExpiresAt.gt(now))
        .one(tx)
        .await?
    else {
        return Ok(None);
    };
    let deleted = reauthentication_token::Entity::delete_by_id(token.clone())
        .exec(tx)
        .await?
        .rows_affected;
    Ok((deleted == 1).then_some(found))
}

/// Removes stale proofs.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(reauthentication_token::Entity::delete_many()
        .filter(reauthentication_token::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
