//! Custom claims.

use sea_orm::entity::prelude::*;

use crate::types::{CustomClaimId, GroupId, Timestamp, UserId};

/// A claim an administrator added to a user or a group.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "custom_claims")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CustomClaimId,
    /// Claim name.
    pub key: String,
    /// JSON text, or plain text when it does not parse as JSON.
    pub value: String,
    /// The owning user, or none.
    pub user_id: Option<UserId>,
    /// The owning group, or none.
    pub user_group_id: Option<GroupId>,
    /// Row creation.
    pub created_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
