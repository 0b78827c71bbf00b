//! Group memberships.

use sea_orm::entity::prelude::*;

use crate::types::{GroupId, UserId};

/// A user's membership of a group.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_groups_users")]
pub struct Model {
    /// The member.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The group.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_group_id: GroupId,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
