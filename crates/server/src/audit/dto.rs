//! Audit entries on the wire.

use std::collections::BTreeMap;

use pocket_id_store::audit_logs::AuditLog;
use pocket_id_store::types::{AuditLogId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::device;
use crate::http::time_format::serde_rfc3339;

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditLogDto {
    /// Identifier.
    #[schema(value_type = String)]
    pub id: AuditLogId,
    /// When.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// What.
    #[schema(example = "SIGN_IN")]
    pub event: String,
    /// The address of who did it; empty when unknown.
    pub ip_address: String,
    /// Country of the address, or `Internal Network`; empty when unknown.
    pub country: String,
    /// City of the address, or which internal network; empty when unknown.
    pub city: String,
    /// Browser and system.
    #[schema(example = "Firefox on Linux x86_64")]
    pub device: String,
    /// Whose account; empty when nobody is known.
    #[serde(rename = "userID")]
    pub user_id: String,
    /// Their name then; empty in the log of oneself.
    pub username: String,
    /// Who did it, where that is somebody else; else empty.
    pub actor_username: String,
    /// Details.
    pub data: BTreeMap<String, String>,
}

impl From<AuditLog> for AuditLogDto {
    fn from(entry: AuditLog) -> Self {
        Self {
            id: entry.id,
            created_at: entry.created_at,
            event: entry.event,
            ip_address: entry.ip_address.unwrap_or_default(),
            country: entry.country,
            city: entry.city,
            device: device::name(&entry.user_agent),
            user_id: entry.user_id.map(|id| id.to_string()).unwrap_or_default(),
            username: entry.username,
            actor_username: entry.data.0.get("actorUsername").cloned().unwrap_or_default(),
            data: entry.data.0,
        }
    }
}

impl AuditLogDto {
    /// The same in the log of oneself, where the name is one's own.
    #[must_use]
    pub fn for_oneself(mut self) -> Self {
        self.username.clear();
        self
    }
}
