//! Login codes.

use sea_orm::entity::prelude::*;

use crate::types::{Timestamp, TokenHash, UserId};

/// A code that signs its user in once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_codes")]
pub struct Model {
    /// Keyed hash of the code: it is short enough to be searched for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_hash: TokenHash,
    /// Whom it signs in.
    pub user_id: UserId,
    /// Row creation.
    pub created_at: Timestamp,
    /// End of life.
    pub expires_at: Timestamp,
    /// Hash of the secret of the one browser it works in, if it does not work in any.
    pub device_token_hash: Option<TokenHash>,
    /// Whether its user made it, for another device.
    pub self_made: bool,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
