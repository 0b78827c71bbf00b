//! What a sign-in session holds with each client.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, ClientSessionId, SessionId, Timestamp, UserId};

/// A client's part of a sign-in session. There is one for each client somebody went to.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_client_sessions")]
pub struct Model {
    /// Identifier; the `sid` of the client's ID and logout tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientSessionId,
    /// The sign-in session.
    pub session_id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// The client.
    pub client_id: ClientId,
    /// Row creation.
    pub created_at: Timestamp,
    /// Last authorization or renewal, coarse.
    pub last_used_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
