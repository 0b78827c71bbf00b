//! APIs, their permissions, and what clients may have of them.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, Func, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Order,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use crate::client_lists;
use crate::connect::Tx;
pub use crate::entity::api::Model as Api;
pub use crate::entity::api_permission::Model as ApiPermission;
use crate::entity::{
    api, api_permission, api_serving_client, client_api, client_api_permission, oidc_client,
};
use crate::error::StoreResult;
use crate::list::{ListRequest, Page, contains, page};
use crate::types::{ApiId, ApiPermissionId, ClientId, ClientType, SubjectType};

/// One API.
pub async fn find(connection: &impl ConnectionTrait, id: ApiId) -> StoreResult<Option<Api>> {
    Ok(api::Entity::find_by_id(id).one(connection).await?)
}

/// One API, which nobody else changes until the transaction ends.
pub async fn lock(tx: &Tx, id: ApiId) -> StoreResult<Option<Api>> {
    Ok(api::Entity::find_by_id(id).lock_exclusive().one(tx).await?)
}

/// The API at an address.
pub async fn find_by_resource(connection: &impl ConnectionTrait, resource: &str) -> StoreResult<Option<Api>> {
    Ok(api::Entity::find()
        .filter(api::Column::Resource.eq(resource))
        .one(connection)
        .await?)
}

/// Adds an API.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] when the address is taken.
pub async fn insert(tx: &Tx, row: Api) -> StoreResult<Api> {
    Ok(row.into_active_model().reset_all().insert(tx).await?)
}

/// Writes all columns of an API.
pub async fn update(tx: &Tx, row: Api) -> StoreResult<Api> {
    Ok(row.into_active_model().reset_all().update(tx).await?)
}

/// Removes an API with its permissions and all access to it; whether there was one.
pub async fn delete(tx: &Tx, id: ApiId) -> StoreResult<bool> {
    Ok(api::Entity::delete_by_id(id).exec(tx).await?.rows_affected == 1)
}

/// A page of APIs; those given are left out.
pub async fn list(
    connection: &impl ConnectionTrait,
    request: &ListRequest,
    without: &[ApiId],
) -> StoreResult<Page<Api>> {
    use api::Column;
    let mut select = api::Entity::find();
    if !without.is_empty() {
        select = select.filter(Column::Id.is_not_in(without.iter().copied()));
    }
    let engine = connection.get_database_backend();
    if let Some(text) = &request.search {
        select = select.filter(
            Condition::any()
                .add(contains(engine, Column::Name, text))
                .add(contains(engine, Column::Resource, text)),
        );
    }
    if let Some((key, order)) = request.sort_key() {
        select = match key {
            "name" => select.order_by(Expr::expr(Func::lower(Expr::col(Column::Name))), order),
            "resource" => select.order_by(Column::Resource, order),
            "createdAt" => select.order_by(Column::CreatedAt, order),
            _ => select,
        };
    }
    select = select
        .order_by(Column::CreatedAt, Order::Asc)
        .order_by(Column::Id, Order::Asc);
    page(select, request, connection).await
}

/// The permissions of some APIs, by key.
pub async fn permissions_of(
    connection: &impl ConnectionTrait,
    apis: &[ApiId],
) -> StoreResult<Vec<ApiPermission>> {
    if apis.is_empty() {
        return Ok(Vec::new());
    }
    Ok(api_permission::Entity::find()
        .filter(api_permission::Column::ApiId.is_in(apis.iter().copied()))
        .order_by(api_permission::Column::Key, Order::Asc)
        .all(connection)
        .await?)
}

/// Adds or changes a permission.
pub async fn save_permission(tx: &Tx, row: ApiPermission, is_new: bool) -> StoreResult<()> {
    let active = row.into_active_model().reset_all();
    if is_new {
        api_permission::Entity::insert(active)
            .exec_without_returning(tx)
            .await?;
    } else {
        active.update(tx).await?;
    }
    Ok(())
}

