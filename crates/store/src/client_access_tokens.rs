//! Access tokens clients got for themselves: what is not listed here is not accepted here.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::connect::Tx;
use crate::entity::client_access_token;
pub use crate::entity::client_access_token::Model as ClientAccessToken;
use crate::error::StoreResult;
use crate::types::{ClientId, Timestamp};

/// Adds a token.
pub async fn insert(tx: &Tx, token: ClientAccessToken) -> StoreResult<()> {
    client_access_token::Entity::insert(token.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// An unexpired token.
pub async fn find_live(
    connection: &impl ConnectionTrait,
    jti: Uuid,
    now: Timestamp,
) -> StoreResult<Option<ClientAccessToken>> {
    Ok(client_access_token::Entity::find_by_id(jti)
        .filter(client_access_token::Column::ExpiresAt.gt(now))
        .one(connection)
        .await?)
}

/// Ends one of a client's tokens; whether it was there.
pub async fn delete(tx: &Tx, client: &ClientId, jti: Uuid) -> StoreResult<bool> {
    let result = client_access_token::Entity::delete_many()
        .filter(client_access_token::Column::Jti.eq(jti))
        .filter(client_access_token::Column::ClientId.eq(client.clone()))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Removes expired tokens.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(client_access_token::Entity::delete_many()
        .filter(client_access_token::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
