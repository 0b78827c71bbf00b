//! Files kept in the database.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};

use crate::connect::Tx;
use crate::entity::stored_file::{Column, Entity, Model};
use crate::error::StoreResult;
use crate::types::Timestamp;

/// What is in a file.
pub async fn read(connection: &impl ConnectionTrait, key: &str) -> StoreResult<Option<Vec<u8>>> {
    Ok(Entity::find_by_id(key)
        .one(connection)
        .await?
        .map(|file| file.content))
}

/// Writes a file, whatever was in it.
pub async fn write(tx: &Tx, key: &str, content: Vec<u8>, now: Timestamp) -> StoreResult<()> {
    let file = Model {
        key: key.to_owned(),
        content,
        updated_at: now,
    };
    Entity::insert(file.into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(Column::Key)
                .update_columns([Column::Content, Column::UpdatedAt])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Removes a file; whether there was one.
pub async fn delete(tx: &Tx, key: &str) -> StoreResult<bool> {
    Ok(Entity::delete_by_id(key).exec(tx).await?.rows_affected == 1)
}
