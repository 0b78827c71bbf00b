//! `/api/custom-claims`.

use axum::Json;
use axum::extract::State;
use pocket_id_store::custom_claims::Owner;
use pocket_id_store::types::{GroupId, UserId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::service::{self, ClaimsError};
use crate::http::access::{ActingAdmin, Admin};
use crate::http::body::LongJsonBody;
use crate::http::conditional::{IfMatch, Versioned};
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
    params(
        ("id" = String, Path, description = "User ID"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state of the user (`ETag`)")
    ),
    request_body = Vec<CustomClaimDto>,
    responses(
        (status = 200, body = Vec<CustomClaimDto>, headers(("ETag" = String, description = "The new state of the user"))),
        (status = 400, body = ErrorBody, description = "Also `reserved_claim` and `duplicate_claim`"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile")
    )
)]
async fn of_user(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<UserId>,
    seen: IfMatch,
    LongJsonBody(claims): LongJsonBody<Option<Vec<CustomClaimDto>>>,
) -> ApiResult<Versioned<Vec<CustomClaimDto>>> {
    let owner = Owner::User(id.ok_or(ClaimsError::NoUser)?);
    service::replace(&state, &by, owner, &claims.unwrap_or_default(), &seen).await
}

/// Replaces the claims every member of a group gets.
#[utoipa::path(
    put, path = "/api/custom-claims/user-group/{id}", tag = "Custom claims",
    params(
        ("id" = String, Path, description = "User group ID"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state of the group (`ETag`)")
    ),
    request_body = Vec<CustomClaimDto>,
    responses(
        (status = 200, body = Vec<CustomClaimDto>, headers(("ETag" = String, description = "The new state of the group"))),
        (status = 400, body = ErrorBody, description = "Also `reserved_claim` and `duplicate_claim`"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile")
    )
)]
async fn of_group(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<GroupId>,
    seen: IfMatch,
    LongJsonBody(claims): LongJsonBody<Option<Vec<CustomClaimDto>>>,
) -> ApiResult<Versioned<Vec<CustomClaimDto>>> {
    let owner = Owner::Group(id.ok_or(ClaimsError::NoGroup)?);
    service::replace(&state, &by, owner, &claims.unwrap_or_default(), &seen).await
}
