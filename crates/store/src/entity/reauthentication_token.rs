//! Fresh-authentication proofs.

use sea_orm::entity::prelude::*;

use crate::types::{PasskeyId, Timestamp, TokenHash, UserId};

/// Proof of a passkey just used; taken once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reauthentication_tokens")]
pub struct Model {
    /// Hash of the cookie's token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: TokenHash,
    /// Whose passkey it was.
    pub user_id: UserId,
    /// When it was used.
    pub created_at: Timestamp,
    /// When the proof goes stale.
    pub expires_at: Timestamp,
    /// Whether the passkey verified the person, not only their presence.
    pub user_verified: bool,
    /// Which passkey; it may be gone.
    pub passkey_id: Option<PasskeyId>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
