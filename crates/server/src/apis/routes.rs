//! `/api/apis` and `/api/api-access`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use pocket_id_store::types::{ApiId, ClientId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{
    ApiClientAccessDto, ApiClientDto, ApiDto, ApiInput, ApiUpdateInput, CimdAccessInput, ClientApiGrantDto,
    GrantDto, PermissionsInput,
};
use super::{grants, service, serving};
use crate::http::access::{ActingAdmin, Admin};
use crate::http::body::JsonBody;
use crate::http::conditional::{IfMatch, Versioned};
use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::http::list_query::{ListParameters, ListQuery, Paginated};
use crate::http::path::{ClientIdPath, PathId, decode_client_id};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(find, update, delete))
        .routes(routes!(replace_permissions))
        .routes(routes!(set_cimd_access))
        .routes(routes!(clients))
        .routes(routes!(assignable_clients))
        .routes(routes!(find_grant, replace_grant, remove_grant))
        .routes(routes!(serving_clients))
        .routes(routes!(assignable_serving_clients))
        .routes(routes!(add_serving_client, remove_serving_client))
        .routes(routes!(apis_of_client))
        .routes(routes!(assignable_apis))
}

/// APIs, a page at a time.
#[utoipa::path(
    get, path = "/api/apis", tag = "APIs",
    params(ListParameters),
    responses(
        (status = 200, body = Paginated<ApiDto>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<ApiDto>>> {
    Ok(Json(service::list(&state, &request, &[]).await?.into()))
}

/// Adds an API.
#[utoipa::path(
    post, path = "/api/apis", tag = "APIs",
    request_body = ApiInput,
    responses(
        (status = 201, body = ApiDto, headers(("ETag" = String, description = "This state of the API"))),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody)
    )
)]
async fn create(
    State(state): State<AppState>,
    by: ActingAdmin,
    JsonBody(input): JsonBody<ApiInput>,
) -> ApiResult<(StatusCode, Versioned<ApiDto>)> {
    Ok((
        StatusCode::CREATED,
        service::create(&state, &by, input).await?.into(),
    ))
}

