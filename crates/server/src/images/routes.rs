//! `/api/application-images`, and the addresses older versions had.

use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::name::Name;
use super::service;
use crate::files::upload::Upload;
use crate::http::access::{ActingAdmin, Admin};
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::image::{self, is_light};
use crate::http::path::PathId;
use crate::profile_pictures::UploadForm;
use crate::state::AppState;

/// Mebibytes an image may have.
const MOST: usize = 10;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            find_default_profile_picture,
            replace_default_profile_picture,
            remove_default_profile_picture
        ))
        .routes(routes!(find, replace, remove))
        .routes(routes!(find_of_version_1, replace_of_version_1))
        // Uploads are counted as they are read.
        .layer(DefaultBodyLimit::disable())
}

async fn answer(
    state: &AppState,
    name: Name,
    query: Option<&str>,
    headers: &HeaderMap,
    cache: &'static str,
) -> ApiResult<Response> {
    let (bytes, content_type) = service::find(state, name).await?.ok_or_else(service::not_found)?;
    Ok(image::answer(bytes, content_type, cache, query, headers))
}

const PUBLIC: &str = "public, max-age=900, stale-while-revalidate=86400";

/// An image of the application: `favicon`, `email`, `logo` or `background`. The program brings no logo and no
/// background; the UI draws its own.
#[utoipa::path(
    get, path = "/api/application-images/{name}", tag = "Application images",
    params(
        ("name" = String, Path, description = "`favicon`, `email`, `logo` or `background`"),
        ("light" = Option<String>, Query, description = "`false` for the logo of dark mode")
    ),
    responses(
        (status = 200, content_type = "image/*", body = Vec<u8>), (status = 304),
        (status = 404, body = ErrorBody, description = "Not set")
    )
)]
async fn find(
    State(state): State<AppState>,
    PathId(name): PathId<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let name = Name::of_path(name.as_deref().unwrap_or_default(), is_light(query.as_deref()))
        .ok_or_else(service::not_found)?;
    answer(&state, name, query.as_deref(), &headers, PUBLIC).await
}

/// The picture of people who have none.
#[utoipa::path(
    get, path = "/api/application-images/default-profile-picture", tag = "Application images",
    responses(
        (status = 200, content_type = "image/*", body = Vec<u8>), (status = 304), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody, description = "Not set")
    )
)]
async fn find_default_profile_picture(
    State(state): State<AppState>,
    _: Admin,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let name = Name::DefaultProfilePicture;
    answer(&state, name, query.as_deref(), &headers, "private, no-cache").await
}

/// Sets the picture of people who have none.
#[utoipa::path(
    put, path = "/api/application-images/default-profile-picture", tag = "Application images",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 204), (status = 400, body = ErrorBody, description = "No file, or `invalid_image`"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 413, body = ErrorBody, description = "Too large"),
        (status = 415, body = ErrorBody, description = "Of a type that is not taken here")
    )
)]
async fn replace_default_profile_picture(
    State(state): State<AppState>,
    by: ActingAdmin,
    upload: Upload<MOST>,
) -> ApiResult<StatusCode> {
    let name = Name::DefaultProfilePicture;
    service::replace(&state, &by, name, &upload.name, upload.bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the picture of people who have none away.
#[utoipa::path(
    delete, path = "/api/application-images/default-profile-picture", tag = "Application images",
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "Not set")
    )
)]
async fn remove_default_profile_picture(
    State(state): State<AppState>,
    by: ActingAdmin,
) -> ApiResult<StatusCode> {
    service::remove(&state, &by, Name::DefaultProfilePicture).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets an image of the application: `favicon` (SVG, PNG or ICO), `email` (PNG or JPEG), `logo` or
/// `background` (also GIF, WebP, AVIF or HEIC), at most 10 MB.
#[utoipa::path(
    put, path = "/api/application-images/{name}", tag = "Application images",
    params(
        ("name" = String, Path, description = "Which"),
        ("light" = Option<String>, Query, description = "`false` for the logo of dark mode")
    ),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 204), (status = 400, body = ErrorBody, description = "No file, or `invalid_image`"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 413, body = ErrorBody, description = "Too large"),
        (status = 415, body = ErrorBody, description = "Of a type that is not taken here")
    )
)]
async fn replace(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(name): PathId<String>,
    RawQuery(query): RawQuery,
    upload: Upload<MOST>,
) -> ApiResult<StatusCode> {
    let name = Name::of_path(name.as_deref().unwrap_or_default(), is_light(query.as_deref()))
        .ok_or_else(service::not_found)?;
    service::replace(&state, &by, name, &upload.name, upload.bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an image of the application away: `logo` or `background`.
#[utoipa::path(
    delete, path = "/api/application-images/{name}", tag = "Application images",
    params(
        ("name" = String, Path, description = "Which"),
        ("light" = Option<String>, Query, description = "`false` for the logo of dark mode")
    ),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "Not set, or always there")
    )
)]
async fn remove(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(name): PathId<String>,
    RawQuery(query): RawQuery,
) -> ApiResult<StatusCode> {
    let name = Name::of_path(name.as_deref().unwrap_or_default(), is_light(query.as_deref()))
        .filter(|name| name.can_be_removed())
        .ok_or_else(service::not_found)?;
    service::remove(&state, &by, name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The names of version 1.
fn old_name(path: Option<&str>, query: Option<&str>) -> Option<Name> {
    let path = match path? {
        "background-image" => "background",
        known @ ("logo" | "favicon") => known,
        _ => return None,
    };
    Name::of_path(path, is_light(query))
}

/// The same as under `/api/application-images`, where version 1 had it.
#[utoipa::path(
    get, path = "/api/application-configuration/{name}", tag = "Application images",
    params(
        ("name" = String, Path, description = "`logo`, `background-image` or `favicon`"),
        ("light" = Option<String>, Query, description = "`false` for the logo of dark mode")
    ),
    responses(
        (status = 200, content_type = "image/*", body = Vec<u8>), (status = 304),
        (status = 404, body = ErrorBody, description = "Not set")
    )
)]
async fn find_of_version_1(
    State(state): State<AppState>,
    PathId(name): PathId<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let name = old_name(name.as_deref(), query.as_deref()).ok_or_else(service::not_found)?;
    answer(&state, name, query.as_deref(), &headers, PUBLIC).await
}

/// The same as under `/api/application-images`, where version 1 had it.
#[utoipa::path(
    put, path = "/api/application-configuration/{name}", tag = "Application images",
    params(
        ("name" = String, Path, description = "`logo`, `background-image` or `favicon`"),
        ("light" = Option<String>, Query, description = "`false` for the logo of dark mode")
    ),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody)
    )
)]
async fn replace_of_version_1(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(name): PathId<String>,
    RawQuery(query): RawQuery,
    upload: Upload<MOST>,
) -> ApiResult<StatusCode> {
    let name = old_name(name.as_deref(), query.as_deref()).ok_or_else(service::not_found)?;
    service::replace(&state, &by, name, &upload.name, upload.bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}
