//! The first schema: accounts, passkeys, sessions, clients, grants, tokens, keys, settings, audit, jobs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, boolean, integer, json_binary, string, string_null,
    text, uuid, uuid_null,
};

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// The bytes of a SHA-256 hash or another short binary key.
fn hash_key(name: &'static str) -> ColumnDef {
    binary(name).primary_key().take()
}

fn id(name: &'static str) -> ColumnDef {
    uuid(name).primary_key().take()
}

fn created() -> ColumnDef {
    big_integer("created_at")
}

fn flag(name: &'static str, default: bool) -> ColumnDef {
    boolean(name).default(default).take()
}

fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).take()
}

/// A foreign key to `(table, column)`.
fn references(
    column: &'static str,
    to: (&'static str, &'static str),
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from_col(column)
        .to(to.0, to.1)
        .on_delete(on_delete)
        .take()
}

fn owned_by_user() -> ForeignKeyCreateStatement {
    references("user_id", ("users", "id"), ForeignKeyAction::Cascade)
}

fn owned_by_client() -> ForeignKeyCreateStatement {
    references("client_id", ("oidc_clients", "id"), ForeignKeyAction::Cascade)
}

fn owned_by_group() -> ForeignKeyCreateStatement {
    references("user_group_id", ("user_groups", "id"), ForeignKeyAction::Cascade)
}

fn owned_by_grant() -> ForeignKeyCreateStatement {
    references("grant_id", ("oidc_grants", "id"), ForeignKeyAction::Cascade)
}

fn index(name: &'static str, on: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(on).take();
    for column in columns {
        index.col(*column);
    }
    index
}

fn unique(name: &'static str, on: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index(name, on, columns).unique().take()
}

fn accounts() -> Vec<TableCreateStatement> {
    vec![
        table("users")
            .col(id("id"))
            .col(string("username"))
            .col(string_null("email"))
            .col(flag("email_verified", false))
            .col(string("first_name"))
            .col(string("last_name"))
            .col(string("display_name"))
            .col(flag("is_admin", false))
            .col(flag("disabled", false))
            .col(string_null("locale"))
            .col(string_null("ldap_id"))
            .col(created())
            .col(big_integer_null("updated_at"))
            .take(),
        table("user_groups")
            .col(id("id"))
            .col(string("friendly_name"))
            .col(string("name"))
            .col(string_null("ldap_id"))
            .col(created())
            .col(big_integer_null("updated_at"))
            .take(),
        table("user_groups_users")
            .col(uuid("user_id"))
            .col(uuid("user_group_id"))
            .primary_key(Index::create().col("user_id").col("user_group_id"))
            .foreign_key(&mut owned_by_user())
            .foreign_key(&mut owned_by_group())
            .take(),
        table("custom_claims")
            .col(id("id"))
            .col(string("key"))
            .col(text("value"))
            .col(uuid_null("user_id"))
            .col(uuid_null("user_group_id"))
            .col(created())
            .foreign_key(&mut owned_by_user())
            .foreign_key(&mut owned_by_group())
            .take(),
        table("passkeys")
            .col(id("id"))
            .col(uuid("user_id"))
            .col(string("name"))
            .col(binary("credential_id"))
            .col(binary("public_key"))
            .col(string("attestation_type"))
            .col(json_binary("transports"))
            .col(uuid_null("aaguid"))
            .col(big_integer("sign_count"))
            .col(flag("backup_eligible", false))
            .col(flag("backup_state", false))
            .col(created())
            .col(big_integer_null("last_used_at"))
            .foreign_key(&mut owned_by_user())
            .take(),
        table("webauthn_challenges")
            .col(id("id"))
            .col(string("ceremony"))
            .col(uuid_null("user_id"))
            .col(json_binary("state"))
            .col(created())
            .col(big_integer("expires_at"))
            .foreign_key(&mut owned_by_user())
            .take(),
        table("sessions")
            .col(id("id"))
            .col(uuid("user_id"))
            .col(binary("token_hash"))
            .col(string("method"))
            .col(big_integer("authenticated_at"))
            .col(created())
            .col(big_integer("expires_at"))
            .col(big_integer("last_seen_at"))
            .col(string_null("ip_address"))
            .col(text("user_agent"))
            .foreign_key(&mut owned_by_user())
            .take(),
        table("reauthentication_tokens")
            .col(hash_key("token_hash"))
            .col(uuid("user_id"))
            .col(created())
            .col(big_integer("expires_at"))
            .foreign_key(&mut owned_by_user())
            .take(),
    ]
}