/// One API.
#[utoipa::path(
    get, path = "/api/apis/{id}", tag = "APIs",
    params(("id" = String, Path, description = "API ID")),
    responses(
        (status = 200, body = ApiDto, headers(("ETag" = String, description = "This state of the API"))),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn find(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<ApiId>,
) -> ApiResult<Versioned<ApiDto>> {
    Ok(service::find(&state, id).await?.into())
}

/// Renames an API.
#[utoipa::path(
    put, path = "/api/apis/{id}", tag = "APIs",
    params(
        ("id" = String, Path, description = "API ID"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    request_body = ApiUpdateInput,
    responses(
        (status = 200, body = ApiDto, headers(("ETag" = String, description = "The new state"))),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile"),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn update(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<ApiId>,
    seen: IfMatch,
    JsonBody(input): JsonBody<ApiUpdateInput>,
) -> ApiResult<Versioned<ApiDto>> {
    Ok(service::update(&state, &by, id, input, &seen).await?.into())
}

/// Removes an API with its permissions and all access to it.
#[utoipa::path(
    delete, path = "/api/apis/{id}", tag = "APIs",
    params(("id" = String, Path, description = "API ID")),
    responses(
        (status = 204),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn delete(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<ApiId>,
) -> ApiResult<StatusCode> {
    service::delete(&state, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces an API's permissions.
#[utoipa::path(
    put, path = "/api/apis/{id}/permissions", tag = "APIs",
    params(
        ("id" = String, Path, description = "API ID"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    request_body = PermissionsInput,
    responses(
        (status = 200, body = ApiDto, headers(("ETag" = String, description = "The new state"))),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile"),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn replace_permissions(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<ApiId>,
    seen: IfMatch,
    JsonBody(input): JsonBody<PermissionsInput>,
) -> ApiResult<Versioned<ApiDto>> {
    Ok(service::replace_permissions(&state, &by, id, input, &seen)
        .await?
        .into())
}

/// Sets what clients that describe themselves may have of an API.
#[utoipa::path(
    put, path = "/api/apis/{id}/cimd-access", tag = "APIs",
    params(
        ("id" = String, Path, description = "API ID"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    request_body = CimdAccessInput,
    responses(
        (status = 200, body = ApiDto, headers(("ETag" = String, description = "The new state"))),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile"),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn set_cimd_access(
    State(state): State<AppState>,
    by: ActingAdmin,
    PathId(id): PathId<ApiId>,
    seen: IfMatch,
    JsonBody(input): JsonBody<CimdAccessInput>,
) -> ApiResult<Versioned<ApiDto>> {
    Ok(service::set_cimd_access(&state, &by, id, input, &seen)
        .await?
        .into())
}

/// Clients with what they have of an API, a page at a time.
#[utoipa::path(
    get, path = "/api/apis/{id}/clients", tag = "APIs",
    params(("id" = String, Path, description = "API ID"), ListParameters),
    responses(
        (status = 200, body = Paginated<ApiClientAccessDto>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn clients(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<ApiId>,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<ApiClientAccessDto>>> {
    Ok(Json(grants::clients_of(&state, id, &request).await?.into()))
}

/// Clients that have nothing of an API yet, a page at a time.
#[utoipa::path(
    get, path = "/api/apis/{id}/assignable-clients", tag = "APIs",
    params(("id" = String, Path, description = "API ID"), ListParameters),
    responses(
        (status = 200, body = Paginated<ApiClientDto>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn assignable_clients(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<ApiId>,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<ApiClientDto>>> {
    Ok(Json(
        grants::assignable_clients(&state, id, &request).await?.into(),
    ))
}

/// What one client was given of an API.
#[utoipa::path(
    get, path = "/api/apis/{id}/clients/{clientId}", tag = "APIs",
    params(("id" = String, Path, description = "API ID"), ("clientId" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 200, body = GrantDto, headers(("ETag" = String, description = "This state of it"))),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn find_grant(
    State(state): State<AppState>,
    _: Admin,
    path: Result<Path<(String, String)>, PathRejection>,
) -> ApiResult<Versioned<GrantDto>> {
    let (id, client) = both(path)?;
    Ok(grants::find(&state, id, &client).await?.into())
}

/// Sets what a client has of an API; the answer says how it was understood.
#[utoipa::path(
    put, path = "/api/apis/{id}/clients/{clientId}", tag = "APIs",
    params(
        ("id" = String, Path, description = "API ID"),
        ("clientId" = String, Path, description = "Client ID; `~` and base64url for one that is a URL"),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the state (`ETag`)")
    ),
    request_body = GrantDto,
    responses(
        (status = 200, body = GrantDto, headers(("ETag" = String, description = "The new state"))),
        (status = 412, body = ErrorBody, description = "Changed by somebody else meanwhile"),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn replace_grant(
    State(state): State<AppState>,
    by: ActingAdmin,
    path: Result<Path<(String, String)>, PathRejection>,
    seen: IfMatch,
    JsonBody(input): JsonBody<GrantDto>,
) -> ApiResult<Versioned<GrantDto>> {
    let (id, client) = both(path)?;
    Ok(grants::replace(&state, &by, id, &client, &input, &seen)
        .await?
        .into())
}

/// Takes away what a client has of an API.
#[utoipa::path(
    delete, path = "/api/apis/{id}/clients/{clientId}", tag = "APIs",
    params(("id" = String, Path, description = "API ID"), ("clientId" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 204),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn remove_grant(
    State(state): State<AppState>,
    by: ActingAdmin,
    path: Result<Path<(String, String)>, PathRejection>,
) -> ApiResult<StatusCode> {
    let (id, client) = both(path)?;
    grants::remove(&state, &by, id, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Clients that are servers of an API, a page at a time.
#[utoipa::path(
    get, path = "/api/apis/{id}/serving-clients", tag = "APIs",
    params(("id" = String, Path, description = "API ID"), ListParameters),
    responses(
        (status = 200, body = Paginated<ApiClientDto>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn serving_clients(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<ApiId>,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<ApiClientDto>>> {
    Ok(Json(serving::clients_of(&state, id, &request).await?.into()))
}

/// Clients that could become servers of an API, a page at a time.
#[utoipa::path(
    get, path = "/api/apis/{id}/assignable-serving-clients", tag = "APIs",
    params(("id" = String, Path, description = "API ID"), ListParameters),
    responses(
        (status = 200, body = Paginated<ApiClientDto>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn assignable_serving_clients(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId<ApiId>,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<ApiClientDto>>> {
    Ok(Json(serving::assignable(&state, id, &request).await?.into()))
}

/// Makes a client a server of an API: it may introspect the API's access tokens, and exchange those of users.
#[utoipa::path(
    put, path = "/api/apis/{id}/serving-clients/{clientId}", tag = "APIs",
    params(("id" = String, Path, description = "API ID"), ("clientId" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 204),
        (status = 400, body = ErrorBody, description = "The client is public"),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn add_serving_client(
    State(state): State<AppState>,
    by: ActingAdmin,
    path: Result<Path<(String, String)>, PathRejection>,
) -> ApiResult<StatusCode> {
    let (id, client) = both(path)?;
    serving::add(&state, &by, id, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends that a client is a server of an API.
#[utoipa::path(
    delete, path = "/api/apis/{id}/serving-clients/{clientId}", tag = "APIs",
    params(("id" = String, Path, description = "API ID"), ("clientId" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 204),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn remove_serving_client(
    State(state): State<AppState>,
    by: ActingAdmin,
    path: Result<Path<(String, String)>, PathRejection>,
) -> ApiResult<StatusCode> {
    let (id, client) = both(path)?;
    serving::remove(&state, &by, id, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a client has of each API.
#[utoipa::path(
    get, path = "/api/api-access/{clientId}/apis", tag = "APIs",
    params(("clientId" = String, Path, description = "Client ID; `~` and base64url for one that is a URL")),
    responses(
        (status = 200, body = Vec<ClientApiGrantDto>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn apis_of_client(
    State(state): State<AppState>,
    _: Admin,
    ClientIdPath(id): ClientIdPath,
) -> ApiResult<Json<Vec<ClientApiGrantDto>>> {
    Ok(Json(grants::apis_of(&state, &id).await?))
}

/// APIs a client cannot reach yet, a page at a time.
#[utoipa::path(
    get, path = "/api/api-access/{clientId}/assignable-apis", tag = "APIs",
    params(("clientId" = String, Path, description = "Client ID; `~` and base64url for one that is a URL"), ListParameters),
    responses(
        (status = 200, body = Paginated<ApiDto>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
async fn assignable_apis(
    State(state): State<AppState>,
    _: Admin,
    ClientIdPath(id): ClientIdPath,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<ApiDto>>> {
    Ok(Json(grants::assignable_apis(&state, &id, &request).await?.into()))
}

fn both(path: Result<Path<(String, String)>, PathRejection>) -> Result<(Option<ApiId>, ClientId), ApiError> {
    let Path((id, client)) = path.map_err(|_| service::not_found())?;
    let client = decode_client_id(&client);
    if client.0.contains('\0') {
        return Err(ApiError::not_found("OIDC client"));
    }
    Ok((id.parse().ok(), client))
}
