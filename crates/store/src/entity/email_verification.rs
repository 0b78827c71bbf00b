//! Addresses being verified.

use sea_orm::entity::prelude::*;

use crate::types::{Timestamp, TokenHash, UserId};

/// The newest link somebody was mailed to prove that an address is theirs.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "email_verifications")]
pub struct Model {
    /// Whose address it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Hash of the link's token.
    pub token_hash: TokenHash,
    /// The address it was mailed to.
    pub email: String,
    /// Row creation.
    pub created_at: Timestamp,
    /// End of life.
    pub expires_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
