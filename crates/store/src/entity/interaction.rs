//! Pending authorization requests.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, InteractionId, JsonDocument, StringMap, Timestamp, UserId};

/// An authorization request waiting for a person; ends in at most one code.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_interactions")]
pub struct Model {
    /// Identifier in the URL.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InteractionId,
    /// Who asks.
    pub client_id: ClientId,
    /// Who answers, once known.
    pub user_id: Option<UserId>,
    /// The request parameters, first value of each.
    pub parameters: StringMap,
    /// State of the steps; the shape belongs to the protocol crate.
    pub progress: JsonDocument,
    /// When the request came in.
    pub created_at: Timestamp,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
    /// Counts changes; guards concurrent steps.
    pub version: i32,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
