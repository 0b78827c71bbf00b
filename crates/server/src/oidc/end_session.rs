//! RP-initiated logout.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use pocket_id_oidc::end_session::{self, Decision, Facts};
use pocket_id_oidc::id_token;
use pocket_id_oidc::parameters::Parameters;
use pocket_id_store::types::{GrantId, UserId};
use pocket_id_store::{commit, consents, grants};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{facts, form, response};
use crate::http::access::MaybeUser;
use crate::http::error::ApiError;
use crate::sessions;
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get, post))
}

/// Signs the user out, asked by a client.
#[utoipa::path(
    get, path = "/api/oidc/end-session", tag = "OpenID Connect",
    responses((status = 302, description = "To the client, or to the sign-out page"))
)]
async fn get(State(state): State<AppState>, user: Result<MaybeUser, ApiError>, request: Request) -> Response {
    answer(&state, user, request).await
}

/// The same by POST.
#[utoipa::path(
    post, path = "/api/oidc/end-session", tag = "OpenID Connect",
    responses((status = 302, description = "To the client, or to the sign-out page"))
)]
async fn post(
    State(state): State<AppState>,
    user: Result<MaybeUser, ApiError>,
    request: Request,
) -> Response {
    answer(&state, user, request).await
}

async fn answer(state: &AppState, user: Result<MaybeUser, ApiError>, request: Request) -> Response {
    let headers = request.headers().clone();
    let mut pairs = form::query_pairs(&request);
    if *request.method() == Method::POST {
        pairs.extend(form::body_pairs(request).await.unwrap_or_default());
    }
    // A disabled user can still be signed out.
    let user = user
        .ok()
        .and_then(|MaybeUser(user)| user)
        .map(|signed_in| signed_in.user.id);
    match process(state, &Parameters::from_pairs(pairs), user, &headers).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn process(
    state: &AppState,
    parameters: &Parameters,
    user: Option<UserId>,
    headers: &http::HeaderMap,
) -> Result<Response, ApiError> {
    let issuer = state.config.app_url.as_str();
    let reader = state.store.reader();
    let hint = match parameters.get("id_token_hint") {
        Some(token) => {
            let keys = state.signing_keys.keys_for(reader, token).await?;
            id_token::read_hint(token, keys.iter(), issuer).ok()
        }
        None => None,
    };
    let row = facts::find_client(reader, hint.as_ref().map(|hint| hint.client_id.as_str())).await?;
    let subject = hint.as_ref().and_then(|hint| hint.subject.parse::<UserId>().ok());
    let known_to_client = match (&row, subject) {
        (Some(row), Some(subject)) => consents::find(reader, subject, &row.id).await?.is_some(),
        _ => false,
    };
    let client = row.as_ref().map(facts::client);
    let signed_in = user.map(|user| user.to_string());
    let facts = Facts {
        hint: hint.as_ref(),
        client: client.as_ref(),
        signed_in: signed_in.as_deref(),
        known_to_client,
    };
    let Decision::SignOut { target } = end_session::evaluate(parameters, &facts) else {
        return Ok(response::redirect(
            StatusCode::FOUND,
            &state.config.app_url.join("/logout"),
        ));
    };
    if let Some(grant) = hint
        .and_then(|hint| hint.grant_id)
        .and_then(|id| id.parse::<GrantId>().ok())
    {
        let tx = state.store.begin().await?;
        grants::revoke(&tx, grant, state.now()).await?;
        commit(tx).await?;
    }
    let cookies = sessions::service::close(state, headers).await?;
    let target = target.unwrap_or_else(|| state.config.app_url.join("/logout"));
    let mut response = response::redirect(StatusCode::FOUND, &target);
    for cookie in cookies {
        cookie.apply(response.headers_mut());
    }
    Ok(response)
}
