//! Token revocation (RFC 7009).

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::introspection::{TokenKind, kinds};
use pocket_id_oidc::opaque::Kind;
use pocket_id_store::types::{ClientId, TokenHash};
use pocket_id_store::{StoreResult, Tx, access_tokens, client_access_tokens, commit, grants, refresh_tokens};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::client_authentication::authenticate;
use super::form;
use super::presented_token;
use super::response::{self, Failure};
use super::wire::{OAuthFailure, PresentedTokenForm};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(revoke))
}

/// Ends a token of the calling client. A refresh token takes all that came of its authorization with it, an access
/// token only itself. Unknown tokens are as good as ended (RFC 7009 §2.2).
#[utoipa::path(
    post, path = "/api/oidc/revoke", tag = "OpenID Connect",
    request_body(content = PresentedTokenForm, content_type = "application/x-www-form-urlencoded", description = "The token to be ended"),
    responses(
        (status = 200, description = "The token is not good any more"),
        (status = 400, body = OAuthFailure, description = "No token, or another client's"),
        (status = 401, body = OAuthFailure, description = "Client authentication failed")
    )
)]
async fn revoke(State(state): State<AppState>, request: Request) -> Response {
    match end(&state, request).await {
        Ok(()) => response::empty(StatusCode::OK),
        Err(failure) => failure.into_response(),
    }
}

async fn end(state: &AppState, request: Request) -> Result<(), Failure> {
    let headers = request.headers().clone();
    let form = form::body(request)
        .await
        .map_err(|error| OAuthError::new(ErrorCode::InvalidRequest, error.to_string()))?;
    let client = authenticate(state, &headers, &form).await?;
    let invalid = |text: &str| OAuthError::new(ErrorCode::InvalidRequest, text);
    if form.first_repeated(&["token", "token_type_hint"]).is_some() {
        return Err(invalid("The token parameter was sent more than once.").into());
    }
    let token = form
        .get("token")
        .ok_or_else(|| invalid("The token parameter is missing."))?;
    let tx = state.store.begin().await?;
    for kind in kinds(form.get("token_type_hint")) {
        let found = match kind {
            TokenKind::Access => end_access_token(state, &tx, &client.row.id, token).await?,
            TokenKind::Refresh => end_refresh_token(state, &tx, &client.row.id, token).await?,
        };
        match found {
            Found::Nothing => {}
            Found::Ended => break,
            Found::Foreign => {
                // RFC 7009 §2.1: the client is told, and nothing happens.
                let text = "The token was issued to another client.";
                return Err(OAuthError::new(ErrorCode::InvalidGrant, text).into());
            }
        }
    }
    Ok(commit(tx).await?)
}

enum Found {
    Nothing,
    Ended,
    Foreign,
}

async fn end_access_token(state: &AppState, tx: &Tx, caller: &ClientId, token: &str) -> StoreResult<Found> {
    let Some(jti) = presented_token::identify(state, tx, token).await? else {
        return Ok(Found::Nothing);
    };
    let now = state.now();
    if let Some((_, grant)) = access_tokens::find_live(tx, jti, now).await? {
        if grant.client_id != *caller {
            return Ok(Found::Foreign);
        }
        access_tokens::delete(tx, jti).await?;
        return Ok(Found::Ended);
    }
    match client_access_tokens::find_live(tx, jti, now).await? {
        Some(token) if token.client_id != *caller => Ok(Found::Foreign),
        Some(_) => {
            client_access_tokens::delete(tx, caller, jti).await?;
            Ok(Found::Ended)
        }
        None => Ok(Found::Nothing),
    }
}

async fn end_refresh_token(state: &AppState, tx: &Tx, caller: &ClientId, token: &str) -> StoreResult<Found> {
    let hash = TokenHash(Kind::RefreshToken.hash(token).to_vec());
    let Some(row) = refresh_tokens::find(tx, &hash).await? else {
        return Ok(Found::Nothing);
    };
    let Some(grant) = grants::find(tx, row.grant_id).await? else {
        return Ok(Found::Nothing);
    };
    if grant.client_id != *caller {
        return Ok(Found::Foreign);
    }
    grants::revoke(tx, grant.id, state.now()).await?;
    Ok(Found::Ended)
}