/// Removes permissions, and the access of clients that had nothing else there.
pub async fn delete_permissions(tx: &Tx, api: ApiId, ids: &[ApiPermissionId]) -> StoreResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let holders = client_api_permission::Entity::find()
        .filter(client_api_permission::Column::PermissionId.is_in(ids.iter().copied()))
        .all(tx)
        .await?;
    api_permission::Entity::delete_many()
        .filter(api_permission::Column::Id.is_in(ids.iter().copied()))
        .exec(tx)
        .await?;
    let left = held(tx, api).await?;
    for holder in holders {
        let still = left
            .iter()
            .any(|row| row.client_id == holder.client_id && row.subject_type == holder.subject_type);
        if !still {
            client_api::Entity::delete_by_id((holder.client_id, api, holder.subject_type))
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

async fn held(
    connection: &impl ConnectionTrait,
    api: ApiId,
) -> StoreResult<Vec<crate::entity::client_api_permission::Model>> {
    let of_api = api_permission::Entity::find()
        .select_only()
        .column(api_permission::Column::Id)
        .filter(api_permission::Column::ApiId.eq(api))
        .into_query();
    Ok(client_api_permission::Entity::find()
        .filter(client_api_permission::Column::PermissionId.in_subquery(of_api))
        .all(connection)
        .await?)
}

/// What one client has of one API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientApiGrant {
    /// Whether on behalf of users.
    pub for_users: bool,
    /// Whether for itself.
    pub for_itself: bool,
    /// Permissions on behalf of users.
    pub user_permissions: Vec<ApiPermissionId>,
    /// Permissions for itself.
    pub client_permissions: Vec<ApiPermissionId>,
}

impl ClientApiGrant {
    /// The same in an order that says nothing.
    fn sorted(mut self) -> Self {
        self.user_permissions.sort_unstable();
        self.client_permissions.sort_unstable();
        self
    }
}

/// Makes a grant the only one a client has of an API; whether that changes anything.
pub async fn replace_grant(
    tx: &Tx,
    client: &ClientId,
    api: ApiId,
    grant: Option<&ClientApiGrant>,
) -> StoreResult<bool> {
    let before = grants_of_client(tx, client).await?.remove(&api);
    let wanted = grant.cloned().unwrap_or_default().sorted();
    if before.unwrap_or_default().sorted() == wanted {
        return Ok(false);
    }
    client_api::Entity::delete_many()
        .filter(client_api::Column::ClientId.eq(client.clone()))
        .filter(client_api::Column::ApiId.eq(api))
        .exec(tx)
        .await?;
    let of_api = api_permission::Entity::find()
        .select_only()
        .column(api_permission::Column::Id)
        .filter(api_permission::Column::ApiId.eq(api))
        .into_query();
    client_api_permission::Entity::delete_many()
        .filter(client_api_permission::Column::ClientId.eq(client.clone()))
        .filter(client_api_permission::Column::PermissionId.in_subquery(of_api))
        .exec(tx)
        .await?;
    let Some(grant) = grant else { return Ok(true) };
    for (subject_type, access, permissions) in [
        (SubjectType::User, grant.for_users, &grant.user_permissions),
        (SubjectType::Client, grant.for_itself, &grant.client_permissions),
    ] {
        if !access {
            continue;
        }
        let row = client_api::Model {
            client_id: client.clone(),
            api_id: api,
            subject_type,
        };
        client_api::Entity::insert(row.into_active_model().reset_all())
            .exec_without_returning(tx)
            .await?;
        let rows: Vec<_> = permissions
            .iter()
            .map(|permission| {
                client_api_permission::Model {
                    client_id: client.clone(),
                    permission_id: *permission,
                    subject_type,
                }
                .into_active_model()
                .reset_all()
            })
            .collect();
        if !rows.is_empty() {
            client_api_permission::Entity::insert_many(rows)
                .exec_without_returning(tx)
                .await?;
        }
    }
    Ok(true)
}

/// What clients have of one API, by client.
pub async fn grants_of_api(
    connection: &impl ConnectionTrait,
    api: ApiId,
) -> StoreResult<BTreeMap<ClientId, ClientApiGrant>> {
    let mut grants: BTreeMap<ClientId, ClientApiGrant> = BTreeMap::new();
    let access = client_api::Entity::find()
        .filter(client_api::Column::ApiId.eq(api))
        .all(connection)
        .await?;
    for row in access {
        grants
            .entry(row.client_id)
            .or_default()
            .note_access(row.subject_type);
    }
    for row in held(connection, api).await? {
        grants
            .entry(row.client_id)
            .or_default()
            .note_permission(row.subject_type, row.permission_id);
    }
    Ok(grants)
}

/// What one client has of each API it was given access to.
pub async fn grants_of_client(
    connection: &impl ConnectionTrait,
    client: &ClientId,
) -> StoreResult<BTreeMap<ApiId, ClientApiGrant>> {
    let mut grants: BTreeMap<ApiId, ClientApiGrant> = BTreeMap::new();
    let access = client_api::Entity::find()
        .filter(client_api::Column::ClientId.eq(client.clone()))
        .all(connection)
        .await?;
    for row in access {
        grants
            .entry(row.api_id)
            .or_default()
            .note_access(row.subject_type);
    }
    let permissions = client_api_permission::Entity::find()
        .filter(client_api_permission::Column::ClientId.eq(client.clone()))
        .all(connection)
        .await?;
    if permissions.is_empty() {
        return Ok(grants);
    }
    let owners: BTreeMap<ApiPermissionId, ApiId> = api_permission::Entity::find()
        .filter(
            api_permission::Column::Id.is_in(permissions.iter().map(|permission| permission.permission_id)),
        )
        .all(connection)
        .await?
        .into_iter()
        .map(|permission| (permission.id, permission.api_id))
        .collect();
    for row in permissions {
        if let Some(api) = owners.get(&row.permission_id) {
            grants
                .entry(*api)
                .or_default()
                .note_permission(row.subject_type, row.permission_id);
        }
    }
    Ok(grants)
}

impl ClientApiGrant {
    fn note_access(&mut self, subject_type: SubjectType) {
        match subject_type {
            SubjectType::User => self.for_users = true,
            SubjectType::Client => self.for_itself = true,
        }
    }

    fn note_permission(&mut self, subject_type: SubjectType, permission: ApiPermissionId) {
        match subject_type {
            SubjectType::User => self.user_permissions.push(permission),
            SubjectType::Client => self.client_permissions.push(permission),
        }
    }
}

/// APIs every client that describes itself may have.
pub async fn open_to_metadata_documents(connection: &impl ConnectionTrait) -> StoreResult<Vec<Api>> {
    Ok(api::Entity::find()
        .filter(api::Column::AllowCimdClients.eq(true))
        .all(connection)
        .await?)
}

/// APIs by identifier.
pub async fn find_all(connection: &impl ConnectionTrait, ids: &[ApiId]) -> StoreResult<Vec<Api>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(api::Entity::find()
        .filter(api::Column::Id.is_in(ids.iter().copied()))
        .order_by(Expr::expr(Func::lower(Expr::col(api::Column::Name))), Order::Asc)
        .all(connection)
        .await?)
}

