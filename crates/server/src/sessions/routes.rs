//! `/api/sessions` and `/api/users/{id}/sessions`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use pocket_id_store::types::{ClientSessionId, SessionId, UserId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{LogoutDeliveryDto, SessionDto};
use super::{deliveries, service};
use crate::http::access::{Admin, BrowserUser};
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::http::path::{ClientIdPath, PathId};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, end_others))
        .routes(routes!(end))
        .routes(routes!(end_client))
        .routes(routes!(list_of_user, end_all_of_user))
        .routes(routes!(end_of_user))
        .routes(routes!(end_client_of_user))
        .routes(routes!(logout_deliveries))
}

fn no_session() -> ApiError {
    ApiError::not_found("Session")
}

/// Where the signed-in user is signed in.
#[utoipa::path(
    get, path = "/api/sessions", tag = "Sessions",
    responses(
        (status = 200, body = Vec<SessionDto>), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn list(
    State(state): State<AppState>,
    BrowserUser(signed_in): BrowserUser,
) -> ApiResult<Json<Vec<SessionDto>>> {
    let current = Some(signed_in.session.id);
    Ok(Json(service::list(&state, signed_in.user.id, current).await?))
}

/// Ends all sessions of the signed-in user but the one that asks.
#[utoipa::path(
    delete, path = "/api/sessions", tag = "Sessions",
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
async fn end_others(
    State(state): State<AppState>,
    BrowserUser(signed_in): BrowserUser,
    origin: RequestOrigin,
) -> ApiResult<StatusCode> {
    let (user, current) = (signed_in.user, signed_in.session.id);
    service::end_all(&state, user.id, Some(current), &user, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a session of the signed-in user.
#[utoipa::path(
    delete, path = "/api/sessions/{id}", tag = "Sessions", params(("id" = String, Path, description = "Session ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn end(
    State(state): State<AppState>,
    BrowserUser(signed_in): BrowserUser,
    origin: RequestOrigin,
    PathId(id): PathId<SessionId>,
) -> ApiResult<StatusCode> {
    let (user, id) = (signed_in.user, id.ok_or_else(no_session)?);
    service::end(&state, user.id, id, &user, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends what a session of the signed-in user holds with one client.
#[utoipa::path(
    delete, path = "/api/sessions/{id}/clients/{clientSessionId}", tag = "Sessions",
    params(
        ("id" = String, Path, description = "Session ID"),
        ("clientSessionId" = String, Path, description = "ID of the client's session")
    ),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn end_client(
    State(state): State<AppState>,
    BrowserUser(signed_in): BrowserUser,
    origin: RequestOrigin,
    path: Result<Path<(String, String)>, PathRejection>,
) -> ApiResult<StatusCode> {
    let Path((session, client_session)) = path.map_err(|_| no_session())?;
    let session: SessionId = session.parse().map_err(|_| no_session())?;
    let client_session: ClientSessionId = client_session.parse().map_err(|_| no_session())?;
    let user = &signed_in.user;
    service::end_client(&state, user, session, client_session, user, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where a user is signed in.
#[utoipa::path(
    get, path = "/api/users/{id}/sessions", tag = "Sessions", params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 200, body = Vec<SessionDto>), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn list_of_user(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<UserId>,
) -> ApiResult<Json<Vec<SessionDto>>> {
    let user = service::person(&state, id).await?;
    Ok(Json(service::list(&state, user.id, None).await?))
}

/// Ends all sessions of a user.
#[utoipa::path(
    delete, path = "/api/users/{id}/sessions", tag = "Sessions",
    params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn end_all_of_user(
    State(state): State<AppState>,
    Admin(admin): Admin,
    origin: RequestOrigin,
    PathId(id): PathId<UserId>,
) -> ApiResult<StatusCode> {
    let user = service::person(&state, id).await?;
    service::end_all(&state, user.id, None, &admin, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a session of a user.
#[utoipa::path(
    delete, path = "/api/users/{id}/sessions/{sessionId}", tag = "Sessions",
    params(
        ("id" = String, Path, description = "User ID"),
        ("sessionId" = String, Path, description = "Session ID")
    ),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn end_of_user(
    State(state): State<AppState>,
    Admin(admin): Admin,
    origin: RequestOrigin,
    path: Result<Path<(String, String)>, PathRejection>,
) -> ApiResult<StatusCode> {
    let Path((user, session)) = path.map_err(|_| no_session())?;
    let user = service::person(&state, user.parse().ok()).await?;
    let session: SessionId = session.parse().map_err(|_| no_session())?;
    service::end(&state, user.id, session, &admin, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends what a session of a user holds with one client.
#[utoipa::path(
    delete, path = "/api/users/{id}/sessions/{sessionId}/clients/{clientSessionId}", tag = "Sessions",
    params(
        ("id" = String, Path, description = "User ID"),
        ("sessionId" = String, Path, description = "Session ID"),
        ("clientSessionId" = String, Path, description = "ID of the client's session")
    ),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn end_client_of_user(
    State(state): State<AppState>,
    Admin(admin): Admin,
    origin: RequestOrigin,
    path: Result<Path<(String, String, String)>, PathRejection>,
) -> ApiResult<StatusCode> {
    let Path((user, session, client_session)) = path.map_err(|_| no_session())?;
    let user = service::person(&state, user.parse().ok()).await?;
    let session: SessionId = session.parse().map_err(|_| no_session())?;
    let client_session: ClientSessionId = client_session.parse().map_err(|_| no_session())?;
    service::end_client(&state, &user, session, client_session, &admin, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The last logout tokens for a client and what became of them.
#[utoipa::path(
    get, path = "/api/oidc/clients/{id}/logout-deliveries", tag = "OIDC clients",
    params(("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 200, body = Vec<LogoutDeliveryDto>), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn logout_deliveries(
    State(state): State<AppState>,
    _: Admin,
    ClientIdPath(id): ClientIdPath,
) -> ApiResult<Json<Vec<LogoutDeliveryDto>>> {
    Ok(Json(deliveries::of_client(&state, &id).await?))
}
