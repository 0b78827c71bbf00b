//! What clients have of APIs.

use pocket_id_store::apis::{self, Api, ApiPermission, ClientApiGrant};
use pocket_id_store::clients::{self, Client};
use pocket_id_store::list::{ListRequest, Page};
use pocket_id_store::types::{ApiId, ApiPermissionId, ClientId, ClientType};
use pocket_id_store::{StoreError, commit};
use sea_orm::ConnectionTrait;

use super::dto::{ApiClientAccessDto, ApiClientDto, ApiDto, ClientApiGrantDto, GrantDto};
use super::service::{self, not_found};
use crate::audit::{self, Event};
use crate::http::access::ActingAdmin;
use crate::http::conditional::{IfMatch, Tagged as _};
use crate::http::error::ApiError;
use crate::state::AppState;

/// What a client that describes itself has of an API for that reason.
fn by_description(client: &Client, api: &Api, permissions: &[ApiPermission]) -> (bool, Vec<String>) {
    if client.client_type != ClientType::MetadataDocument || !api.allow_cimd_clients {
        return (false, Vec::new());
    }
    let ids = permissions
        .iter()
        .filter(|permission| permission.api_id == api.id && permission.allowed_for_cimd_clients)
        .map(|permission| permission.id.to_string())
        .collect();
    (true, ids)
}

/// A page of clients with what they have of an API.
pub async fn clients_of(
    state: &AppState,
    id: Option<ApiId>,
    request: &ListRequest,
) -> Result<Page<ApiClientAccessDto>, ApiError> {
    let api = service::row(state, id).await?;
    let reader = state.store.reader();
    let permissions = apis::permissions_of(reader, &[api.id]).await?;
    let grants = apis::grants_of_api(reader, api.id).await?;
    let mut page = apis::clients_with_access(reader, request, &api).await?;
    let found = std::mem::take(&mut page.items);
    let items = found
        .iter()
        .map(|client| {
            let (cimd_granted_access, cimd_granted_permission_ids) =
                by_description(client, &api, &permissions);
            ApiClientAccessDto {
                client: client.into(),
                grant: grants.get(&client.id).map(Into::into).unwrap_or_default(),
                cimd_granted_access,
                cimd_granted_permission_ids,
            }
        })
        .collect();
    Ok(page.with_items(items))
}

/// A page of clients that have nothing of an API yet.
pub async fn assignable_clients(
    state: &AppState,
    id: Option<ApiId>,
    request: &ListRequest,
) -> Result<Page<ApiClientDto>, ApiError> {
    let api = service::row(state, id).await?;
    let mut page = apis::assignable_clients(state.store.reader(), request, &api).await?;
    let found = std::mem::take(&mut page.items);
    Ok(page.with_items(found.iter().map(Into::into).collect()))
}

fn own(ids: &[String], permissions: &[ApiPermission]) -> Vec<ApiPermissionId> {
    permissions
        .iter()
        .filter(|permission| ids.contains(&permission.id.to_string()))
        .map(|permission| permission.id)
        .collect()
}

/// What one client has of an API; nothing when it was given nothing.
pub async fn find(state: &AppState, id: Option<ApiId>, client: &ClientId) -> Result<GrantDto, ApiError> {
    let api = service::row(state, id).await?;
    known_client(state, client).await?;
    Ok(granted(state.store.reader(), &api, client).await?)
}

/// The same, as a transaction or anybody else sees it.
async fn granted(
    connection: &impl ConnectionTrait,
    api: &Api,
    client: &ClientId,
) -> Result<GrantDto, StoreError> {
    let grants = apis::grants_of_client(connection, client).await?;
    Ok(grants.get(&api.id).map(Into::into).unwrap_or_default())
}

