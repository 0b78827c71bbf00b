//! What there is to say. A message waits in the queue in this form and is put into words when it is sent, in the
//! language its reader has then.

use pocket_id_store::types::{MailKind, Timestamp};
use serde::{Deserialize, Serialize};

/// Something to be mailed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Message {
    /// Somebody signed in from where they never were.
    NewDevice {
        /// Where the address is, as far as it is known.
        city: String,
        /// See `city`.
        country: String,
        /// The address.
        ip: String,
        /// Browser and system.
        device: String,
        /// When, in milliseconds since the epoch.
        at: i64,
    },
    /// A code that signs in.
    LoginCode {
        /// The code.
        code: String,
        /// The page of ours to go on to.
        redirect: Option<String>,
        /// Seconds it lives.
        lifetime: i64,
    },
    /// A link that proves an address.
    EmailVerification {
        /// The link's token.
        token: String,
        /// Seconds it lives.
        lifetime: i64,
    },
    /// An API key ends soon.
    ApiKeyExpiring {
        /// Its name.
        key: String,
        /// When, in milliseconds since the epoch.
        expires_at: i64,
    },
}

impl Message {
    /// What it is about, for lists.
    pub fn kind(&self) -> MailKind {
        match self {
            Self::NewDevice { .. } => MailKind::NewDevice,
            Self::LoginCode { .. } => MailKind::LoginCode,
            Self::EmailVerification { .. } => MailKind::EmailVerification,
            Self::ApiKeyExpiring { .. } => MailKind::ApiKeyExpiring,
        }
    }

    /// When it is of no use any more, if it was written at `now`.
    pub fn expires_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::LoginCode { lifetime, .. } | Self::EmailVerification { lifetime, .. } => {
                Some(now.plus_seconds(*lifetime))
            }
            Self::ApiKeyExpiring { expires_at, .. } => Some(Timestamp(*expires_at)),
            Self::NewDevice { .. } => None,
        }
    }
}
