//! Pushed authorization requests (RFC 9126).

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use pocket_id_oidc::authorize::{self, Channel, PageError, Refusal};
use pocket_id_oidc::client_auth::PresentedError;
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::parameters::Parameters;
use pocket_id_oidc::pushed_request::{self, Answer};
use pocket_id_oidc::redirect_uri::RedirectUriError;
use pocket_id_store::pushed_requests::PushedRequest;
use pocket_id_store::types::{StringMap, TokenHash};
use pocket_id_store::{commit, pushed_requests};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::authorize::{policy, unpack_object, user_apis};
use super::client_authentication;
use super::dpop::{self, Nonce, Proven, Unused};
use super::form;
use super::response::{self, Failure};
use super::wire::{OAuthFailure, PushedRequestAnswer, PushedRequestForm};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(push))
}

/// Keeps an authorization request for the user to come with.
#[utoipa::path(
    post, path = "/api/oidc/par", tag = "OpenID Connect",
    request_body(content = PushedRequestForm, content_type = "application/x-www-form-urlencoded", description = "The request to be kept"),
    responses(
        (status = 201, body = PushedRequestAnswer, description = "The handle (RFC 9126 §2.2)"),
        (status = 400, body = OAuthFailure, description = "The request is not in order"),
        (status = 401, body = OAuthFailure, description = "Client authentication failed"),
        (status = 403, body = OAuthFailure, description = "The API is not for this client"),
        (status = 413, body = OAuthFailure, description = "The request is larger than 64 KiB")
    )
)]
async fn push(State(state): State<AppState>, request: Request) -> Response {
    match keep(&state, request).await {
        Ok(answer) => response::json(StatusCode::CREATED, &answer),
        Err(failure) => failure.into_response(),
    }
}

async fn keep(state: &AppState, request: Request) -> Result<Answer, Failure> {
    let headers = request.headers().clone();
    let mut pairs = form::query_pairs(&request);
    let body = form::body_pairs(request, form::REQUEST_LIMIT)
        .await
        .map_err(unreadable)?;
    pairs.extend(body);
    let mut parameters = Parameters::from_pairs(pairs);
    // Whoever cannot even say who they are has failed to authenticate here.
    let presented = client_authentication::presented(&headers, &parameters).map_err(unauthenticated)?;
    let client = client_authentication::approved(state, presented).await?;
    if parameters.get("request_uri").is_some() {
        let text = "A pushed request cannot refer to another one.";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, text).into());
    }
    parameters.set("client_id", client.facts.id.clone());
    let proof = Proven {
        headers: &headers,
        method: &Method::POST,
        path: "/api/oidc/par",
        access_token: None,
        nonce: Nonce::Optional,
        profile: client.facts.profile,
    };
    let proof = dpop::unused(state, proof).await?;
    let unpacked = unpack_object(state, &client.row, &parameters).await?;
    let mut parameters = unpacked.parameters;
    // RFC 9449 §10.1: a proof here says the same as the parameter, wherever that comes from. A request object speaks for
    // what is inside it, so the proof has its say after it was taken apart.
    if let Some(thumbprint) = proof.as_ref().map(Unused::thumbprint) {
        if parameters.get("dpop_jkt").is_some_and(|jkt| jkt != thumbprint) {
            let text = "The dpop_jkt parameter is not the key of the DPoP proof.";
            return Err(OAuthError::new(ErrorCode::InvalidDpopProof, text).into());
        }
        parameters.set("dpop_jkt", thumbprint.to_owned());
    }
    authorize::validate(
        &parameters,
        Some(&client.facts),
        policy(state).await?,
        Channel::Push(unpacked.signature),
        &user_apis(state.store.reader(), &client.row, &parameters).await?,
    )
    .map_err(|refusal| told_directly(&refusal))?;

    let random = state.random.bytes();
    let request_uri = pushed_request::handle(random);
    let secret = pushed_request::secret(&request_uri).unwrap_or_default();
    let now = state.now();
    let tx = state.store.begin().await?;
    if let Some(proof) = proof {
        proof.consume_in(state, &tx).await?;
    }
    pushed_requests::insert(
        &tx,
        PushedRequest {
            handle_hash: TokenHash(pushed_request::hash(secret).to_vec()),
            client_id: client.row.id.clone(),
            parameters: StringMap(authorize::worth_keeping(&parameters)),
            created_at: now,
            expires_at: now.plus_seconds(pushed_request::LIFETIME),
        },
    )
    .await?;
    commit(tx).await?;
    Ok(Answer {
        request_uri,
        expires_in: pushed_request::LIFETIME,
    })
}

/// RFC 9126 §2.3 has a status of its own for requests that are too large.
fn unreadable(error: form::FormError) -> Failure {
    let told = OAuthError::new(ErrorCode::InvalidRequest, error.to_string());
    match error {
        form::FormError::TooLarge => Failure::TooLarge(told),
        form::FormError::NotAForm | form::FormError::Unreadable => told.into(),
    }
}

fn unauthenticated(error: PresentedError) -> OAuthError {
    match error {
        PresentedError::SeveralWays => error.into(),
        _ => OAuthError::new(ErrorCode::InvalidClient, error.to_string()),
    }
}

/// A fault that at the authorization endpoint would be shown or redirected is told to the client itself.
fn told_directly(refusal: &Refusal) -> Failure {
    let invalid = |text: &str| OAuthError::new(ErrorCode::InvalidRequest, text);
    match refusal {
        Refusal::Redirect(error) => error.error.clone().into(),
        Refusal::Page(PageError::BeforeFirstUse(error)) => error.clone().into(),
        Refusal::Page(PageError::Malformed(text)) => invalid(text).into(),
        Refusal::Page(PageError::UnknownClient) => {
            OAuthError::new(ErrorCode::InvalidClient, "The client is unknown.").into()
        }
        Refusal::Page(PageError::NotApproved) => {
            OAuthError::new(ErrorCode::UnauthorizedClient, "The client waits for approval.").into()
        }
        Refusal::Page(PageError::NotAllowed) => {
            OAuthError::new(ErrorCode::AccessDenied, "The user may not use this client.").into()
        }
        Refusal::Page(PageError::RedirectUri(reason)) => invalid(match reason {
            RedirectUriError::Missing => "The redirect_uri parameter is missing.",
            RedirectUriError::Malformed => "The redirect_uri is not an absolute URL without fragment.",
            RedirectUriError::NotRegistered => "The redirect_uri is not registered for this client.",
        })
        .into(),
    }
}
