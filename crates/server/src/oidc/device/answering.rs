//! What a person decides about a device.

use http::{HeaderMap, StatusCode};
use pocket_id_oidc::acr::Acr;
use pocket_id_oidc::client;
use pocket_id_oidc::device::normalize;
use pocket_id_oidc::grant;
use pocket_id_oidc::passkey::Standing;
use pocket_id_oidc::resource::{self, UnknownScopes};
use pocket_id_oidc::scope::Scopes;
use pocket_id_store::clients::Client;
use pocket_id_store::consents::ConsentChange;
use pocket_id_store::device_requests::{self, DeviceRequest};
use pocket_id_store::grants::{self, Grant};
use pocket_id_store::types::{
    DeviceRequestStatus, GrantId, MinimumPasskey, StringList, SubjectType, Timestamp,
};
use pocket_id_store::{StoreError, Tx, commit, consents};
use sea_orm::ConnectionTrait;

use super::user_code_hash;
use crate::audit::{self, Event};
use crate::clients;
use crate::guesses::{self, Guesses};
use crate::http::access::SignedIn;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::oidc::authorize::amr;
use crate::oidc::facts;
use crate::sessions;
use crate::state::AppState;

const GUESSES: Guesses = Guesses {
    name: "device-code",
    per_address: 10,
    per_user: Some(10),
    in_total: None,
};

/// Why a device's request cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No code came along.
    #[error("no code")]
    NoCode,
    /// Nobody was given this code, or it was answered before.
    #[error("unknown or answered code")]
    Invalid,
    /// It has expired.
    #[error("expired code")]
    Expired,
    /// Too many wrong codes.
    #[error("too many wrong codes")]
    TooManyGuesses,
    /// The user is in no group that may use the client.
    #[error("not allowed")]
    NotAllowed,
    /// The client waits for approval.
    #[error("not approved")]
    NotApproved,
    /// The passkey has to be used first.
    #[error("reauthentication required")]
    NotProven,
    /// The client takes no such passkey.
    #[error("the client takes no such passkey")]
    OtherPasskey(MinimumPasskey),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DeviceError> for ApiError {
    fn from(error: DeviceError) -> Self {
        let bad = |code: &'static str, text: &str| Self::new(StatusCode::BAD_REQUEST, code, text);
        match error {
            DeviceError::NoCode => bad("validation_failed", "The device code is missing"),
            DeviceError::Invalid => bad("oidc_invalid_device_code", "Device code is invalid"),
            DeviceError::Expired => bad("oidc_device_code_expired", "Device code has expired"),
            DeviceError::TooManyGuesses => guesses::too_many(),
            DeviceError::NotAllowed => Self::new(
                StatusCode::FORBIDDEN,
                "oidc_access_denied",
                "You're not allowed to access this service.",
            ),
            DeviceError::NotApproved => Self::new(
                StatusCode::FORBIDDEN,
                "oidc_access_denied",
                "This app registered itself and waits for an administrator's approval.",
            ),
            DeviceError::NotProven => Self::reauthentication_required(),
            DeviceError::OtherPasskey(minimum) => crate::oidc::other_passkey(minimum),
            DeviceError::Store(error) => error.into(),
        }
    }
}

/// A device's request, waiting, and what is asked of the person.
pub struct Waiting {
    /// As stored.
    pub row: DeviceRequest,
    /// Who asks.
    pub client: Client,
    /// Whether the person has not agreed to this before.
    pub needs_consent: bool,
    /// Whether the passkey must have been used just now.
    pub needs_proof: bool,
}

/// What the person has to agree to.
fn consent_keys(row: &DeviceRequest) -> Vec<String> {
    resource::consent_keys(
        row.resource.as_deref(),
        &Scopes::from_granted(row.scope.0.clone()),
    )
}

fn needs_proof(client: &client::Client, session: Standing) -> bool {
    session == Standing::Insufficient
        || client.reauthentication == client::Demand::Required
        || client.minimum_acr == Some(Acr::FreshPasskey)
}

/// The request behind a code somebody typed. Wrong codes are counted.
pub async fn find(
    state: &AppState,
    signed_in: &SignedIn,
    origin: &RequestOrigin,
    typed: Option<&str>,
) -> Result<Waiting, DeviceError> {
    let typed = typed
        .filter(|typed| !typed.trim().is_empty())
        .ok_or(DeviceError::NoCode)?;
    let user = signed_in.user.id;
    let guess = GUESSES.take(state, Some(user), origin).await?;
    let guess = guess.ok_or(DeviceError::TooManyGuesses)?;
    let found = look_up(state, state.store.reader(), typed).await;
    if !matches!(found, Err(DeviceError::Invalid)) {
        guess.was_right(state).await;
    }
    let row = found?;
    let reader = state.store.reader();
    // The document a client is known by must still be allowed, and current; the answer may be a request to its server,
    // so that no transaction is open here.
    let client = clients::resolve(state, &row.client_id.0)
        .await?
        .ok_or(DeviceError::Invalid)?;
    let standing = facts::standing(reader, &client, user, signed_in.session.passkey_id).await?;
    let facts = facts::client(&client);
    let agreed = consents::find(reader, user, &client.id)
        .await?
        .is_some_and(|consent| consent_keys(&row).iter().all(|key| consent.scope.0.contains(key)));
    Ok(Waiting {
        needs_consent: facts.consent == client::Demand::Required && !agreed,
        needs_proof: needs_proof(&facts, standing),
        row,
        client,
    })
}

