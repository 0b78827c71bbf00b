//! Opening, finding and ending sessions.

use http::HeaderMap;
use pocket_id_store::reauthentication_tokens::ReauthenticationToken;
use pocket_id_store::sessions::{self, Session};
use pocket_id_store::types::{
    AuthenticationMethod, ClientSessionId, PasskeyId, SessionId, StringList, UserId,
};
use pocket_id_store::users::User;
use pocket_id_store::{
    StoreResult, Tx, client_sessions, clients, commit, grants, login_codes, reauthentication_tokens, users,
};
use url::Url;

use super::device;
use super::dto::{ClientSessionDto, SessionDto};
use super::ending::{self, Ended, OfflineAccess};
use crate::app_config::Settings;
use crate::audit::{self, Event};
use crate::http::access::{self, SignedIn};
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::{Cookie, SetCookie};
use crate::http::error::ApiError;
use crate::secret_token::{self, SecretToken};
use crate::state::AppState;
use crate::users::service::UserError;

/// How often at most the last-seen time of a session is written, in milliseconds.
const SEEN_EVERY_MILLIS: i64 = 5 * 60 * 1000;

/// How somebody proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    method: AuthenticationMethod,
    amr: Option<StringList>,
    user_verified: bool,
    passkey: Option<PasskeyId>,
}

impl From<AuthenticationMethod> for Authentication {
    fn from(method: AuthenticationMethod) -> Self {
        Self {
            method,
            amr: None,
            user_verified: false,
            passkey: None,
        }
    }
}

impl Authentication {
    /// With a passkey. Its `amr` says besides `phr` what RFC 8176 has words for: whether the key can leave its
    /// device, that somebody was there, and that it was they.
    pub fn by_passkey(passkey: PasskeyUse) -> Self {
        let mut amr = vec!["phr", if passkey.can_be_synced { "swk" } else { "hwk" }, "user"];
        if passkey.user_verified {
            amr.push("mfa");
        }
        Self {
            method: AuthenticationMethod::Passkey,
            amr: Some(StringList(amr.into_iter().map(str::to_owned).collect())),
            user_verified: passkey.user_verified,
            passkey: Some(passkey.id),
        }
    }
}

/// What a passkey's signature says about the moment it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasskeyUse {
    /// Which passkey.
    pub id: PasskeyId,
    /// Whether the authenticator made sure it was its owner.
    pub user_verified: bool,
    /// Whether the key may be copied to other devices.
    pub can_be_synced: bool,
}

/// The live session a token stands for, and whose it is (disabled or not).
pub async fn find(state: &AppState, token: &str) -> StoreResult<Option<SignedIn>> {
    let now = state.now();
    let hash = secret_token::hash(token);
    let Some((session, user)) = sessions::find_live(state.store.reader(), &hash, now).await? else {
        return Ok(None);
    };
    if session.last_seen_at.plus_millis(SEEN_EVERY_MILLIS) < now {
        let tx = state.store.begin().await?;
        sessions::touch(&tx, session.id, now).await?;
        commit(tx).await?;
    }
    Ok(Some(SignedIn { user, session }))
}

/// Signs a user in within a transaction: adds the session, ends the one the request came with, and gives the
/// cookie to set once the transaction is committed. The settings were read before it began.
pub async fn open(
    state: &AppState,
    settings: &Settings,
    tx: &Tx,
    user: UserId,
    authentication: Authentication,
    origin: &RequestOrigin,
    request_headers: &HeaderMap,
) -> StoreResult<SetCookie> {
    let app_url = &state.config.app_url;
    let mut previous = None;
    if let Some(token) = Cookie::AccessToken.read(request_headers, app_url) {
        previous = sessions::find_by_token(tx, &secret_token::hash(token)).await?;
    }
    let minutes = settings.session_duration_minutes();
    let now = state.now();
    let token = SecretToken::generate(state.random);
    let id = SessionId(state.random.uuid());
    sessions::insert(
        tx,
        Session {
            id,
            user_id: user,
            token_hash: token.hash,
            method: authentication.method,
            authenticated_at: now,
            created_at: now,
            expires_at: now.plus_minutes(minutes),
            last_seen_at: now,
            ip_address: origin.ip.map(|ip| ip.to_string()),
            user_agent: origin.user_agent.clone(),
            amr: authentication.amr,
            user_verified: authentication.user_verified,
            passkey_id: authentication.passkey,
        },
    )
    .await?;
    if let Some(previous) = previous {
        if previous.user_id == user {
            // The same person once more: clients are to notice nothing.
            client_sessions::hand_over(tx, user, previous.id, id).await?;
            grants::hand_over(tx, user, previous.id, id).await?;
            sessions::delete(tx, user, previous.id).await?;
        } else {
            ending::session(state, tx, previous.id, OfflineAccess::Kept).await?;
        }
    }
    Ok(Cookie::AccessToken.set(app_url, &token.value, minutes * 60))
}

