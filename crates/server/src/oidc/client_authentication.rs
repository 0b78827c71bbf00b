//! Who a request to the token, pushed request, revocation, introspection or device endpoint comes from.

use http::HeaderMap;
use pocket_id_oidc::client::{Client, PendingClients};
use pocket_id_oidc::client_auth::{Credentials, Presented, PresentedError, check_approval};
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::parameters::Parameters;
use pocket_id_store::{StoreResult, clients};

use super::response::Failure;
use super::{assertion_authentication, facts};
use crate::clients::resolve;
use crate::http::authorization;
use crate::http::error::ApiError;
use crate::registration;
use crate::state::AppState;

/// A client that has proven who it is (or is public, and said).
pub struct AuthenticatedClient {
    /// As the protocol sees it.
    pub facts: Client,
    /// As the database has it.
    pub row: clients::Client,
}

/// Finds out who a request is from.
pub async fn authenticate(
    state: &AppState,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<AuthenticatedClient, Failure> {
    by_presented(state, presented(headers, form)?).await
}

/// Who a request says it is from.
pub fn presented(headers: &HeaderMap, form: &Parameters) -> Result<Presented, PresentedError> {
    let header = authorization::read(headers).map_err(|_| PresentedError::SeveralWays)?;
    Presented::read(header, form)
}

async fn by_presented(state: &AppState, presented: Presented) -> Result<AuthenticatedClient, Failure> {
    match presented {
        Presented::Credentials(credentials) => by_secret(state, credentials).await,
        Presented::Assertion(assertion) => assertion_authentication::authenticate(state, &assertion).await,
    }
}

/// The same where tokens are given, or a way to them begins: clients that wait for an approval an administrator wants are
/// turned away. Ending and describing tokens stays open to them.
pub async fn authenticate_for_tokens(
    state: &AppState,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<AuthenticatedClient, Failure> {
    approved(state, presented(headers, form)?).await
}

/// The same of one that is known to say who it is from.
pub async fn approved(state: &AppState, presented: Presented) -> Result<AuthenticatedClient, Failure> {
    let client = by_presented(state, presented).await?;
    check_approval(&client.facts, pending_clients(state).await?)?;
    Ok(client)
}

/// Whether the instance lets clients be used that nobody approved.
pub async fn pending_clients(state: &AppState) -> StoreResult<PendingClients> {
    Ok(if registration::requires_approval(&*state.settings().await?) {
        PendingClients::Refused
    } else {
        PendingClients::Allowed
    })
}

fn failed() -> Failure {
    OAuthError::new(ErrorCode::InvalidClient, "Client authentication failed.").into()
}

/// Finds out whose secret it is.
pub async fn by_secret(state: &AppState, credentials: Credentials) -> Result<AuthenticatedClient, Failure> {
    let reader = state.store.reader();
    let row = resolve(state, &credentials.client_id).await?;
    let client = row.as_ref().map(facts::client);
    let stored = match &row {
        Some(row) if !row.is_public => {
            facts::active_secrets(&clients::secrets(reader, &row.id).await?, state.now())
        }
        _ => Vec::new(),
    };
    let (client, verdict) = if credentials.needs_bcrypt(&stored) {
        // Slow on purpose; must not hold up the requests this thread also serves.
        tokio::task::spawn_blocking(move || {
            let verdict = credentials.verify(client.as_ref(), &stored);
            (client, verdict)
        })
        .await
        .map_err(|error| Failure::Internal(ApiError::internal(error)))?
    } else {
        let verdict = credentials.verify(client.as_ref(), &stored);
        (client, verdict)
    };
    verdict?;
    match (client, row) {
        (Some(facts), Some(row)) => Ok(AuthenticatedClient { facts, row }),
        _ => Err(failed()),
    }
}
