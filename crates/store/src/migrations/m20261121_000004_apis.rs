//! APIs (resource servers), their permissions, and what clients may have of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, string, string_null, uuid};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

fn owned_by(column: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col(column)
        .to(table, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

fn unique(name: &'static str, on: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(on).unique().take();
    for column in columns {
        index.col(*column);
    }
    index
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("apis")
                    .col(uuid("id").primary_key())
                    .col(string("name"))
                    .col(string("resource"))
                    .col(boolean("allow_cimd_clients").default(false))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("updated_at"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("api_permissions")
                    .col(uuid("id").primary_key())
                    .col(uuid("api_id"))
                    .col(string("key"))
                    .col(string("name"))
                    .col(string_null("description"))
                    .col(boolean("allowed_for_cimd_clients").default(false))
                    .col(big_integer("created_at"))
                    .foreign_key(&mut owned_by("api_id", "apis"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("oidc_clients_allowed_apis")
                    .col(string("client_id"))
                    .col(uuid("api_id"))
                    .col(string("subject_type"))
                    .primary_key(Index::create().col("client_id").col("api_id").col("subject_type"))
                    .foreign_key(&mut owned_by("client_id", "oidc_clients"))
                    .foreign_key(&mut owned_by("api_id", "apis"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("oidc_clients_allowed_api_permissions")
                    .col(string("client_id"))
                    .col(uuid("permission_id"))
                    .col(string("subject_type"))
                    .primary_key(
                        Index::create()
                            .col("client_id")
                            .col("permission_id")
                            .col("subject_type"),
                    )
                    .foreign_key(&mut owned_by("client_id", "oidc_clients"))
                    .foreign_key(&mut owned_by("permission_id", "api_permissions"))
                    .take(),
            )
            .await?;
        for index in [
            unique("apis_resource", "apis", &["resource"]),
            unique("api_permissions_key", "api_permissions", &["api_id", "key"]),
            Index::create()
                .name("oidc_clients_allowed_apis_api")
                .table("oidc_clients_allowed_apis")
                .col("api_id")
                .take(),
            Index::create()
                .name("oidc_clients_allowed_api_permissions_permission")
                .table("oidc_clients_allowed_api_permissions")
                .col("permission_id")
                .take(),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "oidc_clients_allowed_api_permissions",
            "oidc_clients_allowed_apis",
            "api_permissions",
            "apis",
        ] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
