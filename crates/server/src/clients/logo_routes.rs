//! `/api/oidc/clients/{id}/logo`.

use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::logos::{self, Mode};
use crate::files::upload::Upload;
use crate::http::access::ActingAdmin;
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::image;
use crate::http::path::ClientIdPath;
use crate::profile_pictures::UploadForm;
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_logo, replace_logo, remove_logo))
        // Uploads are counted as they are read.
        .layer(DefaultBodyLimit::disable())
}

/// A client's logo; the one for light mode where there is none for dark mode.
#[utoipa::path(
    get, path = "/api/oidc/clients/{id}/logo", tag = "OIDC clients",
    params(
        ("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL"),
        ("light" = Option<String>, Query, description = "`false` for dark mode")
    ),
    responses(
        (status = 200, content_type = "image/*", body = Vec<u8>), (status = 304),
        (status = 404, body = ErrorBody, description = "No such client, or no logo")
    )
)]
async fn find_logo(
    State(state): State<AppState>,
    ClientIdPath(id): ClientIdPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let (bytes, content_type) = logos::find(&state, &id, mode(query.as_deref())).await?;
    Ok(image::answer(
        bytes,
        content_type,
        "public, max-age=900, stale-while-revalidate=43200",
        query.as_deref(),
        &headers,
    ))
}

fn mode(query: Option<&str>) -> Mode {
    if image::is_light(query) {
        Mode::Light
    } else {
        Mode::Dark
    }
}

/// Sets a client's logo: JPEG, PNG, SVG, ICO, GIF, WebP, AVIF or HEIC, at most 2 MB.
#[utoipa::path(
    post, path = "/api/oidc/clients/{id}/logo", tag = "OIDC clients",
    params(
        ("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL"),
        ("light" = Option<String>, Query, description = "`false` for dark mode")
    ),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 204), (status = 400, body = ErrorBody, description = "No file, or `invalid_image`"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 413, body = ErrorBody, description = "Too large"),
        (status = 415, body = ErrorBody, description = "Of a type that is not taken")
    )
)]
async fn replace_logo(
    State(state): State<AppState>,
    by: ActingAdmin,
    ClientIdPath(id): ClientIdPath,
    RawQuery(query): RawQuery,
    upload: Upload<2>,
) -> ApiResult<StatusCode> {
    let logo = logos::uploaded(&upload.name, upload.bytes).await?;
    logos::replace(&state, &by, &id, mode(query.as_deref()), logo).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a client's logo away.
#[utoipa::path(
    delete, path = "/api/oidc/clients/{id}/logo", tag = "OIDC clients",
    params(
        ("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL"),
        ("light" = Option<String>, Query, description = "`false` for dark mode")
    ),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "No such client, or no logo")
    )
)]
async fn remove_logo(
    State(state): State<AppState>,
    by: ActingAdmin,
    ClientIdPath(id): ClientIdPath,
    RawQuery(query): RawQuery,
) -> ApiResult<StatusCode> {
    logos::remove(&state, &by, &id, mode(query.as_deref())).await?;
    Ok(StatusCode::NO_CONTENT)
}
