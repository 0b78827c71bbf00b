//! The authorization endpoint.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use pocket_id_oidc::authorize::{
    self, AuthorizationRequest, Decision, GroupAccess, Hint, InsecureRedirects, PageError, Policy,
    RedirectError, Refusal, ResponseMode, SameUser, SignedInUser,
};
use pocket_id_oidc::error::ErrorCode;
use pocket_id_oidc::grant;
use pocket_id_oidc::id_token;
use pocket_id_oidc::interaction::Progress;
use pocket_id_oidc::opaque::{Kind, OpaqueToken};
use pocket_id_oidc::parameters::Parameters;
use pocket_id_oidc::redirect_uri::{Proof, RedirectUri, RedirectUriError};
use pocket_id_store::authorization_codes::AuthorizationCode;
use pocket_id_store::clients::Client;
use pocket_id_store::consents::ConsentChange;
use pocket_id_store::grants::Grant;
use pocket_id_store::interactions::Interaction;
use pocket_id_store::types::{
    AuthenticationMethod, GrantId, InteractionId, JsonDocument, StringList, StringMap, Timestamp, TokenHash,
};
use pocket_id_store::{
    StoreResult, Tx, authorization_codes, clients, commit, consents, grants, interactions,
};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{facts, form, form_post, response};
use crate::audit::{self, Event};
use crate::http::access::{MaybeUser, SignedIn};
use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::sessions;
use crate::state::AppState;

/// Seconds a code is good for.
const CODE_LIFETIME: i64 = 15 * 60;
/// Seconds an interaction may take.
const INTERACTION_LIFETIME: i64 = 60 * 60;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get, post))
}

/// Asks for a code (RFC 6749 §4.1.1, OIDC Core §3.1.2).
#[utoipa::path(
    get, path = "/authorize", tag = "OpenID Connect",
    responses(
        (status = 200, description = "The `form_post` page"),
        (status = 302, description = "To a page of ours: sign-in, consent or error"),
        (status = 303, description = "To the client, with a code or an error")
    )
)]
async fn get(
    State(state): State<AppState>,
    user: Result<MaybeUser, ApiError>,
    origin: RequestOrigin,
    request: Request,
) -> Response {
    answer(&state, user, &origin, request).await
}

/// The same by POST.
#[utoipa::path(
    post, path = "/authorize", tag = "OpenID Connect",
    responses(
        (status = 200, description = "The `form_post` page"),
        (status = 302, description = "To a page of ours: sign-in, consent or error"),
        (status = 303, description = "To the client, with a code or an error")
    )
)]
async fn post(
    State(state): State<AppState>,
    user: Result<MaybeUser, ApiError>,
    origin: RequestOrigin,
    request: Request,
) -> Response {
    answer(&state, user, &origin, request).await
}

