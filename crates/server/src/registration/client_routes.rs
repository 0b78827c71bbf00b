//! Where clients register and manage themselves.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pocket_id_oidc::error::OAuthError;
use pocket_id_oidc::registration::RegistrationError;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::management;
use super::registering::{self, RegisterError, Registered, reveal};
use super::wire::{ClientMetadata, RegisteredClient};
use crate::http::authorization;
use crate::http::body::{is_json, read_limited};
use crate::http::path::ClientIdPath;
use crate::http::rate_limit::{ClientRegistration, Limited};
use crate::oidc::response;
use crate::oidc::wire::OAuthFailure;
use crate::state::AppState;

/// The largest metadata document accepted, in bytes.
const LIMIT: usize = 64 * 1024;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(find, replace, remove))
}

/// Registers a client (RFC 7591).
#[utoipa::path(
    post, path = "/api/oidc/register", tag = "OpenID Connect", request_body = ClientMetadata,
    responses(
        (status = 201, body = RegisteredClient, description = "The client (RFC 7591 §3.2.1)"),
        (status = 400, body = OAuthFailure, description = "Unacceptable metadata (RFC 7591 §3.2.2), or more than one Authorization header"),
        (status = 401, body = OAuthFailure, description = "No usable initial access token"),
        (status = 403, body = OAuthFailure, description = "Registration is off")
    )
)]
async fn register(
    State(state): State<AppState>,
    _: Limited<ClientRegistration>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let registered = async {
        let token = bearer(&headers)?;
        registering::register(&state, token, &body(request).await?).await
    };
    match registered.await {
        Ok(registered) => response::json(StatusCode::CREATED, &told(&state, &registered)),
        Err(error) => failure(&error),
    }
}

/// What a client registered (RFC 7592 §2.1).
#[utoipa::path(
    get, path = "/api/oidc/register/{id}", tag = "OpenID Connect",
    params(("id" = String, Path, description = "Client ID")),
    responses(
        (status = 200, body = RegisteredClient, description = "The client"),
        (status = 400, body = OAuthFailure, description = "More than one Authorization header"),
        (status = 401, body = OAuthFailure, description = "Not its registration access token")
    )
)]
async fn find(State(state): State<AppState>, ClientIdPath(id): ClientIdPath, headers: HeaderMap) -> Response {
    let found = async { management::find(&state, &id, bearer(&headers)?).await };
    match found.await {
        Ok(registered) => response::json(StatusCode::OK, &told(&state, &registered)),
        Err(error) => failure(&error),
    }
}

/// Replaces what a client registered, and its registration access token (RFC 7592 §2.2).
#[utoipa::path(
    put, path = "/api/oidc/register/{id}", tag = "OpenID Connect", request_body = ClientMetadata,
    params(("id" = String, Path, description = "Client ID")),
    responses(
        (status = 200, body = RegisteredClient, description = "The client"),
        (status = 400, body = OAuthFailure, description = "Unacceptable metadata, or more than one Authorization header"),
        (status = 401, body = OAuthFailure, description = "Not its registration access token")
    )
)]
async fn replace(
    State(state): State<AppState>,
    ClientIdPath(id): ClientIdPath,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let registered = async {
        let token = bearer(&headers)?;
        management::replace(&state, &id, token, &body(request).await?).await
    };
    match registered.await {
        Ok(registered) => response::json(StatusCode::OK, &told(&state, &registered)),
        Err(error) => failure(&error),
    }
}

/// Removes a registered client with all it was given (RFC 7592 §2.3).
#[utoipa::path(
    delete, path = "/api/oidc/register/{id}", tag = "OpenID Connect",
    params(("id" = String, Path, description = "Client ID")),
    responses(
        (status = 204),
        (status = 400, body = OAuthFailure, description = "More than one Authorization header"),
        (status = 401, body = OAuthFailure, description = "Not its registration access token")
    )
)]
async fn remove(
    State(state): State<AppState>,
    ClientIdPath(id): ClientIdPath,
    headers: HeaderMap,
) -> Response {
    let removed = async { management::remove(&state, &id, bearer(&headers)?).await };
    match removed.await {
        Ok(()) => response::empty(StatusCode::NO_CONTENT),
        Err(error) => failure(&error),
    }
}

async fn body(request: Request) -> Result<Value, RegisterError> {
    let malformed = |text: &str| RegisterError::Refused(RegistrationError::Metadata(text.to_owned()));
    if !is_json(request.headers()) {
        return Err(malformed("The request body must be JSON (application/json)."));
    }
    let bytes = read_limited(request, LIMIT)
        .await
        .map_err(|_| malformed("The request body is too large or incomplete."))?;
    serde_json::from_slice(&bytes).map_err(|_| malformed("The request body is not JSON."))
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, RegisterError> {
    Ok(authorization::token(authorization::read(headers)?, "bearer"))
}

/// The client information response (RFC 7591 §3.2.1, RFC 7592 §3).
fn told(state: &AppState, registered: &Registered) -> Value {
    let client = &registered.client;
    let mut members = registered.metadata.clone();
    // Not what it asked for, but what holds (RFC 7591 §3.2.1).
    registering::safeguards(client).write_into(&mut members);
    members.insert("client_id".to_owned(), client.id.0.clone().into());
    members.insert(
        "client_id_issued_at".to_owned(),
        client.created_at.seconds().into(),
    );
    let uri = state
        .config
        .app_url
        .join(&format!("/api/oidc/register/{}", client.id));
    members.insert("registration_client_uri".to_owned(), uri.into());
    if let Some(token) = &registered.access_token {
        members.insert("registration_access_token".to_owned(), reveal(token));
    }
    if let Some(secret) = &registered.secret {
        members.insert("client_secret".to_owned(), reveal(secret));
        members.insert("client_secret_expires_at".to_owned(), 0.into());
    }
    members.into()
}

fn failure(error: &RegisterError) -> Response {
    let simple = |status, code: &str, text: &str| {
        response::json(status, &json!({"error": code, "error_description": text}))
    };
    match error {
        RegisterError::Disabled => simple(
            StatusCode::FORBIDDEN,
            "access_denied",
            "Client registration is switched off.",
        ),
        RegisterError::Unauthorized => {
            let text = "The access token is missing, unknown, expired or used up.";
            let mut answer = simple(StatusCode::UNAUTHORIZED, "invalid_token", text);
            let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            answer
        }
        RegisterError::SeveralHeaders(error) => {
            response::json(StatusCode::BAD_REQUEST, &OAuthError::from(*error).body())
        }
        RegisterError::Refused(error) => response::json(StatusCode::BAD_REQUEST, &error.body()),
        RegisterError::Full => simple(
            StatusCode::TOO_MANY_REQUESTS,
            "temporarily_unavailable",
            "Too many registered clients wait for approval.",
        ),
        RegisterError::Internal(error) => {
            tracing::error!(error = ?error, "a registration failed");
            simple(
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "Something went wrong.",
            )
        }
    }
    .into_response()
}