/// Sets what a client has of an API, and gives it as it was understood: permissions of other APIs are ignored, a
/// permission implies access, and public clients have nothing for themselves.
pub async fn replace(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<ApiId>,
    client: &ClientId,
    input: &GrantDto,
    seen: &IfMatch,
) -> Result<GrantDto, ApiError> {
    let id = id.ok_or_else(not_found)?;
    let tx = state.store.begin().await?;
    let api = apis::lock(&tx, id).await?.ok_or_else(not_found)?;
    let client = clients::find(&tx, client)
        .await?
        .ok_or_else(|| ApiError::not_found("OIDC client"))?;
    if seen.is_conditional() {
        seen.check(&granted(&tx, &api, &client.id).await?.tag())?;
    }
    let permissions = apis::permissions_of(&tx, &[api.id]).await?;
    let user_permissions = own(&input.user_delegated_permission_ids, &permissions);
    let client_permissions = if client.is_public {
        Vec::new()
    } else {
        own(&input.client_permission_ids, &permissions)
    };
    let grant = ClientApiGrant {
        for_users: input.user_delegated_access || !user_permissions.is_empty(),
        for_itself: !client.is_public && (input.client_access || !client_permissions.is_empty()),
        user_permissions,
        client_permissions,
    };
    if apis::replace_grant(&tx, &client.id, api.id, Some(&grant)).await? {
        let data = [("api", api.name), ("clientName", client.name)];
        audit::record_change(state, &tx, Event::ApiAccessUpdated, by, None, data).await?;
    }
    commit(tx).await?;
    Ok((&grant).into())
}

/// Takes away what a client has of an API, if anything.
pub async fn remove(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<ApiId>,
    client: &ClientId,
) -> Result<(), ApiError> {
    let id = id.ok_or_else(not_found)?;
    let tx = state.store.begin().await?;
    let api = apis::lock(&tx, id).await?.ok_or_else(not_found)?;
    let found = clients::find(&tx, client)
        .await?
        .ok_or_else(|| ApiError::not_found("OIDC client"))?;
    if apis::replace_grant(&tx, client, id, None).await? {
        let data = [("api", api.name), ("clientName", found.name)];
        audit::record_change(state, &tx, Event::ApiAccessUpdated, by, None, data).await?;
    }
    Ok(commit(tx).await?)
}

async fn known_client(state: &AppState, id: &ClientId) -> Result<Client, ApiError> {
    clients::find(state.store.reader(), id)
        .await?
        .ok_or_else(|| ApiError::not_found("OIDC client"))
}

/// The APIs a client can reach, whether it was given them or they are open to all that describe themselves.
async fn reachable(state: &AppState, client: &Client) -> Result<Vec<(ApiId, ClientApiGrant)>, StoreError> {
    let reader = state.store.reader();
    let mut grants = apis::grants_of_client(reader, &client.id).await?;
    if client.client_type == ClientType::MetadataDocument {
        for api in apis::open_to_metadata_documents(reader).await? {
            grants.entry(api.id).or_default();
        }
    }
    Ok(grants.into_iter().collect())
}

/// What a client has of each API, by the APIs' names.
pub async fn apis_of(state: &AppState, id: &ClientId) -> Result<Vec<ClientApiGrantDto>, ApiError> {
    let client = known_client(state, id).await?;
    let reader = state.store.reader();
    let grants = reachable(state, &client).await?;
    let ids: Vec<ApiId> = grants.iter().map(|(id, _)| *id).collect();
    let permissions = apis::permissions_of(reader, &ids).await?;
    Ok(apis::find_all(reader, &ids)
        .await?
        .iter()
        .map(|api| {
            let (cimd_granted_access, cimd_granted_permission_ids) =
                by_description(&client, api, &permissions);
            ClientApiGrantDto {
                api: ApiDto::new(api, &permissions),
                grant: grants
                    .iter()
                    .find(|(id, _)| *id == api.id)
                    .map(|(_, grant)| grant.into())
                    .unwrap_or_default(),
                cimd_granted_access,
                cimd_granted_permission_ids,
            }
        })
        .collect())
}

/// A page of APIs a client cannot reach yet.
pub async fn assignable_apis(
    state: &AppState,
    id: &ClientId,
    request: &ListRequest,
) -> Result<Page<ApiDto>, ApiError> {
    let client = known_client(state, id).await?;
    let reachable: Vec<ApiId> = reachable(state, &client)
        .await?
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    Ok(service::list(state, request, &reachable).await?)
}
