//! Sign-up tokens.

use sea_orm::entity::prelude::*;

use crate::types::{SignupTokenId, Timestamp, TokenHash};

/// A token with which people make their own accounts.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signup_tokens")]
pub struct Model {
    /// Identifier, safe to show.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignupTokenId,
    /// Hash of the token; unique.
    pub token_hash: TokenHash,
    /// The token, encrypted: administrators copy its link again.
    pub sealed_token: Vec<u8>,
    /// How many accounts may be made with it.
    pub usage_limit: i32,
    /// How many were.
    pub usage_count: i32,
    /// Row creation.
    pub created_at: Timestamp,
    /// End of life.
    pub expires_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
