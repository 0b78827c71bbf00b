//! Sign-in sessions.

use sea_orm::entity::prelude::*;

use crate::types::{AuthenticationMethod, PasskeyId, SessionId, StringList, Timestamp, TokenHash, UserId};

/// A browser's sign-in session.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// Identifier, safe to show.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Who is signed in.
    pub user_id: UserId,
    /// Hash of the cookie's token; unique.
    pub token_hash: TokenHash,
    /// How they signed in.
    pub method: AuthenticationMethod,
    /// When they proved who they are; the default `auth_time`.
    pub authenticated_at: Timestamp,
    /// Row creation.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Last request seen, coarse.
    pub last_seen_at: Timestamp,
    /// Client address at sign-in.
    pub ip_address: Option<String>,
    /// User-Agent at sign-in.
    pub user_agent: String,
    /// `amr` values (RFC 8176); those of the method when none.
    pub amr: Option<StringList>,
    /// Whether the passkey verified the person, not only their presence.
    pub user_verified: bool,
    /// The passkey that opened it; it may be gone.
    pub passkey_id: Option<PasskeyId>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
