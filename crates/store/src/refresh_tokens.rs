//! Refresh tokens: redeemed once, kept until they expire so that a replay is noticed.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, UpdateMany,
};

use crate::connect::Tx;
use crate::entity::refresh_token;
pub use crate::entity::refresh_token::Model as RefreshToken;
use crate::error::StoreResult;
use crate::types::{Timestamp, TokenHash};

/// Adds one.
pub async fn insert(tx: &Tx, row: RefreshToken) -> StoreResult<()> {
    refresh_token::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// One by its hash, used or not, expired or not.
pub async fn find(connection: &impl ConnectionTrait, hash: &TokenHash) -> StoreResult<Option<RefreshToken>> {
    Ok(refresh_token::Entity::find_by_id(hash.clone())
        .one(connection)
        .await?)
}

/// Redeems one: of any number of callers exactly one gets `true`.
pub async fn redeem(tx: &Tx, hash: &TokenHash, now: Timestamp) -> StoreResult<bool> {
    let result = update_of_good(hash, now)
        .col_expr(refresh_token::Column::UsedAt, Expr::value(now.0))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Moves the end of one that is used again and again; whether it is still good.
pub async fn extend(tx: &Tx, hash: &TokenHash, now: Timestamp, expires_at: Timestamp) -> StoreResult<bool> {
    let result = update_of_good(hash, now)
        .col_expr(refresh_token::Column::ExpiresAt, Expr::value(expires_at.0))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Changes one that was neither used nor has expired.
fn update_of_good(hash: &TokenHash, now: Timestamp) -> UpdateMany<refresh_token::Entity> {
    refresh_token::Entity::update_many()
        .filter(refresh_token::Column::TokenHash.eq(hash.clone()))
        .filter(refresh_token::Column::UsedAt.is_null())
        .filter(refresh_token::Column::ExpiresAt.gt(now))
}

/// Removes expired ones.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(refresh_token::Entity::delete_many()
        .filter(refresh_token::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
