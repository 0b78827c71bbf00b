//! Sessions on the wire.

use pocket_id_store::client_sessions::ClientSession;
use pocket_id_store::logout_deliveries::LogoutDelivery;
use pocket_id_store::types::{AuthenticationMethod, DeliveryState, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::time_format::{serde_rfc3339, serde_rfc3339_option};

/// A browser somebody is signed in with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionDto {
    /// Identifier.
    pub id: String,
    /// Browser and system; empty when unknown.
    pub device: String,
    /// The User-Agent header at sign-in.
    pub user_agent: String,
    /// Address at sign-in.
    pub ip_address: Option<String>,
    /// Country of that address, or `Internal Network`; empty when unknown.
    pub country: String,
    /// City, or which internal network; empty when unknown.
    pub city: String,
    /// Sign-in.
    #[serde(with = "serde_rfc3339")]
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// Last request, to some minutes.
    #[serde(with = "serde_rfc3339")]
    #[schema(value_type = String)]
    pub last_seen_at: Timestamp,
    /// When it ends by itself.
    #[serde(with = "serde_rfc3339")]
    #[schema(value_type = String)]
    pub expires_at: Timestamp,
    /// `phr` (a passkey), `otp` (a code), `remote` (approved on another device), or `signup`.
    #[schema(value_type = String, example = "phr")]
    pub method: AuthenticationMethod,
    /// Whether it is the one that asks.
    pub current: bool,
    /// The clients it went to, the last used first.
    pub clients: Vec<ClientSessionDto>,
}

/// A client's part of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientSessionDto {
    /// Identifier: the `sid` of the client's ID tokens.
    pub id: String,
    /// The client.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// First use.
    #[serde(with = "serde_rfc3339")]
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// Last use, to some minutes.
    #[serde(with = "serde_rfc3339")]
    #[schema(value_type = String)]
    pub last_used_at: Timestamp,
}

impl ClientSessionDto {
    /// A client's part of a session, by the client's name.
    pub fn new(session: &ClientSession, name: &str) -> Self {
        Self {
            id: session.id.to_string(),
            client_id: session.client_id.0.clone(),
            name: name.to_owned(),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
        }
    }
}

/// Word of a sign-out to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogoutDeliveryDto {
    /// Identifier.
    pub id: String,
    /// Who was signed out.
    pub subject: String,
    /// The client's session that ended.
    pub sid: String,
    /// `pending`, `delivered` or `failed`.
    #[schema(value_type = String, example = "delivered")]
    pub state: DeliveryState,
    /// Attempts begun.
    pub attempts: i32,
    /// When it is attempted again, if it is.
    #[serde(with = "serde_rfc3339_option")]
    #[schema(value_type = Option<String>)]
    pub next_attempt_at: Option<Timestamp>,
    /// Status the client answered last.
    pub last_status: Option<i32>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When the session ended.
    #[serde(with = "serde_rfc3339")]
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When the client took it.
    #[serde(with = "serde_rfc3339_option")]
    #[schema(value_type = Option<String>)]
    pub delivered_at: Option<Timestamp>,
}

impl From<LogoutDelivery> for LogoutDeliveryDto {
    fn from(row: LogoutDelivery) -> Self {
        Self {
            id: row.id.to_string(),
            subject: row.subject,
            sid: row.sid,
            state: row.state,
            attempts: row.attempts,
            next_attempt_at: (row.state == DeliveryState::Pending).then_some(row.next_attempt_at),
            last_status: row.last_status,
            last_error: row.last_error,
            created_at: row.created_at,
            delivered_at: row.delivered_at,
        }
    }
}
