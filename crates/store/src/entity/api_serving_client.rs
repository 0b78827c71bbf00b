//! Clients that run an API.

use sea_orm::entity::prelude::*;

use crate::types::{ApiId, ClientId};

/// A client that is an API's server: tokens for the API may be exchanged and looked at by it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_serving_clients")]
pub struct Model {
    /// The client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// The API.
    #[sea_orm(primary_key, auto_increment = false)]
    pub api_id: ApiId,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
