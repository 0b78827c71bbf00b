//! `/api/application-configuration`.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::ConfigEntry;
use super::service;
use crate::http::error::{ApiResult, ErrorBody};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_public))
}

/// The settings anybody may read, in their documented order.
#[utoipa::path(
    get,
    path = "/api/application-configuration",
    tag = "Application configuration",
    responses(
        (status = 200, body = Vec<ConfigEntry>),
        (status = 500, body = ErrorBody, description = "The settings could not be read")
    )
)]
async fn list_public(State(state): State<AppState>) -> ApiResult<Json<Vec<ConfigEntry>>> {
    Ok(Json(service::public_entries(&state).await?))
}