/// What signing out leaves to be done in the browser.
pub struct Closed {
    /// Cookies to clear.
    pub cookies: [SetCookie; 2],
    /// Addresses of clients to load (front-channel logout).
    pub pages: Vec<Url>,
}

/// Signs out: ends the session a request came with.
pub async fn close(
    state: &AppState,
    origin: &RequestOrigin,
    request_headers: &HeaderMap,
) -> StoreResult<Closed> {
    let tx = state.store.begin().await?;
    let mut ended = Ended::default();
    if let Some(session) = of_request(state, &tx, request_headers).await? {
        ended = ending::session(state, &tx, session.id, OfflineAccess::Kept).await?;
        if let Some(user) = users::find(&tx, session.user_id).await? {
            audit::record(state, &tx, Event::SignOut, &user, origin, []).await?;
        }
    }
    commit(tx).await?;
    Ok(Closed {
        cookies: cleared_cookies(state),
        pages: ended.announce(state),
    })
}

/// The session whose token a request carries, even if it ended by itself.
pub async fn of_request(
    state: &AppState,
    tx: &Tx,
    request_headers: &HeaderMap,
) -> StoreResult<Option<Session>> {
    match access::session_token(request_headers, &state.config.app_url) {
        Some(token) => sessions::find_by_token(tx, &secret_token::hash(token)).await,
        None => Ok(None),
    }
}

/// The cookies of somebody who is not signed in.
pub fn cleared_cookies(state: &AppState) -> [SetCookie; 2] {
    let app_url = &state.config.app_url;
    [
        Cookie::AccessToken.clear(app_url),
        Cookie::Reauthentication.clear(app_url),
    ]
}

/// The user a path names.
pub async fn person(state: &AppState, id: Option<UserId>) -> Result<User, ApiError> {
    let user = match id {
        Some(id) => users::find(state.store.reader(), id).await?,
        None => None,
    };
    user.ok_or_else(|| UserError::NotFound.into())
}

/// A user's live sessions, the last seen first.
pub async fn list(
    state: &AppState,
    user: UserId,
    current: Option<SessionId>,
) -> StoreResult<Vec<SessionDto>> {
    let reader = state.store.reader();
    let rows = sessions::of_user(reader, user, state.now()).await?;
    let held = client_sessions::of_sessions(reader, rows.iter().map(|row| row.id)).await?;
    let clients = client_sessions::clients_of(reader, &held).await?;
    let of_session = |id: SessionId| {
        let own = held.iter().filter(|client| client.session_id == id);
        own.filter_map(|session| {
            let client = clients.get(&session.client_id)?;
            Some(ClientSessionDto::new(session, &client.name))
        })
        .collect()
    };
    let answer = rows.into_iter().map(|row| {
        let ip = row.ip_address.as_deref().and_then(|ip| ip.parse().ok());
        let place = audit::place(state, ip);
        SessionDto {
            id: row.id.to_string(),
            device: device::name(&row.user_agent),
            clients: of_session(row.id),
            current: current == Some(row.id),
            user_agent: row.user_agent,
            ip_address: row.ip_address,
            country: place.country,
            city: place.city,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
            method: row.method,
        }
    });
    Ok(answer.collect())
}