/// A page of clients that have no access to an API yet.
pub async fn assignable_clients(
    connection: &impl ConnectionTrait,
    request: &ListRequest,
    api: &Api,
) -> StoreResult<Page<crate::clients::Client>> {
    let with_access = client_api::Entity::find()
        .select_only()
        .column(client_api::Column::ClientId)
        .filter(client_api::Column::ApiId.eq(api.id))
        .into_query();
    let mut select = oidc_client::Entity::find().filter(oidc_client::Column::Id.not_in_subquery(with_access));
    if api.allow_cimd_clients {
        select = select.filter(oidc_client::Column::ClientType.ne(ClientType::MetadataDocument));
    }
    client_lists::by_name_of(select, request, connection).await
}

/// A page of clients that have access to an API.
pub async fn clients_with_access(
    connection: &impl ConnectionTrait,
    request: &ListRequest,
    api: &Api,
) -> StoreResult<Page<crate::clients::Client>> {
    let with_access = client_api::Entity::find()
        .select_only()
        .column(client_api::Column::ClientId)
        .filter(client_api::Column::ApiId.eq(api.id))
        .into_query();
    let mut access = Condition::any().add(oidc_client::Column::Id.in_subquery(with_access));
    if api.allow_cimd_clients {
        access = access.add(oidc_client::Column::ClientType.eq(ClientType::MetadataDocument));
    }
    client_lists::by_name_of(oidc_client::Entity::find().filter(access), request, connection).await
}

/// Makes a client a server of an API; nothing happens if it is one.
pub async fn add_serving_client(tx: &Tx, api: ApiId, client: &ClientId) -> StoreResult<()> {
    let row = api_serving_client::Model {
        client_id: client.clone(),
        api_id: api,
    };
    api_serving_client::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(
            OnConflict::columns([
                api_serving_client::Column::ClientId,
                api_serving_client::Column::ApiId,
            ])
            .do_nothing()
            .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Ends that a client is a server of an API; whether it was one.
pub async fn remove_serving_client(tx: &Tx, api: ApiId, client: &ClientId) -> StoreResult<bool> {
    let gone = api_serving_client::Entity::delete_by_id((client.clone(), api))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected == 1)
}

/// The API of an audience that a client is a server of.
pub async fn served_by(
    connection: &impl ConnectionTrait,
    client: &ClientId,
    audience: &[String],
) -> StoreResult<Option<Api>> {
    if audience.is_empty() {
        return Ok(None);
    }
    let served = api_serving_client::Entity::find()
        .select_only()
        .column(api_serving_client::Column::ApiId)
        .filter(api_serving_client::Column::ClientId.eq(client.clone()))
        .into_query();
    Ok(api::Entity::find()
        .filter(api::Column::Resource.is_in(audience))
        .filter(api::Column::Id.in_subquery(served))
        .one(connection)
        .await?)
}

/// A page of the clients that are servers of an API.
pub async fn serving_clients(
    connection: &impl ConnectionTrait,
    request: &ListRequest,
    api: ApiId,
) -> StoreResult<Page<crate::clients::Client>> {
    let select = oidc_client::Entity::find().filter(oidc_client::Column::Id.in_subquery(servers_of(api)));
    client_lists::by_name_of(select, request, connection).await
}

/// A page of the clients that could become servers of an API: they can prove who they are.
pub async fn assignable_serving_clients(
    connection: &impl ConnectionTrait,
    request: &ListRequest,
    api: ApiId,
) -> StoreResult<Page<crate::clients::Client>> {
    let select = oidc_client::Entity::find()
        .filter(oidc_client::Column::IsPublic.eq(false))
        .filter(oidc_client::Column::Id.not_in_subquery(servers_of(api)));
    client_lists::by_name_of(select, request, connection).await
}

fn servers_of(api: ApiId) -> sea_orm::sea_query::SelectStatement {
    api_serving_client::Entity::find()
        .select_only()
        .column(api_serving_client::Column::ClientId)
        .filter(api_serving_client::Column::ApiId.eq(api))
        .into_query()
}
