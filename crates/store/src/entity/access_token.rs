//! Access tokens.

use sea_orm::entity::prelude::*;

use crate::types::{GrantId, StringList, Timestamp};

/// An issued access token; without its row it is not accepted here.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_access_tokens")]
pub struct Model {
    /// The `jti` claim.
    #[sea_orm(primary_key, auto_increment = false)]
    pub jti: Uuid,
    /// What it stands for.
    pub grant_id: GrantId,
    /// Row creation.
    pub created_at: Timestamp,
    /// The `exp` claim.
    pub expires_at: Timestamp,
    /// Thumbprint of the key it is bound to (RFC 9449).
    pub dpop_jkt: Option<String>,
    /// Its scopes, if it has fewer than its grant (RFC 6749 §6).
    pub scope: Option<StringList>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
