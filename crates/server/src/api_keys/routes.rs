//! `/api/api-keys`.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use pocket_id_store::types::ApiKeyId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{ApiKeyDto, ApiKeyInput, CreatedApiKeyDto, RenewInput};
use super::service;
use crate::http::access::{CurrentUser, FreshUser};
use crate::http::body::JsonBody;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::list_query::{ListParameters, ListQuery, Paginated};
use crate::http::path::PathId;
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(renew))
        .routes(routes!(revoke))
}

/// The caller's API keys, a page at a time.
#[utoipa::path(
    get, path = "/api/api-keys", tag = "API keys", params(ListParameters),
    responses(
        (status = 200, body = Paginated<ApiKeyDto>), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn list(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<ApiKeyDto>>> {
    Ok(Json(service::list(&state, &user, &request).await?.into()))
}

/// Makes an API key. Not with an API key, and only within ten minutes of a proof of who asks.
#[utoipa::path(
    post, path = "/api/api-keys", tag = "API keys", request_body = ApiKeyInput,
    responses(
        (status = 201, body = CreatedApiKeyDto), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 409, body = ErrorBody, description = "Name taken")
    )
)]
async fn create(
    State(state): State<AppState>,
    FreshUser(signed_in): FreshUser,
    origin: RequestOrigin,
    JsonBody(input): JsonBody<ApiKeyInput>,
) -> ApiResult<(StatusCode, Json<CreatedApiKeyDto>)> {
    let created = service::create(&state, &signed_in.user, &input, &origin).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Gives an expired API key a new value and life. Not with an API key, and only within ten minutes of a proof of who asks.
#[utoipa::path(
    post, path = "/api/api-keys/{id}/renew", tag = "API keys", request_body = RenewInput,
    params(("id" = String, Path, description = "API key ID")),
    responses(
        (status = 200, body = CreatedApiKeyDto), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "It has not expired")
    )
)]
async fn renew(
    State(state): State<AppState>,
    FreshUser(signed_in): FreshUser,
    origin: RequestOrigin,
    PathId(id): PathId<ApiKeyId>,
    JsonBody(input): JsonBody<RenewInput>,
) -> ApiResult<Json<CreatedApiKeyDto>> {
    let renewed = service::renew(&state, &signed_in.user, id, &input.expires_at, &origin).await?;
    Ok(Json(renewed))
}

/// Takes an API key away.
#[utoipa::path(
    delete, path = "/api/api-keys/{id}", tag = "API keys", params(("id" = String, Path, description = "API key ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn revoke(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
    origin: RequestOrigin,
    PathId(id): PathId<ApiKeyId>,
) -> ApiResult<StatusCode> {
    service::revoke(&state, &user, id, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
