//! Pending WebAuthn ceremonies: stored once, taken once.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
use crate::entity::webauthn_challenge;
pub use crate::entity::webauthn_challenge::Model as WebauthnChallenge;
use crate::error::StoreResult;
use crate::types::{ChallengeId, Timestamp};

/// Stores a ceremony.
pub async fn insert(tx: &Tx, challenge: WebauthnChallenge) -> StoreResult<()> {
    webauthn_challenge::Entity::insert(challenge.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Takes a ceremony: at most one caller gets it, whatever its kind, expired or not; the caller judges.
pub async fn take(tx: &Tx, id: ChallengeId) -> StoreResult<Option<WebauthnChallenge>> {
    let Some(found) = webauthn_challenge::Entity::find_by_id(id).one(tx).await? else {
        return Ok(None);
    };
    let deleted = webauthn_challenge::Entity::delete_by_id(id)
        .exec(tx)
        .await?
        .rows_affected;
    Ok((deleted == 1).then_some(found))
}

/// Removes ceremonies nobody finished.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(webauthn_challenge::Entity::delete_many()
        .filter(webauthn_challenge::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
