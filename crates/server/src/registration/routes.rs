//! What administrators decide about registration.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use pocket_id_store::types::RegistrationTokenId;
use pocket_id_store::{clients, commit, registrations};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{CreatedRegistrationTokenDto, RegistrationTokenDto, RegistrationTokenInput};
use super::policy::{self, PolicyDto};
use super::tokens;
use crate::audit::{self, Event};
use crate::http::access::{ActingAdmin, Admin, FreshAdmin};
use crate::http::body::JsonBody;
use crate::http::conditional::{IfMatch, Versioned};
use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::http::path::{ClientIdPath, PathId};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_policy, save_policy))
        .routes(routes!(list_tokens, create_token))
        .routes(routes!(delete_token))
        .routes(routes!(approve))
}

/// Who may register clients.
#[utoipa::path(
    get, path = "/api/oidc/registration-policy", tag = "OIDC clients",
    responses(
        (status = 200, body = PolicyDto, headers(("ETag" = String, description = "This state of it"))),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn find_policy(State(state): State<AppState>, _: Admin) -> ApiResult<Versioned<PolicyDto>> {
    Ok(policy::find(&state).await?.into())
}

/// Changes who may register clients.
#[utoipa::path(
    put, path = "/api/oidc/registration-policy", tag = "OIDC clients", request_body = PolicyDto,
    params(("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")),
    responses(
        (status = 200, body = PolicyDto, headers(("ETag" = String, description = "The new state"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile")
    )
)]
async fn save_policy(
    State(state): State<AppState>,
    FreshAdmin { acting: by, .. }: FreshAdmin,
    seen: IfMatch,
    JsonBody(input): JsonBody<PolicyDto>,
) -> ApiResult<Versioned<PolicyDto>> {
    Ok(policy::save(&state, &by, input, &seen).await?.into())
}

/// The initial access tokens, without their values.
#[utoipa::path(
    get, path = "/api/oidc/registration-tokens", tag = "OIDC clients",
    responses(
        (status = 200, body = Vec<RegistrationTokenDto>), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
async fn list_tokens(State(state): State<AppState>, _: Admin) -> ApiResult<Json<Vec<RegistrationTokenDto>>> {
    Ok(Json(tokens::list(&state).await?))
}

/// Makes an initial access token; the answer is the only place its value is shown.
#[utoipa::path(
    post, path = "/api/oidc/registration-tokens", tag = "OIDC clients", request_body = RegistrationTokenInput,
    responses(
        (status = 201, body = CreatedRegistrationTokenDto), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn create_token(
    State(state): State<AppState>,
    by: ActingAdmin,
    JsonBody(input): JsonBody<RegistrationTokenInput>,
) -> ApiResult<(StatusCode, Json<CreatedRegistrationTokenDto>)> {
    let created = tokens::create(&state, &by, input).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Removes an initial access token.
#[utoipa::path(
    delete, path = "/api/oidc/registration-tokens/{id}", tag = "OIDC clients",
    params(("id" = String, Path, description = "Token ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn delete_token(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<RegistrationTokenId>,
) -> ApiResult<StatusCode> {
    tokens::delete(&state, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Approves a client that registered itself.
#[utoipa::path(
    post, path = "/api/oidc/clients/{id}/approve", tag = "OIDC clients",
    params(("id" = String, Path, description = "Client ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "No such client, or it did not register itself")
    )
)]
async fn approve(
    State(state): State<AppState>,
    by: ActingAdmin,
    ClientIdPath(id): ClientIdPath,
) -> ApiResult<StatusCode> {
    let tx = state.store.begin().await?;
    if !registrations::approve(&tx, &id).await? {
        return Err(ApiError::not_found("OIDC client"));
    }
    if let Some(client) = clients::find(&tx, &id).await? {
        let data = [("clientName", client.name)];
        audit::record_change(&state, &tx, Event::ClientApproved, &by, None, data).await?;
    }
    commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
