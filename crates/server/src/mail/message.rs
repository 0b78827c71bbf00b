//! What there is to say. A message waits in the queue in this form and is put into words when it is sent, in the
//! language its reader has then.

use pocket_id_store::types::{MailKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::audit;
use crate::http::client_ip::RequestOrigin;
use crate::state::AppState;

/// Where and when something happened to an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// Where the address is, as far as it is known.
    pub city: String,
    /// See `city`.
    pub country: String,
    /// The address.
    pub ip: String,
    /// Browser and system.
    pub device: String,
    /// When, in milliseconds since the epoch.
    pub at: i64,
}

impl Circumstances {
    /// Those of a request.
    pub fn of(state: &AppState, origin: &RequestOrigin) -> Self {
        let place = audit::place(state, origin.ip);
        Self {
            city: place.city,
            country: place.country,
            ip: origin.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            device: audit::device_name(&origin.user_agent),
            at: state.now().0,
        }
    }
}

/// What of an account was changed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A passkey of this name was added.
    PasskeyAdded(String),
    /// The passkey of this name was removed.
    PasskeyRemoved(String),
    /// The address is this one now; told to the one before.
    Email(String),
    /// There is no address any more; told to the one before.
    NoEmail,
    /// Recovery codes were made.
    RecoveryCodes,
    /// An API key of this name was made or renewed.
    ApiKey(String),
    /// A code that signs in was made.
    LoginCode,
    /// An administrator made them one, too.
    Admin,
}

/// Something to be mailed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Message {
    /// Somebody signed in from where they never were.
    NewDevice {
        /// From where, and when.
        #[serde(flatten)]
        circumstances: Circumstances,
    },
    /// Something that opens the account was changed.
    AccountChanged {
        /// What.
        change: Change,
        /// From where, and when.
        #[serde(flatten)]
        circumstances: Circumstances,
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
            Self::AccountChanged { .. } => MailKind::AccountChanged,
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
            Self::NewDevice { .. } | Self::AccountChanged { .. } => None,
        }
    }
}
