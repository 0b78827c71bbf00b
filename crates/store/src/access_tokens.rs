//! Issued access tokens: what is not listed here is not accepted here.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::connect::Tx;
pub use crate::entity::access_token::Model as AccessToken;
use crate::entity::{access_token, grant};
use crate::error::StoreResult;
use crate::grants::Grant;
use crate::types::{GrantId, Timestamp};

/// Adds a token.
pub async fn insert(tx: &Tx, token: AccessToken) -> StoreResult<()> {
    access_token::Entity::insert(token.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A live token and its grant: unexpired, not replaced by a refresh, its grant not revoked. The grant has the scopes of
/// the token, which may be fewer.
pub async fn find_live(
    connection: &impl ConnectionTrait,
    jti: Uuid,
    now: Timestamp,
) -> StoreResult<Option<(AccessToken, Grant)>> {
    let Some(token) = access_token::Entity::find_by_id(jti)
        .filter(access_token::Column::ExpiresAt.gt(now))
        .one(connection)
        .await?
    else {
        return Ok(None);
    };
    let grant = grant::Entity::find_by_id(token.grant_id)
        .filter(grant::Column::RevokedAt.is_null())
        .one(connection)
        .await?;
    Ok(grant.map(|mut grant| {
        if let Some(scope) = &token.scope {
            grant.scope = scope.clone();
        }
        (token, grant)
    }))
}

/// Ends one token; whether it was there.
pub async fn delete(tx: &Tx, jti: Uuid) -> StoreResult<bool> {
    Ok(access_token::Entity::delete_by_id(jti)
        .exec(tx)
        .await?
        .rows_affected
        == 1)
}

/// Ends the access tokens of a grant, as each refresh does with those before it.
pub async fn delete_of_grant(tx: &Tx, grant: GrantId) -> StoreResult<()> {
    access_token::Entity::delete_many()
        .filter(access_token::Column::GrantId.eq(grant))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes expired tokens.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(access_token::Entity::delete_many()
        .filter(access_token::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
