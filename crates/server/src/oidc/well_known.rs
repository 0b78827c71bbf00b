//! Discovery and keys.

use axum::Json;
use axum::extract::State;
use pocket_id_oidc::discovery::{self, Document, Features, Offered};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::discovery_document::DiscoveryDocument;
use super::wire::KeySet;
use crate::http::error::ApiResult;
use crate::registration;
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(openid_configuration))
        .routes(routes!(authorization_server))
        .routes(routes!(jwks))
}

async fn document(state: &AppState) -> ApiResult<Json<Document>> {
    let settings = state.settings().await?;
    let features = Features {
        client_registration: match registration::Mode::of(&settings) {
            registration::Mode::Disabled => Offered::No,
            registration::Mode::Token | registration::Mode::Open => Offered::Yes,
        },
        metadata_documents: if settings.metadata_document_urls().is_empty() {
            Offered::No
        } else {
            Offered::Yes
        },
    };
    Ok(Json(discovery::document(
        state.config.app_url.as_str(),
        state.config.internal_app_url.as_str(),
        features,
    )))
}

/// The discovery document of OpenID Connect.
#[utoipa::path(
    get, path = "/.well-known/openid-configuration", tag = "OpenID Connect",
    responses((status = 200, body = DiscoveryDocument, description = "OpenID Connect Discovery 1.0"))
)]
async fn openid_configuration(State(state): State<AppState>) -> ApiResult<Json<Document>> {
    document(&state).await
}

/// The same document under the name RFC 8414 gives it.
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", tag = "OpenID Connect",
    responses((status = 200, body = DiscoveryDocument, description = "RFC 8414"))
)]
async fn authorization_server(State(state): State<AppState>) -> ApiResult<Json<Document>> {
    document(&state).await
}

/// The public keys tokens are checked with.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "OpenID Connect",
    responses((status = 200, body = KeySet, description = "RFC 7517"))
)]
async fn jwks(State(state): State<AppState>) -> ApiResult<Json<Value>> {
    let published = state.signing_keys.published().await?;
    let keys: Vec<_> = published.iter().collect();
    Ok(Json(json!({"keys": keys})))
}
