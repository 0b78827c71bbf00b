//! What clients, sessions, grants and tokens need for the whole of OpenID Connect: keys and algorithms per client,
//! logout addresses, proof of possession, claims requests, pushed requests, tokens of clients themselves.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, boolean, integer_null, json_binary, json_binary_null, string, string_null,
    text_null, uuid,
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

fn flag(name: &'static str, default: bool) -> ColumnDef {
    boolean(name).default(default).take()
}

fn owned_by_client() -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col("client_id")
        .to("oidc_clients", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// New columns by table. SQLite adds one column per statement.
fn columns() -> Vec<(&'static str, ColumnDef)> {
    let client = [
        string_null("token_endpoint_auth_method"),
        json_binary_null("jwks"),
        text_null("jwks_uri"),
        string_null("id_token_signed_response_alg"),
        string_null("userinfo_signed_response_alg"),
        string_null("request_object_signing_alg"),
        flag("require_signed_request_object", false),
        flag("dpop_bound_access_tokens", false),
        string("security_profile").default("none").take(),
        string_null("minimum_acr"),
        integer_null("default_max_age"),
        flag("allow_token_impersonation", false),
        flag("allow_token_delegation", false),
        text_null("backchannel_logout_uri"),
        flag("backchannel_logout_session_required", false),
        text_null("frontchannel_logout_uri"),
        flag("frontchannel_logout_session_required", false),
        flag("is_dynamic", false),
        flag("is_approved", true),
        json_binary_null("grant_types"),
    ];
    let grant = [
        json_binary_null("claims"),
        string_null("dpop_jkt"),
        json_binary_null("actor"),
    ];
    client
        .into_iter()
        .map(|column| ("oidc_clients", column))
        .chain(grant.into_iter().map(|column| ("oidc_grants", column)))
        .chain([
            ("oidc_access_tokens", string_null("dpop_jkt")),
            ("sessions", json_binary_null("amr")),
            ("sessions", flag("user_verified", false)),
            ("reauthentication_tokens", flag("user_verified", false)),
        ])
        .collect()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in columns() {
            manager
                .alter_table(Table::alter().table(table).add_column(&mut column).take())
                .await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("oidc_pushed_requests")
                    .col(binary("handle_hash").primary_key())
                    .col(string("client_id"))
                    .col(json_binary("parameters"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .foreign_key(&mut owned_by_client())
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("oidc_client_access_tokens")
                    .col(uuid("jti").primary_key())
                    .col(string("client_id"))
                    .col(json_binary("scope"))
                    .col(json_binary("audience"))
                    .col(string_null("dpop_jkt"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .foreign_key(&mut owned_by_client())
                    .take(),
            )
            .await?;
        for (name, table) in [
            ("oidc_pushed_requests_expiry", "oidc_pushed_requests"),
            ("oidc_client_access_tokens_expiry", "oidc_client_access_tokens"),
        ] {
            manager
                .create_index(Index::create().name(name).table(table).col("expires_at").take())
                .await?;
        }
        manager
            .create_index(
                Index::create()
                    .name("oidc_client_access_tokens_client")
                    .table("oidc_client_access_tokens")
                    .col("client_id")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["oidc_client_access_tokens", "oidc_pushed_requests"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        for (table, column) in columns() {
            let name = column.get_column_name();
            manager
                .alter_table(Table::alter().table(table).drop_column(name).take())
                .await?;
        }
        Ok(())
    }
}
