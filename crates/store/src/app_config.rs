//! Settings changed by an administrator.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
use crate::entity::app_config;
use crate::error::StoreResult;
use crate::types::Timestamp;

/// Every stored setting.
pub async fn all(connection: &impl ConnectionTrait) -> StoreResult<Vec<(String, String)>> {
    Ok(app_config::Entity::find()
        .all(connection)
        .await?
        .into_iter()
        .filter(|row| row.key != TURN)
        .map(|row| (row.key, row.value))
        .collect())
}

/// A row that writers touch first, so that they take turns and each decides by what the one before it left. No
/// setting has this name.
const TURN: &str = ".turn";

/// Waits for other writers of settings, and keeps them waiting until the transaction ends.
pub async fn lock(tx: &Tx, now: Timestamp) -> StoreResult<()> {
    set(tx, &[(TURN.to_owned(), Some(String::new()))], now).await
}

/// Stores settings; `None` returns one to its default.
pub async fn set(tx: &Tx, values: &[(String, Option<String>)], now: Timestamp) -> StoreResult<()> {
    let absent: Vec<&str> = values
        .iter()
        .filter(|(_, value)| value.is_none())
        .map(|(key, _)| key.as_str())
        .collect();
    if !absent.is_empty() {
        app_config::Entity::delete_many()
            .filter(app_config::Column::Key.is_in(absent))
            .exec(tx)
            .await?;
    }
    let present: Vec<app_config::ActiveModel> = values
        .iter()
        .filter_map(|(key, value)| {
            let row = app_config::Model {
                key: key.clone(),
                value: value.clone()?,
                updated_at: now,
            };
            Some(row.into_active_model().reset_all())
        })
        .collect();
    if !present.is_empty() {
        let on_conflict = OnConflict::column(app_config::Column::Key)
            .update_columns([app_config::Column::Value, app_config::Column::UpdatedAt])
            .to_owned();
        app_config::Entity::insert_many(present)
            .on_conflict(on_conflict)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}
