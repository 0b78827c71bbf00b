//! The authorization endpoint.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use pocket_id_oidc::authorize::{
    self, AuthorizationRequest, Decision, FreshProof, GroupAccess, Hint, InsecureRedirects, PageError,
    Policy, Refusal, SameUser, SignedInUser,
};
use pocket_id_oidc::id_token;
use pocket_id_oidc::interaction::Progress;
use pocket_id_oidc::parameters::Parameters;
use pocket_id_oidc::resource::ApiFacts;
use pocket_id_store::clients::Client;
use pocket_id_store::interactions::Interaction;
use pocket_id_store::types::{
    AuthenticationMethod, ClientId, InteractionId, JsonDocument, StringMap, SubjectType, Timestamp,
};
use pocket_id_store::{StoreResult, Tx, commit, consents, interactions};
use sea_orm::ConnectionTrait;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

mod incoming;
mod issuance;
mod refusal;

pub use incoming::unpack_object;
use incoming::{Fault, Incoming, Resumed};
pub use issuance::amr;
use issuance::{Authentication, Issuance, Issued};
use refusal::{cancelled, error_page, refuse, to_client};

use super::wire::AuthorizationForm;
use super::{client_authentication, facts, form, response, token};
use crate::http::access::{MaybeUser, SignedIn};
use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::refused_authorizations::Attempt;
use crate::sessions;
use crate::state::AppState;

/// What whoever comes second reads.
const COMPLETED: &str = "This sign-in request was completed before. Go back to the app and try again.";

/// Seconds an interaction may take.
const INTERACTION_LIFETIME: i64 = 60 * 60;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get, post))
}

