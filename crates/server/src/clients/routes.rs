//! `/api/oidc/clients`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{
    ClientInput, ClientMetaDto, ClientSecretDto, ClientWithGroupCountDto, ClientWithGroupsDto,
    CreatedSecretDto, ReplacedSecretDto, SecretInput,
};
use super::{secrets, service};
use crate::http::access::{ActingAdmin, Admin};
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::conditional::{IfMatch, Versioned};
use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::http::list_query::{ListParameters, ListQuery, Paginated};
use crate::http::path::{ClientIdPath, decode_client_id};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(find, update, delete))
        .routes(routes!(find_meta))
        .routes(routes!(refresh))
        .routes(routes!(list_secrets, create_secret))
        .routes(routes!(delete_secret))
        .routes(routes!(replace_secret))
}

/// Clients, a page at a time.
#[utoipa::path(
    get, path = "/api/oidc/clients", tag = "OIDC clients", params(ListParameters),
    responses(
        (status = 200, body = Paginated<ClientWithGroupCountDto>),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<ClientWithGroupCountDto>>> {
    Ok(Json(service::list(&state, &request).await?.into()))
}

/// Adds a client.
#[utoipa::path(
    post, path = "/api/oidc/clients", tag = "OIDC clients", request_body = ClientInput,
    responses(
        (status = 201, body = ClientWithGroupsDto, headers(("ETag" = String, description = "This state of the client"))),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "The client ID is taken"),
        (status = 422, body = ErrorBody, description = "The logo cannot be had from its address")
    )
)]
async fn create(
    State(state): State<AppState>,
    by: ActingAdmin,
    JsonBody(input): JsonBody<ClientInput>,
) -> ApiResult<(StatusCode, Versioned<ClientWithGroupsDto>)> {
    Ok((
        StatusCode::CREATED,
        service::create(&state, &by, input).await?.into(),
    ))
}

/// One client.
#[utoipa::path(
    get, path = "/api/oidc/clients/{id}", tag = "OIDC clients",
    params(("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 200, body = ClientWithGroupsDto, headers(("ETag" = String, description = "This state of the client"))),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn find(
    State(state): State<AppState>,
    _: Admin,
    ClientIdPath(id): ClientIdPath,
) -> ApiResult<Versioned<ClientWithGroupsDto>> {
    Ok(service::find(&state, &id).await?.into())
}

/// What anybody may know of a client.
#[utoipa::path(
    get, path = "/api/oidc/clients/{id}/meta", tag = "OIDC clients",
    params(("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses((status = 200, body = ClientMetaDto), (status = 404, body = ErrorBody))
)]
async fn find_meta(
    State(state): State<AppState>,
    ClientIdPath(id): ClientIdPath,
) -> ApiResult<Json<ClientMetaDto>> {
    Ok(Json(service::find_meta(&state, &id).await?))
}

/// Replaces a client; its secrets stay.
#[utoipa::path(
    put, path = "/api/oidc/clients/{id}", tag = "OIDC clients", request_body = ClientInput,
    params(
        ("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    responses(
        (status = 200, body = ClientWithGroupsDto, headers(("ETag" = String, description = "The new state"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile"),
        (status = 422, body = ErrorBody, description = "The logo cannot be had from its address")
    )
)]
async fn update(
    State(state): State<AppState>,
    by: ActingAdmin,
    ClientIdPath(id): ClientIdPath,
    seen: IfMatch,
    JsonBody(input): JsonBody<ClientInput>,
) -> ApiResult<Versioned<ClientWithGroupsDto>> {
    Ok(service::update(&state, &by, &id, input, &seen).await?.into())
}

/// Reads the metadata document of a client anew.
#[utoipa::path(
    post, path = "/api/oidc/clients/{id}/refresh", tag = "OIDC clients",
    params(("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 200, body = ClientWithGroupsDto, headers(("ETag" = String, description = "The new state"))),
        (status = 400, body = ErrorBody, description = "It has none, or none of use; the message says why"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn refresh(
    State(state): State<AppState>,
    by: ActingAdmin,
    ClientIdPath(id): ClientIdPath,
) -> ApiResult<Versioned<ClientWithGroupsDto>> {
    Ok(service::refresh(&state, &by, &id).await?.into())
}

/// Removes a client with its secrets, consents and tokens.
#[utoipa::path(
    delete, path = "/api/oidc/clients/{id}", tag = "OIDC clients",
    params(("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn delete(
    State(state): State<AppState>,
    by: ActingAdmin,
    ClientIdPath(id): ClientIdPath,
) -> ApiResult<StatusCode> {
    service::delete(&state, &by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A client's secrets without their values, expired ones included.
#[utoipa::path(
    get, path = "/api/oidc/clients/{id}/secrets", tag = "OIDC clients",
    params(("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 200, body = Vec<ClientSecretDto>), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn list_secrets(
    State(state): State<AppState>,
    _: Admin,
    ClientIdPath(id): ClientIdPath,
) -> ApiResult<Json<Vec<ClientSecretDto>>> {
    Ok(Json(secrets::list(&state, &id).await?))
}

/// Adds a secret; the answer is the only place its value is shown.
#[utoipa::path(
    post, path = "/api/oidc/clients/{id}/secrets", tag = "OIDC clients", request_body = Option<SecretInput>,
    params(("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 201, body = CreatedSecretDto), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn create_secret(
    State(state): State<AppState>,
    by: ActingAdmin,
    ClientIdPath(id): ClientIdPath,
    OptionalJsonBody(input): OptionalJsonBody<SecretInput>,
) -> ApiResult<(StatusCode, Json<CreatedSecretDto>)> {
    Ok((
        StatusCode::CREATED,
        Json(secrets::create(&state, &by, &id, input).await?),
    ))
}

/// Removes a secret; it stops working at once.
#[utoipa::path(
    delete, path = "/api/oidc/clients/{id}/secrets/{secretId}", tag = "OIDC clients",
    params(
        ("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL"),
        ("secretId" = String, Path, description = "Secret ID")
    ),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn delete_secret(
    State(state): State<AppState>,
    by: ActingAdmin,
    path: Result<Path<(String, String)>, PathRejection>,
) -> ApiResult<StatusCode> {
    let Path((id, secret)) = path.map_err(|_| ApiError::not_found("OIDC client"))?;
    let id = decode_client_id(&id);
    if id.0.contains('\0') {
        return Err(ApiError::not_found("OIDC client"));
    }
    secrets::delete(&state, &by, &id, &secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new secret the only one (the route of version 1).
#[utoipa::path(
    post, path = "/api/oidc/clients/{id}/secret", tag = "OIDC clients", request_body = Option<SecretInput>,
    params(("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 200, body = ReplacedSecretDto), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn replace_secret(
    State(state): State<AppState>,
    by: ActingAdmin,
    ClientIdPath(id): ClientIdPath,
    OptionalJsonBody(input): OptionalJsonBody<SecretInput>,
) -> ApiResult<Json<ReplacedSecretDto>> {
    Ok(Json(ReplacedSecretDto {
        secret: secrets::replace(&state, &by, &id, input.secret).await?,
    }))
}
