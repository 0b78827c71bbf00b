//! Users on the wire.

use pocket_id_store::custom_claims::CustomClaim;
use pocket_id_store::groups::UserGroup;
use pocket_id_store::types::Timestamp;
use pocket_id_store::users::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::time_format::serde_rfc3339;

/// A custom claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomClaimDto {
    /// Claim name.
    #[schema(example = "department")]
    pub key: String,
    /// Claim value; JSON text is emitted as JSON.
    #[schema(example = "it")]
    pub value: String,
}

impl From<&CustomClaim> for CustomClaimDto {
    fn from(claim: &CustomClaim) -> Self {
        Self {
            key: claim.key.clone(),
            value: claim.value.clone(),
        }
    }
}

/// A user group without its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserGroupMinimalDto {
    /// Identifier.
    pub id: String,
    /// What people read.
    pub friendly_name: String,
    /// The value in the `groups` claim.
    pub name: String,
    /// Filled in group lists only.
    pub custom_claims: Vec<CustomClaimDto>,
    /// Filled in group lists only.
    pub user_count: i64,
    /// The directory's identifier.
    pub ldap_id: Option<String>,
    /// Creation.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<&UserGroup> for UserGroupMinimalDto {
    fn from(group: &UserGroup) -> Self {
        Self {
            id: group.id.to_string(),
            friendly_name: group.friendly_name.clone(),
            name: group.name.clone(),
            custom_claims: Vec::new(),
            user_count: 0,
            ldap_id: group.ldap_id.clone(),
            created_at: group.created_at,
        }
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserDto {
    /// Identifier; `sub` of their tokens.
    pub id: String,
    /// Sign-in independent name, unique.
    pub username: String,
    /// Address.
    pub email: Option<String>,
    /// Whether the address is known to be theirs.
    pub email_verified: bool,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// May be empty.
    pub display_name: String,
    /// Whether they administer this installation.
    pub is_admin: bool,
    /// Whether they are locked out.
    pub disabled: bool,
    /// UI language.
    pub locale: Option<String>,
    /// The directory's identifier.
    pub ldap_id: Option<String>,
    /// Their own claims.
    pub custom_claims: Vec<CustomClaimDto>,
    /// The groups they are in.
    pub user_groups: Vec<UserGroupMinimalDto>,
}

impl UserDto {
    /// A user with what belongs to them.
    pub fn new(user: User, groups: &[UserGroup], claims: &[CustomClaim]) -> Self {
        Self {
            id: user.id.to_string(),
            username: user.username,
            email: user.email,
            email_verified: user.email_verified,
            first_name: user.first_name,
            last_name: user.last_name,
            display_name: user.display_name,
            is_admin: user.is_admin,
            disabled: user.disabled,
            locale: user.locale,
            ldap_id: user.ldap_id,
            custom_claims: claims.iter().map(Into::into).collect(),
            user_groups: groups.iter().map(Into::into).collect(),
        }
    }
}

/// What creates or replaces a user.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UserInput {
    /// Identifier for a new user; random when absent, ignored on update.
    #[schema(required = false)]
    pub id: String,
    /// 1 to 50 letters, digits, `_ . - @`; unique in any case.
    #[schema(required = true, max_length = 50)]
    pub username: String,
    /// Address; unique.
    #[schema(required = false)]
    pub email: Option<String>,
    /// Administrators only.
    #[schema(required = false)]
    pub email_verified: bool,
    /// At most 50 characters.
    #[schema(required = false, max_length = 50)]
    pub first_name: String,
    /// At most 50 characters.
    #[schema(required = false, max_length = 50)]
    pub last_name: String,
    /// At most 100 characters.
    #[schema(required = false, max_length = 100)]
    pub display_name: String,
    /// Administrators only.
    #[schema(required = false)]
    pub is_admin: bool,
    /// Administrators only.
    #[schema(required = false)]
    pub disabled: bool,
    /// UI language.
    #[schema(required = false)]
    pub locale: Option<String>,
    /// Groups of a new user; unknown ones are left out.
    #[schema(required = false)]
    pub user_group_ids: Vec<String>,
}
