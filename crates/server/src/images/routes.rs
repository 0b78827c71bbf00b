//! `/api/application-images`

use axum::extract::RawQuery;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::http::image;
use crate::http::path::PathId;
use crate::state::AppState;

const FAVICON: &[u8] = include_bytes!("../../assets/images/favicon.svg");
const EMAIL: &[u8] = include_bytes!("../../assets/images/logoEmail.png");

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find))
}

/// An image of the application: `favicon`, `email`, `logo` or `background`. The program brings no logo and no
/// background; the UI draws its own.
#[utoipa::path(
    get, path = "/api/application-images/{name}", tag = "Application images",
    params(("name" = String, Path, description = "`favicon`, `email`, `logo` or `background`")),
    responses(
        (status = 200, content_type = "image/*", body = Vec<u8>), (status = 304),
        (status = 404, body = ErrorBody, description = "Not set")
    )
)]
async fn find(
    PathId(name): PathId<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let (bytes, content_type) = match name.as_deref().unwrap_or_default() {
        "favicon" => (FAVICON, "image/svg+xml"),
        "email" => (EMAIL, "image/png"),
        _ => {
            return Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "image_not_found",
                "Image not found",
            ));
        }
    };
    Ok(image::answer(
        Bytes::from_static(bytes),
        content_type,
        "public, max-age=900, stale-while-revalidate=86400",
        query.as_deref(),
        &headers,
    ))
}
