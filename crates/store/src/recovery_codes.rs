//! Recovery codes: a set for each user, each code taken once.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
};

use crate::connect::Tx;
pub use crate::entity::recovery_code::Model as RecoveryCode;
use crate::entity::recovery_code::{Column, Entity};
use crate::error::StoreResult;
use crate::types::{Timestamp, TokenHash, UserId};

/// Puts a set of codes in the place of whatever codes a user had. The user is to be locked ([`crate::users::lock`]): of two
/// sets made at once one stays.
pub async fn replace(tx: &Tx, user: UserId, hashes: Vec<TokenHash>, now: Timestamp) -> StoreResult<()> {
    delete_all(tx, user).await?;
    let rows = hashes.into_iter().map(|code_hash| {
        let row = RecoveryCode {
            code_hash,
            user_id: user,
            created_at: now,
        };
        row.into_active_model().reset_all()
    });
    Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// A code; it stays.
pub async fn find(connection: &impl ConnectionTrait, hash: &TokenHash) -> StoreResult<Option<RecoveryCode>> {
    Ok(Entity::find_by_id(hash.clone()).one(connection).await?)
}

/// Uses a code up: of any number of callers one gets `true`.
pub async fn take(tx: &Tx, hash: &TokenHash) -> StoreResult<bool> {
    Ok(Entity::delete_by_id(hash.clone()).exec(tx).await?.rows_affected == 1)
}

/// How many codes a user has left.
pub async fn count(connection: &impl ConnectionTrait, user: UserId) -> StoreResult<u64> {
    Ok(Entity::find()
        .filter(Column::UserId.eq(user))
        .count(connection)
        .await?)
}

/// When a user's codes were made, if there are any left.
pub async fn made_at(connection: &impl ConnectionTrait, user: UserId) -> StoreResult<Option<Timestamp>> {
    Ok(Entity::find()
        .filter(Column::UserId.eq(user))
        .one(connection)
        .await?
        .map(|code| code.created_at))
}

/// Removes a user's codes; how many there were.
pub async fn delete_all(tx: &Tx, user: UserId) -> StoreResult<u64> {
    Ok(Entity::delete_many()
        .filter(Column::UserId.eq(user))
        .exec(tx)
        .await?
        .rows_affected)
}
