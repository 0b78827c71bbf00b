//! What the page `/device` asks.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use http::{HeaderMap, StatusCode};
use pocket_id_store::types::MinimumPasskey;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answering;
use crate::clients::ClientMetaDto;
use crate::http::access::BrowserUser;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiResult, ErrorBody};
use crate::oidc::interactions::{ScopeInfoDto, scope_info};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(info))
        .routes(routes!(verify))
        .routes(routes!(deny))
}

/// The code a person typed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Code {
    /// The user code, in any case, with or without spaces and hyphens.
    code: Option<String>,
}

/// A device that waits for an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeviceInfoDto {
    /// Scopes asked for.
    scope: Vec<String>,
    /// What the scopes that are not standard ones mean.
    scope_info: Vec<ScopeInfoDto>,
    /// Whether the person has to agree first.
    authorization_required: bool,
    /// Whether the person has to use their passkey first.
    reauthentication_required: bool,
    /// The passkey the client's users need: `any`, `device_bound` or `models`.
    #[schema(value_type = String, example = "any")]
    minimum_passkey: MinimumPasskey,
    /// Who asks.
    client: ClientMetaDto,
    /// Whether an administrator stands behind the client.
    client_is_approved: bool,
}

/// What a device asks for.
#[utoipa::path(
    get, path = "/api/oidc/device/info", tag = "OpenID Connect", params(Code),
    responses(
        (status = 200, body = DeviceInfoDto), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody, description = "Too many wrong codes")
    )
)]
async fn info(
    State(state): State<AppState>,
    BrowserUser(signed_in): BrowserUser,
    origin: RequestOrigin,
    code: Result<Query<Code>, QueryRejection>,
) -> ApiResult<Json<DeviceInfoDto>> {
    let waiting = answering::find(&state, &signed_in, &origin, typed(code).as_deref()).await?;
    Ok(Json(DeviceInfoDto {
        scope_info: scope_info(&state, waiting.row.resource.as_deref(), &waiting.row.scope.0).await?,
        scope: waiting.row.scope.0,
        authorization_required: waiting.needs_consent,
        reauthentication_required: waiting.needs_proof,
        minimum_passkey: waiting.client.minimum_passkey,
        client_is_approved: waiting.client.is_approved,
        client: (&waiting.client).into(),
    }))
}

/// Lets a device in.
#[utoipa::path(
    post, path = "/api/oidc/device/verify", tag = "OpenID Connect", params(Code),
    responses(
        (status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody, description = "Too many wrong codes")
    )
)]
async fn verify(
    State(state): State<AppState>,
    BrowserUser(signed_in): BrowserUser,
    origin: RequestOrigin,
    headers: HeaderMap,
    code: Result<Query<Code>, QueryRejection>,
) -> ApiResult<StatusCode> {
    answering::approve(&state, &signed_in, &headers, &origin, typed(code).as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Turns a device away.
#[utoipa::path(
    post, path = "/api/oidc/device/deny", tag = "OpenID Connect", params(Code),
    responses(
        (status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody, description = "Too many wrong codes")
    )
)]
async fn deny(
    State(state): State<AppState>,
    BrowserUser(signed_in): BrowserUser,
    origin: RequestOrigin,
    code: Result<Query<Code>, QueryRejection>,
) -> ApiResult<StatusCode> {
    answering::deny(&state, &signed_in, &origin, typed(code).as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn typed(code: Result<Query<Code>, QueryRejection>) -> Option<String> {
    code.ok().and_then(|Query(code)| code.code)
}
