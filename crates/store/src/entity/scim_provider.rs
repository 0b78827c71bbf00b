//! Apps that are told of users and groups by SCIM.

use std::fmt;

use sea_orm::entity::prelude::*;
use uuid::Uuid;

use crate::types::{ClientId, ScimProviderId, Timestamp};

/// Where a client's app takes accounts and groups (RFC 7644), and how it went.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scim_service_providers")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScimProviderId,
    /// Whose app it is; says who is told of.
    pub oidc_client_id: ClientId,
    /// The base URL.
    pub endpoint: String,
    /// The bearer token, encrypted; none when the app asks for none.
    pub sealed_token: Option<Vec<u8>>,
    /// Row creation.
    pub created_at: Timestamp,
    /// The end of the last run without any failure.
    pub last_synced_at: Option<Timestamp>,
    /// The end of the last run.
    pub last_attempt_at: Option<Timestamp>,
    /// What failed in the last run.
    pub last_error: Option<String>,
    /// When the next run is due.
    pub next_sync_at: Timestamp,
    /// The run under way, if any.
    pub lease: Option<Uuid>,
    /// When that run counts as dead.
    pub lease_until: Option<Timestamp>,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimProvider")
            .field("id", &self.id)
            .field("oidc_client_id", &self.oidc_client_id)
            .finish_non_exhaustive()
    }
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
