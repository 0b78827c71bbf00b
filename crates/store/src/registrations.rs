//! Dynamic client registration: initial access tokens and registered clients.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use crate::connect::Tx;
pub use crate::entity::client_registration::Model as ClientRegistration;
use crate::entity::oidc_client::Model as OidcClient;
pub use crate::entity::registration_token::Model as RegistrationToken;
use crate::entity::{client_registration, consent, oidc_client, registration_token};
use crate::error::StoreResult;
use crate::types::{ClientId, JsonDocument, RegistrationTokenId, Timestamp, TokenHash};

/// Adds an initial access token.
pub async fn insert_token(tx: &Tx, token: RegistrationToken) -> StoreResult<()> {
    registration_token::Entity::insert(token.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Every initial access token, newest first.
pub async fn tokens(connection: &impl ConnectionTrait) -> StoreResult<Vec<RegistrationToken>> {
    Ok(registration_token::Entity::find()
        .order_by(registration_token::Column::CreatedAt, Order::Desc)
        .order_by(registration_token::Column::Id, Order::Asc)
        .all(connection)
        .await?)
}

/// Removes an initial access token; whether there was one.
pub async fn delete_token(tx: &Tx, id: RegistrationTokenId) -> StoreResult<bool> {
    Ok(registration_token::Entity::delete_by_id(id)
        .exec(tx)
        .await?
        .rows_affected
        == 1)
}

/// Uses a token once: of more callers than it has uses left, only so many get it.
pub async fn use_token(
    tx: &Tx,
    hash: &TokenHash,
    now: Timestamp,
) -> StoreResult<Option<RegistrationTokenId>> {
    let Some(token) = registration_token::Entity::find()
        .filter(registration_token::Column::TokenHash.eq(hash.clone()))
        .one(tx)
        .await?
    else {
        return Ok(None);
    };
    let used = registration_token::Entity::update_many()
        .col_expr(
            registration_token::Column::UsesLeft,
            Expr::col(registration_token::Column::UsesLeft).sub(1),
        )
        .col_expr(registration_token::Column::LastUsedAt, Expr::value(now.0))
        .filter(registration_token::Column::Id.eq(token.id))
        .filter(registration_token::Column::UsesLeft.gt(0))
        .filter(registration_token::Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?
        .rows_affected;
    Ok((used == 1).then_some(token.id))
}

/// Adds a registration.
pub async fn insert(tx: &Tx, registration: ClientRegistration) -> StoreResult<()> {
    client_registration::Entity::insert(registration.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A client's registration.
pub async fn find(
    connection: &impl ConnectionTrait,
    client: &ClientId,
) -> StoreResult<Option<ClientRegistration>> {
    Ok(client_registration::Entity::find_by_id(client.clone())
        .one(connection)
        .await?)
}

/// Puts new metadata and a new management token in place, unless another request did so with the old token first;
/// whether it was done.
pub async fn replace(
    tx: &Tx,
    client: &ClientId,
    old_token: &TokenHash,
    new_token: &TokenHash,
    metadata: JsonDocument,
) -> StoreResult<bool> {
    let result = client_registration::Entity::update_many()
        .col_expr(
            client_registration::Column::AccessTokenHash,
            Expr::value(new_token.clone()),
        )
        .col_expr(client_registration::Column::Metadata, Expr::value(metadata))
        .filter(client_registration::Column::ClientId.eq(client.clone()))
        .filter(client_registration::Column::AccessTokenHash.eq(old_token.clone()))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// How many registered clients no administrator has approved.
pub async fn count_unapproved(connection: &impl ConnectionTrait) -> StoreResult<u64> {
    Ok(oidc_client::Entity::find()
        .filter(oidc_client::Column::IsDynamic.eq(true))
        .filter(oidc_client::Column::IsApproved.eq(false))
        .count(connection)
        .await?)
}

/// Notes that an administrator stands behind a registered client; whether there was one waiting.
pub async fn approve(tx: &Tx, client: &ClientId) -> StoreResult<bool> {
    let result = oidc_client::Entity::update_many()
        .col_expr(oidc_client::Column::IsApproved, Expr::value(true))
        .filter(oidc_client::Column::Id.eq(client.clone()))
        .filter(oidc_client::Column::IsDynamic.eq(true))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Removes unapproved clients that registered before a moment and that nobody ever used; which those were.
pub async fn delete_unused(tx: &Tx, before: Timestamp) -> StoreResult<Vec<OidcClient>> {
    let used = consent::Entity::find()
        .select_only()
        .column(consent::Column::ClientId)
        .into_query();
    let unused = Condition::all()
        .add(oidc_client::Column::IsDynamic.eq(true))
        .add(oidc_client::Column::IsApproved.eq(false))
        .add(oidc_client::Column::CreatedAt.lt(before))
        .add(oidc_client::Column::Id.not_in_subquery(used));
    let mut gone = Vec::new();
    for client in oidc_client::Entity::find().filter(unused.clone()).all(tx).await? {
        // Somebody may have begun to use it since.
        let deleted = oidc_client::Entity::delete_many()
            .filter(unused.clone())
            .filter(oidc_client::Column::Id.eq(client.id.clone()))
            .exec(tx)
            .await?;
        if deleted.rows_affected == 1 {
            gone.push(client);
        }
    }
    Ok(gone)
}
