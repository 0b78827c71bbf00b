//! Wrong guesses at short codes: counted for every replica, forgotten after a while.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
use crate::entity::wrong_guess;
use crate::error::StoreResult;
use crate::types::Timestamp;

/// How often subjects guessed wrong lately; those that did not are left out.
pub async fn counts<'a>(
    connection: &impl ConnectionTrait,
    subjects: impl IntoIterator<Item = &'a str>,
    now: Timestamp,
) -> StoreResult<HashMap<String, i32>> {
    let rows = wrong_guess::Entity::find()
        .filter(wrong_guess::Column::Subject.is_in(subjects))
        .filter(wrong_guess::Column::ForgottenAt.gt(now))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.subject, row.count)).collect())
}

/// Counts a wrong guess, and gives the sum; all of a subject's are forgotten together when the first one is so many
/// seconds old, so that they do not add up for ever where somebody guesses now and then. Who counts at the same time
/// waits for this transaction.
pub async fn note(tx: &Tx, subject: &str, remembered_seconds: i64, now: Timestamp) -> StoreResult<i32> {
    wrong_guess::Entity::delete_by_id(subject)
        .filter(
            wrong_guess::Column::ForgottenAt
                .lte(now)
                // Nothing is left of guesses that turned out right.
                .or(wrong_guess::Column::Count.lte(0)),
        )
        .exec(tx)
        .await?;
    let row = wrong_guess::Model {
        subject: subject.to_owned(),
        count: 1,
        forgotten_at: now.plus_seconds(remembered_seconds),
    };
    let counted = wrong_guess::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(wrong_guess::Column::Subject)
                .value(
                    wrong_guess::Column::Count,
                    Expr::col((wrong_guess::Entity, wrong_guess::Column::Count)).add(1),
                )
                .to_owned(),
        )
        .exec_with_returning(tx)
        .await?;
    Ok(counted.count)
}

/// Takes back what was counted once too often.
pub async fn take_back<'a>(tx: &Tx, subjects: impl IntoIterator<Item = &'a str>) -> StoreResult<()> {
    wrong_guess::Entity::update_many()
        .col_expr(
            wrong_guess::Column::Count,
            Expr::col(wrong_guess::Column::Count).sub(1),
        )
        .filter(wrong_guess::Column::Subject.is_in(subjects))
        .filter(wrong_guess::Column::Count.gt(0))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes what is forgotten.
pub async fn delete_expired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(wrong_guess::Entity::delete_many()
        .filter(wrong_guess::Column::ForgottenAt.lt(now))
        .exec(connection)
        .await?
        .rows_affected)
}
