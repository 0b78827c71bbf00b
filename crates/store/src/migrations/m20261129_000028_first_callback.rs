//! Which clients take the first callback URL they use for their own: those made without one, and not those that had one
//! taken away.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::boolean;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "oidc_clients";
const COLUMN: &str = "learns_callback_url";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = boolean(COLUMN).default(false).take();
        manager
            .alter_table(Table::alter().table(TABLE).add_column(&mut column).take())
            .await?;
        // Of those there are it is not known whether they ever had one: they go on as they did.
        manager
            .get_connection()
            .execute_unprepared(
                "UPDATE oidc_clients SET learns_callback_url = TRUE WHERE callback_urls = '[]'",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table(TABLE).drop_column(COLUMN).take())
            .await
    }
}
