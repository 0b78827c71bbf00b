//! What registered clients said of themselves.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, JsonDocument, RegistrationTokenId, Timestamp, TokenHash};

/// The registration of one client.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_client_registrations")]
pub struct Model {
    /// The client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// Hash of the token it manages itself with (RFC 7592).
    pub access_token_hash: TokenHash,
    /// Its metadata as registered.
    pub metadata: JsonDocument,
    /// The initial access token it came with.
    pub token_id: Option<RegistrationTokenId>,
    /// Row creation.
    pub created_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
