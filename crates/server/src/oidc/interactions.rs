//! The steps a person takes before a client gets its code.

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use pocket_id_oidc::authorize::{self, AuthorizationRequest, Channel, FreshProof};
use pocket_id_oidc::interaction::{Progress, Step};
use pocket_id_oidc::parameters::Parameters;
use pocket_id_oidc::passkey::Standing;
use pocket_id_oidc::resource;
use pocket_id_store::clients::Client;
use pocket_id_store::consents::{self, ConsentChange};
use pocket_id_store::interactions::{self, Interaction};
use pocket_id_store::types::{InteractionId, JsonDocument, MinimumPasskey};
use pocket_id_store::{StoreError, Tx, apis, commit, registrations};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{authorize as endpoint, facts};
use crate::audit::{self, Event};
use crate::clients::{self, ClientMetaDto};
use crate::http::access::{BrowserUser, SignedIn};
use crate::http::body::JsonBody;
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::Cookie;
use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::http::path::PathId;
use crate::sessions;
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find))
        .routes(routes!(complete))
        .routes(routes!(cancel))
}

/// What a scope that is not a standard one means.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScopeInfoDto {
    /// The scope.
    pub key: String,
    /// What people read.
    pub name: String,
    /// What it lets the client do.
    pub description: Option<String>,
}

/// A pending authorization request.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InteractionDto {
    /// Identifier.
    pub id: String,
    /// Scopes asked for.
    pub scopes: Vec<String>,
    /// What the scopes that are not standard ones mean.
    pub scope_info: Vec<ScopeInfoDto>,
    /// Who asks.
    pub client: ClientMetaDto,
    /// Whether an administrator stands behind the client; people are warned of one that registered itself.
    pub client_is_approved: bool,
    /// What the client says it does with data about people; an address of the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub policy_uri: Option<String>,
    /// The client's terms of service; an address of the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub tos_uri: Option<String>,
    /// The passkey the client's users need: `any`, `device_bound` or `models`.
    #[schema(value_type = String, example = "any")]
    pub minimum_passkey: MinimumPasskey,
    /// The next step; absent when none is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub current_step: Option<Step>,
    /// The steps left, in order.
    #[schema(value_type = Vec<String>)]
    pub required_steps: Vec<Step>,
}

/// A completed step.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct CompleteInput {
    /// `authenticate`, `select_account`, `reauthenticate` or `consent`; must be the next one.
    #[schema(value_type = String)]
    step: Option<Step>,
}

/// What is next.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompletedDto {
    /// The request, if steps are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    interaction: Option<InteractionDto>,
    /// Where to navigate, if none is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    redirect_url: Option<String>,
}

/// Why a step cannot be completed.
#[derive(Debug, thiserror::Error)]
enum InteractionError {
    #[error("no such interaction")]
    NotFound,
    #[error("not the next step")]
    WrongStep,
    #[error("somebody else completed a step meanwhile")]
    Changed,
    #[error("no proof of a passkey came along")]
    NoProof,
    #[error("the proof of a passkey is stale, used or another user's")]
    BadProof,
    #[error("the client takes no such passkey")]
    OtherPasskey(MinimumPasskey),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("stored progress is unreadable: {0}")]
    Unreadable(#[from] serde_json::Error),
}

impl From<InteractionError> for ApiError {
    fn from(error: InteractionError) -> Self {
        let invalid = |text: &str| Self::new(StatusCode::BAD_REQUEST, "validation_failed", text);
        match error {
            InteractionError::NotFound => Self::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "OIDC interaction not found or expired",
            )
            .with("resource", "OIDC interaction"),
            InteractionError::WrongStep => invalid("This step is not the next one"),
            InteractionError::Changed => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "This request was continued elsewhere; reload the page",
            ),
            InteractionError::NoProof => invalid("Use your passkey again first"),
            InteractionError::BadProof => Self::new(
                StatusCode::UNAUTHORIZED,
                "reauthentication_required",
                "Reauthentication is required",
            ),
            InteractionError::OtherPasskey(minimum) => super::other_passkey(minimum),
            InteractionError::Store(error) => error.into(),
            InteractionError::Unreadable(error) => Self::internal(error),
        }
    }
}

async fn dto(
    state: &AppState,
    row: &Interaction,
    client: &Client,
    progress: &Progress,
) -> Result<InteractionDto, StoreError> {
    let resource = row.parameters.0.get("resource").map(String::as_str);
    let (policy_uri, tos_uri) = documents(state, client).await?;
    Ok(InteractionDto {
        id: row.id.to_string(),
        scopes: progress.scopes.clone(),
        scope_info: scope_info(state, resource, &progress.scopes).await?,
        client: client.into(),
        client_is_approved: client.is_approved,
        policy_uri,
        tos_uri,
        minimum_passkey: client.minimum_passkey,
        current_step: progress.current_step(),
        required_steps: progress.required_steps(),
    })
}