/// Ends a session of a user's, as they or an administrator wish.
pub async fn end(
    state: &AppState,
    user: UserId,
    id: SessionId,
    actor: &User,
    origin: &RequestOrigin,
) -> Result<(), ApiError> {
    let tx = state.store.begin().await?;
    let session = sessions::lock(&tx, id).await?;
    let Some(session) = session.filter(|session| session.user_id == user) else {
        return Err(ApiError::not_found("Session"));
    };
    let ended = ending::session(state, &tx, id, OfflineAccess::Ended).await?;
    note_end(state, &tx, &session, actor, origin).await?;
    commit(tx).await?;
    ended.announce(state);
    Ok(())
}

/// Ends all sessions of a user's but one, as they or an administrator wish. Codes that would open the next one end with
/// them.
pub async fn end_all(
    state: &AppState,
    user: UserId,
    except: Option<SessionId>,
    actor: &User,
    origin: &RequestOrigin,
) -> Result<(), ApiError> {
    let tx = state.store.begin().await?;
    for session in sessions::of_user(&tx, user, state.now()).await? {
        if Some(session.id) != except {
            note_end(state, &tx, &session, actor, origin).await?;
        }
    }
    let ended = ending::all_of_user(state, &tx, user, except).await?;
    login_codes::delete_of_user(&tx, user).await?;
    commit(tx).await?;
    ended.announce(state);
    Ok(())
}

/// Ends the sessions a passkey that was just removed has opened, and those no passkey has opened, which may have added it:
/// all but one if so wished, in the removal's transaction.
pub async fn end_opened_by(
    state: &AppState,
    tx: &Tx,
    user: &User,
    passkey: PasskeyId,
    except: Option<SessionId>,
    actor: &User,
    origin: &RequestOrigin,
) -> StoreResult<Ended> {
    let mut ended = Ended::default();
    let mut opened = sessions::all_of_user(tx, user.id).await?;
    opened.retain(|session| {
        session.passkey_id.is_none_or(|opened_by| opened_by == passkey) && Some(session.id) != except
    });
    // Always in the same order, lest two who do this wait for each other.
    opened.sort_unstable_by_key(|session| session.id);
    for session in opened {
        if session.expires_at > state.now() {
            note_end(state, tx, &session, actor, origin).await?;
        }
        ended.append(ending::session(state, tx, session.id, OfflineAccess::Ended).await?);
    }
    Ok(ended)
}

/// Ends what a session of a user's holds with one client, as they or an administrator wish.
pub async fn end_client(
    state: &AppState,
    user: &User,
    session: SessionId,
    id: ClientSessionId,
    actor: &User,
    origin: &RequestOrigin,
) -> Result<(), ApiError> {
    let tx = state.store.begin().await?;
    let found = client_sessions::find(&tx, id).await?;
    let Some(found) = found.filter(|found| found.session_id == session && found.user_id == user.id) else {
        return Err(ApiError::not_found("Session"));
    };
    let ended = ending::client_session(state, &tx, &found).await?;
    let client = clients::find(&tx, &found.client_id).await?;
    let mut data: Vec<_> = client
        .map(|client| ("clientName", client.name))
        .into_iter()
        .collect();
    if actor.id != user.id {
        data.push(("endedBy", actor.username.clone()));
    }
    audit::record(state, &tx, Event::SessionEnded, user, origin, data).await?;
    commit(tx).await?;
    ended.announce(state);
    Ok(())
}

async fn note_end(
    state: &AppState,
    tx: &Tx,
    session: &Session,
    actor: &User,
    origin: &RequestOrigin,
) -> StoreResult<()> {
    let mut data = vec![("device", device::name(&session.user_agent))];
    if actor.id == session.user_id {
        return audit::record(state, tx, Event::SessionEnded, actor, origin, data).await;
    }
    let Some(user) = users::find(tx, session.user_id).await? else {
        return Ok(());
    };
    data.push(("endedBy", actor.username.clone()));
    audit::record(state, tx, Event::SessionEnded, &user, origin, data).await
}

/// Takes the proof of a passkey just used that a request carries. At most one caller gets it; it must be the same
/// user's.
pub async fn take_fresh_proof(
    state: &AppState,
    tx: &Tx,
    request_headers: &HeaderMap,
    user: UserId,
) -> StoreResult<Option<ReauthenticationToken>> {
    let Some(token) = Cookie::Reauthentication.read(request_headers, &state.config.app_url) else {
        return Ok(None);
    };
    reauthentication_tokens::take(tx, &secret_token::hash(token), user, state.now()).await
}
