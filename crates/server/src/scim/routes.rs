//! `/api/scim`, and the provider of a client.

use axum::extract::State;
use http::StatusCode;
use pocket_id_store::types::ScimProviderId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{ScimServiceProviderDto, ScimServiceProviderInput};
use super::{schedule, service};
use crate::http::access::{ActingAdmin, Admin};
use crate::http::body::JsonBody;
use crate::http::conditional::{IfMatch, Versioned};
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::path::{ClientIdPath, PathId};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(of_client))
        .routes(routes!(create))
        .routes(routes!(update, delete))
        .routes(routes!(sync))
}

/// The SCIM service provider of a client.
#[utoipa::path(
    get, path = "/api/oidc/clients/{id}/scim-service-provider", tag = "SCIM",
    params(("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 200, body = ScimServiceProviderDto, headers(("ETag" = String, description = "This state of it"))),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn of_client(
    State(state): State<AppState>,
    _: Admin,
    ClientIdPath(id): ClientIdPath,
) -> ApiResult<Versioned<ScimServiceProviderDto>> {
    Ok(service::of_client(&state, &id).await?)
}

/// Tells an app of accounts and groups from now on.
#[utoipa::path(
    post, path = "/api/scim/service-provider", tag = "SCIM", request_body = ScimServiceProviderInput,
    responses(
        (status = 201, body = ScimServiceProviderDto, headers(("ETag" = String, description = "This state of it"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "No such client")
    )
)]
async fn create(
    State(state): State<AppState>,
    by: ActingAdmin,
    JsonBody(input): JsonBody<ScimServiceProviderInput>,
) -> ApiResult<(StatusCode, Versioned<ScimServiceProviderDto>)> {
    Ok((StatusCode::CREATED, service::create(&state, &by, &input).await?))
}

/// Replaces a SCIM service provider.
#[utoipa::path(
    put, path = "/api/scim/service-provider/{id}", tag = "SCIM",
    params(
        ("id" = String, Path, description = "SCIM service provider ID"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    request_body = ScimServiceProviderInput,
    responses(
        (status = 200, body = ScimServiceProviderDto, headers(("ETag" = String, description = "The new state"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "No such provider or client"),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile")
    )
)]
async fn update(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<ScimProviderId>,
    seen: IfMatch,
    JsonBody(input): JsonBody<ScimServiceProviderInput>,
) -> ApiResult<Versioned<ScimServiceProviderDto>> {
    Ok(service::update(&state, &by, id, &input, &seen).await?)
}

/// Tells an app nothing any more. What it has stays.
#[utoipa::path(
    delete, path = "/api/scim/service-provider/{id}", tag = "SCIM",
    params(("id" = String, Path, description = "SCIM service provider ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn delete(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<ScimProviderId>,
) -> ApiResult<StatusCode> {
    service::delete(&state, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells an app now, and waits. What takes longer than a request may goes on.
#[utoipa::path(
    post, path = "/api/scim/service-provider/{id}/sync", tag = "SCIM",
    params(("id" = String, Path, description = "SCIM service provider ID")),
    responses(
        (status = 200, description = "Everything is at the app as it is here"), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "A run is under way"),
        (status = 500, body = ErrorBody, description = "Something failed; the rest was done")
    )
)]
async fn sync(
    State(state): State<AppState>,
    _: ActingAdmin,
    PathId(id): PathId<ScimProviderId>,
) -> ApiResult<StatusCode> {
    schedule::sync_now(&state, id).await?;
    Ok(StatusCode::OK)
}
