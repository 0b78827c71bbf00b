//! Writing audit entries.

use std::collections::BTreeMap;
use std::net::IpAddr;

use pocket_id_store::audit_logs::{self, AuditLog};
use pocket_id_store::types::{AuditLogId, StringMap};
use pocket_id_store::users::User;
use pocket_id_store::{StoreResult, Tx};

use super::location::{self, Location};
use crate::http::client_ip::RequestOrigin;
use crate::state::AppState;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A passkey sign-in.
    SignIn,
    /// A passkey was registered.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey's signature counter did not rise: it may have been copied.
    PasskeyCounterWentBack,
    /// A client was authorized with consent given before.
    ClientAuthorization,
    /// A client was authorized for the first time or for more than before.
    NewClientAuthorization,
    /// A user took back what a client had been allowed.
    ClientAuthorizationRevoked,
    /// A device was let in with consent given before.
    DeviceCodeAuthorization,
    /// A device was let in for the first time or for more than before.
    NewDeviceCodeAuthorization,
    /// A device was turned away.
    DeviceCodeDenied,
    /// A client exchanged a user's token for one of its own.
    TokenExchange,
    /// The first administrator was set up.
    InitialSetup,
    /// Somebody signed out.
    SignOut,
    /// A session was ended from the list of sessions.
    SessionEnded,
    /// Settings were changed.
    ConfigurationChanged,
    /// An API key was made or renewed.
    ApiKeyCreated,
    /// An API key was revoked.
    ApiKeyRevoked,
    /// A code that signs somebody in was made.
    LoginCodeCreated,
    /// Somebody signed in with such a code.
    TokenSignIn,
}

impl Event {
    /// The name stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "SIGN_IN",
            Self::PasskeyAdded => "PASSKEY_ADDED",
            Self::PasskeyRemoved => "PASSKEY_REMOVED",
            Self::PasskeyCounterWentBack => "PASSKEY_COUNTER_WENT_BACK",
            Self::ClientAuthorization => "CLIENT_AUTHORIZATION",
            Self::NewClientAuthorization => "NEW_CLIENT_AUTHORIZATION",
            Self::ClientAuthorizationRevoked => "CLIENT_AUTHORIZATION_REVOKED",
            Self::DeviceCodeAuthorization => "DEVICE_CODE_AUTHORIZATION",
            Self::NewDeviceCodeAuthorization => "NEW_DEVICE_CODE_AUTHORIZATION",
            Self::DeviceCodeDenied => "DEVICE_CODE_DENIED",
            Self::TokenExchange => "TOKEN_EXCHANGE",
            Self::InitialSetup => "INITIAL_SETUP",
            Self::SignOut => "SIGN_OUT",
            Self::SessionEnded => "SESSION_ENDED",
            Self::ConfigurationChanged => "CONFIGURATION_CHANGED",
            Self::ApiKeyCreated => "API_KEY_CREATED",
            Self::ApiKeyRevoked => "API_KEY_REVOKED",
            Self::LoginCodeCreated => "LOGIN_CODE_CREATED",
            Self::TokenSignIn => "TOKEN_SIGN_IN",
        }
    }
}

/// The place of an address, as entries have it.
pub fn place(state: &AppState, ip: Option<IpAddr>) -> Location {
    location::of(ip, &state.config.local_ipv6_ranges)
}

/// Adds an entry about a user's account.
pub async fn record(
    state: &AppState,
    tx: &Tx,
    event: Event,
    user: &User,
    origin: &RequestOrigin,
    data: impl IntoIterator<Item = (&'static str, String)>,
) -> StoreResult<()> {
    let place = place(state, origin.ip);
    let data: BTreeMap<String, String> = data
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    audit_logs::insert(
        tx,
        AuditLog {
            id: AuditLogId(state.random.uuid()),
            created_at: state.now(),
            event: event.as_str().to_owned(),
            user_id: Some(user.id),
            username: user.username.clone(),
            ip_address: origin.ip.map(|ip| ip.to_string()),
            country: place.country,
            city: place.city,
            user_agent: origin.user_agent.clone(),
            data: StringMap(data),
        },
    )
    .await
}
