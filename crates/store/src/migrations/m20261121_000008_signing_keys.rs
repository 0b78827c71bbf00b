//! Several signing keys at a time: one of the installation, others for algorithms that clients ask for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("signing_keys")
                    .add_column(string("role").default("instance"))
                    .take(),
            )
            .await?;
        // However many processes make a key at once, one of them wins.
        for statement in [
            "CREATE UNIQUE INDEX signing_keys_active_unique ON signing_keys (algorithm) WHERE state = 'active'",
            "CREATE UNIQUE INDEX signing_keys_instance_unique ON signing_keys (role) \
             WHERE state = 'active' AND role = 'instance'",
        ] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["signing_keys_instance_unique", "signing_keys_active_unique"] {
            manager
                .get_connection()
                .execute_unprepared(&format!("DROP INDEX {name}"))
                .await?;
        }
        manager
            .alter_table(Table::alter().table("signing_keys").drop_column("role").take())
            .await
    }
}