fn clients() -> Vec<TableCreateStatement> {
    vec![
        table("oidc_clients")
            .col(string("id").primary_key().take())
            .col(string("name"))
            .col(string("description").default("").take())
            .col(text("launch_url").null().take())
            .col(json_binary("callback_urls"))
            .col(json_binary("logout_callback_urls"))
            .col(flag("is_public", false))
            .col(flag("pkce_enabled", false))
            .col(flag("pkce_supported", false))
            .col(flag("pkce_plain_allowed", false))
            .col(flag("requires_reauthentication", false))
            .col(flag("requires_pushed_authorization_requests", false))
            .col(flag("skip_consent", false))
            .col(flag("is_group_restricted", false))
            .col(integer("access_token_duration_minutes"))
            .col(integer("refresh_token_duration_minutes"))
            .col(string("client_type"))
            .col(json_binary("federated_identities"))
            .col(uuid_null("created_by"))
            .col(created())
            .col(big_integer_null("updated_at"))
            .foreign_key(&mut references(
                "created_by",
                ("users", "id"),
                ForeignKeyAction::SetNull,
            ))
            .take(),
        table("oidc_client_secrets")
            .col(id("id"))
            .col(string("client_id"))
            .col(string("algorithm"))
            .col(string("hash"))
            .col(string("prefix"))
            .col(created())
            .col(big_integer_null("expires_at"))
            .foreign_key(&mut owned_by_client())
            .take(),
        table("oidc_client_allowed_groups")
            .col(string("client_id"))
            .col(uuid("user_group_id"))
            .primary_key(Index::create().col("client_id").col("user_group_id"))
            .foreign_key(&mut owned_by_client())
            .foreign_key(&mut owned_by_group())
            .take(),
        table("oidc_consents")
            .col(uuid("user_id"))
            .col(string("client_id"))
            .col(json_binary("scope"))
            .col(created())
            .col(big_integer("last_used_at"))
            .primary_key(Index::create().col("user_id").col("client_id"))
            .foreign_key(&mut owned_by_user())
            .foreign_key(&mut owned_by_client())
            .take(),
        table("oidc_interactions")
            .col(id("id"))
            .col(string("client_id"))
            .col(uuid_null("user_id"))
            .col(json_binary("parameters"))
            .col(json_binary("progress"))
            .col(created())
            .col(big_integer("expires_at"))
            .col(integer("version").default(0).take())
            .foreign_key(&mut owned_by_user())
            .foreign_key(&mut owned_by_client())
            .take(),
    ]
}

fn tokens() -> Vec<TableCreateStatement> {
    vec![
        table("oidc_grants")
            .col(id("id"))
            .col(uuid("user_id"))
            .col(string("client_id"))
            .col(uuid_null("session_id"))
            .col(json_binary("scope"))
            .col(json_binary("audience"))
            .col(big_integer("auth_time"))
            .col(json_binary("amr"))
            .col(string_null("acr"))
            .col(text("nonce").null().take())
            .col(big_integer("requested_at"))
            .col(created())
            .col(big_integer("expires_at"))
            .col(big_integer_null("revoked_at"))
            .foreign_key(&mut owned_by_user())
            .foreign_key(&mut owned_by_client())
            .foreign_key(&mut references(
                "session_id",
                ("sessions", "id"),
                ForeignKeyAction::SetNull,
            ))
            .take(),
        table("oidc_authorization_codes")
            .col(hash_key("code_hash"))
            .col(uuid("grant_id"))
            .col(text("redirect_uri").null().take())
            .col(string_null("code_challenge"))
            .col(string_null("code_challenge_method"))
            .col(created())
            .col(big_integer("expires_at"))
            .col(big_integer_null("used_at"))
            .foreign_key(&mut owned_by_grant())
            .take(),
        table("oidc_refresh_tokens")
            .col(hash_key("token_hash"))
            .col(uuid("grant_id"))
            .col(created())
            .col(big_integer("expires_at"))
            .col(big_integer_null("used_at"))
            .foreign_key(&mut owned_by_grant())
            .take(),
        table("oidc_access_tokens")
            .col(id("jti"))
            .col(uuid("grant_id"))
            .col(created())
            .col(big_integer("expires_at"))
            .foreign_key(&mut owned_by_grant())
            .take(),
        table("signing_keys")
            .col(id("id"))
            .col(string("kid"))
            .col(string("algorithm"))
            .col(json_binary("public_jwk"))
            .col(binary_null("private_jwk_encrypted"))
            .col(string("state"))
            .col(created())
            .col(big_integer_null("retires_at"))
            .take(),
    ]
}

fn installation() -> Vec<TableCreateStatement> {
    vec![
        table("kv")
            .col(string("key").primary_key().take())
            .col(text("value"))
            .take(),
        table("app_config")
            .col(string("key").primary_key().take())
            .col(text("value"))
            .col(big_integer("updated_at"))
            .take(),
        table("audit_logs")
            .col(id("id"))
            .col(created())
            .col(string("event"))
            .col(uuid_null("user_id"))
            .col(string("username"))
            .col(string_null("ip_address"))
            .col(string("country"))
            .col(string("city"))
            .col(text("user_agent"))
            .col(json_binary("data"))
            .foreign_key(&mut references(
                "user_id",
                ("users", "id"),
                ForeignKeyAction::SetNull,
            ))
            .take(),
        table("jobs")
            .col(string("name").primary_key().take())
            .col(big_integer("next_run_at"))
            .col(string_null("lease_owner"))
            .col(big_integer_null("lease_until"))
            .col(big_integer_null("last_run_at"))
            .take(),
    ]
}

