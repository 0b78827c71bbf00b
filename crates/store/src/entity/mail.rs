//! Mail on its way.

use sea_orm::entity::prelude::*;

use crate::types::{DeliveryState, MailId, MailKind, Timestamp, UserId};

/// A message to one person, attempted until the mail server took it.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mails")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MailId,
    /// What it is about.
    pub kind: MailKind,
    /// Whom it is to.
    pub user_id: Option<UserId>,
    /// Their address when it was written.
    pub recipient: String,
    /// What it says, encrypted: it may sign somebody in. Gone once it is settled.
    pub sealed_content: Option<Vec<u8>>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts begun.
    pub attempts: i32,
    /// When it may be attempted again; the end of the lease while one is under way.
    pub next_attempt_at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// Row creation.
    pub created_at: Timestamp,
    /// When it is of no use any more.
    pub expires_at: Option<Timestamp>,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
}

/// Without what it says.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
