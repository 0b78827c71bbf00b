//! Which login codes their own user has made: they go with the passkey somebody may have made them with.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::boolean;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "login_codes";
const COLUMN: &str = "self_made";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = boolean(COLUMN).default(false).take();
        manager
            .alter_table(Table::alter().table(TABLE).add_column(&mut column).take())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table(TABLE).drop_column(COLUMN).take())
            .await
    }
}
