//! User groups.

use sea_orm::entity::prelude::*;

use crate::types::{GroupId, Timestamp};

/// A named set of users.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_groups")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GroupId,
    /// What people read.
    pub friendly_name: String,
    /// Unique; the value in the `groups` claim.
    pub name: String,
    /// The directory's unique identifier, when LDAP manages the group.
    pub ldap_id: Option<String>,
    /// Row creation.
    pub created_at: Timestamp,
    /// Last change; none until the first.
    pub updated_at: Option<Timestamp>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
