//! The userinfo endpoint.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use pocket_id_oidc::claims_request::RequestedClaims;
use pocket_id_oidc::client::Profile;
use pocket_id_oidc::error::OAuthError;
use pocket_id_oidc::jose::Algorithm;
use pocket_id_oidc::parameters::Parameters;
use pocket_id_oidc::userinfo::{self, Scheme};
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dpop::{self, Nonce, Proven};
use super::presented_token::{self, LiveToken};
use super::response::{self, Failure};
use super::wire::{OAuthFailure, UserInfo as Claims, UserInfoForm};
use super::{facts, form};
use crate::http::authorization;
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get, post))
}

/// What the bearer of an access token may know about its user.
#[utoipa::path(
    get, path = "/api/oidc/userinfo", tag = "OpenID Connect",
    responses(
        (
            status = 200, description = "Claims (OIDC Core §5.3.2); signed where the client registered that",
            content((Claims = "application/json"), (String = "application/jwt"))
        ),
        (status = 400, body = OAuthFailure, description = "The access token was sent more than once"),
        (status = 401, body = OAuthFailure, description = "No usable access token (RFC 6750)"),
        (status = 403, body = OAuthFailure, description = "The access token is for other things")
    )
)]
async fn get(State(state): State<AppState>, request: Request) -> Response {
    answer(&state, request).await
}

/// The same by POST; the token may be in the form.
#[utoipa::path(
    post, path = "/api/oidc/userinfo", tag = "OpenID Connect",
    request_body(content = Option<UserInfoForm>, content_type = "application/x-www-form-urlencoded", description = "The token, unless it is in the header"),
    responses(
        (
            status = 200, description = "Claims (OIDC Core §5.3.2); signed where the client registered that",
            content((Claims = "application/json"), (String = "application/jwt"))
        ),
        (status = 400, body = OAuthFailure, description = "The access token was sent more than once"),
        (status = 401, body = OAuthFailure, description = "No usable access token (RFC 6750)"),
        (status = 403, body = OAuthFailure, description = "The access token is for other things")
    )
)]
async fn post(State(state): State<AppState>, request: Request) -> Response {
    answer(&state, request).await
}

async fn answer(state: &AppState, request: Request) -> Response {
    let (headers, method) = (request.headers().clone(), request.method().clone());
    let query = Parameters::from_pairs(form::query_pairs(&request));
    let body = if request.method() == Method::POST {
        // A body of another type is none of our business: the token may still be in the header.
        form::body(request).await.unwrap_or_default()
    } else {
        Parameters::default()
    };
    let header = authorization::read(&headers).map_err(OAuthError::from);
    let sent = match header.and_then(|header| userinfo::access_token(header, &body, &query)) {
        Ok(sent) => sent,
        Err(error) => {
            let mut response = response::json(StatusCode::BAD_REQUEST, &error.body());
            challenge(&mut response, "Bearer", Some(&error));
            return response;
        }
    };
    let Some((scheme, token)) = sent else {
        // RFC 6750 §3: without an attempt to authenticate the challenge names no error.
        let mut response = response::json(StatusCode::UNAUTHORIZED, &userinfo::invalid_token().body());
        challenge(&mut response, "Bearer", None);
        challenge(&mut response, "DPoP", None);
        return response;
    };
    match claims(state, scheme, token, (&headers, &method)).await {
        Ok(UserInfo::Plain(claims)) => response::json(StatusCode::OK, &claims),
        Ok(UserInfo::Signed(jwt)) => response::jwt(jwt),
        Err(Failure::OAuth(error)) if scheme == Scheme::Dpop => {
            let status = error.code.status();
            let mut response = Failure::OAuth(error.clone()).into_response();
            response.headers_mut().remove(header::WWW_AUTHENTICATE);
            if status == 401 || status == 403 {
                challenge(&mut response, "DPoP", Some(&error));
            }
            response
        }
        // At a protected resource a bad proof is a failed authentication (RFC 9449 §7.1).
        Err(Failure::Dpop(error, nonce)) => {
            let mut response = Failure::Dpop(error.clone(), nonce).into_response();
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            challenge(&mut response, "DPoP", Some(&error));
            response
        }
        Err(failure) => failure.into_response(),
    }
}

/// Adds a challenge (RFC 6750 §3, RFC 9449 §7.1).
fn challenge(response: &mut Response, scheme: &str, error: Option<&OAuthError>) {
    let mut parameters = Vec::new();
    if let Some(error) = error {
        parameters.push(format!("error=\"{}\"", error.code.as_str()));
        parameters.push(format!("error_description=\"{}\"", error.description));
    }
    if scheme == "DPoP" {
        let algorithms = Algorithm::ALL.map(Algorithm::as_str).join(" ");
        parameters.push(format!("algs=\"{algorithms}\""));
    }
    let text = format!("{scheme} {}", parameters.join(", "));
    if let Ok(value) = HeaderValue::from_str(text.trim_end()) {
        response.headers_mut().append(header::WWW_AUTHENTICATE, value);
    }
}

/// An answer in the form the client registered (OIDC Core §5.3.2).
enum UserInfo {
    Plain(Map<String, Value>),
    Signed(String),
}

async fn claims(
    state: &AppState,
    scheme: Scheme,
    token: &str,
    (headers, method): (&HeaderMap, &Method),
) -> Result<UserInfo, Failure> {
    let issuer = state.config.app_url.as_str();
    let reader = state.store.reader();
    let Some(LiveToken::OfUser(presented)) = presented_token::find(state, reader, token).await? else {
        return Err(userinfo::invalid_token().into());
    };
    let grant = facts::grant(&presented.grant)?;
    let row = facts::find_client(reader, Some(&grant.client_id)).await?;
    let client = row.as_ref().map(facts::client);
    let bound_to = presented.token.dpop_jkt.as_deref();
    let proof = match scheme {
        Scheme::Bearer => None,
        Scheme::Dpop => {
            let request = Proven {
                headers,
                method,
                path: "/api/oidc/userinfo",
                access_token: Some(token),
                nonce: Nonce::Optional,
                profile: client.as_ref().map_or(Profile::OAuth, |client| client.profile),
            };
            dpop::read(state, &request)?
        }
    };
    userinfo::check_possession(scheme, bound_to, proof.as_ref().map(dpop::Unused::thumbprint))?;
    // Only now: strangers, who can make as many keys and proofs as they like, must not fill the database with them.
    if let Some(proof) = proof {
        proof.consume(state).await?;
    }
    userinfo::authorize(&grant, issuer)?;
    let names = &grant.claims.userinfo;
    let needed = RequestedClaims::scopes_needed(&grant.scopes, names);
    let person = facts::person(state, reader, presented.user, &needed).await?;
    let claims = RequestedClaims::fill(&person, &grant.scopes, names);
    let Some(algorithm) = client.and_then(|client| client.userinfo_alg()) else {
        return Ok(UserInfo::Plain(claims));
    };
    let signer = state.signing_keys.signer(Some(algorithm)).await?;
    let signed = userinfo::sign(&*signer, issuer, &grant.client_id, claims)?;
    Ok(UserInfo::Signed(signed))
}
