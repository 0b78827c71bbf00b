//! Rules of consents.

use pocket_id_store::list::{ListRequest, Page};
use pocket_id_store::types::{ClientId, UserId};
use pocket_id_store::users::{self, User};
use pocket_id_store::{
    StoreError, client_lists, client_sessions, clients, commit, consents, grants, sessions,
};

use super::dto::{AccessibleClientDto, AuthorizedClientDto};
use crate::audit::{self, Event};
use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::sessions::ending::{self, Ended};
use crate::state::AppState;
use crate::users::service::UserError;

/// A page of the clients a user allowed something.
pub async fn list(
    state: &AppState,
    user: UserId,
    request: &ListRequest,
) -> Result<Page<AuthorizedClientDto>, StoreError> {
    let reader = state.store.reader();
    let mut page = consents::list(reader, user, request).await?;
    let found = std::mem::take(&mut page.items);
    let ids: Vec<ClientId> = found.iter().map(|consent| consent.client_id.clone()).collect();
    let known = clients::find_many(reader, &ids).await?;
    let items = found
        .iter()
        .filter_map(|consent| {
            let client = known.iter().find(|client| client.id == consent.client_id)?;
            Some(AuthorizedClientDto::new(consent, client))
        })
        .collect();
    Ok(page.with_items(items))
}

/// A page of the clients a user may sign in to.
pub async fn accessible(
    state: &AppState,
    user: UserId,
    request: &ListRequest,
) -> Result<Page<AccessibleClientDto>, StoreError> {
    let reader = state.store.reader();
    let mut page = client_lists::accessible(reader, user, request).await?;
    let found = std::mem::take(&mut page.items);
    let ids: Vec<ClientId> = found.iter().map(|client| client.id.clone()).collect();
    let used = consents::find_many(reader, user, &ids).await?;
    let items = found
        .iter()
        .map(|client| {
            let consent = used.iter().find(|consent| consent.client_id == client.id);
            AccessibleClientDto::new(client, consent)
        })
        .collect();
    Ok(page.with_items(items))
}

/// The same of somebody else, for administrators.
pub async fn list_of(
    state: &AppState,
    user: Option<UserId>,
    request: &ListRequest,
) -> Result<Page<AuthorizedClientDto>, ApiError> {
    let user = user.ok_or(UserError::NotFound)?;
    if users::find(state.store.reader(), user).await?.is_none() {
        return Err(UserError::NotFound.into());
    }
    Ok(list(state, user, request).await?)
}

/// Takes back what a user allowed a client: their sessions with it and all tokens it has of them end.
pub async fn revoke(
    state: &AppState,
    user: &User,
    client: &ClientId,
    origin: &RequestOrigin,
) -> Result<(), ApiError> {
    let tx = state.store.begin().await?;
    if !consents::delete(&tx, user.id, client).await? {
        return Err(ApiError::not_found("Client authorization"));
    }
    let own: Vec<_> = sessions::all_of_user(&tx, user.id)
        .await?
        .into_iter()
        .map(|session| session.id)
        .collect();
    let mut ended = Ended::default();
    for held in client_sessions::of_sessions(&tx, own).await? {
        if held.client_id == *client {
            ended.append(ending::client_session(state, &tx, &held).await?);
        }
    }
    grants::revoke_for_client(&tx, user.id, client, state.now()).await?;
    let name = clients::find(&tx, client)
        .await?
        .map_or_else(|| client.0.clone(), |client| client.name);
    let data = [("clientName", name)];
    audit::record(state, &tx, Event::ClientAuthorizationRevoked, user, origin, data).await?;
    commit(tx).await?;
    ended.announce(state);
    Ok(())
}
