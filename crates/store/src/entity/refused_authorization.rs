//! Refused authorization requests.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, RefusedAuthorizationId, Timestamp, TokenHash};

/// A request of a client that was refused, as often as it came.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refused_authorizations")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RefusedAuthorizationId,
    /// Whose.
    pub client_id: ClientId,
    /// Hash of what makes two requests the same: reason and redirect URI.
    pub fingerprint: TokenHash,
    /// Why, for programs.
    pub reason: String,
    /// Why, for people.
    pub detail: String,
    /// The redirect URI it carried; empty without one.
    pub redirect_uri: String,
    /// Who was signed in the last time; empty when nobody was.
    pub username: String,
    /// How often it came.
    pub count: i32,
    /// When it came first.
    pub created_at: Timestamp,
    /// When it came last.
    pub last_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
