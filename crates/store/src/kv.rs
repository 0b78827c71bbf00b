//! Named values of the installation itself, such as its instance id.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};

use crate::connect::Tx;
use crate::entity::kv;
use crate::error::StoreResult;

/// The value of a key.
pub async fn get(connection: &impl ConnectionTrait, key: &str) -> StoreResult<Option<String>> {
    Ok(kv::Entity::find_by_id(key)
        .one(connection)
        .await?
        .map(|row| row.value))
}

/// Sets a key, whatever it was.
pub async fn set(tx: &Tx, key: &str, value: &str) -> StoreResult<()> {
    insert(
        tx,
        key,
        value,
        OnConflict::column(kv::Column::Key)
            .update_column(kv::Column::Value)
            .to_owned(),
    )
    .await
}

/// Sets a key unless it is set, and says what it is now: concurrent callers agree.
pub async fn get_or_insert(tx: &Tx, key: &str, value: &str) -> StoreResult<String> {
    insert(
        tx,
        key,
        value,
        OnConflict::column(kv::Column::Key).do_nothing().to_owned(),
    )
    .await?;
    Ok(get(tx, key).await?.unwrap_or_else(|| value.to_owned()))
}

async fn insert(tx: &Tx, key: &str, value: &str, on_conflict: OnConflict) -> StoreResult<()> {
    let row = kv::Model {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    kv::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(on_conflict)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
