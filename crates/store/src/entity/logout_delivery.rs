//! Word of a sign-out on its way to a client.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, DeliveryState, LogoutDeliveryId, Timestamp};

/// A logout token to be handed to a client (OpenID Connect Back-Channel Logout 1.0).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "logout_deliveries")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LogoutDeliveryId,
    /// Who is told.
    pub client_id: ClientId,
    /// Who was signed out. Text: it may be somebody who is gone.
    pub subject: String,
    /// The client's session that ended.
    pub sid: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts begun.
    pub attempts: i32,
    /// When it may be attempted again; the end of the lease while one is under way.
    pub next_attempt_at: Timestamp,
    /// Status the client answered last.
    pub last_status: Option<i32>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// Row creation.
    pub created_at: Timestamp,
    /// When the client took it.
    pub delivered_at: Option<Timestamp>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
