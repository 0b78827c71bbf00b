//! APIs clients may have.

use sea_orm::entity::prelude::*;

use crate::types::{ApiId, ClientId, SubjectType};

/// A client's access to an API, on behalf of users or for itself.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_clients_allowed_apis")]
pub struct Model {
    /// The client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// The API.
    #[sea_orm(primary_key, auto_increment = false)]
    pub api_id: ApiId,
    /// On whose behalf.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_type: SubjectType,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
