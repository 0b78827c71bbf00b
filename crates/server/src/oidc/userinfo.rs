//! The userinfo endpoint.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use pocket_id_oidc::claims_request::RequestedClaims;
use pocket_id_oidc::parameters::Parameters;
use pocket_id_oidc::userinfo;
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::presented_token::{self, LiveToken};
use super::response::{self, Failure};
use super::{facts, form};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get, post))
}

/// What the bearer of an access token may know about its user.
#[utoipa::path(
    get, path = "/api/oidc/userinfo", tag = "OpenID Connect",
    responses(
        (status = 200, body = Value, description = "Claims (OIDC Core §5.3.2)"),
        (status = 401, body = Value, description = "No usable access token (RFC 6750)"),
        (status = 403, body = Value, description = "The access token is for other things")
    )
)]
async fn get(State(state): State<AppState>, request: Request) -> Response {
    answer(&state, request).await
}

/// The same by POST; the token may be in the form.
#[utoipa::path(
    post, path = "/api/oidc/userinfo", tag = "OpenID Connect",
    responses(
        (status = 200, body = Value, description = "Claims (OIDC Core §5.3.2)"),
        (status = 401, body = Value, description = "No usable access token (RFC 6750)"),
        (status = 403, body = Value, description = "The access token is for other things")
    )
)]
async fn post(State(state): State<AppState>, request: Request) -> Response {
    answer(&state, request).await
}

async fn answer(state: &AppState, request: Request) -> Response {
    let authorization = form::authorization(request.headers());
    let query = Parameters::from_pairs(form::query_pairs(&request));
    let body = if request.method() == Method::POST {
        // A body of another type is none of our business: the token may still be in the header.
        form::body(request).await.unwrap_or_default()
    } else {
        Parameters::default()
    };
    let Some(token) = userinfo::bearer_token(authorization.as_deref(), &body, &query) else {
        // RFC 6750 §3: without an attempt to authenticate the challenge names no error.
        let mut response = response::json(StatusCode::UNAUTHORIZED, &userinfo::invalid_token().body());
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return response;
    };
    match claims(state, token).await {
        Ok(UserInfo::Plain(claims)) => response::json(StatusCode::OK, &claims),
        Ok(UserInfo::Signed(jwt)) => response::jwt(jwt),
        Err(failure) => failure.into_response(),
    }
}

/// An answer in the form the client registered (OIDC Core §5.3.2).
enum UserInfo {
    Plain(Map<String, Value>),
    Signed(String),
}

async fn claims(state: &AppState, token: &str) -> Result<UserInfo, Failure> {
    let issuer = state.config.app_url.as_str();
    let reader = state.store.reader();
    let Some(LiveToken::OfUser(presented)) = presented_token::find(state, reader, token).await? else {
        return Err(userinfo::invalid_token().into());
    };
    let grant = facts::grant(&presented.grant)?;
    userinfo::authorize(&grant, issuer)?;
    let names = &grant.claims.userinfo;
    let needed = RequestedClaims::scopes_needed(&grant.scopes, names);
    let person = facts::person(state, reader, presented.user, &needed).await?;
    let claims = RequestedClaims::fill(&person, &grant.scopes, names);
    let client = facts::find_client(reader, Some(&grant.client_id)).await?;
    let Some(algorithm) = client.and_then(|row| facts::client(&row).userinfo_alg) else {
        return Ok(UserInfo::Plain(claims));
    };
    let signer = state.signing_keys.signer(Some(algorithm)).await?;
    let signed = userinfo::sign(&*signer, issuer, &grant.client_id, claims)?;
    Ok(UserInfo::Signed(signed))
}
