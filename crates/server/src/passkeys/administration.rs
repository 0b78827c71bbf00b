//! Passkeys of somebody else, for administrators: `/api/users/{id}/webauthn-credentials`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use pocket_id_store::types::UserId;
use pocket_id_store::users::{self, User};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::PasskeyDto;
use super::error::PasskeyError;
use super::service;
use crate::http::access::{Admin, FreshAdmin};
use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::http::path::PathId;
use crate::state::AppState;
use crate::users::service::UserError;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(remove))
}

async fn owner(state: &AppState, id: Option<UserId>) -> Result<User, ApiError> {
    let id = id.ok_or(UserError::NotFound)?;
    let user = users::find(state.store.reader(), id).await?;
    Ok(user.ok_or(UserError::NotFound)?)
}

/// The passkeys of a user.
#[utoipa::path(
    get, path = "/api/users/{id}/webauthn-credentials", tag = "Passkeys",
    params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 200, body = Vec<PasskeyDto>), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<UserId>,
) -> ApiResult<Json<Vec<PasskeyDto>>> {
    let user = owner(&state, id).await?;
    let passkeys = service::list(&state, user.id).await?;
    Ok(Json(passkeys.into_iter().map(Into::into).collect()))
}

/// Removes one of a user's passkeys and ends the sessions it opened. A session must have been proven within ten minutes.
#[utoipa::path(
    delete, path = "/api/users/{id}/webauthn-credentials/{credentialId}", tag = "Passkeys",
    params(("id" = String, Path, description = "User ID"), ("credentialId" = String, Path, description = "Passkey ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn remove(
    State(state): State<AppState>,
    FreshAdmin { acting, session }: FreshAdmin,
    path: Result<Path<(String, String)>, PathRejection>,
) -> ApiResult<StatusCode> {
    let Path((user, passkey)) = path.map_err(|_| PasskeyError::NotFound)?;
    let user = owner(&state, user.parse().ok()).await?;
    let passkey = passkey.parse().map_err(|_| PasskeyError::NotFound)?;
    let kept = session.filter(|_| acting.user.id == user.id);
    service::remove(&state, &user, passkey, &acting.user, kept, &acting.origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
