//! The device authorization endpoint (RFC 8628 §3.1).

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use pocket_id_oidc::device::{ALPHABET, GRANT_TYPE, INTERVAL, LIFETIME, RANDOM_LETTERS, user_code};
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::opaque::{Kind, OpaqueToken};
use pocket_id_oidc::resource::{self, UnknownScopes};
use pocket_id_store::device_requests::DeviceRequest;
use pocket_id_store::types::{DeviceRequestStatus, StringList, SubjectType, TokenHash};
use pocket_id_store::{StoreError, commit, device_requests};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::user_code_hash;
use crate::oidc::client_authentication::authenticate_for_tokens;
use crate::oidc::response::{self, Failure};
use crate::oidc::wire::{DeviceAuthorizationForm, OAuthFailure};
use crate::oidc::{facts, form};
use crate::state::AppState;

/// How often another user code is tried when one is taken.
const ATTEMPTS: usize = 3;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(start))
}

/// The answer (RFC 8628 §3.2).
#[derive(Serialize, ToSchema)]
#[schema(as = DeviceAuthorizationAnswer)]
struct Started {
    /// What the device polls the token endpoint with.
    device_code: String,
    /// What the person types.
    #[schema(example = "P7K2MX9Q")]
    user_code: String,
    /// Where they type it.
    verification_uri: String,
    /// The same with the code in it, for a QR code.
    verification_uri_complete: String,
    /// Seconds the codes are good for.
    expires_in: i64,
    /// The least seconds between two polls.
    interval: i32,
}

/// Starts the sign-in of a device.
#[utoipa::path(
    post, path = "/api/oidc/device/authorize", tag = "OpenID Connect",
    request_body(content = DeviceAuthorizationForm, content_type = "application/x-www-form-urlencoded", description = "What the device wants"),
    responses(
        (status = 200, body = Started, description = "The codes (RFC 8628 §3.2)"),
        (status = 400, body = OAuthFailure, description = "RFC 8628 §3.2"),
        (status = 401, body = OAuthFailure, description = "Client authentication failed")
    )
)]
async fn start(State(state): State<AppState>, request: Request) -> Response {
    match begin(&state, request).await {
        Ok(started) => response::json(StatusCode::OK, &started),
        Err(failure) => failure.into_response(),
    }
}

async fn begin(state: &AppState, request: Request) -> Result<Started, Failure> {
    let headers = request.headers().clone();
    let form = form::body(request)
        .await
        .map_err(|error| OAuthError::new(ErrorCode::InvalidRequest, error.to_string()))?;
    let client = authenticate_for_tokens(state, &headers, &form).await?;
    let refused = |code, text: &str| Failure::OAuth(OAuthError::new(code, text));
    if form.get("client_id").is_some_and(|id| id != client.facts.id) {
        return Err(refused(
            ErrorCode::InvalidRequest,
            "The client_id is not the one that authenticated.",
        ));
    }
    if let Some(name) = form.first_repeated(&["scope", "client_id", "resource"]) {
        let text = format!("The {name} parameter was sent more than once.");
        return Err(refused(ErrorCode::InvalidRequest, &text));
    }
    if !client.facts.may_use_grant(GRANT_TYPE) {
        return Err(refused(
            ErrorCode::UnauthorizedClient,
            "This client may not use the device code grant.",
        ));
    }
    let (resource, scope) = (form.get("resource"), form.get("scope"));
    if resource.is_some_and(|resource| !resource::is_well_formed(resource)) {
        return Err(refused(
            ErrorCode::InvalidTarget,
            "The resource must be an absolute URI without fragment.",
        ));
    }
    let apis = facts::apis(
        state.store.reader(),
        &client.row,
        SubjectType::User,
        resource,
        scope,
    )
    .await?;
    let resolved = resource::resolve(resource, scope, &apis, UnknownScopes::Dropped).map_err(|error| {
        match error.code {
            // RFC 8707 §2 knows no other word for it.
            ErrorCode::AccessDenied => OAuthError::new(ErrorCode::InvalidTarget, error.description),
            _ => error,
        }
    })?;
    let device_code = OpaqueToken::new(Kind::DeviceCode, state.random.bytes());
    let now = state.now();
    for attempt in 1..=ATTEMPTS {
        let code = user_code(&state.random.text(ALPHABET, RANDOM_LETTERS));
        let row = DeviceRequest {
            device_code_hash: TokenHash(device_code.hash().to_vec()),
            user_code_hash: user_code_hash(state, &code),
            client_id: client.row.id.clone(),
            scope: StringList(resolved.scopes.as_slice().to_vec()),
            resource: resolved.resource.clone(),
            status: DeviceRequestStatus::Pending,
            grant_id: None,
            interval_seconds: INTERVAL,
            last_polled_at: None,
            created_at: now,
            expires_at: now.plus_seconds(LIFETIME),
        };
        let tx = state.store.begin().await?;
        match device_requests::insert(&tx, row).await {
            Ok(()) => commit(tx).await?,
            Err(StoreError::Duplicate(_)) if attempt < ATTEMPTS => continue,
            Err(error) => return Err(error.into()),
        }
        let base = state.config.app_url.join("/device");
        return Ok(Started {
            device_code: device_code.expose().to_owned(),
            verification_uri_complete: format!("{base}?user_code={code}"),
            verification_uri: base,
            user_code: code,
            expires_in: LIFETIME,
            interval: INTERVAL,
        });
    }
    Err(refused(ErrorCode::ServerError, "No user code could be found."))
}
