//! Orders that lists of people and groups are asked for: with an index each, a page is read instead of everybody sorted.

use sea_orm_migration::prelude::*;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// Table and column; the index is named after both.
const ORDERS: [(&str, &str); 6] = [
    ("users", "username"),
    ("users", "first_name"),
    ("users", "last_name"),
    ("users", "display_name"),
    ("user_groups", "friendly_name"),
    ("user_groups", "created_at"),
];

fn name(table: &str, column: &str) -> String {
    format!("{table}_order_{column}")
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in ORDERS {
            let mut index = Index::create();
            index.name(name(table, column)).table(table).col(column);
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in ORDERS {
            let mut index = Index::drop();
            index.name(name(table, column)).table(table);
            manager.drop_index(index).await?;
        }
        Ok(())
    }
}
