//! Audit log.

use sea_orm::entity::prelude::*;

use crate::types::{AuditLogId, StringMap, Timestamp, UserId};

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_logs")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditLogId,
    /// When.
    pub created_at: Timestamp,
    /// What, e.g. `SIGN_IN`.
    pub event: String,
    /// Whose account, also when it is gone; none when nobody is known.
    pub user_id: Option<UserId>,
    /// Their name then.
    pub username: String,
    /// The client it is about: `clientName` of the details, where filters find it.
    pub client_name: Option<String>,
    /// Client address.
    pub ip_address: Option<String>,
    /// Country of the address.
    pub country: String,
    /// City of the address.
    pub city: String,
    /// User-Agent.
    pub user_agent: String,
    /// Details.
    pub data: StringMap,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