/// Asks for a code, or for tokens without one (RFC 6749 §4.1.1, OIDC Core §§3.1.2 and 3.2.2).
#[utoipa::path(
    get, path = "/authorize", tag = "OpenID Connect", params(AuthorizationForm),
    responses(
        (status = 200, description = "The `form_post` page"),
        (status = 302, description = "To a page of ours: sign-in, consent or error"),
        (status = 303, description = "To the client, with a code, tokens or an error")
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
    request_body(content = AuthorizationForm, content_type = "application/x-www-form-urlencoded", description = "The request"),
    responses(
        (status = 200, description = "The `form_post` page"),
        (status = 302, description = "To a page of ours: sign-in, consent or error"),
        (status = 303, description = "To the client, with a code, tokens or an error")
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
    if *request.method() == Method::HEAD {
        return response::head_refused();
    }
    let headers = request.headers().clone();
    let mut pairs = form::query_pairs(&request);
    if *request.method() == Method::POST {
        match form::body_pairs(request, form::REQUEST_LIMIT).await {
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

/// What a client may have of the API a request names, on behalf of a user.
pub async fn user_apis(
    connection: &impl ConnectionTrait,
    client: &Client,
    parameters: &Parameters,
) -> StoreResult<ApiFacts> {
    let (resource, scope) = (parameters.get("resource"), parameters.get("scope"));
    facts::apis(connection, client, SubjectType::User, resource, scope).await
}

/// What the instance allows.
pub async fn policy(state: &AppState) -> StoreResult<Policy> {
    let insecure_redirects = if state.config.insecure_callback_urls.is_on() {
        InsecureRedirects::Allowed
    } else {
        InsecureRedirects::Refused
    };
    Ok(Policy {
        insecure_redirects,
        pending_clients: client_authentication::pending_clients(state).await?,
    })
}

async fn process(
    state: &AppState,
    parameters: Parameters,
    user: Option<SignedIn>,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let mut attempt = Attempt {
        client: parameters.get("client_id").map(|id| ClientId(id.to_owned())),
        redirect_uri: parameters.get("redirect_uri").map(str::to_owned),
        user: user.as_ref().map(|signed_in| signed_in.user.clone()),
        origin,
    };
    let Incoming {
        parameters,
        channel,
        client,
        resumed,
    } = match incoming::assemble(state, parameters).await? {
        Ok(incoming) => incoming,
        Err(Fault::Gone(text)) => return Ok(error_page(state, text, &[])),
        Err(Fault::Refused(refusal)) => return Ok(refuse(state, &attempt, refusal).await),
    };
    // Pushed, signed and resumed requests say more than the query.
    attempt.client = client.as_ref().map(|client| client.id.clone());
    attempt.redirect_uri = parameters.get("redirect_uri").map(str::to_owned);
    let facts_of = client.as_ref().map(facts::client);
    let apis = match &client {
        Some(row) => user_apis(state.store.reader(), row, &parameters).await?,
        None => ApiFacts::default(),
    };
    let policy = policy(state).await?;
    let request = match authorize::validate(&parameters, facts_of.as_ref(), policy, channel, &apis) {
        Ok(request) => request,
        Err(refusal) => return Ok(refuse(state, &attempt, refusal).await),
    };
    let (Some(row), Some(client)) = (client, facts_of) else {
        return Ok(refuse(state, &attempt, Refusal::Page(PageError::UnknownClient)).await);
    };

    let hint = match check_hint(state, state.store.reader(), &request).await? {
        Ok(hint) => hint,
        Err(refusal) => return Ok(refuse(state, &attempt, refusal).await),
    };

    // Everything that grants access is read in the transaction that grants it.
    let tx = state.store.begin().await?;
    let now = state.now();
    let mut facts = match &user {
        Some(user) => Some(signed_in_facts(&tx, &request, hint.as_ref(), &row, user).await?),
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
        && let Some(proof) = sessions::service::take_fresh_proof(state, &tx, headers, user.user.id).await?
    {
        known.fresh_proof = Some(FreshProof {
            at: proof.created_at.0,
            user_verified: proof.user_verified,
            passkey: facts::standing(&tx, &row, user.user.id, proof.passkey_id).await?,
        });
        decision = decide(Some(known));
    }

    match (decision, user) {
        (Decision::Refuse(refusal), _) => {
            // Nothing is kept of it, and what is written about the refusal is written in a transaction of its own.
            drop(tx);
            Ok(refuse(state, &attempt, refusal).await)
        }
        (Decision::Cancelled(refusal), _) => {
            if !is_first_answer(&tx, resumed.as_ref()).await? {
                return Ok(error_page(state, COMPLETED, &[]));
            }
            commit(tx).await?;
            Ok(cancelled(state, refusal))
        }
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
                acr,
            },
            Some(user),
        ) => {
            if !is_first_answer(&tx, resumed.as_ref()).await? {
                return Ok(error_page(state, COMPLETED, &[]));
            }
            let authentication = Authentication {
                time: Timestamp(auth_time),
                requested_at: Timestamp(requested_at),
                acr,
            };
            let issuance = Issuance {
                request: &request,
                client: &row,
                facts: &client,
                signed_in: &user,
                authentication,
            };
            let issued = issuance.issue(state, &tx, origin).await?;
            commit(tx).await?;
            let issuer = state.config.app_url.as_str();
            let parameters = match issued {
                Issued::Code(code) => authorize::code_response(&request, &client, &code, issuer),
                Issued::Tokens(unsigned) => {
                    let tokens = token::sign_for_browser(state, *unsigned).await?;
                    authorize::token_response(&request, tokens, issuer)
                }
            };
            Ok(to_client(
                &request.redirect_uri,
                request.response_mode,
                &parameters,
            ))
        }
        (Decision::Issue { .. }, None) => Err(ApiError::internal("a code was decided for nobody")),
    }
}

/// The gate: one interaction yields one answer.
async fn is_first_answer(tx: &Tx, resumed: Option<&Resumed>) -> StoreResult<bool> {
    match resumed {
        Some(resumed) => interactions::take(tx, resumed.row.id).await,
        None => Ok(true),
    }
}

fn progress_json(progress: &Progress) -> Result<Value, ApiError> {
    serde_json::to_value(progress).map_err(ApiError::internal)
}

/// The ID token hint of a request, if it has one and it is ours.
pub async fn check_hint(
    state: &AppState,
    connection: &impl ConnectionTrait,
    request: &AuthorizationRequest,
) -> StoreResult<Result<Option<id_token::Hint>, Refusal>> {
    let Some(token) = &request.id_token_hint else {
        return Ok(Ok(None));
    };
    let keys = state.signing_keys.keys_for(connection, token).await?;
    let issuer = state.config.app_url.as_str();
    Ok(authorize::check_hint(
        request,
        keys.iter(),
        issuer,
        state.now().seconds(),
    ))
}

/// What the protocol needs to know about who is signed in.
pub async fn signed_in_facts(
    tx: &Tx,
    request: &AuthorizationRequest,
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
        user_verified: signed_in.session.user_verified,
        passkey: facts::standing(tx, client, user.id, signed_in.session.passkey_id).await?,
        group_access,
        consented,
        fresh_proof: None,
        hint: Hint::about(hint, request, &user.id.to_string()),
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
        parameters: StringMap(authorize::worth_keeping(parameters)),
        progress: JsonDocument(progress_json(progress)?),
        created_at: now,
        expires_at: now.plus_seconds(INTERACTION_LIFETIME),
        version: 0,
    };
    interactions::insert(tx, row).await?;
    Ok(id)
}
