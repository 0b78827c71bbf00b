//! The audit log.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::connect::Tx;
use crate::entity::audit_log;
pub use crate::entity::audit_log::Model as AuditLog;
use crate::error::StoreResult;
use crate::types::Timestamp;

/// Adds an entry.
pub async fn insert(tx: &Tx, entry: AuditLog) -> StoreResult<()> {
    audit_log::Entity::insert(entry.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Removes entries older than a moment.
pub async fn delete_older_than(connection: &impl ConnectionTrait, moment: Timestamp) -> StoreResult<u64> {
    Ok(audit_log::Entity::delete_many()
        .filter(audit_log::Column::CreatedAt.lt(moment))
        .exec(connection)
        .await?
        .rows_affected)
}
