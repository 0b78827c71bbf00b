//! Relying parties, their secrets and the groups that may use them.

use std::collections::HashSet;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use crate::connect::{AT_ONCE, Tx};
pub use crate::entity::client_secret::Model as ClientSecret;
pub use crate::entity::oidc_client::Model as Client;
use crate::entity::{client_allowed_group, client_secret, group_member, oidc_client};
use crate::error::StoreResult;
use crate::types::{
    ClientId, ClientSecretId, ClientType, FederatedIdentities, GroupId, MinimumPasskey, SecurityProfile,
    StringList, Timestamp, UserId,
};

impl Client {
    /// A client with nothing but its name, open to everybody, that must authenticate.
    pub fn new(id: ClientId, name: String, durations: TokenDurations, now: Timestamp) -> Self {
        Self {
            id,
            name,
            description: String::new(),
            launch_url: None,
            callback_urls: StringList::default(),
            learns_callback_url: false,
            logout_callback_urls: StringList::default(),
            is_public: false,
            pkce_enabled: false,
            pkce_supported: false,
            pkce_plain_allowed: false,
            requires_reauthentication: false,
            requires_pushed_authorization_requests: false,
            skip_consent: false,
            is_group_restricted: false,
            access_token_duration_minutes: durations.access_minutes,
            refresh_token_duration_minutes: durations.refresh_minutes,
            client_type: ClientType::Standard,
            metadata_expires_at: None,
            federated_identities: FederatedIdentities::default(),
            token_endpoint_auth_method: None,
            jwks: None,
            jwks_uri: None,
            id_token_signed_response_alg: None,
            userinfo_signed_response_alg: None,
            request_object_signing_alg: None,
            token_endpoint_auth_signing_alg: None,
            require_signed_request_object: false,
            dpop_bound_access_tokens: false,
            security_profile: SecurityProfile::None,
            minimum_acr: None,
            minimum_passkey: MinimumPasskey::default(),
            allowed_authenticator_models: StringList::default(),
            default_max_age: None,
            allow_token_impersonation: false,
            allow_token_delegation: false,
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            is_dynamic: false,
            is_approved: true,
            grant_types: None,
            response_types: None,
            request_uris: StringList::default(),
            created_by: None,
            created_at: now,
            updated_at: None,
            logo_extension: None,
            dark_logo_extension: None,
        }
    }
}

/// How long a client's tokens live, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDurations {
    /// Access tokens.
    pub access_minutes: i32,
    /// Refresh tokens that are not used.
    pub refresh_minutes: i32,
}

impl Default for TokenDurations {
    /// An hour and 30 days.
    fn default() -> Self {
        Self {
            access_minutes: 60,
            refresh_minutes: 43_200,
        }
    }
}

/// One client, for a change of all its columns: whoever else wants to change it waits, and so loses nothing.
pub async fn lock(tx: &Tx, id: &ClientId) -> StoreResult<Option<Client>> {
    Ok(oidc_client::Entity::find_by_id(id.clone())
        .lock_exclusive()
        .one(tx)
        .await?)
}

/// One client.
pub async fn find(connection: &impl ConnectionTrait, id: &ClientId) -> StoreResult<Option<Client>> {
    Ok(oidc_client::Entity::find_by_id(id.clone())
        .one(connection)
        .await?)
}

/// Adds a client.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] when the id is taken.
pub async fn insert(tx: &Tx, client: Client) -> StoreResult<Client> {
    Ok(client.into_active_model().reset_all().insert(tx).await?)
}

/// Writes all columns of a client.
pub async fn update(tx: &Tx, client: Client) -> StoreResult<Client> {
    Ok(client.into_active_model().reset_all().update(tx).await?)
}

/// Removes a client with its secrets, consents, grants and tokens; whether there was one.
pub async fn delete(tx: &Tx, id: &ClientId) -> StoreResult<bool> {
    Ok(oidc_client::Entity::delete_by_id(id.clone())
        .exec(tx)
        .await?
        .rows_affected
        == 1)
}

/// Notes that a client without mandatory PKCE uses it.
pub async fn mark_pkce_supported(tx: &Tx, id: &ClientId) -> StoreResult<()> {
    oidc_client::Entity::update_many()
        .col_expr(oidc_client::Column::PkceSupported, Expr::value(true))
        .filter(oidc_client::Column::Id.eq(id.clone()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Stores a callback URL for a client that never had one (trust on first use); whether it was stored.
pub async fn trust_first_callback(tx: &Tx, id: &ClientId, url: &str) -> StoreResult<bool> {
    let Some(mut client) = lock(tx, id)
        .await?
        .filter(|client| client.learns_callback_url && client.callback_urls.0.is_empty())
    else {
        return Ok(false);
    };
    client.callback_urls = StringList(vec![url.to_owned()]);
    client.learns_callback_url = false;
    update(tx, client).await?;
    Ok(true)
}

#[derive(FromQueryResult)]
struct GroupCount {
    client_id: ClientId,
    groups: i64,
}

/// How many groups each of some clients allows; clients without any are left out.
pub async fn allowed_group_counts(
    connection: &impl ConnectionTrait,
    clients: &[ClientId],
) -> StoreResult<Vec<(ClientId, i64)>> {
    if clients.is_empty() {
        return Ok(Vec::new());
    }
    let rows = client_allowed_group::Entity::find()
        .select_only()
        .column(client_allowed_group::Column::ClientId)
        .column_as(client_allowed_group::Column::UserGroupId.count(), "groups")
        .filter(client_allowed_group::Column::ClientId.is_in(clients.iter().cloned()))
        .group_by(client_allowed_group::Column::ClientId)
        .into_model::<GroupCount>()
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.client_id, row.groups)).collect())
}