/// Where a registered client says its policy and terms are (RFC 7591 §2). It chose the addresses itself: those that are
/// not of the web are not passed on, whatever was let in before.
async fn documents(
    state: &AppState,
    client: &Client,
) -> Result<(Option<String>, Option<String>), StoreError> {
    if !client.is_dynamic {
        return Ok((None, None));
    }
    let Some(registration) = registrations::find(state.store.reader(), &client.id).await? else {
        return Ok((None, None));
    };
    let address = |name: &str| {
        let text = registration.metadata.0.get(name)?.as_str()?;
        let url = Url::parse(text).ok()?;
        let of_the_web = matches!(url.scheme(), "https" | "http") && url.has_host();
        of_the_web.then(|| url.into())
    };
    Ok((address("policy_uri"), address("tos_uri")))
}

/// What the permissions among some scopes of an API mean.
pub async fn scope_info(
    state: &AppState,
    resource: Option<&str>,
    scopes: &[String],
) -> Result<Vec<ScopeInfoDto>, StoreError> {
    let Some(resource) = resource else {
        return Ok(Vec::new());
    };
    let reader = state.store.reader();
    let Some(api) = apis::find_by_resource(reader, resource::normalized(resource)).await? else {
        return Ok(Vec::new());
    };
    Ok(apis::permissions_of(reader, &[api.id])
        .await?
        .into_iter()
        .filter(|permission| scopes.contains(&permission.key))
        .map(|permission| ScopeInfoDto {
            key: permission.key,
            name: permission.name,
            description: permission.description,
        })
        .collect())
}

/// What is asked of whom.
#[utoipa::path(
    get, path = "/api/oidc/interactions/{id}", tag = "OpenID Connect",
    params(("id" = String, Path, description = "Interaction ID")),
    responses((status = 200, body = InteractionDto), (status = 404, body = ErrorBody))
)]
async fn find(
    State(state): State<AppState>,
    PathId(id): PathId<InteractionId>,
) -> ApiResult<Json<InteractionDto>> {
    let id = id.ok_or(InteractionError::NotFound)?;
    let reader = state.store.reader();
    let row = interactions::find(reader, id, state.now())
        .await?
        .ok_or(InteractionError::NotFound)?;
    let client = clients::resolve(&state, &row.client_id.0)
        .await?
        .ok_or(InteractionError::NotFound)?;
    let progress = progress_of(&row)?;
    Ok(Json(dto(&state, &row, &client, &progress).await?))
}

/// Completes the next step.
#[utoipa::path(
    post, path = "/api/oidc/interactions/{id}/complete", tag = "OpenID Connect", request_body = CompleteInput,
    params(("id" = String, Path, description = "Interaction ID")),
    responses(
        (status = 200, body = CompletedDto), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "Continued elsewhere meanwhile")
    )
)]
async fn complete(
    State(state): State<AppState>,
    BrowserUser(signed_in): BrowserUser,
    origin: RequestOrigin,
    headers: HeaderMap,
    PathId(id): PathId<InteractionId>,
    JsonBody(input): JsonBody<CompleteInput>,
) -> ApiResult<Json<CompletedDto>> {
    let id = id.ok_or(InteractionError::NotFound)?;
    let step = input.step.ok_or(InteractionError::WrongStep)?;
    // A client that is not allowed any more gets nothing more; the question may mean a request to its server, so it is
    // asked before the transaction begins.
    if let Some(row) = interactions::find(state.store.reader(), id, state.now()).await? {
        clients::resolve(&state, &row.client_id.0)
            .await?
            .ok_or(InteractionError::NotFound)?;
    }
    let tx = state.store.begin().await?;
    let mut row = interactions::find(&tx, id, state.now())
        .await?
        .ok_or(InteractionError::NotFound)?;
    let client = facts::find_client(&tx, Some(&row.client_id.0))
        .await?
        .ok_or(InteractionError::NotFound)?;
    let mut progress = progress_of(&row)?;
    let request = request_of(&state, &row, &client).await?;
    let hint = endpoint::check_hint(&state, &tx, &request)
        .await?
        .map_err(|_| InteractionError::NotFound)?;
    let known = endpoint::signed_in_facts(&tx, &request, hint.as_ref(), &client, &signed_in).await?;
    let client_facts = facts::client(&client);
    let now = state.now().0;
    let asked = authorize::asked_of_user(&request, &client_facts, &known, progress.requested_at, now);

    if !progress.authenticate && row.user_id.is_some_and(|bound| bound != signed_in.user.id) {
        // Somebody else signed in meanwhile: what was asked of the first does not count for the second.
        let select_account = progress.select_account;
        progress.bind(asked);
        progress.select_account = select_account;
    }
    if progress.cancelled || !progress.expects(step) {
        return Err(InteractionError::WrongStep.into());
    }
    match step {
        Step::Authenticate => {
            let select_account = progress.select_account;
            progress.bind(asked);
            progress.select_account = select_account;
        }
        Step::SelectAccount => progress.bind(asked),
        Step::Reauthenticate => {
            if Cookie::Reauthentication
                .read(&headers, &state.config.app_url)
                .is_none()
            {
                return Err(InteractionError::NoProof.into());
            }
            let at = sessions::service::take_fresh_proof(&state, &tx, &headers, signed_in.user.id)
                .await?
                .ok_or(InteractionError::BadProof)?;
            let proof = FreshProof {
                at: at.created_at.0,
                user_verified: at.user_verified,
                passkey: facts::standing(&tx, &client, signed_in.user.id, at.passkey_id).await?,
            };
            if proof.passkey == Standing::Insufficient {
                return Err(InteractionError::OtherPasskey(client.minimum_passkey).into());
            }
            // The browser may have proven a sign-in of before: told so, it asks for the passkey itself.
            let requested_at = progress.requested_at;
            if !authorize::accepts_proof(&request, &client_facts, &known, proof, requested_at, now) {
                return Err(InteractionError::BadProof.into());
            }
            progress.reauthenticated(proof);
        }
        Step::Consent => consent(&state, &tx, &client, &request, &signed_in, &origin, &mut progress).await?,
    }
    row.user_id = Some(signed_in.user.id);
    store(&tx, &mut row, &progress).await?;
    commit(tx).await?;
    let mut answer = CompletedDto::default();
    if progress.current_step().is_some() {
        answer.interaction = Some(dto(&state, &row, &client, &progress).await?);
    } else {
        answer.redirect_url = Some(resumption(id));
    }
    Ok(Json(answer))
}

