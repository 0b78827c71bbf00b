//! `/api/oidc/users/{who}/authorized-clients`.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use pocket_id_store::types::UserId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{AccessibleClientDto, AuthorizedClientDto};
use super::service;
use crate::http::access::{Admin, CurrentUser};
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::list_query::{ListParameters, ListQuery, Paginated};
use crate::http::path::{ClientIdPath, PathId};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(accessible))
        .routes(routes!(list_of_user))
        .routes(routes!(revoke))
}

/// The clients the signed-in user allowed something, a page at a time.
#[utoipa::path(
    get, path = "/api/oidc/users/me/authorized-clients", tag = "Consents", params(ListParameters),
    responses(
        (status = 200, body = Paginated<AuthorizedClientDto>),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn list(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<AuthorizedClientDto>>> {
    Ok(Json(service::list(&state, user.id, &request).await?.into()))
}

/// The clients the signed-in user may sign in to, a page at a time.
#[utoipa::path(
    get, path = "/api/oidc/users/me/clients", tag = "Consents", params(ListParameters),
    responses(
        (status = 200, body = Paginated<AccessibleClientDto>),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn accessible(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<AccessibleClientDto>>> {
    Ok(Json(service::accessible(&state, user.id, &request).await?.into()))
}

/// The clients a user allowed something, a page at a time.
#[utoipa::path(
    get, path = "/api/oidc/users/{id}/authorized-clients", tag = "Consents",
    params(("id" = String, Path, description = "User ID"), ListParameters),
    responses(
        (status = 200, body = Paginated<AuthorizedClientDto>),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn list_of_user(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<UserId>,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<AuthorizedClientDto>>> {
    Ok(Json(service::list_of(&state, id, &request).await?.into()))
}

/// Takes back what the signed-in user allowed a client, and ends its tokens.
#[utoipa::path(
    delete, path = "/api/oidc/users/me/authorized-clients/{clientId}", tag = "Consents",
    params(("clientId" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn revoke(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
    origin: RequestOrigin,
    ClientIdPath(client): ClientIdPath,
) -> ApiResult<StatusCode> {
    service::revoke(&state, &user, &client, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
