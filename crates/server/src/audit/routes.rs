//! `/api/audit-logs`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, RawQuery, State};
use axum::response::Response;
use pocket_id_store::audit_logs::{self, People, Scope};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::AuditLogDto;
use super::export;
use crate::http::access::{Admin, CurrentUser};
use crate::http::error::{ApiError, ApiResult, ErrorBody, FieldError};
use crate::http::list_query::{ListParameters, ListQuery, Paginated};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_own))
        .routes(routes!(list_all))
        .routes(routes!(export_own))
        .routes(routes!(export_all))
        .routes(routes!(client_names))
        .routes(routes!(users))
}

/// What happened to the signed-in user's account, a page at a time, the newest first.
#[utoipa::path(
    get, path = "/api/audit-logs", tag = "Audit log", params(ListParameters),
    responses(
        (status = 200, body = Paginated<AuditLogDto>), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
async fn list_own(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<AuditLogDto>>> {
    let mut page = audit_logs::list(state.store.reader(), Scope::Of(user.id), &request).await?;
    let items = std::mem::take(&mut page.items)
        .into_iter()
        .map(|entry| AuditLogDto::from(entry).for_oneself())
        .collect();
    Ok(Json(page.with_items(items).into()))
}

/// What happened to everybody's account and what administrators changed, a page at a time, the newest first.
#[utoipa::path(
    get, path = "/api/audit-logs/all", tag = "Audit log", params(ListParameters),
    responses(
        (status = 200, body = Paginated<AuditLogDto>), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
async fn list_all(
    State(state): State<AppState>,
    _: Admin,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<AuditLogDto>>> {
    let mut page = audit_logs::list(state.store.reader(), Scope::Everybody, &request).await?;
    let items = std::mem::take(&mut page.items)
        .into_iter()
        .map(Into::into)
        .collect();
    Ok(Json(page.with_items(items).into()))
}

/// A form the log can be taken away in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Comma-separated values, with a heading.
    Csv,
    /// A JSON object per line.
    Jsonl,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportParameters {
    /// `csv` or `jsonl`.
    #[param(inline)]
    format: Format,
}

fn format(query: Result<Query<ExportParameters>, QueryRejection>) -> Result<Format, ApiError> {
    query.map(|Query(query)| query.format).map_err(|_| {
        ApiError::validation(vec![FieldError {
            field: "format".to_owned(),
            code: "oneof".to_owned(),
            message: "must be csv or jsonl".to_owned(),
        }])
    })
}

/// All entries about the signed-in user's account that fit the filters, the newest first.
#[utoipa::path(
    get, path = "/api/audit-logs/export", tag = "Audit log", params(ExportParameters),
    responses(
        (status = 200, description = "The entries", content(
            (String = "text/csv"), (String = "application/jsonl")
        )),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn export_own(
    State(state): State<AppState>,
    CurrentUser(user): CurrentUser,
    ListQuery(request): ListQuery,
    query: Result<Query<ExportParameters>, QueryRejection>,
) -> ApiResult<Response> {
    Ok(export::download(
        state,
        Scope::Of(user.id),
        request,
        format(query)?,
    ))
}

/// All entries that fit the filters, the newest first.
#[utoipa::path(
    get, path = "/api/audit-logs/all/export", tag = "Audit log", params(ExportParameters),
    responses(
        (status = 200, description = "The entries", content(
            (String = "text/csv"), (String = "application/jsonl")
        )),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn export_all(
    State(state): State<AppState>,
    _: Admin,
    ListQuery(request): ListQuery,
    query: Result<Query<ExportParameters>, QueryRejection>,
) -> ApiResult<Response> {
    Ok(export::download(state, Scope::Everybody, request, format(query)?))
}

/// Names of the clients the log is about.
#[utoipa::path(
    get, path = "/api/audit-logs/filters/client-names", tag = "Audit log",
    responses((status = 200, body = Vec<String>), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
async fn client_names(State(state): State<AppState>, _: Admin) -> ApiResult<Json<Vec<String>>> {
    Ok(Json(audit_logs::client_names(state.store.reader()).await?))
}

/// Most users that may be asked for at a time.
const MOST_PEOPLE: u64 = 1000;

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that `people` reads by hand")]
struct PeopleParameters {
    /// What users are found by, as in the list of users, or the ID of one. Of deleted users only the name is known.
    #[param(required = false)]
    search: Option<String>,
    /// How many there may be, the first by name; all when left out.
    #[param(required = false, minimum = 1, maximum = 1000)]
    limit: Option<u64>,
}

/// Which users a query asks for.
fn people(query: &str) -> Result<People, ApiError> {
    let mut asked = People::default();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            // PostgreSQL cannot be asked for NUL; nothing contains it.
            "search" if !value.is_empty() => asked.search = Some(value.replace('\0', "\u{fffd}")),
            "limit" => match value.trim().parse() {
                Ok(most) if (1..=MOST_PEOPLE).contains(&most) => asked.most = Some(most),
                _ => {
                    return Err(ApiError::validation(vec![FieldError {
                        field: "limit".to_owned(),
                        code: "range".to_owned(),
                        message: format!("must be a whole number from 1 to {MOST_PEOPLE}"),
                    }]));
                }
            },
            _ => {}
        }
    }
    Ok(asked)
}

/// The users the log is about: name by ID.
#[utoipa::path(
    get, path = "/api/audit-logs/filters/users", tag = "Audit log", params(PeopleParameters),
    responses(
        (status = 200, body = BTreeMap<String, String>), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
async fn users(
    State(state): State<AppState>,
    _: Admin,
    RawQuery(query): RawQuery,
) -> ApiResult<Json<BTreeMap<String, String>>> {
    let asked = people(query.as_deref().unwrap_or_default())?;
    let users = audit_logs::users(state.store.reader(), &asked).await?;
    Ok(Json(
        users
            .into_iter()
            .map(|(id, name)| (id.to_string(), name))
            .collect(),
    ))
}
