//! `/api/webauthn`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use pocket_id_store::types::PasskeyId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{PasskeyDto, RenameInput};
use super::error::PasskeyError;
use super::sign_in::Mediation;
use super::wire::{AuthenticationResponseJson, CreationOptions, RegistrationResponseJson, RequestOptions};
use super::{service, sign_in};
use crate::config::AppUrl;
use crate::http::access::{BrowserUser, CurrentUser, FreshOrRecoveringUser, FreshUserOrKey};
use crate::http::body::{JsonBody, read_limited};
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::http::path::PathId;
use crate::http::rate_limit::{Limited, WebauthnLogin, WebauthnReauthenticate};
use crate::sessions;
use crate::state::AppState;
use crate::users::dto::UserDto;
use crate::users::service as users;

/// The largest ceremony response accepted, in bytes.
const LIMIT: usize = 64 * 1024;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register_start))
        .routes(routes!(register_finish))
        .routes(routes!(login_start))
        .routes(routes!(login_finish))
        .routes(routes!(logout, logout_page))
        .routes(routes!(reauthenticate))
        .routes(routes!(list))
        .routes(routes!(rename, remove))
        .routes(routes!(related_origins))
        .merge(super::administration::routes())
}

/// Options for registering a passkey of the signed-in user, who proved within ten minutes who they are or signed in
/// without a passkey.
#[utoipa::path(
    get, path = "/api/webauthn/register/start", tag = "Passkeys",
    responses(
        (status = 200, body = CreationOptions, description = "Sets the challenge cookie"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn register_start(
    State(state): State<AppState>,
    FreshOrRecoveringUser(signed_in): FreshOrRecoveringUser,
) -> ApiResult<impl IntoResponse> {
    let (options, cookie) = service::start_registration(&state, &signed_in.user).await?;
    Ok((cookie, Json(options)))
}

/// Registers the passkey the browser made.
#[utoipa::path(
    post, path = "/api/webauthn/register/finish", tag = "Passkeys",
    request_body(content = RegistrationResponseJson, description = "The browser's answer"),
    responses(
        (status = 200, body = PasskeyDto), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 409, body = ErrorBody, description = "Registered already"),
        (status = 413, body = ErrorBody)
    )
)]
async fn register_finish(
    State(state): State<AppState>,
    BrowserUser(signed_in): BrowserUser,
    origin: RequestOrigin,
    headers: HeaderMap,
    request: Request,
) -> ApiResult<Json<PasskeyDto>> {
    let body = read_limited(request, LIMIT).await?;
    let passkey = service::complete_registration(&state, &signed_in.user, &headers, &body, &origin).await?;
    Ok(Json(passkey.into()))
}

/// How the browser is going to ask.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct SignInQuery {
    /// `conditional` for a request that waits in the browser's autofill; its challenge lives five minutes.
    #[param(required = false)]
    mediation: Option<String>,
}

/// Where else this installation's passkeys may be used (Related Origin Requests, WebAuthn Level 3 §5.11).
#[derive(Clone, Debug, Serialize, ToSchema)]
struct RelatedOrigins {
    /// As configured.
    origins: Vec<String>,
}

/// The other addresses of this installation, for browsers. Only where some are configured.
#[utoipa::path(
    get, path = "/.well-known/webauthn", tag = "Passkeys",
    responses((status = 200, body = RelatedOrigins), (status = 404, body = ErrorBody))
)]
async fn related_origins(State(state): State<AppState>) -> ApiResult<Json<RelatedOrigins>> {
    let origins: Vec<String> = state
        .config
        .webauthn_related_origins
        .iter()
        .map(AppUrl::origin)
        .collect();
    if origins.is_empty() {
        return Err(ApiError::not_found("Related origins"));
    }
    Ok(Json(RelatedOrigins { origins }))
}

/// Options for signing in with any passkey of this site.
#[utoipa::path(
    get, path = "/api/webauthn/login/start", tag = "Passkeys", params(SignInQuery),
    responses((status = 200, body = RequestOptions, description = "Sets the challenge cookie"))
)]
async fn login_start(
    State(state): State<AppState>,
    query: Result<Query<SignInQuery>, QueryRejection>,
) -> ApiResult<impl IntoResponse> {
    // Whatever else is asked for means the ordinary sign-in.
    let mediation = match query.ok().and_then(|Query(query)| query.mediation).as_deref() {
        Some("conditional") => Mediation::Autofill,
        _ => Mediation::Dialogue,
    };
    let (options, cookie) = sign_in::start(&state, mediation).await?;
    Ok((cookie, Json(options)))
}

