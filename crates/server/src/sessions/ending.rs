//! Ending sessions: their grants are revoked, their rows go, and word to the clients is written down, all in the
//! caller's transaction.

use pocket_id_store::client_sessions::{self, ClientSession};
use pocket_id_store::clients::Client;
use pocket_id_store::logout_deliveries::{self, LogoutDelivery};
use pocket_id_store::types::{DeliveryState, LogoutDeliveryId, SessionId, UserId};
use pocket_id_store::{StoreResult, Tx, grants, sessions};
use url::Url;

use super::deliveries;
use crate::state::AppState;

/// What becomes of grants that are meant to outlive their session (`offline_access`, OIDC Core §11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfflineAccess {
    /// They stay: somebody just signed out (Back-Channel Logout §2.7).
    Kept,
    /// They end: somebody wants this device or client to have nothing any more.
    Ended,
}

/// What was ended, and who is to hear of it. Word by the back channel is in the database already; it leaves at once
/// when this is announced after the commit, and otherwise a few seconds later.
#[derive(Debug, Default)]
pub struct Ended {
    deliveries: Vec<LogoutDeliveryId>,
    pages: Vec<Url>,
}

impl Ended {
    /// Adds what else was ended.
    pub fn append(&mut self, mut other: Self) {
        self.deliveries.append(&mut other.deliveries);
        self.pages.append(&mut other.pages);
    }

    /// To be called after the commit: sends word by the back channel, and gives the addresses the browser has to load
    /// for the front channel (OpenID Connect Front-Channel Logout 1.0).
    pub fn announce(self, state: &AppState) -> Vec<Url> {
        if !self.deliveries.is_empty() {
            let state = state.clone();
            // Nothing is lost with this task: what it leaves undone stays due in the database.
            tokio::spawn(async move { deliveries::attempt_all(&state, self.deliveries).await });
        }
        self.pages
    }
}

/// Ends a sign-in session and all client sessions of it. Nothing happens when somebody else just did.
pub async fn session(state: &AppState, tx: &Tx, id: SessionId, offline: OfflineAccess) -> StoreResult<Ended> {
    let Some(session) = sessions::lock(tx, id).await? else {
        return Ok(Ended::default());
    };
    let now = state.now();
    let doomed = grants::of_session(tx, id).await?.into_iter().filter(|grant| {
        let outlives = grant.scope.0.iter().any(|scope| scope == "offline_access");
        offline == OfflineAccess::Ended || !outlives
    });
    let doomed: Vec<_> = doomed.map(|grant| grant.id).collect();
    grants::revoke_all(tx, doomed, now).await?;
    let held = client_sessions::of_sessions(tx, [id]).await?;
    let ended = tell(state, tx, &held).await?;
    // Its client sessions go with it.
    sessions::delete(tx, session.user_id, id).await?;
    Ok(ended)
}

/// Ends a client's part of a sign-in session. Nothing happens when somebody else just did.
pub async fn client_session(state: &AppState, tx: &Tx, session: &ClientSession) -> StoreResult<Ended> {
    if !client_sessions::delete(tx, session.id).await? {
        return Ok(Ended::default());
    }
    grants::revoke_for_client_session(tx, session.id, state.now()).await?;
    tell(state, tx, std::slice::from_ref(session)).await
}

/// Ends all sessions of a user, but for one if so wished, and with them what applications were given in sessions that are
/// no more.
pub async fn all_of_user(
    state: &AppState,
    tx: &Tx,
    user: UserId,
    except: Option<SessionId>,
) -> StoreResult<Ended> {
    let mut ended = Ended::default();
    let mut ids: Vec<SessionId> = sessions::all_of_user(tx, user)
        .await?
        .into_iter()
        .map(|session| session.id)
        .filter(|id| Some(*id) != except)
        .collect();
    // Always in the same order, lest two who do this wait for each other.
    ids.sort_unstable();
    for id in ids {
        ended.append(session(state, tx, id, OfflineAccess::Ended).await?);
    }
    grants::revoke_of_user(tx, user, except, state.now()).await?;
    Ok(ended)
}

async fn tell(state: &AppState, tx: &Tx, held: &[ClientSession]) -> StoreResult<Ended> {
    let clients = client_sessions::clients_of(tx, held).await?;
    let mut ended = Ended::default();
    for session in held {
        let Some(client) = clients.get(&session.client_id) else {
            continue;
        };
        ended.pages.extend(page(state, client, session));
        if client.backchannel_logout_uri.is_none() {
            continue;
        }
        let now = state.now();
        let id = LogoutDeliveryId(state.random.uuid());
        logout_deliveries::insert(
            tx,
            LogoutDelivery {
                id,
                client_id: client.id.clone(),
                subject: session.user_id.to_string(),
                sid: session.id.to_string(),
                state: DeliveryState::Pending,
                attempts: 0,
                next_attempt_at: now,
                last_status: None,
                last_error: None,
                created_at: now,
                delivered_at: None,
            },
        )
        .await?;
        ended.deliveries.push(id);
    }
    Ok(ended)
}

/// What a browser loads to sign out of a client.
fn page(state: &AppState, client: &Client, session: &ClientSession) -> Option<Url> {
    let mut url = Url::parse(client.frontchannel_logout_uri.as_deref()?).ok()?;
    if client.frontchannel_logout_session_required {
        url.query_pairs_mut()
            .append_pair("iss", state.config.app_url.as_str())
            .append_pair("sid", &session.id.to_string());
    }
    Some(url)
}