async fn answer(
    state: &AppState,
    user: Result<MaybeUser, ApiError>,
    origin: &RequestOrigin,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let mut pairs = form::query_pairs(&request);
    if *request.method() == Method::POST {
        match form::body_pairs(request).await {
            Ok(body) => pairs.extend(body),
            Err(error) => return error_page(state, &error.to_string(), &[]),
        }
    }
    let user = match user {
        Ok(MaybeUser(user)) => user,
        Err(error) if error.status() == StatusCode::FORBIDDEN => {
            return error_page(state, "Your account is disabled.", &[]);
        }
        Err(error) => return error.into_response(),
    };
    match process(state, Parameters::from_pairs(pairs), user, origin, &headers).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

/// What the instance allows.
pub fn policy(state: &AppState) -> Policy {
    let insecure_redirects = if state.config.insecure_callback_urls.is_on() {
        InsecureRedirects::Allowed
    } else {
        InsecureRedirects::Refused
    };
    Policy { insecure_redirects }
}

/// An interaction and what is left of it.
struct Resumed {
    row: Interaction,
    progress: Progress,
}

async fn process(
    state: &AppState,
    mut parameters: Parameters,
    user: Option<SignedIn>,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let mut resumed = None;
    if let Some(id) = parameters.get("interaction") {
        let Some(found) = find_interaction(state, id).await? else {
            let text =
                "This sign-in request has expired or was completed before. Go back to the app and try again.";
            return Ok(error_page(state, text, &[]));
        };
        parameters = Parameters::from_pairs(found.row.parameters.0.clone());
        resumed = Some(found);
    }
    let row = facts::find_client(state.store.reader(), parameters.get("client_id")).await?;
    let client = row.as_ref().map(facts::client);
    let request = match authorize::validate(&parameters, client.as_ref(), policy(state)) {
        Ok(request) => request,
        Err(refusal) => return Ok(refuse(state, refusal)),
    };
    let (Some(row), Some(client)) = (row, client) else {
        return Ok(refuse(state, Refusal::Page(PageError::UnknownClient)));
    };

    let hint = match check_hint(state, &request) {
        Ok(hint) => hint,
        Err(refusal) => return Ok(refuse(state, refusal)),
    };

    // Everything that grants access is read in the transaction that grants it.
    let tx = state.store.begin().await?;
    let now = state.now();
    let mut facts = match &user {
        Some(user) => Some(signed_in_facts(&tx, hint.as_ref(), &row, user).await?),
        None => None,
    };
    let decide = |facts: Option<&SignedInUser>| match &resumed {
        None => authorize::decide(&request, &client, facts, now.0),
        Some(resumed) => {
            let same = user
                .as_ref()
                .is_some_and(|user| resumed.row.user_id == Some(user.user.id));
            let same = if same { SameUser::Yes } else { SameUser::No };
            authorize::resume(&request, &client, facts, &resumed.progress, same, now.0)
        }
    };
    let mut decision = decide(facts.as_ref());
    // A passkey proof that came along is used up only when it makes a difference.
    if let (Decision::Interact(progress), Some(user), None, Some(known)) =
        (&decision, &user, &resumed, facts.as_mut())
        && progress.reauthenticate
        && let Some(at) = sessions::service::take_fresh_proof(state, &tx, headers, user.user.id).await?
    {
        known.fresh_proof = Some(at.created_at.0);
        decision = decide(Some(known));
    }

    match (decision, user) {
        (Decision::Refuse(refusal), _) => Ok(refuse(state, refusal)),
        (Decision::Interact(progress), user) => {
            let user_id = user.map(|user| user.user.id);
            let id = match resumed {
                Some(Resumed { mut row, .. }) => {
                    row.progress = JsonDocument(progress_json(&progress)?);
                    row.user_id = if progress.authenticate {
                        row.user_id
                    } else {
                        user_id
                    };
                    interactions::advance(&tx, &row).await?;
                    row.id
                }
                None => insert_interaction(state, &tx, &row, &parameters, &progress, now).await?,
            };
            commit(tx).await?;
            let location = state
                .config
                .app_url
                .join(&format!("/interaction?interaction={id}"));
            Ok(response::redirect(StatusCode::FOUND, &location))
        }
        (
            Decision::Issue {
                auth_time,
                requested_at,
            },
            Some(user),
        ) => {
            // The gate: one interaction yields one code.
            if let Some(resumed) = &resumed
                && !interactions::take(&tx, resumed.row.id).await?
            {
                let text = "This sign-in request was completed before. Go back to the app and try again.";
                return Ok(error_page(state, text, &[]));
            }
            let times = (Timestamp(auth_time), Timestamp(requested_at));
            let code = issue(state, &tx, &request, &row, &user, times, origin).await?;
            commit(tx).await?;
            let parameters = authorize::code_response(&request, &code, state.config.app_url.as_str());
            Ok(to_client(
                &request.redirect_uri,
                request.response_mode,
                &parameters,
            ))
        }
        (Decision::Issue { .. }, None) => Err(ApiError::internal("a code was decided for nobody")),
    }
}

async fn find_interaction(state: &AppState, id: &str) -> Result<Option<Resumed>, ApiError> {
    let Ok(id) = id.parse::<InteractionId>() else {
        return Ok(None);
    };
    let Some(row) = interactions::find(state.store.reader(), id, state.now()).await? else {
        return Ok(None);
    };
    let progress = serde_json::from_value(row.progress.0.clone()).map_err(ApiError::internal)?;
    Ok(Some(Resumed { row, progress }))
}

fn progress_json(progress: &Progress) -> Result<Value, ApiError> {
    serde_json::to_value(progress).map_err(ApiError::internal)
}

/// The ID token hint of a request, if it has one and it is ours.
pub fn check_hint(
    state: &AppState,
    request: &AuthorizationRequest,
) -> Result<Option<id_token::Hint>, Refusal> {
    authorize::check_hint(
        request,
        state.signing_keys.published(),
        state.config.app_url.as_str(),
    )
}

/// What the protocol needs to know about who is signed in.
pub async fn signed_in_facts(
    tx: &Tx,
    hint: Option<&id_token::Hint>,
    client: &Client,
    signed_in: &SignedIn,
) -> StoreResult<SignedInUser> {
    let user = &signed_in.user;
    let group_access = if facts::may_use(tx, client, user.id).await? {
        GroupAccess::Allowed
    } else {
        GroupAccess::Denied
    };
    let consented = consents::find(tx, user.id, &client.id)
        .await?
        .map(|consent| consent.scope.0);
    Ok(SignedInUser {
        authenticated_at: signed_in.session.authenticated_at.0,
        by_passkey: signed_in.session.method == AuthenticationMethod::Passkey,
        group_access,
        consented,
        fresh_proof: None,
        hint: Hint::about(hint, &user.id.to_string()),
    })
}

async fn insert_interaction(
    state: &AppState,
    tx: &Tx,
    client: &Client,
    parameters: &Parameters,
    progress: &Progress,
    now: Timestamp,
) -> Result<InteractionId, ApiError> {
    let id = InteractionId(state.random.uuid());
    let row = Interaction {
        id,
        client_id: client.id.clone(),
        user_id: None,
        parameters: StringMap(parameters.values().clone()),
        progress: JsonDocument(progress_json(progress)?),
        created_at: now,
        expires_at: now.plus_seconds(INTERACTION_LIFETIME),
        version: 0,
    };
    interactions::insert(tx, row).await?;
    Ok(id)
}

async fn issue(
    state: &AppState,
    tx: &Tx,
    request: &AuthorizationRequest,
    client: &Client,
    signed_in: &SignedIn,
    (auth_time, requested_at): (Timestamp, Timestamp),
    origin: &RequestOrigin,
) -> StoreResult<String> {
    let now = state.now();
    let user = &signed_in.user;
    let scopes = request.scopes.as_slice();
    let event = match consents::merge(tx, user.id, &client.id, scopes, now).await? {
        ConsentChange::New => Event::NewClientAuthorization,
        ConsentChange::Unchanged => Event::ClientAuthorization,
    };
    audit::record(
        state,
        tx,
        event,
        user,
        origin,
        [("clientName", client.name.clone())],
    )
    .await?;

    let expires_at = now.plus_seconds(CODE_LIFETIME);
    let grant_id = GrantId(state.random.uuid());
    grants::insert(
        tx,
        Grant {
            id: grant_id,
            user_id: user.id,
            client_id: client.id.clone(),
            session_id: Some(signed_in.session.id),
            scope: StringList(scopes.to_vec()),
            audience: StringList(grant::audience(
                &client.id.0,
                &request.scopes,
                state.config.app_url.as_str(),
            )),
            auth_time,
            amr: StringList(
                signed_in
                    .session
                    .method
                    .amr()
                    .map(str::to_owned)
                    .into_iter()
                    .collect(),
            ),
            acr: request.wants_acr.then(|| "0".to_owned()),
            nonce: request.nonce.clone(),
            requested_at,
            created_at: now,
            expires_at,
            revoked_at: None,
            claims: None,
            dpop_jkt: None,
            actor: None,
        },
    )
    .await?;
    let code = OpaqueToken::new(Kind::AuthorizationCode, state.random.bytes());
    authorization_codes::insert(
        tx,
        AuthorizationCode {
            code_hash: TokenHash(code.hash().to_vec()),
            grant_id,
            redirect_uri: request.sent_redirect_uri.clone(),
            code_challenge: request
                .challenge
                .as_ref()
                .map(|challenge| challenge.value.clone()),
            code_challenge_method: request
                .challenge
                .as_ref()
                .map(|challenge| challenge.method.as_str().to_owned()),
            created_at: now,
            expires_at,
            used_at: None,
        },
    )
    .await?;
    if request.challenge.is_some() && !client.pkce_enabled && !client.pkce_supported {
        clients::mark_pkce_supported(tx, &client.id).await?;
    }
    if request.proof == Proof::FirstUse {
        clients::trust_first_callback(tx, &client.id, request.redirect_uri.as_str()).await?;
    }
    Ok(code.expose().to_owned())
}

fn to_client(redirect_uri: &RedirectUri, mode: ResponseMode, parameters: &[(&str, String)]) -> Response {
    if mode == ResponseMode::FormPost {
        return form_post::page(redirect_uri, parameters);
    }
    response::redirect(
        StatusCode::SEE_OTHER,
        &authorize::response_location(redirect_uri, mode, parameters),
    )
}

fn refuse(state: &AppState, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Redirect(error) => to_client_with_error(state, &error),
        Refusal::Page(PageError::UnknownClient) => error_page(
            state,
            "The app that sent you here is not known to this server (unknown client_id).",
            &[],
        ),
        Refusal::Page(PageError::Malformed(text)) => error_page(state, text, &[]),
        Refusal::Page(PageError::BeforeFirstUse(error)) => error_page(state, &error.description, &[]),
        Refusal::Page(PageError::NotAllowed) => {
            error_page(state, "You are not allowed to access this service.", &[])
        }
        Refusal::Page(PageError::RedirectUri {
            reason,
            sent,
            registered,
        }) => {
            let text = match reason {
                RedirectUriError::Missing => {
                    "The app did not say where to return to (redirect_uri is missing)."
                }
                RedirectUriError::Malformed => {
                    "The callback URL the app sent (redirect_uri) is not an absolute URL without fragment."
                }
                RedirectUriError::NotRegistered => {
                    "The callback URL the app sent (redirect_uri) is not registered for it."
                }
            };
            let mut facts: Vec<(&str, String)> = sent.into_iter().map(|sent| ("sent", sent)).collect();
            facts.extend(registered.into_iter().map(|pattern| ("registered", pattern)));
            error_page(state, text, &facts)
        }
    }
}

fn to_client_with_error(state: &AppState, error: &RedirectError) -> Response {
    if error.error.code == ErrorCode::AccessDenied {
        return error_page(state, &error.error.description, &[]);
    }
    let parameters = authorize::error_response(error, state.config.app_url.as_str());
    to_client(&error.redirect_uri, error.response_mode, &parameters)
}

/// Sends the browser to the page that explains what is wrong.
fn error_page(state: &AppState, text: &str, facts: &[(&str, String)]) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("error", text);
    query.extend_pairs(facts);
    let location = state
        .config
        .app_url
        .join(&format!("/interaction/error?{}", query.finish()));
    response::redirect(StatusCode::FOUND, &location)
}
