//! User groups on the wire.

use pocket_id_store::clients::Client;
use pocket_id_store::custom_claims::CustomClaim;
use pocket_id_store::groups::UserGroup;
use pocket_id_store::types::Timestamp;
use pocket_id_store::users::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clients::ClientMetaDto;
use crate::http::conditional::{EntityTag, Tagged};
use crate::http::time_format::serde_rfc3339;
use crate::users::dto::{CustomClaimDto, UserDto, sorted};

/// A user group with everything that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserGroupDto {
    /// Identifier.
    pub id: String,
    /// What people read.
    pub friendly_name: String,
    /// The value in the `groups` claim.
    pub name: String,
    /// Claims its members get.
    pub custom_claims: Vec<CustomClaimDto>,
    /// The directory's identifier.
    pub ldap_id: Option<String>,
    /// Creation.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Its members, without their groups and claims.
    pub users: Vec<UserDto>,
    /// Restricted clients its members may use.
    pub allowed_oidc_clients: Vec<ClientMetaDto>,
}

impl UserGroupDto {
    /// A group with what belongs to it.
    pub fn new(group: UserGroup, users: Vec<User>, claims: &[CustomClaim], clients: &[Client]) -> Self {
        Self {
            id: group.id.to_string(),
            friendly_name: group.friendly_name,
            name: group.name,
            custom_claims: claims.iter().map(Into::into).collect(),
            ldap_id: group.ldap_id,
            created_at: group.created_at,
            users: users
                .into_iter()
                .map(|user| UserDto::new(user, &[], &[]))
                .collect(),
            allowed_oidc_clients: clients.iter().map(Into::into).collect(),
        }
    }
}

impl Tagged for UserGroupDto {
    /// Who the members are counts, not what they are called.
    fn tag(&self) -> EntityTag {
        let mut members: Vec<&str> = self.users.iter().map(|user| user.id.as_str()).collect();
        members.sort_unstable();
        let mut clients: Vec<&str> = self
            .allowed_oidc_clients
            .iter()
            .map(|client| client.id.as_str())
            .collect();
        clients.sort_unstable();
        let names = (&self.id, &self.friendly_name, &self.name, &self.ldap_id);
        EntityTag::of(&(names, members, clients, sorted(&self.custom_claims)))
    }
}

/// What creates or replaces a group.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UserGroupInput {
    /// 2 to 50 characters.
    #[schema(required = true, min_length = 2, max_length = 50)]
    pub friendly_name: String,
    /// 2 to 255 characters, unique.
    #[schema(required = true, min_length = 2, max_length = 255)]
    pub name: String,
}

/// The members of a group.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MembersInput {
    /// Users; unknown ones are left out.
    #[schema(required = true, value_type = Vec<String>)]
    pub user_ids: Option<Vec<String>>,
}

/// The groups of a user, or of a client.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UserGroupsInput {
    /// Groups; unknown ones are left out.
    #[schema(required = true, value_type = Vec<String>)]
    pub user_group_ids: Option<Vec<String>>,
}

/// The restricted clients a group may use.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AllowedClientsInput {
    /// Clients; unknown ones are left out.
    #[schema(required = true, value_type = Vec<String>)]
    pub oidc_client_ids: Option<Vec<String>>,
}
