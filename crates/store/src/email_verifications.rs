//! Addresses being verified: one per user, the newest.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
pub use crate::entity::email_verification::Model as EmailVerification;
use crate::entity::email_verification::{Column, Entity};
use crate::error::StoreResult;
use crate::types::{Timestamp, TokenHash, UserId};

/// Puts a verification in the place of the user's older one.
pub async fn replace(tx: &Tx, verification: EmailVerification) -> StoreResult<()> {
    let all = [
        Column::TokenHash,
        Column::Email,
        Column::CreatedAt,
        Column::ExpiresAt,
    ];
    Entity::insert(verification.into_active_model().reset_all())
        .on_conflict(OnConflict::column(Column::UserId).update_columns(all).to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A user's verification that has not expired; it stays.
pub async fn find(
    connection: &impl ConnectionTrait,
    user: UserId,
    now: Timestamp,
) -> StoreResult<Option<EmailVerification>> {
    Ok(Entity::find_by_id(user)
        .filter(Column::ExpiresAt.gt(now))
        .one(connection)
        .await?)
}

/// Uses a verification up, if it is still the user's newest: of any number of callers one gets `true`.
pub async fn take(tx: &Tx, user: UserId, hash: &TokenHash) -> StoreResult<bool> {
    let taken = Entity::delete_by_id(user)
        .filter(Column::TokenHash.eq(hash.clone()))
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Removes what has expired.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(Entity::delete_many()
        .filter(Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