/// The ids of the groups a client allows.
pub async fn allowed_groups(connection: &impl ConnectionTrait, id: &ClientId) -> StoreResult<Vec<GroupId>> {
    Ok(client_allowed_group::Entity::find()
        .filter(client_allowed_group::Column::ClientId.eq(id.clone()))
        .all(connection)
        .await?
        .into_iter()
        .map(|row| row.user_group_id)
        .collect())
}

/// Makes the given groups the only ones a client allows, and says whether others were; unknown groups must have been
/// dropped before.
pub async fn replace_allowed_groups(tx: &Tx, id: &ClientId, groups: &[GroupId]) -> StoreResult<bool> {
    let before: HashSet<GroupId> = allowed_groups(tx, id).await?.into_iter().collect();
    if before == groups.iter().copied().collect() {
        return Ok(false);
    }
    client_allowed_group::Entity::delete_many()
        .filter(client_allowed_group::Column::ClientId.eq(id.clone()))
        .exec(tx)
        .await?;
    for some in groups.chunks(AT_ONCE) {
        let rows = some.iter().map(|group| {
            client_allowed_group::Model {
                client_id: id.clone(),
                user_group_id: *group,
            }
            .into_active_model()
            .reset_all()
        });
        client_allowed_group::Entity::insert_many(rows)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(true)
}

/// The clients that exist among some ids.
pub async fn find_many(connection: &impl ConnectionTrait, ids: &[ClientId]) -> StoreResult<Vec<Client>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(oidc_client::Entity::find()
        .filter(oidc_client::Column::Id.is_in(ids.iter().cloned()))
        .all(connection)
        .await?)
}

/// Whether a user is in one of the groups a client allows.
pub async fn user_in_allowed_group(
    connection: &impl ConnectionTrait,
    id: &ClientId,
    user: UserId,
) -> StoreResult<bool> {
    let groups = group_member::Entity::find()
        .select_only()
        .column(group_member::Column::UserGroupId)
        .filter(group_member::Column::UserId.eq(user))
        .into_query();
    Ok(client_allowed_group::Entity::find()
        .filter(client_allowed_group::Column::ClientId.eq(id.clone()))
        .filter(client_allowed_group::Column::UserGroupId.in_subquery(groups))
        .one(connection)
        .await?
        .is_some())
}

/// A client's secrets, expired ones included, oldest first.
pub async fn secrets(connection: &impl ConnectionTrait, id: &ClientId) -> StoreResult<Vec<ClientSecret>> {
    Ok(client_secret::Entity::find()
        .filter(client_secret::Column::ClientId.eq(id.clone()))
        .order_by(client_secret::Column::CreatedAt, Order::Asc)
        .order_by(client_secret::Column::Id, Order::Asc)
        .all(connection)
        .await?)
}

/// The secrets of several clients, for lists.
pub async fn secrets_of(
    connection: &impl ConnectionTrait,
    ids: &[ClientId],
) -> StoreResult<Vec<ClientSecret>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(client_secret::Entity::find()
        .filter(client_secret::Column::ClientId.is_in(ids.iter().cloned()))
        .order_by(client_secret::Column::CreatedAt, Order::Asc)
        .all(connection)
        .await?)
}

/// How many secrets a client has, expired ones included.
pub async fn count_secrets(tx: &Tx, id: &ClientId) -> StoreResult<u64> {
    Ok(client_secret::Entity::find()
        .filter(client_secret::Column::ClientId.eq(id.clone()))
        .count(tx)
        .await?)
}

/// Adds a secret.
pub async fn insert_secret(tx: &Tx, secret: ClientSecret) -> StoreResult<()> {
    client_secret::Entity::insert(secret.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Removes one of a client's secrets; whether there was one.
pub async fn delete_secret(tx: &Tx, client: &ClientId, id: ClientSecretId) -> StoreResult<bool> {
    let result = client_secret::Entity::delete_many()
        .filter(client_secret::Column::Id.eq(id))
        .filter(client_secret::Column::ClientId.eq(client.clone()))
        .exec(tx)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Removes all of a client's secrets.
pub async fn delete_secrets(tx: &Tx, client: &ClientId) -> StoreResult<()> {
    client_secret::Entity::delete_many()
        .filter(client_secret::Column::ClientId.eq(client.clone()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether a secret is usable at a moment.
pub fn secret_is_active(secret: &ClientSecret, now: Timestamp) -> bool {
    secret.expires_at.is_none_or(|end| now < end)
}
