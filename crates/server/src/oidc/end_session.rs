//! RP-initiated logout.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use pocket_id_oidc::end_session::{self, Decision, Facts};
use pocket_id_oidc::id_token::{self, Hint};
use pocket_id_oidc::parameters::Parameters;
use pocket_id_store::clients::Client;
use pocket_id_store::types::{ClientSessionId, GrantId, UserId};
use pocket_id_store::{StoreResult, client_sessions, commit, consents, grants, users};
use url::Url;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::logout_request as waiting;
use super::wire::EndSessionForm;
use super::{facts, form, front_channel, response};
use crate::audit::{self, Event};
use crate::http::access::MaybeUser;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::sessions;
use crate::sessions::ending::{self, Ended, OfflineAccess};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get, post))
        .routes(routes!(confirmed))
}

/// Signs the user out, asked by a client.
#[utoipa::path(
    get, path = "/api/oidc/end-session", tag = "OpenID Connect", params(EndSessionForm),
    responses(
        (status = 200, description = "A page that signs out of other clients and goes on to where a redirect would"),
        (status = 302, description = "To the client, or to the sign-out page")
    )
)]
async fn get(State(state): State<AppState>, user: Result<MaybeUser, ApiError>, request: Request) -> Response {
    answer(&state, user, request).await
}

/// The same by POST.
#[utoipa::path(
    post, path = "/api/oidc/end-session", tag = "OpenID Connect",
    request_body(content = EndSessionForm, content_type = "application/x-www-form-urlencoded", description = "Who asks, and where to go"),
    responses(
        (status = 200, description = "A page that signs out of other clients and goes on to where a redirect would"),
        (status = 302, description = "To the client, or to the sign-out page")
    )
)]
async fn post(
    State(state): State<AppState>,
    user: Result<MaybeUser, ApiError>,
    request: Request,
) -> Response {
    answer(&state, user, request).await
}

async fn answer(state: &AppState, user: Result<MaybeUser, ApiError>, request: Request) -> Response {
    if *request.method() == Method::HEAD {
        return response::head_refused();
    }
    let headers = request.headers().clone();
    let origin = request
        .extensions()
        .get::<RequestOrigin>()
        .cloned()
        .unwrap_or_default();
    let mut pairs = form::query_pairs(&request);
    if *request.method() == Method::POST {
        pairs.extend(form::body_pairs(request, form::LIMIT).await.unwrap_or_default());
    }
    // A disabled user can still be signed out.
    let user = user
        .ok()
        .and_then(|MaybeUser(user)| user)
        .map(|signed_in| signed_in.user.id);
    match process(state, &Parameters::from_pairs(pairs), user, (&origin, &headers)).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn process(
    state: &AppState,
    parameters: &Parameters,
    user: Option<UserId>,
    request: (&RequestOrigin, &HeaderMap),
) -> Result<Response, ApiError> {
    let issuer = state.config.app_url.as_str();
    let reader = state.store.reader();
    let hint = match parameters.get("id_token_hint") {
        Some(token) => {
            let keys = state.signing_keys.keys_for(reader, token).await?;
            id_token::read_hint(token, keys.iter(), issuer, state.now().seconds()).ok()
        }
        None => None,
    };
    let client_id = match &hint {
        Some(hint) => Some(hint.client_id.as_str()),
        None => parameters.get("client_id"),
    };
    let row = facts::find_client(reader, client_id).await?;
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
    let decision = end_session::evaluate(parameters, &facts);
    let own_page = state.config.app_url.join("/logout");
    let (Decision::SignOut { target }, Some(hint), Some(row), Some(subject)) =
        (&decision, hint, row, subject)
    else {
        let mut response = response::redirect(StatusCode::FOUND, &own_page);
        let goes_on = matches!(decision, Decision::Confirm { target: Some(_) });
        waiting::remember(state, goes_on.then_some(parameters)).apply(response.headers_mut());
        return Ok(response);
    };
    let pages = sign_out(state, &hint, &row, subject, request).await?;
    Ok(signed_out(state, target.as_deref().unwrap_or(&own_page), &pages))
}

/// Ends the browser's session, and what the hint stands for. A request without a cookie may come from the browser
/// nevertheless (a POST from the client's page): then the session the hint is from is meant.
async fn sign_out(
    state: &AppState,
    hint: &Hint,
    client: &Client,
    subject: UserId,
    (origin, headers): (&RequestOrigin, &HeaderMap),
) -> StoreResult<Vec<Url>> {
    let tx = state.store.begin().await?;
    let mut ended = Ended::default();
    let browser = sessions::service::of_request(state, &tx, headers).await?;
    if let Some(sid) = hint.sid.as_deref().and_then(|sid| sid.parse::<Uuid>().ok()) {
        let now = state.now();
        grants::revoke(&tx, GrantId(sid), now).await?;
        grants::revoke_for_client_session(&tx, ClientSessionId(sid), now).await?;
        let hinted = client_sessions::find(&tx, ClientSessionId(sid)).await?;
        let hinted = hinted.filter(|hinted| hinted.client_id == client.id && hinted.user_id == subject);
        match (&browser, hinted) {
            (Some(browser), Some(hinted)) if browser.id != hinted.session_id => {
                ended.append(ending::client_session(state, &tx, &hinted).await?);
            }
            (None, Some(hinted)) => {
                ended.append(ending::session(state, &tx, hinted.session_id, OfflineAccess::Kept).await?);
            }
            _ => {}
        }
    }
    if let Some(browser) = browser {
        ended.append(ending::session(state, &tx, browser.id, OfflineAccess::Kept).await?);
    }
    if let Some(user) = users::find(&tx, subject).await? {
        let data = [("clientName", client.name.clone())];
        audit::record(state, &tx, Event::SignOut, &user, origin, data).await?;
    }
    commit(tx).await?;
    Ok(ended.announce(state))
}

/// Sends a browser that is signed out on its way, past the pages of clients it has to load.
fn signed_out(state: &AppState, target: &str, pages: &[Url]) -> Response {
    let mut response = if pages.is_empty() {
        response::redirect(StatusCode::FOUND, target)
    } else {
        front_channel::page(pages, target)
    };
    for cookie in sessions::service::cleared_cookies(state) {
        cookie.apply(response.headers_mut());
    }
    response
}

/// Signs out whoever said so on our own page, and has the browser tell the clients. A form there leads here, because
/// that page may not load anything of other sites.
#[utoipa::path(
    post, path = "/api/oidc/end-session/confirmed", tag = "OpenID Connect",
    params(("then" = Option<String>, Query, description = "`home` goes on to the client that asked and may be gone back to, else to the start page, which asks to sign in again")),
    responses(
        (status = 200, description = "A page that signs out of clients and goes on to the sign-in page"),
        (status = 303, description = "To the sign-in page, or back to the client that asked")
    )
)]
async fn confirmed(
    State(state): State<AppState>,
    origin: RequestOrigin,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    let closed = sessions::service::close(&state, &origin, &headers).await?;
    let home = form::query_pairs(&request)
        .iter()
        .any(|(name, value)| name == "then" && value == "home");
    // Only the page a client's request leads to goes back to the client, not every sign-out.
    let asked = if home {
        waiting::target(&state, &headers).await?
    } else {
        None
    };
    let target = asked.unwrap_or_else(|| state.config.app_url.join(if home { "/" } else { "/login" }));
    let mut response = signed_out(&state, &target, &closed.pages);
    waiting::remember(&state, None).apply(response.headers_mut());
    if response.status() == StatusCode::FOUND {
        *response.status_mut() = StatusCode::SEE_OTHER;
    }
    Ok(response)
}
