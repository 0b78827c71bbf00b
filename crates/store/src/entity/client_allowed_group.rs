//! Groups allowed to use a client.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, GroupId};

/// A group that may use a restricted client.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_client_allowed_groups")]
pub struct Model {
    /// The client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// The group.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_group_id: GroupId,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
