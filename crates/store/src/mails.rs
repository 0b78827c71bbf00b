//! Mail on its way. A row stays due until it is settled, whoever dies meanwhile.

use sea_orm::sea_query::{Expr, NullOrdering};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Order, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::connect::Tx;
pub use crate::entity::mail::Model as Mail;
use crate::entity::mail::{Column, Entity};
use crate::error::StoreResult;
use crate::list::{ListRequest, Page, page};
use crate::types::{DeliveryState, MailId, Timestamp};

/// Adds one.
pub async fn insert(tx: &Tx, mail: Mail) -> StoreResult<()> {
    Entity::insert(mail.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// One, whatever became of it.
pub async fn find(connection: &impl ConnectionTrait, id: MailId) -> StoreResult<Option<Mail>> {
    Ok(Entity::find_by_id(id).one(connection).await?)
}

/// Those to be attempted now: what expires soonest first, what never does last; of the like the longest due.
pub async fn due(connection: &impl ConnectionTrait, now: Timestamp, most: u64) -> StoreResult<Vec<MailId>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.eq(DeliveryState::Pending))
        .filter(Column::NextAttemptAt.lte(now))
        .order_by_with_nulls(Column::ExpiresAt, Order::Asc, NullOrdering::Last)
        .order_by(Column::NextAttemptAt, Order::Asc)
        .limit(most)
        .into_tuple()
        .all(connection)
        .await?)
}

/// A page of all mail, the newest first unless another order is asked for. Sort and filter keys are those of the REST
/// API.
pub async fn list(connection: &impl ConnectionTrait, request: &ListRequest) -> StoreResult<Page<Mail>> {
    let mut select = Entity::find();
    if let Some(kinds) = request.filter("kind") {
        select = select.filter(Column::Kind.is_in(kinds));
    }
    if let Some(states) = request.filter("state") {
        select = select.filter(Column::State.is_in(states));
    }
    let order = match request.sort_key() {
        Some(("createdAt", order)) => order,
        _ => Order::Desc,
    };
    let select = select
        .order_by(Column::CreatedAt, order.clone())
        .order_by(Column::Id, order);
    page(select, request, connection).await
}

/// Takes a due mail for one attempt, until the lease ends; of any number of callers one gets `true`.
pub async fn claim(tx: &Tx, mail: &Mail, lease_ends_at: Timestamp, now: Timestamp) -> StoreResult<bool> {
    let result = Entity::update_many()
        .col_expr(Column::Attempts, Expr::value(mail.attempts.saturating_add(1)))
        .col_expr(Column::NextAttemptAt, Expr::value(lease_ends_at))
        .filter(Column::Id.eq(mail.id))
        .filter(Column::State.eq(DeliveryState::Pending))
        .filter(Column::Attempts.eq(mail.attempts))
        .filter(Column::NextAttemptAt.lte(now))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where the mail stands now.
    pub state: DeliveryState,
    /// When it is tried again, if it is.
    pub next_attempt_at: Timestamp,
    /// What went wrong.
    pub error: Option<String>,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
}

/// Writes down what came of an attempt, unless another has begun since. What is settled is forgotten but for its
/// address.
pub async fn settle(tx: &Tx, id: MailId, attempt: i32, outcome: Outcome) -> StoreResult<()> {
    let settled = outcome.state != DeliveryState::Pending;
    let mut update = Entity::update_many()
        .col_expr(Column::State, Expr::value(outcome.state))
        .col_expr(Column::NextAttemptAt, Expr::value(outcome.next_attempt_at))
        .col_expr(Column::LastError, Expr::value(outcome.error))
        .col_expr(Column::SentAt, Expr::value(outcome.sent_at));
    if settled {
        update = update.col_expr(Column::SealedContent, Expr::value(None::<Vec<u8>>));
    }
    update
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(DeliveryState::Pending))
        .filter(Column::Attempts.eq(attempt))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes old ones that are settled.
pub async fn delete_settled(connection: &impl ConnectionTrait, before: Timestamp) -> StoreResult<u64> {
    Ok(Entity::delete_many()
        .filter(Column::State.ne(DeliveryState::Pending))
        .filter(Column::CreatedAt.lt(before))
        .exec(connection)
        .await?
        .rows_affected)
}