/// Signs in with the passkey the browser used.
#[utoipa::path(
    post, path = "/api/webauthn/login/finish", tag = "Passkeys",
    request_body(content = AuthenticationResponseJson, description = "The browser's answer"),
    responses(
        (status = 200, body = UserDto, description = "Sets the session cookie"), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 429, body = ErrorBody)
    )
)]
async fn login_finish(
    State(state): State<AppState>,
    _: Limited<WebauthnLogin>,
    origin: RequestOrigin,
    headers: HeaderMap,
    request: Request,
) -> ApiResult<impl IntoResponse> {
    let body = read_limited(request, LIMIT).await?;
    let (user, cookie) = sign_in::finish(&state, &headers, &body, &origin).await?;
    Ok((cookie, Json(users::find(&state, user.id).await?)))
}

/// Signs out: ends the session and clears its cookies.
#[utoipa::path(
    post, path = "/api/webauthn/logout", tag = "Passkeys",
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
async fn logout(
    State(state): State<AppState>,
    _: CurrentUser,
    origin: RequestOrigin,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let closed = sessions::service::close(&state, &origin, &headers).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    for cookie in closed.cookies {
        cookie.apply(response.headers_mut());
    }
    Ok(response)
}

/// Where guides of version 1 send browsers to sign out. A link must not sign anybody out unasked, so this leads to
/// the page that asks.
#[utoipa::path(
    get, path = "/api/webauthn/logout", tag = "Passkeys",
    responses((status = 302, description = "To the sign-out page"))
)]
async fn logout_page(State(state): State<AppState>) -> impl IntoResponse {
    let page = state.config.app_url.join("/logout");
    (StatusCode::FOUND, [(header::LOCATION, page)])
}

/// Proves possession of a passkey again, by using it or by a passkey sign-in within the last minute.
#[utoipa::path(
    post, path = "/api/webauthn/reauthenticate", tag = "Passkeys",
    request_body(content = Option<AuthenticationResponseJson>, description = "The browser's answer, or nothing"),
    responses(
        (status = 204, description = "Sets the proof cookie"), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 429, body = ErrorBody)
    )
)]
async fn reauthenticate(
    State(state): State<AppState>,
    BrowserUser(signed_in): BrowserUser,
    _: Limited<WebauthnReauthenticate>,
    origin: RequestOrigin,
    headers: HeaderMap,
    request: Request,
) -> ApiResult<impl IntoResponse> {
    let body = read_limited(request, LIMIT).await?;
    let cookie = sign_in::reauthenticate(&state, &signed_in, &headers, &body, &origin).await?;
    Ok((cookie, StatusCode::NO_CONTENT))
}

/// The signed-in user's passkeys.
#[utoipa::path(
    get, path = "/api/webauthn/credentials", tag = "Passkeys",
    responses((status = 200, body = Vec<PasskeyDto>), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
async fn list(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
) -> ApiResult<Json<Vec<PasskeyDto>>> {
    let passkeys = service::list(&state, user.id).await?;
    Ok(Json(passkeys.into_iter().map(Into::into).collect()))
}

/// Renames one of the signed-in user's passkeys.
#[utoipa::path(
    patch, path = "/api/webauthn/credentials/{id}", tag = "Passkeys", request_body = RenameInput,
    params(("id" = String, Path, description = "Passkey ID")),
    responses(
        (status = 200, body = PasskeyDto), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn rename(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
    PathId(id): PathId<PasskeyId>,
    JsonBody(input): JsonBody<RenameInput>,
) -> ApiResult<Json<PasskeyDto>> {
    Ok(Json(
        service::rename(&state, user.id, id.ok_or(PasskeyError::NotFound)?, &input.name)
            .await?
            .into(),
    ))
}

/// Removes one of the signed-in user's passkeys, and ends the other sessions it opened. A session must have been proven
/// within ten minutes.
#[utoipa::path(
    delete, path = "/api/webauthn/credentials/{id}", tag = "Passkeys",
    params(("id" = String, Path, description = "Passkey ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn remove(
    State(state): State<AppState>,
    FreshUserOrKey { user, session }: FreshUserOrKey,
    origin: RequestOrigin,
    PathId(id): PathId<PasskeyId>,
) -> ApiResult<StatusCode> {
    let id = id.ok_or(PasskeyError::NotFound)?;
    service::remove(&state, &user, id, &user, session, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
