//! When a key was given its present life, so that it is renewed for as long again.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "api_keys";
const COLUMN: &str = "renewed_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = big_integer_null(COLUMN);
        manager
            .alter_table(Table::alter().table(TABLE).add_column(column).take())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table(TABLE).drop_column(COLUMN).take())
            .await
    }
}
