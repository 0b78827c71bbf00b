//! `/api/users/{id}/profile-picture.png`

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use pocket_id_store::types::UserId;
use pocket_id_store::users;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{drawing, initials};
use crate::http::error::{ApiError, ApiResult, ErrorBody, FieldError};
use crate::http::image;
use crate::http::path::PathId;
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find))
}

/// A user's picture. Public, so that apps can show it.
#[utoipa::path(
    get, path = "/api/users/{id}/profile-picture.png", tag = "Users",
    params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 200, content_type = "image/png", body = Vec<u8>), (status = 304),
        (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn find(
    State(state): State<AppState>,
    PathId(id): PathId<UserId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let id = id.ok_or_else(|| {
        ApiError::validation(vec![FieldError {
            field: "userId".to_owned(),
            code: "invalid_format".to_owned(),
            message: "must be a UUID".to_owned(),
        }])
    })?;
    let user = users::find(state.store.reader(), id)
        .await?
        .ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "user_not_found", "User not found"))?;
    let text = initials::initials(&user.first_name, &user.last_name, &user.username);
    let seed =
        id.0.as_bytes()
            .iter()
            .fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    // A few milliseconds of arithmetic: off the threads that serve requests.
    let png = tokio::task::spawn_blocking(move || drawing::draw(&text, seed))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    Ok(image::answer(
        png.into(),
        "image/png",
        "public, max-age=900, stale-while-revalidate=3600",
        query.as_deref(),
        &headers,
    ))
}
