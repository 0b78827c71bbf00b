//! Opening, finding and ending sessions.

use http::HeaderMap;
use pocket_id_store::reauthentication_tokens::ReauthenticationToken;
use pocket_id_store::sessions::{self, Session};
use pocket_id_store::types::{AuthenticationMethod, SessionId, StringList, UserId};
use pocket_id_store::{StoreResult, Tx, commit, reauthentication_tokens};

use crate::http::access::{self, SignedIn};
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::{Cookie, SetCookie};
use crate::secret_token::{self, SecretToken};
use crate::state::AppState;

/// How often at most the last-seen time of a session is written, in milliseconds.
const SEEN_EVERY_MILLIS: i64 = 5 * 60 * 1000;

/// How somebody proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    method: AuthenticationMethod,
    amr: Option<StringList>,
    user_verified: bool,
}

impl From<AuthenticationMethod> for Authentication {
    fn from(method: AuthenticationMethod) -> Self {
        Self {
            method,
            amr: None,
            user_verified: false,
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
        }
    }
}

/// What a passkey's signature says about the moment it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasskeyUse {
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
/// cookie to set once the transaction is committed.
pub async fn open(
    state: &AppState,
    tx: &Tx,
    user: UserId,
    authentication: Authentication,
    origin: &RequestOrigin,
    request_headers: &HeaderMap,
) -> StoreResult<SetCookie> {
    let app_url = &state.config.app_url;
    if let Some(previous) = Cookie::AccessToken.read(request_headers, app_url) {
        sessions::delete_by_token(tx, &secret_token::hash(previous)).await?;
    }
    let minutes = state.settings().await?.session_duration_minutes();
    let now = state.now();
    let token = SecretToken::generate(state.random);
    sessions::insert(
        tx,
        Session {
            id: SessionId(state.random.uuid()),
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
        },
    )
    .await?;
    Ok(Cookie::AccessToken.set(app_url, &token.value, minutes * 60))
}

/// Ends the session a request came with and gives the cookies to clear.
pub async fn close(state: &AppState, request_headers: &HeaderMap) -> StoreResult<[SetCookie; 2]> {
    let app_url = &state.config.app_url;
    if let Some(token) = access::session_token(request_headers, app_url) {
        let tx = state.store.begin().await?;
        sessions::delete_by_token(&tx, &secret_token::hash(token)).await?;
        commit(tx).await?;
    }
    Ok([
        Cookie::AccessToken.clear(app_url),
        Cookie::Reauthentication.clear(app_url),
    ])
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
