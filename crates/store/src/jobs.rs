//! Who runs a periodic job now: a lease per job, so that of several replicas one does.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
};

use crate::connect::Tx;
use crate::entity::job;
pub use crate::entity::job::Model as Job;
use crate::error::StoreResult;
use crate::types::Timestamp;

/// Makes a job known, due at `next_run_at`, unless it is known already.
pub async fn register(tx: &Tx, name: &str, next_run_at: Timestamp) -> StoreResult<()> {
    let row = Job {
        name: name.to_owned(),
        next_run_at,
        lease_owner: None,
        lease_until: None,
        last_run_at: None,
    };
    job::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::column(job::Column::Name).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// When a job is due.
pub async fn next_run(connection: &impl ConnectionTrait, name: &str) -> StoreResult<Option<Timestamp>> {
    Ok(job::Entity::find_by_id(name)
        .one(connection)
        .await?
        .map(|row| row.next_run_at))
}

/// Takes the lease of a due job nobody holds; of any number of callers one gets `true`.
pub async fn lease(tx: &Tx, name: &str, owner: &str, now: Timestamp, until: Timestamp) -> StoreResult<bool> {
    let result = job::Entity::update_many()
        .col_expr(job::Column::LeaseOwner, Expr::value(owner))
        .col_expr(job::Column::LeaseUntil, Expr::value(until.0))
        .filter(job::Column::Name.eq(name))
        .filter(job::Column::NextRunAt.lte(now))
        .filter(
            Condition::any()
                .add(job::Column::LeaseUntil.is_null())
                .add(job::Column::LeaseUntil.lt(now)),
        )
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Gives a lease back with the time of the next run; a lease lost meanwhile is left alone.
pub async fn complete(
    tx: &Tx,
    name: &str,
    owner: &str,
    now: Timestamp,
    next_run_at: Timestamp,
) -> StoreResult<bool> {
    let result = job::Entity::update_many()
        .col_expr(job::Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(job::Column::LeaseUntil, Expr::value(None::<i64>))
        .col_expr(job::Column::LastRunAt, Expr::value(now.0))
        .col_expr(job::Column::NextRunAt, Expr::value(next_run_at.0))
        .filter(job::Column::Name.eq(name))
        .filter(job::Column::LeaseOwner.eq(owner))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}
