//! Groups of people who sign up with a token.

use sea_orm::entity::prelude::*;

use crate::types::{GroupId, SignupTokenId};

/// A group whoever signs up with a token gets into.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signup_token_groups")]
pub struct Model {
    /// The token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub signup_token_id: SignupTokenId,
    /// The group.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_group_id: GroupId,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
