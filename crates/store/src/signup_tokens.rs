//! Sign-up tokens: used no more often than they allow.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Order, QueryFilter,
    QueryOrder,
};

use crate::connect::Tx;
pub use crate::entity::signup_token::Model as SignupToken;
use crate::entity::signup_token::{Column, Entity};
use crate::entity::{signup_token_group, user_group};
use crate::error::StoreResult;
use crate::list::{ListRequest, Page, page};
use crate::types::{GroupId, SignupTokenId, Timestamp, TokenHash};

/// Adds a token with its groups, which must exist.
pub async fn insert(tx: &Tx, token: SignupToken, groups: &[GroupId]) -> StoreResult<()> {
    let id = token.id;
    Entity::insert(token.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    if groups.is_empty() {
        return Ok(());
    }
    let rows = groups.iter().map(|group| {
        let row = signup_token_group::Model {
            signup_token_id: id,
            user_group_id: *group,
        };
        row.into_active_model().reset_all()
    });
    signup_token_group::Entity::insert_many(rows)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Tokens that have not expired, used up or not; the oldest first unless another order is asked for.
pub async fn list(
    connection: &impl ConnectionTrait,
    request: &ListRequest,
    now: Timestamp,
) -> StoreResult<Page<SignupToken>> {
    let mut select = Entity::find().filter(Column::ExpiresAt.gt(now));
    if let Some((key, order)) = request.sort_key() {
        select = match key {
            "createdAt" => select.order_by(Column::CreatedAt, order),
            "expiresAt" => select.order_by(Column::ExpiresAt, order),
            "usageLimit" => select.order_by(Column::UsageLimit, order),
            "usageCount" => select.order_by(Column::UsageCount, order),
            _ => select,
        };
    }
    select = select
        .order_by(Column::CreatedAt, Order::Asc)
        .order_by(Column::Id, Order::Asc);
    page(select, request, connection).await
}

/// The groups of tokens, by token: one query.
pub async fn groups_of(
    connection: &impl ConnectionTrait,
    tokens: &[SignupTokenId],
) -> StoreResult<Vec<(SignupTokenId, user_group::Model)>> {
    let links = signup_token_group::Entity::find()
        .filter(signup_token_group::Column::SignupTokenId.is_in(tokens.iter().copied()))
        .all(connection)
        .await?;
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let groups = user_group::Entity::find()
        .filter(user_group::Column::Id.is_in(links.iter().map(|link| link.user_group_id)))
        .order_by(user_group::Column::Name, Order::Asc)
        .all(connection)
        .await?;
    Ok(groups
        .into_iter()
        .flat_map(|group| {
            let of_tokens: Vec<SignupTokenId> = links
                .iter()
                .filter(|link| link.user_group_id == group.id)
                .map(|link| link.signup_token_id)
                .collect();
            of_tokens.into_iter().map(move |token| (token, group.clone()))
        })
        .collect())
}

/// A token that may still be used; it stays as it is.
pub async fn find_usable(
    connection: &impl ConnectionTrait,
    hash: &TokenHash,
    now: Timestamp,
) -> StoreResult<Option<SignupToken>> {
    Ok(Entity::find()
        .filter(Column::TokenHash.eq(hash.clone()))
        .filter(Column::ExpiresAt.gt(now))
        .filter(Expr::col(Column::UsageCount).lt(Expr::col(Column::UsageLimit)))
        .one(connection)
        .await?)
}

/// Uses a token once: of more callers than it has uses left, only so many get `true`.
pub async fn take(tx: &Tx, id: SignupTokenId, now: Timestamp) -> StoreResult<bool> {
    let taken = Entity::update_many()
        .col_expr(Column::UsageCount, Expr::col(Column::UsageCount).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::ExpiresAt.gt(now))
        .filter(Expr::col(Column::UsageCount).lt(Expr::col(Column::UsageLimit)))
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Removes a token; whether there was one.
pub async fn delete(tx: &Tx, id: SignupTokenId) -> StoreResult<bool> {
    Ok(Entity::delete_by_id(id).exec(tx).await?.rows_affected == 1)
}

/// Removes what has expired.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(Entity::delete_many()
        .filter(Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
