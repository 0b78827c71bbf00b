//! Ids of tokens that count once.

use sea_orm::entity::prelude::*;

use crate::types::{Timestamp, TokenHash};

/// A `jti` that has been seen.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_jtis")]
pub struct Model {
    /// Within what it is unique: the kind of token and who made it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub namespace: String,
    /// The SHA-256 of the `jti`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub jti_hash: TokenHash,
    /// When the token itself stops being accepted and the row has done its work.
    pub expires_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
