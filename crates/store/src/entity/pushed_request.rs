//! Pushed authorization requests.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, StringMap, Timestamp, TokenHash};

/// A request a client left here for its user to come with (RFC 9126).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_pushed_requests")]
pub struct Model {
    /// Hash of the `request_uri`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub handle_hash: TokenHash,
    /// Whose it is.
    pub client_id: ClientId,
    /// The parameters, request object already unpacked.
    pub parameters: StringMap,
    /// Row creation.
    pub created_at: Timestamp,
    /// End of life.
    pub expires_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
