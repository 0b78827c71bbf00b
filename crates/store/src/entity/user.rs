//! People.

use sea_orm::entity::prelude::*;

use crate::types::{PostalAddress, Timestamp, UserId};

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[expect(clippy::struct_excessive_bools, reason = "a row has the columns it has")]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// The `sub` of their tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Unique, ASCII case ignored.
    pub username: String,
    /// Unique, exact.
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
    /// UI language tag.
    pub locale: Option<String>,
    /// The directory's unique identifier, when LDAP manages the account.
    pub ldap_id: Option<String>,
    /// Telephone number.
    pub phone_number: Option<String>,
    /// Whether the number is known to be theirs.
    pub phone_number_verified: bool,
    /// Postal address.
    pub address: Option<PostalAddress>,
    /// Row creation.
    pub created_at: Timestamp,
    /// Last change; none until the first.
    pub updated_at: Option<Timestamp>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
