//! Which clients are servers of an API.
//!
//! A server is sent the API's access tokens. It may look at them (RFC 7662), and exchange those of users for tokens of
//! the next API (RFC 8693) as far as it was given access there.

use pocket_id_store::apis::{self, Api};
use pocket_id_store::clients::{self, Client};
use pocket_id_store::list::{ListRequest, Page};
use pocket_id_store::types::{ApiId, ClientId};
use pocket_id_store::{Tx, commit};

use super::dto::ApiClientDto;
use super::service::{self, not_found};
use crate::audit::{self, Event};
use crate::http::access::ActingAdmin;
use crate::http::error::{ApiError, FieldError};
use crate::state::AppState;

/// A page of the clients that are servers of an API.
pub async fn clients_of(
    state: &AppState,
    id: Option<ApiId>,
    request: &ListRequest,
) -> Result<Page<ApiClientDto>, ApiError> {
    let api = service::row(state, id).await?;
    let page = apis::serving_clients(state.store.reader(), request, api.id).await?;
    Ok(told(page))
}

/// A page of the clients that could become servers of an API.
pub async fn assignable(
    state: &AppState,
    id: Option<ApiId>,
    request: &ListRequest,
) -> Result<Page<ApiClientDto>, ApiError> {
    let api = service::row(state, id).await?;
    let page = apis::assignable_serving_clients(state.store.reader(), request, api.id).await?;
    Ok(told(page))
}

fn told(mut page: Page<Client>) -> Page<ApiClientDto> {
    let found = std::mem::take(&mut page.items);
    page.with_items(found.iter().map(Into::into).collect())
}

/// Makes a client a server of an API; nothing happens if it is one.
pub async fn add(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<ApiId>,
    client: &ClientId,
) -> Result<(), ApiError> {
    let tx = state.store.begin().await?;
    let (api, client) = both(&tx, id, client).await?;
    if client.is_public {
        return Err(ApiError::validation(vec![FieldError {
            field: "clientId".to_owned(),
            code: "public_client".to_owned(),
            message: "must be a client that can prove who it is".to_owned(),
        }]));
    }
    apis::add_serving_client(&tx, api.id, &client.id).await?;
    note(state, &tx, by, api, client, "added").await?;
    Ok(commit(tx).await?)
}

/// Ends that a client is a server of an API, if it is one.
pub async fn remove(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<ApiId>,
    client: &ClientId,
) -> Result<(), ApiError> {
    let tx = state.store.begin().await?;
    let (api, client) = both(&tx, id, client).await?;
    apis::remove_serving_client(&tx, api.id, &client.id).await?;
    note(state, &tx, by, api, client, "removed").await?;
    Ok(commit(tx).await?)
}

async fn both(tx: &Tx, id: Option<ApiId>, client: &ClientId) -> Result<(Api, Client), ApiError> {
    let id = id.ok_or_else(not_found)?;
    let api = apis::lock(tx, id).await?.ok_or_else(not_found)?;
    let client = clients::find(tx, client)
        .await?
        .ok_or_else(|| ApiError::not_found("OIDC client"))?;
    Ok((api, client))
}

async fn note(
    state: &AppState,
    tx: &Tx,
    by: &ActingAdmin,
    api: Api,
    client: Client,
    server: &str,
) -> Result<(), ApiError> {
    let data = [
        ("api", api.name),
        ("clientName", client.name),
        ("server", server.to_owned()),
    ];
    Ok(audit::record_change(state, tx, Event::ApiAccessUpdated, by, None, data).await?)
}
