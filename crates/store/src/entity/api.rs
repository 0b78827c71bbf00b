//! APIs.

use sea_orm::entity::prelude::*;

use crate::types::{ApiId, Timestamp};

/// A resource server tokens can be for (RFC 8707).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "apis")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiId,
    /// What people read.
    pub name: String,
    /// Its address: the audience of its tokens; unique, never changes.
    pub resource: String,
    /// Whether every client that describes itself may have it.
    pub allow_cimd_clients: bool,
    /// Row creation.
    pub created_at: Timestamp,
    /// Last change; none until the first.
    pub updated_at: Option<Timestamp>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
