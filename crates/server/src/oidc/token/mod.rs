//! The token endpoint: redeem in one transaction, then sign. One module per grant type.

mod authorization_code;
mod client_credentials;
mod device_code;
mod exchange;
mod minting;
mod refresh_token;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::token::{self, TokenRequest, TokenResponse};
use pocket_id_store::Tx;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use minting::{Unsigned, sign_for_browser};

use minting::sign;

use super::client_authentication::{self, AuthenticatedClient};
use super::dpop::{self, Nonce, Proven, Unused};
use super::form;
use super::response::{self, Failure};
use super::wire::{OAuthFailure, TokenAnswer, TokenForm};
use crate::http::client_ip::RequestOrigin;
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(exchange))
}

/// Gives tokens for a code, a refresh token, another token, or the client's own authentication.
#[utoipa::path(
    post, path = "/api/oidc/token", tag = "OpenID Connect",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded", description = "What the client has, and what it wants"),
    responses(
        (status = 200, body = TokenAnswer, description = "Tokens (RFC 6749 §5.1)"),
        (status = 400, body = OAuthFailure, description = "RFC 6749 §5.2"),
        (status = 401, body = OAuthFailure, description = "Client authentication failed"),
        (status = 403, body = OAuthFailure, description = "The user may not use the client")
    )
)]
async fn exchange(State(state): State<AppState>, origin: RequestOrigin, request: Request) -> Response {
    match answer(&state, &origin, request).await {
        Ok(tokens) if tokens.token_type == "DPoP" => {
            let mut response = response::json(StatusCode::OK, &tokens);
            if let Ok(nonce) = HeaderValue::from_str(&dpop::current_nonce(&state)) {
                response.headers_mut().insert(dpop::NONCE_HEADER, nonce);
            }
            response
        }
        Ok(tokens) => response::json(StatusCode::OK, &tokens),
        Err(failure) => failure.into_response(),
    }
}

/// Who asks for tokens, and what key they proved to have.
pub struct Caller {
    /// The client.
    pub client: AuthenticatedClient,
    /// The request's DPoP proof (RFC 9449), if it had one.
    proof: Option<Unused>,
}

impl Caller {
    /// Thumbprint of the key the request proved, if it did.
    pub fn proven_key(&self) -> Option<&str> {
        self.proof.as_ref().map(Unused::thumbprint)
    }

    /// The same, to keep.
    pub fn key_thumbprint(&self) -> Option<String> {
        self.proven_key().map(str::to_owned)
    }

    /// Uses up the proof of the request. Everything that gives tokens does this in the transaction that writes them
    /// down, after whatever was redeemed for them.
    pub async fn use_proof(&self, state: &AppState, tx: &Tx) -> Result<(), Failure> {
        match &self.proof {
            Some(proof) => proof.consume_in(state, tx).await,
            None => Ok(()),
        }
    }
}

async fn answer(
    state: &AppState,
    origin: &RequestOrigin,
    request: Request,
) -> Result<TokenResponse, Failure> {
    let headers: HeaderMap = request.headers().clone();
    let form = form::body(request)
        .await
        .map_err(|error| OAuthError::new(ErrorCode::InvalidRequest, error.to_string()))?;
    let asked = token::parse(&form)?;
    let client = client_authentication::authenticate_for_tokens(state, &headers, &form).await?;
    asked.check_client(&client.facts)?;
    let proof = Proven {
        headers: &headers,
        method: &Method::POST,
        path: "/api/oidc/token",
        access_token: None,
        nonce: Nonce::Required,
        profile: client.facts.profile,
    };
    let caller = Caller {
        client,
        proof: dpop::unused(state, proof).await?,
    };
    match &asked {
        TokenRequest::AuthorizationCode(request) => {
            sign(state, authorization_code::redeem(state, &caller, request).await?).await
        }
        TokenRequest::RefreshToken(request) => {
            sign(state, refresh_token::rotate(state, &caller, request).await?).await
        }
        TokenRequest::ClientCredentials(request) => client_credentials::issue(state, &caller, request).await,
        TokenRequest::DeviceCode(request) => {
            sign(state, device_code::redeem(state, &caller, request).await?).await
        }
        TokenRequest::Exchange(request) => exchange::exchange(state, &caller, request, origin).await,
    }
}
