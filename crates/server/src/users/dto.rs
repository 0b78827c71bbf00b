//! Users on the wire.

use pocket_id_store::custom_claims::CustomClaim;
use pocket_id_store::groups::UserGroup;
use pocket_id_store::types::{PostalAddress, Timestamp};
use pocket_id_store::users::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::conditional::{EntityTag, Tagged};
use crate::http::time_format::serde_rfc3339;

/// A custom claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct CustomClaimDto {
    /// Claim name.
    #[schema(required = true, example = "department")]
    pub key: String,
    /// Claim value; JSON text is emitted as JSON.
    #[schema(required = true, example = "it")]
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

/// A postal address; parts that are not known are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AddressDto {
    /// House, street, box.
    #[schema(required = false, max_length = 200)]
    pub street_address: String,
    /// City.
    #[schema(required = false, max_length = 200)]
    pub locality: String,
    /// State, province.
    #[schema(required = false, max_length = 200)]
    pub region: String,
    /// Postal code.
    #[schema(required = false, max_length = 200)]
    pub postal_code: String,
    /// Country.
    #[schema(required = false, max_length = 200)]
    pub country: String,
}

impl AddressDto {
    /// Names and values of the parts.
    pub fn parts(&self) -> [(&'static str, &str); 5] {
        [
            ("streetAddress", &self.street_address),
            ("locality", &self.locality),
            ("region", &self.region),
            ("postalCode", &self.postal_code),
            ("country", &self.country),
        ]
    }
}

/// Where a user can be reached besides e-mail: the claims of the scopes `phone` and `address`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ContactDto {
    /// Telephone number, best in the form `+49 30 123456`; may be empty.
    #[schema(required = false, max_length = 50)]
    pub phone_number: String,
    /// Administrators only.
    #[schema(required = false)]
    pub phone_number_verified: bool,
    /// Postal address.
    #[schema(required = false)]
    pub address: AddressDto,
}

impl ContactDto {
    fn of(number: Option<String>, verified: bool, address: Option<PostalAddress>) -> Option<Self> {
        if number.is_none() && address.is_none() {
            return None;
        }
        let address = address.unwrap_or_default();
        Some(Self {
            phone_number: number.unwrap_or_default(),
            phone_number_verified: verified,
            address: AddressDto {
                street_address: address.street_address,
                locality: address.locality,
                region: address.region,
                postal_code: address.postal_code,
                country: address.country,
            },
        })
    }

    /// Puts it into an account. A changed number is unverified until an administrator says otherwise.
    pub fn apply(self, user: &mut User, may_verify: MayVerify) {
        let number = Some(self.phone_number).filter(|number| !number.is_empty());
        user.phone_number_verified = match may_verify {
            MayVerify::Yes => self.phone_number_verified,
            MayVerify::No => user.phone_number_verified && user.phone_number == number,
        } && number.is_some();
        user.phone_number = number;
        let empty = self.address.parts().iter().all(|(_, text)| text.is_empty());
        user.address = (!empty).then_some(PostalAddress {
            street_address: self.address.street_address,
            locality: self.address.locality,
            region: self.address.region,
            postal_code: self.address.postal_code,
            country: self.address.country,
        });
    }
}

/// Whether an editor's word counts for a number being verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayVerify {
    /// An administrator's.
    Yes,
    /// The person's own.
    No,
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
    /// Where they can be reached; left out while nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub contact: Option<ContactDto>,
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
            contact: ContactDto::of(user.phone_number, user.phone_number_verified, user.address),
            custom_claims: claims.iter().map(Into::into).collect(),
            user_groups: groups.iter().map(Into::into).collect(),
        }
    }
}

impl Tagged for UserDto {
    fn tag(&self) -> EntityTag {
        let mut groups: Vec<&str> = self.user_groups.iter().map(|group| group.id.as_str()).collect();
        groups.sort_unstable();
        let account = (
            &self.id,
            &self.username,
            &self.email,
            self.email_verified,
            &self.first_name,
            &self.last_name,
            &self.display_name,
            self.is_admin,
            self.disabled,
            &self.locale,
            &self.ldap_id,
            &self.contact,
        );
        EntityTag::of(&(account, groups, sorted(&self.custom_claims)))
    }
}

/// Claims in one order, for comparing.
pub fn sorted(claims: &[CustomClaimDto]) -> Vec<(&str, &str)> {
    let mut claims: Vec<_> = claims
        .iter()
        .map(|claim| (claim.key.as_str(), claim.value.as_str()))
        .collect();
    claims.sort_unstable();
    claims
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
    /// Address; unique in any case.
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
    /// UI language: a language tag.
    #[schema(
        required = false,
        max_length = 35,
        pattern = "^[A-Za-z0-9]{1,8}([-_][A-Za-z0-9]{1,8})*$"
    )]
    pub locale: Option<String>,
    /// Where they can be reached; what is stored stays when absent.
    #[schema(required = false)]
    pub contact: Option<ContactDto>,
    /// Groups of a new user; unknown ones are left out.
    #[schema(required = false)]
    pub user_group_ids: Vec<String>,
}