/// One index for each look-up on a hot path, each foreign key that cascades, and each list's default order.
fn indices() -> Vec<IndexCreateStatement> {
    vec![
        unique("users_email_unique", "users", &["email"]),
        unique("users_ldap_id_unique", "users", &["ldap_id"]),
        index("users_created_at", "users", &["created_at"]),
        unique("user_groups_name_unique", "user_groups", &["name"]),
        unique("user_groups_ldap_id_unique", "user_groups", &["ldap_id"]),
        index("user_groups_users_group", "user_groups_users", &["user_group_id"]),
        unique(
            "custom_claims_user_key_unique",
            "custom_claims",
            &["user_id", "key"],
        ),
        unique(
            "custom_claims_group_key_unique",
            "custom_claims",
            &["user_group_id", "key"],
        ),
        unique("passkeys_credential_id_unique", "passkeys", &["credential_id"]),
        index("passkeys_user", "passkeys", &["user_id", "created_at"]),
        index(
            "webauthn_challenges_expires_at",
            "webauthn_challenges",
            &["expires_at"],
        ),
        index("webauthn_challenges_user", "webauthn_challenges", &["user_id"]),
        unique("sessions_token_hash_unique", "sessions", &["token_hash"]),
        index("sessions_user", "sessions", &["user_id", "last_seen_at"]),
        index("sessions_expires_at", "sessions", &["expires_at"]),
        index(
            "reauthentication_tokens_expires_at",
            "reauthentication_tokens",
            &["expires_at"],
        ),
        index(
            "reauthentication_tokens_user",
            "reauthentication_tokens",
            &["user_id"],
        ),
        index("oidc_clients_name", "oidc_clients", &["name"]),
        index("oidc_clients_created_at", "oidc_clients", &["created_at"]),
        index("oidc_clients_created_by", "oidc_clients", &["created_by"]),
        index(
            "oidc_client_secrets_client",
            "oidc_client_secrets",
            &["client_id", "created_at"],
        ),
        index(
            "oidc_client_allowed_groups_group",
            "oidc_client_allowed_groups",
            &["user_group_id"],
        ),
        index("oidc_consents_client", "oidc_consents", &["client_id"]),
        index(
            "oidc_interactions_expires_at",
            "oidc_interactions",
            &["expires_at"],
        ),
        index("oidc_interactions_client", "oidc_interactions", &["client_id"]),
        index("oidc_interactions_user", "oidc_interactions", &["user_id"]),
        index(
            "oidc_grants_user_client",
            "oidc_grants",
            &["user_id", "client_id"],
        ),
        index("oidc_grants_client", "oidc_grants", &["client_id"]),
        index("oidc_grants_session", "oidc_grants", &["session_id"]),
        index("oidc_grants_expires_at", "oidc_grants", &["expires_at"]),
        index(
            "oidc_authorization_codes_grant",
            "oidc_authorization_codes",
            &["grant_id"],
        ),
        index(
            "oidc_authorization_codes_expires_at",
            "oidc_authorization_codes",
            &["expires_at"],
        ),
        index("oidc_refresh_tokens_grant", "oidc_refresh_tokens", &["grant_id"]),
        index(
            "oidc_refresh_tokens_expires_at",
            "oidc_refresh_tokens",
            &["expires_at"],
        ),
        index("oidc_access_tokens_grant", "oidc_access_tokens", &["grant_id"]),
        index(
            "oidc_access_tokens_expires_at",
            "oidc_access_tokens",
            &["expires_at"],
        ),
        unique("signing_keys_kid_unique", "signing_keys", &["kid"]),
        index("audit_logs_created_at", "audit_logs", &["created_at"]),
        index(
            "audit_logs_user_created_at",
            "audit_logs",
            &["user_id", "created_at"],
        ),
        index(
            "audit_logs_event_created_at",
            "audit_logs",
            &["event", "created_at"],
        ),
        index("jobs_next_run_at", "jobs", &["next_run_at"]),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in accounts()
            .into_iter()
            .chain(clients())
            .chain(tokens())
            .chain(installation())
        {
            manager.create_table(statement).await?;
        }
        for statement in indices() {
            manager.create_index(statement).await?;
        }
        // Usernames are ASCII, so lower() means the same on both engines.
        manager
            .get_connection()
            .execute_unprepared("CREATE UNIQUE INDEX users_username_unique ON users (lower(username))")
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in [
            "jobs",
            "audit_logs",
            "app_config",
            "kv",
            "signing_keys",
            "oidc_access_tokens",
            "oidc_refresh_tokens",
            "oidc_authorization_codes",
            "oidc_grants",
            "oidc_interactions",
            "oidc_consents",
            "oidc_client_allowed_groups",
            "oidc_client_secrets",
            "oidc_clients",
            "reauthentication_tokens",
            "sessions",
            "webauthn_challenges",
            "passkeys",
            "custom_claims",
            "user_groups_users",
            "user_groups",
            "users",
        ] {
            manager.drop_table(Table::drop().table(name).take()).await?;
        }
        Ok(())
    }
}
