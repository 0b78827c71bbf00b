//! Authorization requests waiting for a person.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
use crate::entity::interaction;
pub use crate::entity::interaction::Model as Interaction;
use crate::error::StoreResult;
use crate::types::{InteractionId, Timestamp};

/// Stores a request.
pub async fn insert(tx: &Tx, interaction: Interaction) -> StoreResult<()> {
    interaction::Entity::insert(interaction.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// An unexpired request.
pub async fn find(
    connection: &impl ConnectionTrait,
    id: InteractionId,
    now: Timestamp,
) -> StoreResult<Option<Interaction>> {
    Ok(interaction::Entity::find_by_id(id)
        .filter(interaction::Column::ExpiresAt.gt(now))
        .one(connection)
        .await?)
}

/// Stores new progress unless somebody else changed the request since it was read; whether it was stored.
pub async fn advance(tx: &Tx, interaction: &Interaction) -> StoreResult<bool> {
    let result = interaction::Entity::update_many()
        .col_expr(interaction::Column::UserId, Expr::value(interaction.user_id))
        .col_expr(
            interaction::Column::Progress,
            Expr::value(interaction.progress.clone()),
        )
        .col_expr(
            interaction::Column::Version,
            Expr::col(interaction::Column::Version).add(1),
        )
        .filter(interaction::Column::Id.eq(interaction.id))
        .filter(interaction::Column::Version.eq(interaction.version))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Takes a request: exactly one caller gets `true`, so one interaction yields one code.
pub async fn take(tx: &Tx, id: InteractionId) -> StoreResult<bool> {
    Ok(interaction::Entity::delete_by_id(id)
        .exec(tx)
        .await?
        .rows_affected
        == 1)
}

/// Removes abandoned requests.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(interaction::Entity::delete_many()
        .filter(interaction::Column::ExpiresAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
