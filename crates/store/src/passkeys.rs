//! Queries over passkeys.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::connect::Tx;
use crate::entity::passkey;
pub use crate::entity::passkey::Model as Passkey;
use crate::error::StoreResult;
use crate::types::{PasskeyId, Timestamp, UserId};

/// Adds a passkey.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] when the credential ID is known already.
pub async fn insert(tx: &Tx, passkey: Passkey) -> StoreResult<Passkey> {
    Ok(passkey.into_active_model().reset_all().insert(tx).await?)
}

/// A user's passkeys, oldest first.
pub async fn of_user(connection: &impl ConnectionTrait, user: UserId) -> StoreResult<Vec<Passkey>> {
    Ok(passkey::Entity::find()
        .filter(passkey::Column::UserId.eq(user))
        .order_by(passkey::Column::CreatedAt, Order::Asc)
        .order_by(passkey::Column::Id, Order::Asc)
        .all(connection)
        .await?)
}

/// The passkey with a credential ID.
pub async fn find_by_credential_id(
    connection: &impl ConnectionTrait,
    credential_id: &[u8],
) -> StoreResult<Option<Passkey>> {
    Ok(passkey::Entity::find()
        .filter(passkey::Column::CredentialId.eq(credential_id))
        .one(connection)
        .await?)
}

/// One of a user's passkeys.
pub async fn find(
    connection: &impl ConnectionTrait,
    user: UserId,
    id: PasskeyId,
) -> StoreResult<Option<Passkey>> {
    Ok(passkey::Entity::find_by_id(id)
        .filter(passkey::Column::UserId.eq(user))
        .one(connection)
        .await?)
}

/// Renames one of a user's passkeys; whether there was one.
pub async fn rename(tx: &Tx, user: UserId, id: PasskeyId, name: &str) -> StoreResult<bool> {
    let result = passkey::Entity::update_many()
        .col_expr(passkey::Column::Name, Expr::value(name))
        .filter(passkey::Column::Id.eq(id))
        .filter(passkey::Column::UserId.eq(user))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Removes one of a user's passkeys; whether there was one.
pub async fn delete(tx: &Tx, user: UserId, id: PasskeyId) -> StoreResult<bool> {
    let result = passkey::Entity::delete_many()
        .filter(passkey::Column::Id.eq(id))
        .filter(passkey::Column::UserId.eq(user))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Records a successful use; whether the signature counter had not been seen before. Two uses with one count (a copy of
/// the key, at the same moment) get one yes. Authenticators without a counter always show zero.
pub async fn record_use(
    tx: &Tx,
    id: PasskeyId,
    sign_count: i64,
    backup_state: bool,
    now: Timestamp,
) -> StoreResult<bool> {
    let mut unseen = Condition::any().add(passkey::Column::SignCount.lt(sign_count));
    if sign_count == 0 {
        unseen = unseen.add(passkey::Column::SignCount.eq(0));
    }
    let result = passkey::Entity::update_many()
        .col_expr(passkey::Column::SignCount, Expr::value(sign_count))
        .col_expr(passkey::Column::BackupState, Expr::value(backup_state))
        .col_expr(passkey::Column::LastUsedAt, Expr::value(now.0))
        .filter(passkey::Column::Id.eq(id))
        .filter(unseen)
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Notes that the signature counter did not rise.
pub async fn record_regression(tx: &Tx, id: PasskeyId, now: Timestamp) -> StoreResult<()> {
    passkey::Entity::update_many()
        .col_expr(passkey::Column::CounterRegressedAt, Expr::value(now.0))
        .filter(passkey::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether a user has a passkey that was there before a moment.
pub async fn any_from_before(
    connection: &impl ConnectionTrait,
    user: UserId,
    moment: Timestamp,
) -> StoreResult<bool> {
    Ok(passkey::Entity::find()
        .filter(passkey::Column::UserId.eq(user))
        .filter(passkey::Column::CreatedAt.lt(moment))
        .limit(1)
        .count(connection)
        .await?
        > 0)
}

/// Whether a user has a passkey at all.
pub async fn any_of_user(connection: &impl ConnectionTrait, user: UserId) -> StoreResult<bool> {
    Ok(passkey::Entity::find()
        .filter(passkey::Column::UserId.eq(user))
        .limit(1)
        .count(connection)
        .await?
        > 0)
}
