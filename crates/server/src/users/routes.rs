//! `/api/users`.

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use pocket_id_store::types::UserId;
use pocket_id_store::users::User;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{UserDto, UserInput};
use super::service::{self, Editor, UserError};
use crate::http::access::{ActingAdmin, Admin, CurrentUser, MaybeUser, require_fresh, require_fresh_admin};
use crate::http::body::JsonBody;
use crate::http::client_ip::RequestOrigin;
use crate::http::conditional::{IfMatch, Versioned};
use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::http::list_query::{ListParameters, ListQuery, Paginated};
use crate::http::path::PathId;
use crate::sessions::freshness::Errand;
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(find_me, update_me))
        .routes(routes!(find, update, delete))
}

/// Users, a page at a time.
#[utoipa::path(
    get, path = "/api/users", tag = "Users", params(ListParameters),
    responses(
        (status = 200, body = Paginated<UserDto>),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<UserDto>>> {
    Ok(Json(service::list(&state, &request).await?.into()))
}

/// Adds a user. To add an administrator, a session must have been proven within ten minutes.
#[utoipa::path(
    post, path = "/api/users", tag = "Users", request_body = UserInput,
    responses(
        (status = 201, body = UserDto, headers(("ETag" = String, description = "This state of the user"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 409, body = ErrorBody, description = "Address or name taken")
    )
)]
async fn create(
    State(state): State<AppState>,
    by: ActingAdmin,
    MaybeUser(signed_in): MaybeUser,
    headers: HeaderMap,
    JsonBody(input): JsonBody<UserInput>,
) -> ApiResult<(StatusCode, Versioned<UserDto>)> {
    if input.is_admin {
        require_fresh_admin(&state, signed_in.as_ref(), &headers).await?;
    }
    Ok((
        StatusCode::CREATED,
        service::create(&state, &by, &input).await?.into(),
    ))
}

/// The signed-in user.
#[utoipa::path(
    get, path = "/api/users/me", tag = "Users",
    responses(
        (status = 200, body = UserDto, headers(("ETag" = String, description = "This state of the user"))),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn find_me(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
) -> ApiResult<Versioned<UserDto>> {
    Ok(service::find(&state, user.id).await?.into())
}

/// Changes the signed-in user's own account; only the language where self-editing is off. Another e-mail address may
/// become another way in: a session must have been proven within ten minutes for it, and where login codes are mailed on
/// request an API key cannot set it.
#[utoipa::path(
    put, path = "/api/users/me", tag = "Users", request_body = UserInput,
    params(("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")),
    responses(
        (status = 200, body = UserDto, headers(("ETag" = String, description = "The new state"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 409, body = ErrorBody, description = "Address or name taken"),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile")
    )
)]
async fn update_me(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
    MaybeUser(signed_in): MaybeUser,
    origin: RequestOrigin,
    headers: HeaderMap,
    seen: IfMatch,
    JsonBody(input): JsonBody<UserInput>,
) -> ApiResult<Versioned<UserDto>> {
    match &signed_in {
        Some(signed_in) if service::moves_mail(&user, &input) => {
            require_fresh(&state, signed_in, &headers, Errand::ChangeWaysIn).await?;
        }
        Some(_) => {}
        None => refuse_key_to_move_mail(&state, &user, &input).await?,
    }
    let editor = Editor::Self_(&origin);
    Ok(service::update(&state, user.id, &input, editor, &seen)
        .await?
        .into())
}

/// Refuses another e-mail address of a key's owner where login codes are mailed on request: they would turn the key into a
/// session of its owner.
async fn refuse_key_to_move_mail(state: &AppState, owner: &User, input: &UserInput) -> ApiResult<()> {
    if service::moves_mail(owner, input) && state.settings().await?.mails_login_codes_on_request() {
        return Err(ApiError::api_key_not_allowed());
    }
    Ok(())
}

/// One user.
#[utoipa::path(
    get, path = "/api/users/{id}", tag = "Users", params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 200, body = UserDto, headers(("ETag" = String, description = "This state of the user"))),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn find(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<UserId>,
) -> ApiResult<Versioned<UserDto>> {
    Ok(service::find(&state, id.ok_or(UserError::NotFound)?)
        .await?
        .into())
}

/// Replaces a user. To set another e-mail address, to make somebody an administrator or to enable a disabled account, a
/// session must have been proven within ten minutes.
#[utoipa::path(
    put, path = "/api/users/{id}", tag = "Users",
    params(
        ("id" = String, Path, description = "User ID"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    request_body = UserInput,
    responses(
        (status = 200, body = UserDto, headers(("ETag" = String, description = "The new state"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "Address or name taken, or the last administrator"),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile")
    )
)]
async fn update(
    State(state): State<AppState>,
    by: ActingAdmin,
    MaybeUser(signed_in): MaybeUser,
    headers: HeaderMap,
    PathId(id): PathId<UserId>,
    seen: IfMatch,
    JsonBody(input): JsonBody<UserInput>,
) -> ApiResult<Versioned<UserDto>> {
    let id = id.ok_or(UserError::NotFound)?;
    if signed_in.is_none() && id == by.user.id {
        refuse_key_to_move_mail(&state, &by.user, &input).await?;
    }
    if service::opens_account(&state, id, &input).await? {
        require_fresh_admin(&state, signed_in.as_ref(), &headers).await?;
    }
    Ok(service::update(&state, id, &input, Editor::Admin(&by), &seen)
        .await?
        .into())
}

/// Removes a user and everything that is theirs.
#[utoipa::path(
    delete, path = "/api/users/{id}", tag = "Users", params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody, description = "The last administrator")
    )
)]
async fn delete(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<UserId>,
) -> ApiResult<StatusCode> {
    service::delete(&state, &by, id.ok_or(UserError::NotFound)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
