//! `/api/version`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::checking;
use crate::http::access::CurrentUser;
use crate::http::error::{ApiResult, ErrorBody};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(latest))
        .routes(routes!(current))
}

/// The newest release.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LatestVersionDto {
    /// Its version; empty while none is known or none is looked up.
    #[schema(example = "2.14.0")]
    latest_version: String,
    /// Its page, where there is one.
    #[schema(example = "https://example.com/releases/2.14.0")]
    release_url: Option<String>,
}

/// The version of Pocket ID whose API this is. Programs made for it ask before they use what came with a version; the
/// numbering of our own releases would tell them that nothing is there.
const COMPATIBLE_WITH: &str = "2.14.0";

/// The release that answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CurrentVersionDto {
    /// The version of Pocket ID it is compatible with.
    #[schema(example = "2.14.0")]
    current_version: &'static str,
    /// Its own version.
    #[schema(example = "0.1.0")]
    release: String,
}

/// The newest release as far as it is known.
#[utoipa::path(
    get, path = "/api/version/latest", tag = "Version", responses((status = 200, body = LatestVersionDto))
)]
async fn latest(State(state): State<AppState>) -> ApiResult<Response> {
    let known = checking::latest(&state).await?;
    let (latest_version, release_url) =
        known.map_or_else(Default::default, |release| (release.version, release.page));
    let cached = [(
        header::CACHE_CONTROL,
        "public, max-age=300, stale-while-revalidate=900",
    )];
    let answer = LatestVersionDto {
        latest_version,
        release_url,
    };
    Ok((cached, Json(answer)).into_response())
}

/// The release that answers.
#[utoipa::path(
    get, path = "/api/version/current", tag = "Version",
    responses(
        (status = 200, body = CurrentVersionDto), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn current(State(state): State<AppState>, _: CurrentUser) -> Json<CurrentVersionDto> {
    Json(CurrentVersionDto {
        current_version: COMPATIBLE_WITH,
        release: state.config.version.clone(),
    })
}
