//! Word of sign-outs on its way to clients. A row stays due until it is settled, whoever dies meanwhile.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Order, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::connect::Tx;
use crate::entity::logout_delivery;
pub use crate::entity::logout_delivery::Model as LogoutDelivery;
use crate::error::StoreResult;
use crate::types::{ClientId, DeliveryState, LogoutDeliveryId, Timestamp};

/// Adds one.
pub async fn insert(tx: &Tx, delivery: LogoutDelivery) -> StoreResult<()> {
    logout_delivery::Entity::insert(delivery.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// One, whatever became of it.
pub async fn find(
    connection: &impl ConnectionTrait,
    id: LogoutDeliveryId,
) -> StoreResult<Option<LogoutDelivery>> {
    Ok(logout_delivery::Entity::find_by_id(id).one(connection).await?)
}

/// Those to be attempted now, the longest due first.
pub async fn due(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    most: u64,
) -> StoreResult<Vec<LogoutDelivery>> {
    Ok(logout_delivery::Entity::find()
        .filter(logout_delivery::Column::State.eq(DeliveryState::Pending))
        .filter(logout_delivery::Column::NextAttemptAt.lte(now))
        .order_by(logout_delivery::Column::NextAttemptAt, Order::Asc)
        .limit(most)
        .all(connection)
        .await?)
}

/// A client's, the newest first.
pub async fn of_client(
    connection: &impl ConnectionTrait,
    client: &ClientId,
    most: u64,
) -> StoreResult<Vec<LogoutDelivery>> {
    Ok(logout_delivery::Entity::find()
        .filter(logout_delivery::Column::ClientId.eq(client.clone()))
        .order_by(logout_delivery::Column::CreatedAt, Order::Desc)
        .order_by(logout_delivery::Column::Id, Order::Asc)
        .limit(most)
        .all(connection)
        .await?)
}

/// Takes a due delivery for one attempt, until the lease ends; of any number of callers one gets `true`.
pub async fn claim(
    tx: &Tx,
    delivery: &LogoutDelivery,
    lease_ends_at: Timestamp,
    now: Timestamp,
) -> StoreResult<bool> {
    let result = logout_delivery::Entity::update_many()
        .col_expr(
            logout_delivery::Column::Attempts,
            Expr::value(delivery.attempts.saturating_add(1)),
        )
        .col_expr(
            logout_delivery::Column::NextAttemptAt,
            Expr::value(lease_ends_at.0),
        )
        .filter(logout_delivery::Column::Id.eq(delivery.id))
        .filter(logout_delivery::Column::State.eq(DeliveryState::Pending))
        .filter(logout_delivery::Column::Attempts.eq(delivery.attempts))
        .filter(logout_delivery::Column::NextAttemptAt.lte(now))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where the delivery stands now.
    pub state: DeliveryState,
    /// When it is tried again, if it is.
    pub next_attempt_at: Timestamp,
    /// What the client answered.
    pub status: Option<i32>,
    /// What went wrong.
    pub error: Option<String>,
    /// When the client took it.
    pub delivered_at: Option<Timestamp>,
}

/// Writes down what came of an attempt, unless another has begun since.
pub async fn settle(tx: &Tx, id: LogoutDeliveryId, attempt: i32, outcome: Outcome) -> StoreResult<()> {
    logout_delivery::Entity::update_many()
        .col_expr(logout_delivery::Column::State, Expr::value(outcome.state))
        .col_expr(
            logout_delivery::Column::NextAttemptAt,
            Expr::value(outcome.next_attempt_at.0),
        )
        .col_expr(logout_delivery::Column::LastStatus, Expr::value(outcome.status))
        .col_expr(logout_delivery::Column::LastError, Expr::value(outcome.error))
        .col_expr(
            logout_delivery::Column::DeliveredAt,
            Expr::value(outcome.delivered_at.map(|moment| moment.0)),
        )
        .filter(logout_delivery::Column::Id.eq(id))
        .filter(logout_delivery::Column::State.eq(DeliveryState::Pending))
        .filter(logout_delivery::Column::Attempts.eq(attempt))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes old ones that are settled.
pub async fn delete_settled(connection: &impl ConnectionTrait, before: Timestamp) -> StoreResult<u64> {
    Ok(logout_delivery::Entity::delete_many()
        .filter(logout_delivery::Column::State.ne(DeliveryState::Pending))
        .filter(logout_delivery::Column::CreatedAt.lt(before))
        .exec(connection)
        .await?
        .rows_affected)
}
