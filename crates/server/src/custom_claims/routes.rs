//! `/api/custom-claims`.

use axum::Json;
use axum::extract::State;
use pocket_id_store::custom_claims::Owner;
use pocket_id_store::types::{GroupId, UserId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::service::{self, ClaimsError};
use crate::http::access::{ActingAdmin, Admin};
use crate::http::body::JsonBody;
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::path::PathId;
use crate::state::AppState;
use crate::users::dto::CustomClaimDto;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(suggestions))
        .routes(routes!(of_user))
        .routes(routes!(of_group))
}

/// Names of claims in use, most used first.
#[utoipa::path(
    get, path = "/api/custom-claims/suggestions", tag = "Custom claims",
    responses(
        (status = 200, body = Vec<String>), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn suggestions(State(state): State<AppState>, _: Admin) -> ApiResult<Json<Vec<String>>> {
    Ok(Json(service::suggestions(&state).await?))
}

/// Replaces the claims of a user.
#[utoipa::path(
    put, path = "/api/custom-claims/user/{id}", tag = "Custom claims",
    params(("id" = String, Path, description = "User ID")), request_body = Vec<CustomClaimDto>,
    responses(
        (status = 200, body = Vec<CustomClaimDto>),
        (status = 400, body = ErrorBody, description = "Also `reserved_claim` and `duplicate_claim`"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn of_user(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<UserId>,
    JsonBody(claims): JsonBody<Option<Vec<CustomClaimDto>>>,
) -> ApiResult<Json<Vec<CustomClaimDto>>> {
    let owner = Owner::User(id.ok_or(ClaimsError::NoUser)?);
    let claims = service::replace(&state, &by, owner, &claims.unwrap_or_default()).await?;
    Ok(Json(claims))
}

/// Replaces the claims every member of a group gets.
#[utoipa::path(
    put, path = "/api/custom-claims/user-group/{id}", tag = "Custom claims",
    params(("id" = String, Path, description = "User group ID")), request_body = Vec<CustomClaimDto>,
    responses(
        (status = 200, body = Vec<CustomClaimDto>),
        (status = 400, body = ErrorBody, description = "Also `reserved_claim` and `duplicate_claim`"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn of_group(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<GroupId>,
    JsonBody(claims): JsonBody<Option<Vec<CustomClaimDto>>>,
) -> ApiResult<Json<Vec<CustomClaimDto>>> {
    let owner = Owner::Group(id.ok_or(ClaimsError::NoGroup)?);
    let claims = service::replace(&state, &by, owner, &claims.unwrap_or_default()).await?;
    Ok(Json(claims))
}
