//! `/api/signup`.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::SignUp;
use super::service;
use crate::http::body::JsonBody;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::state::AppState;
use crate::users::dto::UserDto;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(check_setup, set_up))
}

/// Whether the first administrator can still be set up.
#[utoipa::path(
    get, path = "/api/signup/setup", tag = "Sign-up",
    responses(
        (status = 204, description = "Nobody has an account yet"),
        (status = 404, body = ErrorBody, description = "Set-up is over")
    )
)]
async fn check_setup(State(state): State<AppState>) -> ApiResult<StatusCode> {
    if service::setup_available(&state).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "setup_not_available",
            "Setup is not available",
        ))
    }
}

/// Makes the first administrator and signs them in.
#[utoipa::path(
    post, path = "/api/signup/setup", tag = "Sign-up", request_body = SignUp,
    responses(
        (status = 200, body = UserDto, description = "Signed in by cookie"),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "Somebody was faster")
    )
)]
async fn set_up(
    State(state): State<AppState>,
    origin: RequestOrigin,
    headers: HeaderMap,
    JsonBody(form): JsonBody<SignUp>,
) -> ApiResult<impl IntoResponse> {
    let (user, cookie) = service::set_up(&state, form, &origin, &headers).await?;
    Ok((cookie, Json(user)))
}
