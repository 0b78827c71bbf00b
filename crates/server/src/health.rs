//! Whether this process serves, and whether its database answers.

use axum::extract::State;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
}

/// The process answers requests.
#[utoipa::path(get, path = "/healthz", tag = "Health", responses((status = 204)))]
async fn healthz() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The process answers requests and its database does too.
#[utoipa::path(
    get, path = "/readyz", tag = "Health",
    responses((status = 204), (status = 503, body = ErrorBody, description = "The database does not answer"))
)]
async fn readyz(State(state): State<AppState>) -> ApiResult<StatusCode> {
    state.store.ping().await.map_err(|error| {
        tracing::warn!(error = %error, "the database does not answer");
        ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            "The database does not answer",
        )
    })?;
    Ok(StatusCode::NO_CONTENT)
}
