//! Permissions clients may have.

use sea_orm::entity::prelude::*;

use crate::types::{ApiPermissionId, ClientId, SubjectType};

/// A permission a client may have, on behalf of users or for itself.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_clients_allowed_api_permissions")]
pub struct Model {
    /// The client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// The permission.
    #[sea_orm(primary_key, auto_increment = false)]
    pub permission_id: ApiPermissionId,
    /// On whose behalf.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_type: SubjectType,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
