//! API keys.

use sea_orm::entity::prelude::*;

use crate::types::{ApiKeyId, StringList, Timestamp, TokenHash, UserId};

/// A key with which programs use the REST API as its owner.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    /// Identifier, safe to show.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// What it is called; unique among its owner's.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// SHA-256 of the key; unique.
    pub key_hash: TokenHash,
    /// Row creation.
    pub created_at: Timestamp,
    /// End of life.
    pub expires_at: Timestamp,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<Timestamp>,
    /// Whether its owner has been told that it will expire.
    pub expiration_email_sent: bool,
    /// Whether it may only read.
    pub read_only: bool,
    /// The parts of the API it is for; none for all.
    pub resources: Option<StringList>,
    /// When it was last given a new value and life.
    pub renewed_at: Option<Timestamp>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
