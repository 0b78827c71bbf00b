//! `/api/application-configuration`.

use axum::Json;
use axum::extract::State;
use http::HeaderMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::changing::{self, ChangeError, Extent, Proof, Shown};
use super::dto::{AdminConfigEntry, ConfigChange, ConfigEntry, ConfigInput};
use super::service;
use crate::http::access::{ActingAdmin, Admin, MaybeUser, require_fresh_admin};
use crate::http::body::LongJsonBody;
use crate::http::conditional::IfMatch;
use crate::http::error::{ApiResult, ErrorBody};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_public, replace, change))
        .routes(routes!(list_all))
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

/// Every setting. Secrets that are set read `XXXXXXXXXX`.
#[utoipa::path(
    get,
    path = "/api/application-configuration/all",
    tag = "Application configuration",
    responses(
        (status = 200, body = Vec<AdminConfigEntry>, headers(("ETag" = String, description = "This state of the configuration"))),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn list_all(State(state): State<AppState>, _: Admin) -> ApiResult<Shown> {
    Ok(changing::all(&state).await?)
}

/// Replaces the whole configuration.
///
/// What is left out or empty returns to its default; `XXXXXXXXXX` keeps a stored secret. Settings that older
/// versions did not have stay when they are left out.
#[utoipa::path(
    put,
    path = "/api/application-configuration",
    tag = "Application configuration",
    request_body = ConfigInput,
    params(("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")),
    responses(
        (status = 200, body = Vec<AdminConfigEntry>, headers(("ETag" = String, description = "The new state"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "No administrator, or `ui_config_disabled`"),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile")
    )
)]
async fn replace(
    State(state): State<AppState>,
    by: ActingAdmin,
    session: MaybeUser,
    headers: HeaderMap,
    seen: IfMatch,
    LongJsonBody(input): LongJsonBody<ConfigInput>,
) -> ApiResult<Shown> {
    change_with_proof(&state, &by, (session, headers), (&input, Extent::Whole), &seen).await
}

/// Changes the configuration; asks for the passkey where that needs it.
async fn change_with_proof(
    state: &AppState,
    by: &ActingAdmin,
    (MaybeUser(session), headers): (MaybeUser, HeaderMap),
    (input, extent): (&ConfigInput, Extent),
    seen: &IfMatch,
) -> ApiResult<Shown> {
    let change = |proof| changing::change(state, &by.user, &by.origin, input, extent, seen, proof);
    match change(Proof::NotAsked).await {
        Err(ChangeError::Stale) => {
            require_fresh_admin(state, session.as_ref(), &headers).await?;
            Ok(change(Proof::Given).await?)
        }
        answer => Ok(answer?),
    }
}

/// Changes the settings that are named; null or nothing returns one to its default.
#[utoipa::path(
    patch,
    path = "/api/application-configuration",
    tag = "Application configuration",
    request_body = ConfigChange,
    params(("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")),
    responses(
        (status = 200, body = Vec<AdminConfigEntry>, headers(("ETag" = String, description = "The new state"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "No administrator, or `ui_config_disabled`"),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile")
    )
)]
async fn change(
    State(state): State<AppState>,
    by: ActingAdmin,
    session: MaybeUser,
    headers: HeaderMap,
    seen: IfMatch,
    LongJsonBody(ConfigChange(input)): LongJsonBody<ConfigChange>,
) -> ApiResult<Shown> {
    change_with_proof(&state, &by, (session, headers), (&input, Extent::Named), &seen).await
}
