//! Replay protection: a `jti` is accepted once within its namespace, by whichever process comes first.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
use crate::entity::jti;
use crate::error::StoreResult;
use crate::types::{Timestamp, TokenHash};

/// Notes a `jti`; whether it had not been seen before. Of any number of callers one is told so.
pub async fn consume(
    tx: &Tx,
    namespace: &str,
    jti_hash: TokenHash,
    expires_at: Timestamp,
) -> StoreResult<bool> {
    let row = jti::Model {
        namespace: namespace.to_owned(),
        jti_hash,
        expires_at,
    };
    let inserted = jti::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(
            OnConflict::columns([jti::Column::Namespace, jti::Column::JtiHash])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Whether a `jti` was noted; [`consume`] alone decides.
pub async fn is_known(
    connection: &impl ConnectionTrait,
    namespace: &str,
    jti_hash: TokenHash,
) -> StoreResult<bool> {
    let row = jti::Entity::find_by_id((namespace.to_owned(), jti_hash))
        .one(connection)
        .await?;
    Ok(row.is_some())
}

/// Forgets those whose tokens have expired.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(jti::Entity::delete_many()
        .filter(jti::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
