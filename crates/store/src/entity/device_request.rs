//! Sign-ins on devices.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, DeviceRequestStatus, GrantId, StringList, Timestamp, TokenHash};

/// A device waiting for its user (RFC 8628).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_device_requests")]
pub struct Model {
    /// Hash of the device code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub device_code_hash: TokenHash,
    /// Keyed hash of the user code; unique.
    pub user_code_hash: TokenHash,
    /// Whose device it is.
    pub client_id: ClientId,
    /// Scopes asked for.
    pub scope: StringList,
    /// API asked for (RFC 8707).
    pub resource: Option<String>,
    /// Where it stands.
    pub status: DeviceRequestStatus,
    /// What the user gave, once approved.
    pub grant_id: Option<GrantId>,
    /// Seconds to wait between polls.
    pub interval_seconds: i32,
    /// When the device last asked.
    pub last_polled_at: Option<Timestamp>,
    /// Row creation.
    pub created_at: Timestamp,
    /// End of life.
    pub expires_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
