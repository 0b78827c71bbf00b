//! `/api/oidc/refused-authorizations` and those of one client.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use pocket_id_store::types::RefusedAuthorizationId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{MismatchDto, RefusedAuthorizationDto};
use super::service;
use crate::http::access::{ActingAdmin, Admin};
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::path::{ClientIdPath, PathId};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(of_client))
        .routes(routes!(find))
        .routes(routes!(accept))
}

/// The newest refused requests of a client.
#[utoipa::path(
    get, path = "/api/oidc/clients/{id}/refused-authorizations", tag = "OIDC clients",
    params(("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 200, body = Vec<RefusedAuthorizationDto>), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn of_client(
    State(state): State<AppState>,
    _: Admin,
    ClientIdPath(id): ClientIdPath,
) -> ApiResult<Json<Vec<RefusedAuthorizationDto>>> {
    Ok(Json(service::of_client(&state, &id).await?))
}

/// A refused request beside what is registered for its client.
#[utoipa::path(
    get, path = "/api/oidc/refused-authorizations/{id}", tag = "OIDC clients",
    params(("id" = String, Path, description = "ID of the refused request")),
    responses(
        (status = 200, body = MismatchDto), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn find(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<RefusedAuthorizationId>,
) -> ApiResult<Json<MismatchDto>> {
    Ok(Json(service::find(&state, id).await?))
}

/// Registers the redirect URI of a refused request for its client, as it was sent.
#[utoipa::path(
    post, path = "/api/oidc/refused-authorizations/{id}/accept", tag = "OIDC clients",
    params(("id" = String, Path, description = "ID of the refused request")),
    responses(
        (status = 204), (status = 400, body = ErrorBody, description = "It was refused for another reason, or its \
         URL would stand for more than itself"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn accept(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<RefusedAuthorizationId>,
) -> ApiResult<StatusCode> {
    service::accept(&state, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
