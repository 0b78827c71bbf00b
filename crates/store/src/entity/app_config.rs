//! Application configuration.

use sea_orm::entity::prelude::*;

use crate::types::Timestamp;

/// A setting changed by an administrator; absent means default.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "app_config")]
pub struct Model {
    /// Setting.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Value as text.
    pub value: String,
    /// Last change.
    pub updated_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
