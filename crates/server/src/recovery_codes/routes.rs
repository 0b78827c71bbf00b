//! `/api/recovery-codes`, and whose they are.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode};
use pocket_id_store::types::UserId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{NewRecoveryCodesDto, RecoveryCodeInput, RecoveryCodesDto};
use super::{managing, signing_in};
use crate::http::access::{ActingAdmin, Admin, BrowserUser, FreshUser};
use crate::http::body::JsonBody;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::path::PathId;
use crate::http::rate_limit::{Limited, LoginCode};
use crate::state::AppState;
use crate::users::dto::UserDto;
use crate::users::service as users;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(summary, create, delete_own))
        .routes(routes!(summary_of, delete_of))
        .routes(routes!(sign_in))
}

/// How many recovery codes one has left.
#[utoipa::path(
    get, path = "/api/users/me/recovery-codes", tag = "Recovery codes",
    responses(
        (status = 200, body = RecoveryCodesDto), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn summary(
    State(state): State<AppState>,
    BrowserUser(by): BrowserUser,
) -> ApiResult<Json<RecoveryCodesDto>> {
    Ok(Json(managing::summary(&state, by.user.id).await?))
}

/// Makes a new set of recovery codes; those before stop working. Somebody must have been proven within ten minutes.
#[utoipa::path(
    post, path = "/api/users/me/recovery-codes", tag = "Recovery codes",
    responses(
        (status = 201, body = NewRecoveryCodesDto), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "Recovery codes are not allowed")
    )
)]
async fn create(
    State(state): State<AppState>,
    FreshUser(by): FreshUser,
    origin: RequestOrigin,
) -> ApiResult<(StatusCode, Json<NewRecoveryCodesDto>)> {
    let codes = managing::create(&state, &by.user, &origin).await?;
    Ok((StatusCode::CREATED, Json(codes)))
}

/// Throws one's own recovery codes away. Somebody must have been proven within ten minutes.
#[utoipa::path(
    delete, path = "/api/users/me/recovery-codes", tag = "Recovery codes",
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
async fn delete_own(
    State(state): State<AppState>,
    FreshUser(by): FreshUser,
    origin: RequestOrigin,
) -> ApiResult<StatusCode> {
    managing::delete_own(&state, &by.user, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many recovery codes a user has left. Nobody sees the codes of somebody else, nor makes any for them.
#[utoipa::path(
    get, path = "/api/users/{id}/recovery-codes", tag = "Recovery codes",
    params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 200, body = RecoveryCodesDto), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn summary_of(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<UserId>,
) -> ApiResult<Json<RecoveryCodesDto>> {
    Ok(Json(managing::summary_of(&state, id).await?))
}

/// Throws a user's recovery codes away.
#[utoipa::path(
    delete, path = "/api/users/{id}/recovery-codes", tag = "Recovery codes",
    params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn delete_of(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<UserId>,
) -> ApiResult<StatusCode> {
    managing::delete_of(&state, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs in with a recovery code, and uses it up.
#[utoipa::path(
    post, path = "/api/recovery-codes/exchange", tag = "Recovery codes", request_body = RecoveryCodeInput,
    responses(
        (status = 200, body = UserDto, description = "Signed in; sets the session cookie"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody, description = "Wrong or used"),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)
    )
)]
async fn sign_in(
    State(state): State<AppState>,
    _: Limited<LoginCode>,
    origin: RequestOrigin,
    headers: HeaderMap,
    JsonBody(input): JsonBody<RecoveryCodeInput>,
) -> ApiResult<impl IntoResponse> {
    let (user, cookie) = signing_in::sign_in(&state, &input.code, &origin, &headers).await?;
    let user = users::find(&state, user.id).await?;
    Ok((cookie, Json(user)))
}
