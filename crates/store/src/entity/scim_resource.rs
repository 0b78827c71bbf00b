//! What apps were told of.

use sea_orm::entity::prelude::*;
use uuid::Uuid;

use crate::types::{ScimKind, ScimOrigin, ScimProviderId};

/// An account or group at an app that stands for one of ours. Without such a row nothing at the app is ever deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scim_resources")]
pub struct Model {
    /// The app.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider_id: ScimProviderId,
    /// What it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: ScimKind,
    /// Our user or group, which may be gone.
    #[sea_orm(primary_key, auto_increment = false)]
    pub local_id: Uuid,
    /// What the app calls it; none while it is being made, and if nobody knows what became of that.
    pub remote_id: Option<String>,
    /// The name it was given last.
    pub remote_name: String,
    /// Whether it was there before.
    pub origin: ScimOrigin,
    /// SHA-256 of what was sent last.
    pub sent_hash: Option<Vec<u8>>,
    /// SHA-256 of what the app had before that.
    pub seen_hash: Option<Vec<u8>>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
