//! `/api/signup`.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode};
use pocket_id_store::types::SignupTokenId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{SignUp, SignupTokenDto, SignupTokenInput};
use super::{service, tokens};
use crate::http::access::{ActingAdmin, Admin, FreshAdmin};
use crate::http::body::JsonBody;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::http::list_query::{ListParameters, ListQuery, Paginated};
use crate::http::path::PathId;
use crate::http::rate_limit::{Limited, Signup};
use crate::state::AppState;
use crate::users::dto::UserDto;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(check_setup, set_up))
        .routes(routes!(sign_up))
        .routes(routes!(list_tokens, create_token))
        .routes(routes!(delete_token))
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

/// Makes one's own account and signs in, where the installation allows it.
#[utoipa::path(
    post, path = "/api/signup", tag = "Sign-up", request_body = SignUp,
    responses(
        (status = 201, body = UserDto, description = "Signed in by cookie"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody, description = "The token does not work"),
        (status = 403, body = ErrorBody, description = "Not without a token, or not at all"),
        (status = 409, body = ErrorBody, description = "Name or address taken"),
        (status = 429, body = ErrorBody)
    )
)]
async fn sign_up(
    State(state): State<AppState>,
    _: Limited<Signup>,
    origin: RequestOrigin,
    headers: HeaderMap,
    JsonBody(form): JsonBody<SignUp>,
) -> ApiResult<impl IntoResponse> {
    let (user, cookie) = service::sign_up(&state, form, &origin, &headers).await?;
    Ok((StatusCode::CREATED, cookie, Json(user)))
}

/// Sign-up tokens that have not expired.
#[utoipa::path(
    get, path = "/api/signup-tokens", tag = "Sign-up", params(ListParameters),
    responses(
        (status = 200, body = Paginated<SignupTokenDto>), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
async fn list_tokens(
    State(state): State<AppState>,
    _: Admin,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<SignupTokenDto>>> {
    Ok(Json(tokens::list(&state, &request).await?.into()))
}

/// Makes a sign-up token. A session must have been proven within ten minutes.
#[utoipa::path(
    post, path = "/api/signup-tokens", tag = "Sign-up", request_body = SignupTokenInput,
    responses(
        (status = 201, body = SignupTokenDto), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
async fn create_token(
    State(state): State<AppState>,
    FreshAdmin { acting: by, .. }: FreshAdmin,
    JsonBody(input): JsonBody<SignupTokenInput>,
) -> ApiResult<(StatusCode, Json<SignupTokenDto>)> {
    let token = tokens::create(&state, &by, &input).await?;
    Ok((StatusCode::CREATED, Json(token)))
}

/// Deletes a sign-up token; also when there is none.
#[utoipa::path(
    delete, path = "/api/signup-tokens/{id}", tag = "Sign-up",
    params(("id" = String, Path, description = "Sign-up token ID")),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
async fn delete_token(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<SignupTokenId>,
) -> ApiResult<StatusCode> {
    tokens::delete(&state, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
