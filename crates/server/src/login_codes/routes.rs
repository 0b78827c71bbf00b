//! `/api/one-time-access-token` and who makes them.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode};
use pocket_id_store::types::UserId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::by_mail::{self, RequestInput};
use super::exchange::{self, ExchangeError};
use super::issue::{self, LifetimeInput, LoginCodeDto};
use crate::http::access::{FreshAdmin, FreshUser};
use crate::http::body::JsonBody;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::path::PathId;
use crate::http::rate_limit::{Limited, LoginCode, LoginCodeMail};
use crate::state::AppState;
use crate::users::dto::UserDto;
use crate::users::service as users;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(create_own))
        .routes(routes!(exchange))
        .routes(routes!(mail_to_user))
        .routes(routes!(request_mail))
}

/// Makes a code that signs a user in once. A session must have been proven within ten minutes; an API key makes none for
/// its owner.
#[utoipa::path(
    post, path = "/api/users/{id}/one-time-access-token", tag = "Login codes", request_body = LifetimeInput,
    params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 201, body = LoginCodeDto), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn create(
    State(state): State<AppState>,
    by: FreshAdmin,
    PathId(id): PathId<UserId>,
    JsonBody(input): JsonBody<LifetimeInput>,
) -> ApiResult<(StatusCode, Json<LoginCodeDto>)> {
    by.refuse_key_of(id)?;
    let code = issue::for_user(&state, id, &input, &by.acting).await?;
    Ok((StatusCode::CREATED, Json(code)))
}

/// Mails a user a code that signs them in once. A session must have been proven within ten minutes; an API key makes none
/// for its owner.
#[utoipa::path(
    post, path = "/api/users/{id}/one-time-access-email", tag = "Login codes", request_body = LifetimeInput,
    params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 204, description = "On its way"), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "No administrator, a key of the user themselves, or `one_time_access_disabled`"),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "`user_email_not_set`, or `smtp_not_configured`")
    )
)]
async fn mail_to_user(
    State(state): State<AppState>,
    by: FreshAdmin,
    PathId(id): PathId<UserId>,
    JsonBody(input): JsonBody<LifetimeInput>,
) -> ApiResult<StatusCode> {
    by.refuse_key_of(id)?;
    by_mail::to_user(&state, id, &input, &by.acting).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mails whoever has an address a code for 15 minutes, which signs in in the browser that asks for it. The answer is the
/// same whether or not somebody has the address.
#[utoipa::path(
    post, path = "/api/one-time-access-email", tag = "Login codes", request_body = RequestInput,
    responses(
        (status = 204, description = "On its way, if somebody has the address"), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "`one_time_access_disabled`"), (status = 429, body = ErrorBody)
    )
)]
async fn request_mail(
    State(state): State<AppState>,
    _: Limited<LoginCodeMail>,
    origin: RequestOrigin,
    JsonBody(input): JsonBody<RequestInput>,
) -> ApiResult<impl IntoResponse> {
    let cookie = by_mail::request(&state, &input, &origin).await?;
    Ok((StatusCode::NO_CONTENT, cookie, ()))
}

/// Makes a code for another device of the signed-in user, for 15 minutes. Whoever has it may add a passkey, so a session
/// must have been proven within ten minutes.
#[utoipa::path(
    post, path = "/api/users/me/one-time-access-token", tag = "Login codes", request_body = LifetimeInput,
    responses(
        (status = 201, body = LoginCodeDto), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
async fn create_own(
    State(state): State<AppState>,
    FreshUser(signed_in): FreshUser,
    origin: RequestOrigin,
    _: JsonBody<LifetimeInput>,
) -> ApiResult<(StatusCode, Json<LoginCodeDto>)> {
    let code = issue::for_oneself(&state, &signed_in.user, &origin).await?;
    Ok((StatusCode::CREATED, Json(code)))
}

/// Signs in with a code.
#[utoipa::path(
    post, path = "/api/one-time-access-token/{token}", tag = "Login codes",
    params(("token" = String, Path, description = "The code")),
    responses(
        (status = 200, body = UserDto, description = "Signed in; sets the session cookie"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 429, body = ErrorBody, description = "Too many tries, or too many wrong codes")
    )
)]
async fn exchange(
    State(state): State<AppState>,
    _: Limited<LoginCode>,
    origin: RequestOrigin,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
) -> ApiResult<impl IntoResponse> {
    let Path(code) = path.map_err(|_| ExchangeError::Unknown)?;
    let (user, cookie) = exchange::exchange(&state, &code, &origin, &headers).await?;
    let user = users::find(&state, user.id).await?;
    Ok((cookie, Json(user)))
}
