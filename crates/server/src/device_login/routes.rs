//! `/api/device-login`.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::deciding;
use super::dto::{CodeInput, DecisionInput, DeviceLoginDto, WaitingDeviceDto};
use super::waiting::{self, Exchange, WaitingError};
use crate::http::access::BrowserUser;
use crate::http::body::JsonBody;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::rate_limit::{DeviceLoginCreate, DeviceLoginExchange, DeviceLoginVerification, Limited};
use crate::state::AppState;
use crate::users::dto::UserDto;
use crate::users::service as users;

/// The longest an exchange waits; below the time every request has.
const LONGEST_WAIT: u64 = 25;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(exchange))
        .routes(routes!(inspect))
        .routes(routes!(decide))
}

/// Asks to be signed in from another device.
#[utoipa::path(
    post, path = "/api/device-login/requests", tag = "Sign-in with another device",
    responses(
        (status = 201, body = DeviceLoginDto, description = "Sets a cookie only this browser has"),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)
    )
)]
async fn start(
    State(state): State<AppState>,
    _: Limited<DeviceLoginCreate>,
    origin: RequestOrigin,
) -> ApiResult<impl IntoResponse> {
    let (request, cookie) = waiting::start(&state, &origin).await?;
    Ok((StatusCode::CREATED, cookie, Json(request)))
}

/// Signs the waiting browser in. Waits up to 25 seconds for a decision, or as many as `Prefer: wait=` says (RFC 7240
/// §4.3).
#[utoipa::path(
    post, path = "/api/device-login/requests/{id}/exchange", tag = "Sign-in with another device",
    params(
        ("id" = String, Path, description = "The request"),
        ("Prefer" = Option<String>, Header, description = "`wait=` and the seconds to wait at most")
    ),
    responses(
        (status = 200, body = UserDto, description = "Signed in; sets the session cookie"),
        (status = 202, description = "Nobody has decided yet"),
        (status = 401, body = ErrorBody, description = "Unknown, expired, used, or not of this browser"),
        (status = 403, body = ErrorBody, description = "Denied"), (status = 429, body = ErrorBody)
    )
)]
async fn exchange(
    State(state): State<AppState>,
    _: Limited<DeviceLoginExchange>,
    origin: RequestOrigin,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
) -> ApiResult<Response> {
    let Path(code) = path.map_err(|_| WaitingError::Expired)?;
    match waiting::exchange(&state, &code, wait(&headers), &origin, &headers).await? {
        Exchange::Pending => Ok(StatusCode::ACCEPTED.into_response()),
        Exchange::SignedIn(user, [session, spent]) => {
            let user = users::find(&state, user.id).await?;
            Ok((session, spent, Json(user)).into_response())
        }
    }
}

/// How long the caller is ready to wait.
fn wait(headers: &HeaderMap) -> Duration {
    let preferred = headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|preference| preference.trim().strip_prefix("wait=")?.trim().parse().ok());
    Duration::from_secs(preferred.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT))
}

/// Shows who waits.
#[utoipa::path(
    post, path = "/api/device-login/verification", tag = "Sign-in with another device", request_body = CodeInput,
    responses(
        (status = 200, body = WaitingDeviceDto), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody, description = "Not signed in, or no such request"),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)
    )
)]
async fn inspect(
    State(state): State<AppState>,
    _: Limited<DeviceLoginVerification>,
    BrowserUser(by): BrowserUser,
    origin: RequestOrigin,
    JsonBody(input): JsonBody<CodeInput>,
) -> ApiResult<Json<WaitingDeviceDto>> {
    Ok(Json(
        deciding::inspect(&state, input.valid()?, &by.user, &origin).await?,
    ))
}

/// Approves or denies a request. Approving takes a passkey used within the last minute.
#[utoipa::path(
    post, path = "/api/device-login/verification/decision", tag = "Sign-in with another device",
    request_body = DecisionInput,
    responses(
        (status = 204), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody, description = "Not signed in, no such request, or no passkey used"),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)
    )
)]
async fn decide(
    State(state): State<AppState>,
    _: Limited<DeviceLoginVerification>,
    BrowserUser(by): BrowserUser,
    origin: RequestOrigin,
    headers: HeaderMap,
    JsonBody(input): JsonBody<DecisionInput>,
) -> ApiResult<StatusCode> {
    let (code, verdict) = input.valid()?;
    deciding::decide(&state, code, verdict, &by.user, &origin, &headers).await?;
    state.device_login_decided.notify_waiters();
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_say_how_long_they_wait() {
        for (value, seconds) in [
            ("wait=0", 0),
            ("respond-async, wait=10", 10),
            ("wait=9999", 25),
            ("wait=soon", 25),
            ("", 25),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", value.parse().unwrap());
            assert_eq!(wait(&headers), Duration::from_secs(seconds), "{value}");
        }
        assert_eq!(wait(&HeaderMap::new()), Duration::from_secs(25));
    }
}
