//! Passkeys in the database: registering, managing, and the challenges between start and finish.

use http::HeaderMap;
use pocket_id_store::passkeys::{self as store, Passkey};
use pocket_id_store::types::{
    Ceremony, ChallengeId, JsonDocument, PasskeyId, SessionId, StringList, Timestamp, UserId,
};
use pocket_id_store::users::User;
use pocket_id_store::webauthn_challenges::{self, WebauthnChallenge};
use pocket_id_store::{StoreError, commit, login_codes};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::aaguid;
use super::ceremony::{
    ExistingCredential, PendingRegistration, RegisteringUser, RelyingParty, TIMEOUT_MILLIS,
    begin_registration, finish_registration,
};
use super::error::PasskeyError;
use super::metadata::Metadata;
use super::models::ModelProof;
use super::policy::Policy;
use super::wire::{Challenge, CreationOptions, UserHandle};
use crate::app_config::Settings;
use crate::audit::{self, Event};
use crate::config::AppUrl;
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::{Cookie, SetCookie};
use crate::http::validation::{Rules, nfc};
use crate::mail::{self, Change};
use crate::sessions;
use crate::state::AppState;

/// Characters a name may have.
const MOST_NAME: usize = 50;

/// The passkey rules in force.
pub fn policy(settings: &Settings) -> Policy {
    Policy {
        user_verification: settings.user_verification(),
        synced_passkeys: settings.synced_passkeys(),
        attachment: settings.authenticator_attachment(),
    }
}

/// This installation as passkeys know it.
pub fn relying_party(state: &AppState) -> Result<RelyingParty, PasskeyError> {
    let config = &state.config;
    let related = config.webauthn_related_origins.iter().map(AppUrl::to_url);
    Ok(RelyingParty::from_app_url(&config.app_url.to_url())?.also_at(related))
}

/// Stores a ceremony and gives the cookie that names it.
pub async fn remember(
    state: &AppState,
    ceremony: Ceremony,
    user: Option<UserId>,
    pending: &impl Serialize,
    lifetime_millis: u32,
) -> Result<SetCookie, PasskeyError> {
    let id = ChallengeId(state.random.uuid());
    let now = state.now();
    let millis = i64::from(lifetime_millis);
    let tx = state.store.begin().await?;
    webauthn_challenges::insert(
        &tx,
        WebauthnChallenge {
            id,
            ceremony,
            user_id: user,
            state: JsonDocument(serde_json::to_value(pending)?),
            created_at: now,
            expires_at: now.plus_millis(millis),
        },
    )
    .await?;
    commit(tx).await?;
    Ok(Cookie::Session.set(
        &state.config.app_url,
        &SecretString::from(id.to_string()),
        millis / 1000,
    ))
}

/// A ceremony taken back.
pub struct Remembered<P> {
    /// What was stored.
    pub pending: P,
    /// Who it was for, if it was for somebody.
    pub user: Option<UserId>,
    /// Whether its time is over.
    pub expired: bool,
    /// When it began.
    pub began_at: Timestamp,
}

/// Takes the ceremony a request's cookie names. It is gone afterwards, whatever becomes of the request: a
/// challenge must not be tried twice, nor be left lying about after it was presented in the wrong place.
pub async fn take<P: DeserializeOwned>(
    state: &AppState,
    headers: &HeaderMap,
    ceremony: Ceremony,
) -> Result<Remembered<P>, PasskeyError> {
    let cookie = Cookie::Session
        .read(headers, &state.config.app_url)
        .filter(|value| !value.is_empty())
        .ok_or(PasskeyError::NoChallengeCookie)?;
    let id: ChallengeId = cookie.parse().map_err(|_| PasskeyError::UnknownChallenge)?;
    let tx = state.store.begin().await?;
    let row = webauthn_challenges::take(&tx, id).await?;
    commit(tx).await?;
    let row = row
        .filter(|row| row.ceremony == ceremony)
        .ok_or(PasskeyError::UnknownChallenge)?;
    Ok(Remembered {
        pending: serde_json::from_value(row.state.0)?,
        user: row.user_id,
        expired: row.expires_at <= state.now(),
        began_at: row.created_at,
    })
}

/// Starts registering a passkey.
pub async fn start_registration(
    state: &AppState,
    user: &User,
) -> Result<(CreationOptions, SetCookie), PasskeyError> {
    let settings = state.settings().await?;
    let existing = store::of_user(state.store.reader(), user.id)
        .await?
        .into_iter()
        .map(|passkey| ExistingCredential {
            credential_id: passkey.credential_id,
            transports: passkey.transports.0,
        })
        .collect();
    let full_name = format!("{} {}", user.first_name, user.last_name);
    let display_name = [user.display_name.trim(), full_name.trim(), user.username.as_str()]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_default();
    let registering = RegisteringUser {
        application_name: settings.app_name(),
        handle: UserHandle(user.id.0),
        username: &user.username,
        display_name,
    };
    let challenge = Challenge::new(state.random.bytes());
    let (mut options, pending) = begin_registration(
        &relying_party(state)?,
        &registering,
        policy(&settings),
        existing,
        challenge,
    );
    let metadata = state.authenticator_metadata.as_ref();
    options.attestation = settings.model_rules().asks(metadata).then_some("direct");
    let cookie = remember(
        state,
        Ceremony::Registration,
        Some(user.id),
        &pending,
        TIMEOUT_MILLIS,
    )
    .await?;
    Ok((options, cookie))
}

