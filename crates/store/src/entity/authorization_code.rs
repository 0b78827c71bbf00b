//! Authorization codes.

use sea_orm::entity::prelude::*;

use crate::types::{GrantId, Timestamp, TokenHash};

/// An authorization code; kept after use to notice replays.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_authorization_codes")]
pub struct Model {
    /// Hash of the code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_hash: TokenHash,
    /// What it stands for.
    pub grant_id: GrantId,
    /// The `redirect_uri` parameter, if one was sent.
    pub redirect_uri: Option<String>,
    /// PKCE challenge.
    pub code_challenge: Option<String>,
    /// PKCE method.
    pub code_challenge_method: Option<String>,
    /// Row creation.
    pub created_at: Timestamp,
    /// End of life.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub used_at: Option<Timestamp>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