/// Ends a request without giving the client anything. Nobody has to be signed in for that; who knows the request may
/// end it.
#[utoipa::path(
    post, path = "/api/oidc/interactions/{id}/cancel", tag = "OpenID Connect",
    params(("id" = String, Path, description = "Interaction ID")),
    responses(
        (status = 200, body = CompletedDto, description = "Where to navigate: from there the client learns `access_denied`"),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "Continued elsewhere meanwhile")
    )
)]
async fn cancel(
    State(state): State<AppState>,
    PathId(id): PathId<InteractionId>,
) -> ApiResult<Json<CompletedDto>> {
    let id = id.ok_or(InteractionError::NotFound)?;
    let tx = state.store.begin().await?;
    let mut row = interactions::find(&tx, id, state.now())
        .await?
        .ok_or(InteractionError::NotFound)?;
    let mut progress = progress_of(&row)?;
    progress.cancelled = true;
    store(&tx, &mut row, &progress).await?;
    commit(tx).await?;
    Ok(Json(CompletedDto {
        interaction: None,
        redirect_url: Some(resumption(id)),
    }))
}

fn progress_of(row: &Interaction) -> Result<Progress, InteractionError> {
    Ok(serde_json::from_value(row.progress.0.clone())?)
}

async fn store(tx: &Tx, row: &mut Interaction, progress: &Progress) -> Result<(), InteractionError> {
    row.progress = JsonDocument(serde_json::to_value(progress)?);
    if interactions::advance(tx, row).await? {
        Ok(())
    } else {
        Err(InteractionError::Changed)
    }
}

/// Where the browser goes on with a request.
fn resumption(id: InteractionId) -> String {
    format!("/authorize?interaction={id}")
}

async fn consent(
    state: &AppState,
    tx: &Tx,
    client: &Client,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    origin: &RequestOrigin,
    progress: &mut Progress,
) -> Result<(), InteractionError> {
    let user = &signed_in.user;
    let change = consents::merge(tx, user.id, &client.id, &request.consent_keys(), state.now()).await?;
    if change == ConsentChange::New {
        let data = [("clientName", client.name.clone())];
        audit::record(state, tx, Event::NewClientAuthorization, user, origin, data).await?;
    }
    progress.consented();
    Ok(())
}

/// The request behind an interaction. It was valid when it came in; a client changed since may have made it invalid.
async fn request_of(
    state: &AppState,
    row: &Interaction,
    client: &Client,
) -> Result<AuthorizationRequest, InteractionError> {
    let parameters = Parameters::from_pairs(row.parameters.0.clone());
    let facts = facts::client(client);
    authorize::validate(
        &parameters,
        Some(&facts),
        endpoint::policy(state).await?,
        Channel::Kept,
        &endpoint::user_apis(state.store.reader(), client, &parameters).await?,
    )
    .map_err(|_| InteractionError::NotFound)
}