async fn look_up(
    state: &AppState,
    connection: &impl ConnectionTrait,
    typed: &str,
) -> Result<DeviceRequest, DeviceError> {
    let code = normalize(typed).ok_or(DeviceError::Invalid)?;
    let row = device_requests::find_by_user_code(connection, &user_code_hash(state, &code))
        .await?
        .filter(|row| row.status == DeviceRequestStatus::Pending)
        .ok_or(DeviceError::Invalid)?;
    if state.now() >= row.expires_at {
        return Err(DeviceError::Expired);
    }
    Ok(row)
}

/// Lets a device in. Of any number of answers to one request, one counts.
pub async fn approve(
    state: &AppState,
    signed_in: &SignedIn,
    headers: &HeaderMap,
    origin: &RequestOrigin,
    typed: Option<&str>,
) -> Result<(), DeviceError> {
    // Counts wrong guesses and asks for the client's document before anything is written.
    find(state, signed_in, origin, typed).await?;
    let settings = state.settings().await?;
    let now = state.now();
    let tx = state.store.begin().await?;
    let row = look_up(state, &tx, typed.unwrap_or_default()).await?;
    let client = facts::find_client(&tx, Some(&row.client_id.0))
        .await?
        .ok_or(DeviceError::Invalid)?;
    if !client.is_approved && crate::registration::requires_approval(&settings) {
        return Err(DeviceError::NotApproved);
    }
    let user = &signed_in.user;
    if !facts::may_use(&tx, &client, user.id).await? {
        return Err(DeviceError::NotAllowed);
    }
    if !api_is_still_open(&tx, &client, &row).await? {
        return Err(DeviceError::NotAllowed);
    }
    let standing = facts::standing(&tx, &client, user.id, signed_in.session.passkey_id).await?;
    let minimum = client.minimum_passkey;
    let known = facts::client(&client);
    let proof = if needs_proof(&known, standing) {
        let proof = sessions::service::take_fresh_proof(state, &tx, headers, user.id)
            .await?
            .ok_or(DeviceError::NotProven)?;
        if known.minimum_acr == Some(Acr::FreshPasskey) && !proof.user_verified {
            return Err(DeviceError::NotProven);
        }
        if facts::standing(&tx, &client, user.id, proof.passkey_id).await? == Standing::Insufficient {
            return Err(DeviceError::OtherPasskey(minimum));
        }
        Some(proof.created_at)
    } else {
        None
    };
    let data = [("clientName", client.name.clone())];
    let event = match consents::merge(&tx, user.id, &client.id, &consent_keys(&row), now).await? {
        ConsentChange::New => Event::NewDeviceCodeAuthorization,
        ConsentChange::Unchanged => Event::DeviceCodeAuthorization,
    };
    audit::record(state, &tx, event, user, origin, data).await?;
    let grant = insert_grant(state, &tx, signed_in, &row, proof).await?;
    let status = DeviceRequestStatus::Approved;
    if !device_requests::answer(&tx, &row.device_code_hash, status, Some(grant), now).await? {
        return Err(DeviceError::Invalid);
    }
    Ok(commit(tx).await?)
}

/// Whether the client still holds what the device asked for: minutes lie between the two.
async fn api_is_still_open(tx: &Tx, client: &Client, row: &DeviceRequest) -> Result<bool, StoreError> {
    let scope = row.scope.0.join(" ");
    let (resource, scope) = (row.resource.as_deref(), Some(scope.as_str()));
    let apis = facts::apis(tx, client, SubjectType::User, resource, scope).await?;
    Ok(resource::resolve(resource, scope, &apis, UnknownScopes::Refused).is_ok())
}

async fn insert_grant(
    state: &AppState,
    tx: &Tx,
    signed_in: &SignedIn,
    row: &DeviceRequest,
    proof: Option<Timestamp>,
) -> Result<GrantId, StoreError> {
    let session = &signed_in.session;
    let acr = if proof.is_some() {
        Acr::FreshPasskey
    } else {
        Acr::Remembered
    };
    let scopes = Scopes::from_granted(row.scope.0.clone());
    let id = GrantId(state.random.uuid());
    let issuer = state.config.app_url.as_str();
    let grant = Grant {
        id,
        user_id: session.user_id,
        client_id: row.client_id.clone(),
        // The device's session is its own: signing out in this browser does not reach the living room.
        session_id: None,
        scope: row.scope.clone(),
        audience: StringList(grant::audience(
            row.resource.as_deref().unwrap_or(&row.client_id.0),
            &scopes,
            issuer,
        )),
        auth_time: proof.unwrap_or(session.authenticated_at),
        amr: StringList(amr(session, acr)),
        acr: None,
        nonce: None,
        requested_at: row.created_at,
        created_at: state.now(),
        expires_at: row.expires_at,
        revoked_at: None,
        claims: None,
        dpop_jkt: None,
        actor: None,
        client_session_id: None,
        parent_id: None,
    };
    grants::insert(tx, grant).await?;
    Ok(id)
}

/// Turns a device away.
pub async fn deny(
    state: &AppState,
    signed_in: &SignedIn,
    origin: &RequestOrigin,
    typed: Option<&str>,
) -> Result<(), DeviceError> {
    let waiting = find(state, signed_in, origin, typed).await?;
    let tx = state.store.begin().await?;
    let status = DeviceRequestStatus::Denied;
    let code = &waiting.row.device_code_hash;
    if !device_requests::answer(&tx, code, status, None, state.now()).await? {
        return Err(DeviceError::Invalid);
    }
    let data = [("clientName", waiting.client.name.clone())];
    audit::record(state, &tx, Event::DeviceCodeDenied, &signed_in.user, origin, data).await?;
    Ok(commit(tx).await?)
}
