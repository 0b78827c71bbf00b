//! Recovery codes.

use sea_orm::entity::prelude::*;

use crate::types::{Timestamp, TokenHash, UserId};

/// A printed code that signs its user in once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery_codes")]
pub struct Model {
    /// Keyed hash of the code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_hash: TokenHash,
    /// Whom it signs in.
    pub user_id: UserId,
    /// When it was made.
    pub created_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
