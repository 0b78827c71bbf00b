//! Authorization codes: redeemed once, kept until they expire so that a replay is noticed.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
use crate::entity::authorization_code;
pub use crate::entity::authorization_code::Model as AuthorizationCode;
use crate::error::StoreResult;
use crate::types::{Timestamp, TokenHash};

/// Adds one.
pub async fn insert(tx: &Tx, row: AuthorizationCode) -> StoreResult<()> {
    authorization_code::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// One by its hash, used or not, expired or not.
pub async fn find(
    connection: &impl ConnectionTrait,
    hash: &TokenHash,
) -> StoreResult<Option<AuthorizationCode>> {
    Ok(authorization_code::Entity::find_by_id(hash.clone())
        .one(connection)
        .await?)
}

/// Redeems one: of any number of callers exactly one gets `true`.
pub async fn redeem(tx: &Tx, hash: &TokenHash, now: Timestamp) -> StoreResult<bool> {
    let result = authorization_code::Entity::update_many()
        .col_expr(authorization_code::Column::UsedAt, Expr::value(now.0))
        .filter(authorization_code::Column::CodeHash.eq(hash.clone()))
        .filter(authorization_code::Column::UsedAt.is_null())
        .filter(authorization_code::Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Removes expired ones.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(authorization_code::Entity::delete_many()
        .filter(authorization_code::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
