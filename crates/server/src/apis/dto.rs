//! APIs on the wire.

use pocket_id_store::apis::{Api, ApiPermission, ClientApiGrant};
use pocket_id_store::clients::Client;
use pocket_id_store::types::{ApiPermissionId, ClientType, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::conditional::{EntityTag, Tagged};
use crate::http::time_format::serde_rfc3339;

/// A permission of an API: a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiPermissionDto {
    /// Identifier.
    pub id: String,
    /// The scope.
    pub key: String,
    /// What people read.
    pub name: String,
    /// What it allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub description: Option<String>,
    /// Whether clients that describe themselves get it.
    pub allowed_for_cimd_clients: bool,
}

/// An API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiDto {
    /// Identifier.
    pub id: String,
    /// What people read.
    pub name: String,
    /// Its address: the audience of its tokens.
    pub resource: String,
    /// Creation.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Its permissions, by key.
    pub permissions: Vec<ApiPermissionDto>,
    /// Whether every client that describes itself may have it.
    pub allow_cimd_clients: bool,
}

impl ApiDto {
    /// An API with those of some permissions that are its own.
    pub fn new(api: &Api, permissions: &[ApiPermission]) -> Self {
        Self {
            id: api.id.to_string(),
            name: api.name.clone(),
            resource: api.resource.clone(),
            created_at: api.created_at,
            permissions: permissions
                .iter()
                .filter(|permission| permission.api_id == api.id)
                .map(|permission| ApiPermissionDto {
                    id: permission.id.to_string(),
                    key: permission.key.clone(),
                    name: permission.name.clone(),
                    description: permission.description.clone(),
                    allowed_for_cimd_clients: permission.allowed_for_cimd_clients,
                })
                .collect(),
            allow_cimd_clients: api.allow_cimd_clients,
        }
    }
}

impl Tagged for ApiDto {
    fn tag(&self) -> EntityTag {
        let mut permissions: Vec<_> = self
            .permissions
            .iter()
            .map(|permission| {
                (
                    &permission.id,
                    &permission.key,
                    &permission.name,
                    &permission.description,
                    permission.allowed_for_cimd_clients,
                )
            })
            .collect();
        permissions.sort_unstable();
        EntityTag::of(&(&self.id, &self.name, self.allow_cimd_clients, permissions))
    }
}

/// What makes an API.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiInput {
    /// 1 to 50 characters.
    #[schema(required = true, max_length = 50)]
    pub name: String,
    /// An absolute URI, at most 350 characters; cannot be changed later.
    #[schema(required = true, max_length = 350)]
    pub resource: String,
}

/// What of an API can be changed.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiUpdateInput {
    /// 1 to 50 characters.
    #[schema(required = true, max_length = 50)]
    pub name: String,
}

/// A permission as submitted.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PermissionInput {
    /// The scope: 1 to 128 printable ASCII characters without space, quote and backslash.
    #[schema(required = true, max_length = 128)]
    pub key: String,
    /// 1 to 50 characters.
    #[schema(required = true, max_length = 50)]
    pub name: String,
    /// At most 200 characters.
    #[schema(required = false, max_length = 200)]
    pub description: Option<String>,
}

/// All permissions of an API.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PermissionsInput {
    /// Those known by key keep their grants; those left out are removed.
    #[schema(required = false, max_items = 100)]
    pub permissions: Vec<PermissionInput>,
}

/// What clients that describe themselves may have of an API.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CimdAccessInput {
    /// Whether they may have it.
    #[schema(required = false)]
    pub enabled: bool,
    /// The permissions they get; remembered while it is off.
    #[schema(required = false)]
    pub permission_ids: Vec<String>,
}

/// What a client has of an API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GrantDto {
    /// Access on behalf of users.
    #[schema(required = false)]
    pub user_delegated_access: bool,
    /// Access for itself.
    #[schema(required = false)]
    pub client_access: bool,
    /// Permissions on behalf of users.
    #[schema(required = false)]
    pub user_delegated_permission_ids: Vec<String>,
    /// Permissions for itself.
    #[schema(required = false)]
    pub client_permission_ids: Vec<String>,
}

impl Tagged for GrantDto {
    fn tag(&self) -> EntityTag {
        let sorted = |ids: &[String]| {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids
        };
        EntityTag::of(&(
            self.user_delegated_access,
            self.client_access,
            sorted(&self.user_delegated_permission_ids),
            sorted(&self.client_permission_ids),
        ))
    }
}

fn texts(ids: &[ApiPermissionId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

impl From<&ClientApiGrant> for GrantDto {
    fn from(grant: &ClientApiGrant) -> Self {
        Self {
            user_delegated_access: grant.for_users,
            client_access: grant.for_itself,
            user_delegated_permission_ids: texts(&grant.user_permissions),
            client_permission_ids: texts(&grant.client_permissions),
        }
    }
}

/// A client where APIs are concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiClientDto {
    /// The `client_id`.
    pub id: String,
    /// What people read.
    pub name: String,
    /// `standard` or `cimd`.
    #[schema(value_type = String, example = "standard")]
    pub client_type: ClientType,
    /// Whether it has no secret.
    pub is_public: bool,
    /// Whether there is a logo for light mode.
    pub has_logo: bool,
    /// Whether there is a logo for dark mode.
    pub has_dark_logo: bool,
}

impl From<&Client> for ApiClientDto {
    fn from(client: &Client) -> Self {
        Self {
            id: client.id.0.clone(),
            name: client.name.clone(),
            client_type: client.client_type,
            is_public: client.is_public,
            has_logo: client.logo_extension.is_some(),
            has_dark_logo: client.dark_logo_extension.is_some(),
        }
    }
}

/// A client and what it has of an API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiClientAccessDto {
    /// The client.
    pub client: ApiClientDto,
    /// What it was given.
    #[serde(flatten)]
    pub grant: GrantDto,
    /// Whether it has access because it describes itself.
    pub cimd_granted_access: bool,
    /// The permissions it has for that reason.
    pub cimd_granted_permission_ids: Vec<String>,
}

/// An API and what a client has of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientApiGrantDto {
    /// The API.
    pub api: ApiDto,
    /// What the client was given.
    #[serde(flatten)]
    pub grant: GrantDto,
    /// Whether it has access because it describes itself.
    pub cimd_granted_access: bool,
    /// The permissions it has for that reason.
    pub cimd_granted_permission_ids: Vec<String>,
}
