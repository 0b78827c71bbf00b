//! What users agreed clients may see.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use crate::connect::Tx;
use crate::entity::consent;
pub use crate::entity::consent::Model as Consent;
use crate::error::StoreResult;
use crate::types::{ClientId, StringList, Timestamp, UserId};

/// A user's consent for a client.
pub async fn find(
    connection: &impl ConnectionTrait,
    user: UserId,
    client: &ClientId,
) -> StoreResult<Option<Consent>> {
    Ok(consent::Entity::find_by_id((user, client.clone()))
        .one(connection)
        .await?)
}

/// Whether a consent was news or known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentChange {
    /// First consent, or new scope keys.
    New,
    /// Everything was agreed to before.
    Unchanged,
}

/// Adds scope keys to a consent (made when missing) and notes its use.
pub async fn merge(
    tx: &Tx,
    user: UserId,
    client: &ClientId,
    keys: &[String],
    now: Timestamp,
) -> StoreResult<ConsentChange> {
    // The row is locked so that two grants at once do not lose each other's keys.
    let known = consent::Entity::find_by_id((user, client.clone()))
        .lock_exclusive()
        .one(tx)
        .await?;
    let Some(mut row) = known else {
        let row = Consent {
            user_id: user,
            client_id: client.clone(),
            scope: StringList(keys.to_vec()),
            created_at: now,
            last_used_at: now,
        };
        consent::Entity::insert(row.into_active_model().reset_all())
            .exec_without_returning(tx)
            .await?;
        return Ok(ConsentChange::New);
    };
    let mut change = ConsentChange::Unchanged;
    for key in keys {
        if !row.scope.0.contains(key) {
            row.scope.0.push(key.clone());
            change = ConsentChange::New;
        }
    }
    row.last_used_at = now;
    row.into_active_model().reset_all().update(tx).await?;
    Ok(change)
}

/// Removes all consents for a client.
pub async fn delete_of_client(tx: &Tx, client: &ClientId) -> StoreResult<()> {
    consent::Entity::delete_many()
        .filter(consent::Column::ClientId.eq(client.clone()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes a consent; whether there was one.
pub async fn delete(tx: &Tx, user: UserId, client: &ClientId) -> StoreResult<bool> {
    let result = consent::Entity::delete_many()
        .filter(consent::Column::UserId.eq(user))
        .filter(consent::Column::ClientId.eq(client.clone()))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}
