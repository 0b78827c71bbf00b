//! Sign-ins waiting for approval elsewhere.

use sea_orm::entity::prelude::*;

use crate::types::{DeviceRequestStatus, Timestamp, TokenHash, UserId};

/// A browser that waits for somebody to sign it in from another device.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device_logins")]
pub struct Model {
    /// Keyed hash of the code shown.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_hash: TokenHash,
    /// Hash of what only the waiting browser has.
    pub device_token_hash: TokenHash,
    /// Where it stands.
    pub status: DeviceRequestStatus,
    /// Who approved it, and whom it signs in.
    pub user_id: Option<UserId>,
    /// Where the waiting browser is.
    pub ip_address: Option<String>,
    /// What the waiting browser says it is.
    pub user_agent: String,
    /// Where it was approved from.
    pub approved_from: Option<String>,
    /// Row creation.
    pub created_at: Timestamp,
    /// End of life.
    pub expires_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
