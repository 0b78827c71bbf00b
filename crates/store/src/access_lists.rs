//! Which groups may use which clients, as a whole: it is written from both sides.

use sea_orm::ConnectionTrait;

use crate::connect::Tx;
use crate::error::StoreResult;

/// Makes writers of such lists take turns until the transaction ends, from whichever side they come: what one of them
/// read before it wrote is then still so. To be asked before any row is locked.
///
/// SQLite needs nothing: its write transactions already exclude each other.
pub async fn lock(tx: &Tx) -> StoreResult<()> {
    if tx.get_database_backend() == sea_orm::DbBackend::Postgres {
        tx.execute_unprepared("LOCK TABLE oidc_client_allowed_groups IN SHARE ROW EXCLUSIVE MODE")
            .await?;
    }
    Ok(())
}
