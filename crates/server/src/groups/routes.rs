//! `/api/user-groups`, and the groups of a user.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use pocket_id_store::types::{GroupId, UserId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{AllowedClientsInput, MembersInput, UserGroupDto, UserGroupInput, UserGroupsInput};
use super::service;
use crate::clients::ClientWithGroupsDto;
use crate::http::access::{ActingAdmin, Admin};
use crate::http::body::{JsonBody, LongJsonBody};
use crate::http::conditional::{IfMatch, Versioned};
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::list_query::{ListParameters, ListQuery, Paginated};
use crate::http::path::{ClientIdPath, PathId};
use crate::state::AppState;
use crate::users::dto::{UserDto, UserGroupMinimalDto};

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(find, update, delete))
        .routes(routes!(replace_members))
        .routes(routes!(replace_allowed_clients))
        .routes(routes!(of_user))
        .routes(routes!(replace_of_user))
        .routes(routes!(replace_of_client))
}

/// User groups, a page at a time.
#[utoipa::path(
    get, path = "/api/user-groups", tag = "User groups", params(ListParameters),
    responses(
        (status = 200, body = Paginated<UserGroupMinimalDto>),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<UserGroupMinimalDto>>> {
    Ok(Json(service::list(&state, &request).await?.into()))
}

/// Adds a user group.
#[utoipa::path(
    post, path = "/api/user-groups", tag = "User groups", request_body = UserGroupInput,
    responses(
        (status = 201, body = UserGroupDto, headers(("ETag" = String, description = "This state of the group"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 409, body = ErrorBody, description = "Name taken")
    )
)]
async fn create(
    State(state): State<AppState>,
    by: ActingAdmin,
    JsonBody(input): JsonBody<UserGroupInput>,
) -> ApiResult<(StatusCode, Versioned<UserGroupDto>)> {
    Ok((
        StatusCode::CREATED,
        service::create(&state, &by, &input).await?.into(),
    ))
}

/// One user group.
#[utoipa::path(
    get, path = "/api/user-groups/{id}", tag = "User groups",
    params(("id" = String, Path, description = "User group ID")),
    responses(
        (status = 200, body = UserGroupDto, headers(("ETag" = String, description = "This state of the group"))),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn find(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<GroupId>,
) -> ApiResult<Versioned<UserGroupDto>> {
    Ok(service::find(&state, id).await?.into())
}

/// Gives a user group other names.
#[utoipa::path(
    put, path = "/api/user-groups/{id}", tag = "User groups",
    params(
        ("id" = String, Path, description = "User group ID"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    request_body = UserGroupInput,
    responses(
        (status = 200, body = UserGroupDto, headers(("ETag" = String, description = "The new state"))),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "No administrator, or the directory owns the group"),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody, description = "Name taken")
    )
)]
async fn update(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<GroupId>,
    seen: IfMatch,
    JsonBody(input): JsonBody<UserGroupInput>,
) -> ApiResult<Versioned<UserGroupDto>> {
    Ok(service::update(&state, &by, id, &input, &seen).await?.into())
}

/// Removes a user group.
#[utoipa::path(
    delete, path = "/api/user-groups/{id}", tag = "User groups",
    params(("id" = String, Path, description = "User group ID")),
    responses(
        (status = 204), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "No administrator, or the directory owns the group"),
        (status = 404, body = ErrorBody)
    )
)]
async fn delete(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<GroupId>,
) -> ApiResult<StatusCode> {
    service::delete(&state, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces the members of a user group.
#[utoipa::path(
    put, path = "/api/user-groups/{id}/users", tag = "User groups",
    params(
        ("id" = String, Path, description = "User group ID"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    request_body = MembersInput,
    responses(
        (status = 200, body = UserGroupDto, headers(("ETag" = String, description = "The new state"))),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn replace_members(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<GroupId>,
    seen: IfMatch,
    LongJsonBody(input): LongJsonBody<MembersInput>,
) -> ApiResult<Versioned<UserGroupDto>> {
    let group = service::replace_members(&state, &by, id, input.user_ids, &seen).await?;
    Ok(group.into())
}

/// Replaces the restricted clients a user group may use.
#[utoipa::path(
    put, path = "/api/user-groups/{id}/allowed-oidc-clients", tag = "User groups",
    params(
        ("id" = String, Path, description = "User group ID"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    request_body = AllowedClientsInput,
    responses(
        (status = 200, body = UserGroupDto, headers(("ETag" = String, description = "The new state"))),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn replace_allowed_clients(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<GroupId>,
    seen: IfMatch,
    LongJsonBody(input): LongJsonBody<AllowedClientsInput>,
) -> ApiResult<Versioned<UserGroupDto>> {
    let group = service::replace_allowed_clients(&state, &by, id, input.oidc_client_ids, &seen).await?;
    Ok(group.into())
}

/// The groups of a user.
#[utoipa::path(
    get, path = "/api/users/{id}/groups", tag = "Users", params(("id" = String, Path, description = "User ID")),
    responses(
        (status = 200, body = Vec<UserGroupDto>), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn of_user(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<UserId>,
) -> ApiResult<Json<Vec<UserGroupDto>>> {
    Ok(Json(service::of_user(&state, id).await?))
}

/// Replaces the groups of a user.
#[utoipa::path(
    put, path = "/api/users/{id}/user-groups", tag = "Users",
    params(
        ("id" = String, Path, description = "User ID"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    request_body = UserGroupsInput,
    responses(
        (status = 200, body = UserDto, headers(("ETag" = String, description = "The new state"))),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn replace_of_user(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<UserId>,
    seen: IfMatch,
    LongJsonBody(input): LongJsonBody<UserGroupsInput>,
) -> ApiResult<Versioned<UserDto>> {
    let user = service::replace_of_user(&state, &by, id, input.user_group_ids, &seen).await?;
    Ok(user.into())
}

/// Replaces the groups that may use a client while it is restricted. Whether it is restricted stays as it is.
#[utoipa::path(
    put, path = "/api/oidc/clients/{id}/allowed-user-groups", tag = "OIDC clients",
    params(
        ("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    request_body = UserGroupsInput,
    responses(
        (status = 200, body = ClientWithGroupsDto, headers(("ETag" = String, description = "The new state"))),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile"),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
async fn replace_of_client(
    State(state): State<AppState>,
    by: ActingAdmin,
    ClientIdPath(id): ClientIdPath,
    seen: IfMatch,
    LongJsonBody(input): LongJsonBody<UserGroupsInput>,
) -> ApiResult<Versioned<ClientWithGroupsDto>> {
    let client = service::replace_of_client(&state, &by, &id, input.user_group_ids, &seen).await?;
    Ok(client.into())
}
