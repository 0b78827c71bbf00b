//! Mail on the wire.

use pocket_id_store::mails::Mail;
use pocket_id_store::types::{DeliveryState, MailId, MailKind, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::time_format::{serde_rfc3339, serde_rfc3339_option};

/// A mail that was sent or is to be. What it says is nobody else's business.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MailDto {
    /// Identifier.
    #[schema(value_type = String)]
    pub id: MailId,
    /// What it is about: `login-with-new-device`, `account-changed`, `one-time-access`, `email-verification` or `api-key-expiring-soon`.
    #[schema(value_type = String, example = "one-time-access")]
    pub kind: MailKind,
    /// Whom it is to.
    #[serde(rename = "userID")]
    #[schema(value_type = Option<String>)]
    pub user_id: Option<UserId>,
    /// The address.
    #[schema(example = "tim@example.com")]
    pub recipient: String,
    /// `pending`, `delivered` (the mail server took it) or `failed`.
    #[schema(value_type = String, example = "delivered")]
    pub state: DeliveryState,
    /// Attempts begun.
    pub attempts: i32,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was written.
    #[serde(with = "serde_rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it is tried again, while it is pending.
    #[serde(with = "serde_rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<Timestamp>,
    /// When the mail server took it.
    #[serde(with = "serde_rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
}

impl From<Mail> for MailDto {
    fn from(mail: Mail) -> Self {
        let pending = mail.state == DeliveryState::Pending;
        Self {
            id: mail.id,
            kind: mail.kind,
            user_id: mail.user_id,
            recipient: mail.recipient,
            state: mail.state,
            attempts: mail.attempts,
            error: mail.last_error,
            created_at: mail.created_at,
            next_attempt_at: pending.then_some(mail.next_attempt_at),
            sent_at: mail.sent_at,
        }
    }
}
