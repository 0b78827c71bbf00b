//! Access tokens of clients themselves.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, StringList, Timestamp};

/// An access token a client got for itself (RFC 6749 §4.4); no user, no grant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_client_access_tokens")]
pub struct Model {
    /// The `jti` claim.
    #[sea_orm(primary_key, auto_increment = false)]
    pub jti: Uuid,
    /// Whose it is.
    pub client_id: ClientId,
    /// Granted scopes.
    pub scope: StringList,
    /// Its audience.
    pub audience: StringList,
    /// Thumbprint of the key it is bound to (RFC 9449).
    pub dpop_jkt: Option<String>,
    /// Row creation.
    pub created_at: Timestamp,
    /// The `exp` claim.
    pub expires_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
