//! `/api/users/{id}/profile-picture` and `…/profile-picture.png`.

use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use pocket_id_store::types::UserId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::service;
use crate::files::upload::Upload;
use crate::http::access::{ActingAdmin, CurrentUser};
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiError, ApiResult, ErrorBody, FieldError};
use crate::http::image;
use crate::http::path::PathId;
use crate::state::AppState;
use crate::users::service::UserError;

/// Mebibytes a photograph may have.
const MOST: usize = 10;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find))
        .routes(routes!(replace_own, reset_own))
        .routes(routes!(replace, reset))
        // Uploads are counted as they are read.
        .layer(DefaultBodyLimit::disable())
}

/// A user's picture. Public, so that apps can show it.
#[utoipa::path(
    get, path = "/api/users/{id}/profile-picture.png", tag = "Users",
    params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 200, content_type = "image/*", body = Vec<u8>), (status = 304),
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
    let (bytes, content_type) = service::find(&state, id).await?;
    Ok(image::answer(
        bytes,
        content_type,
        "public, max-age=900, stale-while-revalidate=3600",
        query.as_deref(),
        &headers,
    ))
}

/// A file in the field `file`, for the API document.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form that Upload reads by hand")]
pub(crate) struct UploadForm {
    /// The picture.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Sets the signed-in user's picture: JPEG, PNG, GIF, BMP, TIFF or WebP, at most 10 MB; its middle is shown.
#[utoipa::path(
    put, path = "/api/users/me/profile-picture", tag = "Users",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 204), (status = 400, body = ErrorBody, description = "No file, or `invalid_image`"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 413, body = ErrorBody, description = "Too large")
    )
)]
async fn replace_own(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
    origin: RequestOrigin,
    upload: Upload<MOST>,
) -> ApiResult<StatusCode> {
    service::replace(&state, (&user, &origin), user.id, upload.bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the signed-in user's picture away.
#[utoipa::path(
    delete, path = "/api/users/me/profile-picture", tag = "Users",
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
async fn reset_own(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
    origin: RequestOrigin,
) -> ApiResult<StatusCode> {
    service::reset(&state, (&user, &origin), user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets a user's picture.
#[utoipa::path(
    put, path = "/api/users/{id}/profile-picture", tag = "Users",
    params(("id" = String, Path, description = "User ID")),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 204), (status = 400, body = ErrorBody, description = "No file, or `invalid_image`"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 413, body = ErrorBody, description = "Too large")
    )
)]
async fn replace(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<UserId>,
    upload: Upload<MOST>,
) -> ApiResult<StatusCode> {
    let id = id.ok_or(UserError::NotFound)?;
    service::replace(&state, (&by.user, &by.origin), id, upload.bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a user's picture away.
#[utoipa::path(
    delete, path = "/api/users/{id}/profile-picture", tag = "Users",
    params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn reset(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<UserId>,
) -> ApiResult<StatusCode> {
    service::reset(&state, (&by.user, &by.origin), id.ok_or(UserError::NotFound)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
