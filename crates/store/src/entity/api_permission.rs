//! Permissions of APIs.

use sea_orm::entity::prelude::*;

use crate::types::{ApiId, ApiPermissionId, Timestamp};

/// Something a token for an API can allow: a scope.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_permissions")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiPermissionId,
    /// Whose it is.
    pub api_id: ApiId,
    /// The scope; unique for the API.
    pub key: String,
    /// What people read.
    pub name: String,
    /// What it allows.
    pub description: Option<String>,
    /// Whether clients that describe themselves get it.
    pub allowed_for_cimd_clients: bool,
    /// Row creation.
    pub created_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
