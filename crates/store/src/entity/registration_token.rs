//! Initial access tokens (RFC 7591 §3).

use sea_orm::entity::prelude::*;

use crate::types::{RegistrationTokenId, Timestamp, TokenHash, UserId};

/// A token that lets apps register themselves.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_registration_tokens")]
pub struct Model {
    /// Identifier, safe to show.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RegistrationTokenId,
    /// What it is for.
    pub name: String,
    /// Hash of the token; unique.
    pub token_hash: TokenHash,
    /// How many clients may still register with it.
    pub uses_left: i32,
    /// How many could in the beginning.
    pub max_uses: i32,
    /// The administrator who made it.
    pub created_by: Option<UserId>,
    /// Row creation.
    pub created_at: Timestamp,
    /// End of life.
    pub expires_at: Timestamp,
    /// When a client last registered with it.
    pub last_used_at: Option<Timestamp>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
