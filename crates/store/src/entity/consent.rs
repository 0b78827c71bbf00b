//! Consents.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, StringList, Timestamp, UserId};

/// What a user agreed a client may see.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_consents")]
pub struct Model {
    /// The user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// Scope keys agreed to.
    pub scope: StringList,
    /// First consent.
    pub created_at: Timestamp,
    /// Last authorization.
    pub last_used_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
