//! All routes and the middleware around them.

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, Method, StatusCode, header};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::http::error::ApiError;
use crate::http::{access_log, assets, cors, cross_site, error, error_codes, headers, rate_limit};
use crate::state::AppState;
use crate::{
    api_document, api_keys, apis, app_config, audit, clients, consents, custom_claims, device_login,
    email_verification, groups, health, images, login_codes, mail, oidc, passkeys, profile_pictures,
    recovery_codes, refused_authorizations, registration, scim, sessions, signup, users, version, web_page,
};

/// How long a request may take before it is answered with a timeout.
const REQUEST_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pocket ID",
        description = "REST API of Pocket ID. Lists take `pagination[page]`, `pagination[limit]`, `sort[column]`, \
                       `sort[direction]`, `search` and `filters[<key>]`; each says which keys it knows. Failures \
                       have the shape of `ErrorBody`; `ErrorCode` lists what they can be, and each route which of \
                       them it can meet."
    ),
    components(schemas(error::ErrorBody, error_codes::ErrorCode))
)]
struct Document;

fn documented() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(api_keys::routes())
        .merge(apis::routes())
        .merge(app_config::routes())
        .merge(audit::routes())
        .merge(clients::routes())
        .merge(clients::logo_routes())
        .merge(consents::routes())
        .merge(custom_claims::routes())
        .merge(device_login::routes())
        .merge(groups::routes())
        .merge(health::routes())
        .merge(images::routes())
        .merge(login_codes::routes())
        .merge(oidc::routes())
        .merge(passkeys::routes())
        .merge(profile_pictures::routes())
        .merge(recovery_codes::routes())
        .merge(refused_authorizations::routes())
        .merge(registration::routes())
        .merge(scim::routes())
        .merge(sessions::routes())
        .merge(mail::routes())
        .merge(email_verification::routes())
        .merge(signup::routes())
        .merge(users::routes())
        .merge(version::routes())
}

/// The API document (OpenAPI 3.1) as served at `/api/openapi.json`.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api_document::complete(documented().into_openapi())
}

/// Everything the program answers.
pub fn router(state: AppState) -> Router {
    let routes: Router<AppState> = documented().into();
    routes
        .merge(api_document::routes())
        .fallback(unmatched)
        .method_not_allowed_fallback(unmatched)
        .layer(from_fn_with_state(state.clone(), cross_site::guard))
        .layer(from_fn_with_state(state.clone(), rate_limit::general))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            REQUEST_TIMEOUT,
        ))
        .layer(from_fn(timed_out))
        .layer(from_fn(cors::allow))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(error::render))
        .layer(from_fn_with_state(state.clone(), headers::add))
        .layer(from_fn_with_state(state.clone(), access_log::record))
        .with_state(state)
}

/// Gives the timeout layer's bare answer the shape of every other failure.
async fn timed_out(request: Request, next: axum::middleware::Next) -> Response {
    let response = next.run(request).await;
    if response.status() == StatusCode::GATEWAY_TIMEOUT && response.extensions().get::<ApiError>().is_none() {
        return ApiError::new(
            StatusCode::GATEWAY_TIMEOUT,
            "request_timeout",
            "The request took too long",
        )
        .into_response();
    }
    response
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the cause over by value"
)]
fn panicked(cause: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    ApiError::internal(format_args!("a handler panicked: {text}")).into_response()
}

/// What no route took, and known paths with another method: redirects, files, the UI, or 404.
async fn unmatched(State(state): State<AppState>, request: Request) -> Response {
    let path = request.uri().path();
    if path.len() > 1 && path.ends_with('/') {
        return without_trailing_slash(&request);
    }
    if path.starts_with("/api/")
        || path.starts_with("/.well-known/")
        || path == "/api"
        || path == "/.well-known"
    {
        return (
            StatusCode::NOT_FOUND,
            [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
            r#"{"error":"API endpoint not found"}"#,
        )
            .into_response();
    }
    if let Some(file) = assets::file(request.method(), path, request.headers()) {
        return file;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        // Pages are only read. What a route of that path takes is added by the router.
        let mut refused = StatusCode::METHOD_NOT_ALLOWED.into_response();
        if request.extensions().get::<MatchedPath>().is_none() {
            let allowed = HeaderValue::from_static("GET, HEAD");
            refused.headers_mut().insert(header::ALLOW, allowed);
        }
        return refused;
    }
    web_page::serve(&state, request).await
}

fn without_trailing_slash(request: &Request) -> Response {
    // Leading slashes are folded too: `//host/` must not become a redirect to another host.
    let path = format!("/{}", request.uri().path().trim_matches('/'));
    let target = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = Redirect::permanent(&target).into_response();
        *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
        return response;
    }
    Redirect::temporary(&target).into_response()
}
