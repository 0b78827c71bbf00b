//! Telephone numbers and postal addresses of users (OIDC Core §5.1).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, json_binary_null, string_null};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

fn columns() -> [ColumnDef; 3] {
    [
        string_null("phone_number"),
        boolean("phone_number_verified").default(false).take(),
        json_binary_null("address"),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut column in columns() {
            manager
                .alter_table(Table::alter().table("users").add_column(&mut column).take())
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            let name = column.get_column_name();
            manager
                .alter_table(Table::alter().table("users").drop_column(name).take())
                .await?;
        }
        Ok(())
    }
}