/// Registers the passkey a browser answers with.
pub async fn complete_registration(
    state: &AppState,
    user: &User,
    headers: &HeaderMap,
    body: &[u8],
    origin: &RequestOrigin,
) -> Result<Passkey, PasskeyError> {
    let remembered: Remembered<PendingRegistration> = take(state, headers, Ceremony::Registration).await?;
    if remembered.user != Some(user.id) {
        return Err(PasskeyError::UnknownChallenge);
    }
    if remembered.expired {
        return Err(PasskeyError::RegistrationExpired);
    }
    let settings = state.settings().await?;
    let synced = policy(&settings).synced_passkeys;
    let new = finish_registration(&relying_party(state)?, &remembered.pending, body, synced)?;
    let metadata = state.authenticator_metadata.as_ref();
    let proof = settings
        .model_rules()
        .judge(metadata, &new, state.now().seconds())?;
    let tx = state.store.begin().await?;
    let passkey = Passkey {
        id: PasskeyId(state.random.uuid()),
        user_id: user.id,
        name: name(metadata, new.aaguid, new.suggested_name),
        credential_id: new.credential_id,
        public_key: new.public_key,
        attestation_type: new.attestation_type.to_owned(),
        transports: StringList(new.transports),
        aaguid: Some(new.aaguid).filter(|aaguid| !aaguid.is_nil()),
        sign_count: i64::from(new.sign_count),
        backup_eligible: new.backup_eligible,
        backup_state: new.backup_state,
        created_at: state.now(),
        last_used_at: None,
        counter_regressed_at: None,
        model_verified: proof == ModelProof::Proven,
    };
    let passkey = store::insert(&tx, passkey).await.map_err(|error| match error {
        StoreError::Duplicate(_) => PasskeyError::AlreadyRegistered,
        other => PasskeyError::Store(other),
    })?;
    audit::record(state, &tx, Event::PasskeyAdded, user, origin, facts(&passkey)).await?;
    let change = Change::PasskeyAdded(passkey.name.clone());
    let told = mail::tell_of_change(state, &settings, &tx, user, change, origin).await?;
    mail::commit_and_send(state, tx, told).await?;
    Ok(passkey)
}

/// What a new passkey is called: models our list does not know may be in the metadata.
fn name(metadata: Option<&Metadata>, aaguid: Uuid, suggested: String) -> String {
    let model = metadata.and_then(|metadata| metadata.model(aaguid));
    match model.map(|model| nfc(model.name.trim())) {
        Some(name) if suggested == aaguid::UNKNOWN && !name.is_empty() => {
            let name: String = name
                .chars()
                .filter(|letter| !letter.is_control())
                .take(MOST_NAME - 8)
                .collect();
            format!("{} Passkey", name.trim())
        }
        _ => suggested,
    }
}

/// A user's passkeys, oldest first.
pub async fn list(state: &AppState, user: UserId) -> Result<Vec<Passkey>, PasskeyError> {
    Ok(store::of_user(state.store.reader(), user).await?)
}

/// Renames one of a user's passkeys.
pub async fn rename(
    state: &AppState,
    user: UserId,
    id: PasskeyId,
    name: &str,
) -> Result<Passkey, PasskeyError> {
    let mut rules = Rules::new();
    rules.required("name", name);
    rules.max("name", name, MOST_NAME);
    rules.one_line("name", name);
    rules.finish_with(PasskeyError::InvalidName)?;
    let tx = state.store.begin().await?;
    store::rename(&tx, user, id, &nfc(name)).await?;
    let passkey = store::find(&tx, user, id).await?.ok_or(PasskeyError::NotFound)?;
    commit(tx).await?;
    Ok(passkey)
}

/// Removes one of a user's passkeys, at the wish of its owner or of an administrator. The last one may go too: a login
/// code still gets its owner in. The sessions it opened end; `kept`, which asked for it and proved itself, stays. So end the
/// codes somebody may have made in such a session; what an administrator made for its owner goes on when an administrator
/// removes it, for that is how people are helped.
pub async fn remove(
    state: &AppState,
    user: &User,
    id: PasskeyId,
    actor: &User,
    kept: Option<SessionId>,
    origin: &RequestOrigin,
) -> Result<(), PasskeyError> {
    let settings = state.settings().await?;
    let tx = state.store.begin().await?;
    let passkey = store::find(&tx, user.id, id)
        .await?
        .ok_or(PasskeyError::NotFound)?;
    if !store::delete(&tx, user.id, id).await? {
        return Err(PasskeyError::NotFound);
    }
    let mut data = facts(&passkey);
    if actor.id != user.id {
        data.push(("actorUserID", actor.id.to_string()));
        data.push(("actorUsername", actor.username.clone()));
    }
    audit::record(state, &tx, Event::PasskeyRemoved, user, origin, data).await?;
    // Whoever holds the passkey may be signed in with it somewhere.
    let ended = sessions::service::end_opened_by(state, &tx, user, id, kept, actor, origin).await?;
    if actor.id == user.id {
        login_codes::delete_of_user(&tx, user.id).await?;
    } else {
        login_codes::delete_self_made(&tx, user.id).await?;
    }
    let change = Change::PasskeyRemoved(passkey.name);
    let told = mail::tell_of_change(state, &settings, &tx, user, change, origin).await?;
    mail::commit_and_send(state, tx, told).await?;
    ended.announce(state);
    Ok(())
}

/// What the audit log says of a passkey.
pub fn facts(passkey: &Passkey) -> Vec<(&'static str, String)> {
    vec![
        ("credentialID", hex::encode(&passkey.credential_id)),
        ("passkeyName", passkey.name.clone()),
    ]
}
