//! Pending WebAuthn ceremonies.

use sea_orm::entity::prelude::*;

use crate::types::{Ceremony, ChallengeId, JsonDocument, Timestamp, UserId};

/// A pending WebAuthn ceremony; taken once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webauthn_challenges")]
pub struct Model {
    /// The value of the challenge cookie.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChallengeId,
    /// What it may be used for.
    pub ceremony: Ceremony,
    /// Who registers; none for authentication.
    pub user_id: Option<UserId>,
    /// The ceremony's state, challenge and policy included.
    pub state: JsonDocument,
    /// Row creation.
    pub created_at: Timestamp,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
