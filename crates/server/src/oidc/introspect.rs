//! Token introspection (RFC 7662).

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use pocket_id_oidc::client_auth::{self, Credentials};
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::introspection::{self, Facts, Introspection, Life, Served, TokenKind};
use pocket_id_oidc::opaque::Kind;
use pocket_id_oidc::parameters::Parameters;
use pocket_id_store::types::{ClientId, TokenHash};
use pocket_id_store::{StoreResult, apis, grants, refresh_tokens, users};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::client_authentication::{self, AuthenticatedClient};
use super::presented_token::{self, LiveToken};
use super::response::{self, Failure};
use super::wire::{IntrospectionAnswer, OAuthFailure, PresentedTokenForm};
use super::{facts, form};
use crate::http::authorization;
use crate::state::AppState;

/// The assertion type of RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(introspect))
}

/// Describes a token of the calling client, or an access token for an API it is a server of.
#[utoipa::path(
    post, path = "/api/oidc/introspect", tag = "OpenID Connect",
    request_body(content = PresentedTokenForm, content_type = "application/x-www-form-urlencoded", description = "The token to be described"),
    responses(
        (status = 200, body = IntrospectionAnswer, description = "The token, or that it is not active (RFC 7662 §2.2)"),
        (status = 400, body = OAuthFailure, description = "No token, or several ways of authentication"),
        (status = 401, body = OAuthFailure, description = "No or a failed authentication")
    )
)]
async fn introspect(State(state): State<AppState>, request: Request) -> Response {
    match answer(&state, request).await {
        Ok(answer) => response::json(StatusCode::OK, &answer),
        Err(failure) => failure.into_response(),
    }
}

async fn answer(state: &AppState, request: Request) -> Result<Introspection, Failure> {
    let headers = request.headers().clone();
    let form = form::body(request)
        .await
        .map_err(|error| OAuthError::new(ErrorCode::InvalidRequest, error.to_string()))?;
    let caller = caller(state, &headers, &form).await?;
    if let Some(name) = form.first_repeated(&["token", "token_type_hint"]) {
        let text = format!("The {name} parameter was sent more than once.");
        return Err(OAuthError::new(ErrorCode::InvalidRequest, text).into());
    }
    let token = form
        .get("token")
        .ok_or_else(|| OAuthError::new(ErrorCode::InvalidRequest, "The token parameter is missing."))?;
    let mut found = None;
    for kind in introspection::kinds(form.get("token_type_hint")) {
        found = match kind {
            TokenKind::Access => access_token(state, token).await?,
            TokenKind::Refresh => refresh_token(state, token).await?,
        };
        if found.is_some() {
            break;
        }
    }
    let served = match &found {
        Some(facts) => served(state, &caller, facts).await?,
        None => Served::No,
    };
    Ok(introspection::answer(
        found,
        &caller.client.0,
        served,
        form.get("scope"),
    ))
}

/// Who asks.
struct Caller {
    client: ClientId,
    /// Whether the client itself proved to be there. A token of one of its users shows that somebody uses it.
    itself: bool,
}

/// Whether the caller is a server of the API a token is for.
async fn served(state: &AppState, caller: &Caller, facts: &Facts) -> StoreResult<Served> {
    let readers = facts.readers(&caller.client.0);
    if !caller.itself || readers.is_empty() {
        return Ok(Served::No);
    }
    let api = apis::served_by(state.store.reader(), &caller.client, readers).await?;
    Ok(if api.is_some() { Served::Yes } else { Served::No })
}

fn unauthorized() -> Failure {
    let text = "Introspection needs client credentials or another valid access token.";
    OAuthError::new(ErrorCode::RequestUnauthorized, text).into()
}

/// The client that asks: by its credentials in the header, by an access token other than the one asked about, or by
/// an assertion, in the header or in the form.
async fn caller(state: &AppState, headers: &HeaderMap, form: &Parameters) -> Result<Caller, Failure> {
    let header = authorization::read(headers)?;
    let bearer = authorization::token(header, "bearer");
    let id = |client: AuthenticatedClient| Caller {
        itself: !client.row.is_public,
        client: client.row.id,
    };
    match (bearer, header) {
        (Some(assertion), _) if form.get("client_id").is_some() => {
            let mut as_form = form.clone();
            as_form.set("client_assertion", assertion.to_owned());
            as_form.set("client_assertion_type", JWT_BEARER.to_owned());
            client_authentication::authenticate(state, &HeaderMap::new(), &as_form)
                .await
                .map(id)
        }
        (Some(token), _) => {
            if form.get("token") == Some(token) {
                return Err(unauthorized());
            }
            let live = presented_token::find(state, state.store.reader(), token).await?;
            // A token bound to a key proves nothing without it.
            live.filter(|live| live.key_thumbprint().is_none())
                .map(|live| Caller {
                    itself: matches!(live, LiveToken::OfClient(_)),
                    client: live.client_id().clone(),
                })
                .ok_or_else(unauthorized)
        }
        (None, Some(header)) => {
            let is_basic = client_auth::basic(Some(header)).is_some();
            // Credentials in the body do not count here; those that contradict the header still do.
            let nothing = Parameters::default();
            let credentials = Credentials::read(Some(header), if is_basic { form } else { &nothing })?;
            client_authentication::by_secret(state, credentials.header_only())
                .await
                .and_then(confidential)
                .map(id)
        }
        (None, None) if form.get("client_assertion").is_some() => {
            client_authentication::authenticate(state, headers, form)
                .await
                .map(id)
        }
        (None, None) => Err(unauthorized()),
    }
}

/// Public clients prove nothing with their name, and nothing is told to just anybody.
fn confidential(client: AuthenticatedClient) -> Result<AuthenticatedClient, Failure> {
    if client.row.is_public {
        return Err(unauthorized());
    }
    Ok(client)
}

async fn access_token(state: &AppState, token: &str) -> Result<Option<Facts>, Failure> {
    let issuer = state.config.app_url.as_str();
    let live = presented_token::find(state, state.store.reader(), token).await?;
    Ok(match live {
        None => None,
        Some(LiveToken::OfUser(presented)) => {
            let token = presented.token;
            let life = Life {
                jti: Some(token.jti.to_string()),
                issued_at: token.created_at.seconds(),
                expires_at: token.expires_at.seconds(),
                key_thumbprint: token.dpop_jkt,
            };
            let grant = facts::grant(&presented.grant)?;
            Some(introspection::of_grant(&grant, TokenKind::Access, life, issuer))
        }
        Some(LiveToken::OfClient(token)) => {
            let life = Life {
                jti: Some(token.jti.to_string()),
                issued_at: token.created_at.seconds(),
                expires_at: token.expires_at.seconds(),
                key_thumbprint: token.dpop_jkt,
            };
            let client = &token.client_id.0;
            Some(introspection::of_client(
                client,
                &token.scope.0,
                token.audience.0,
                life,
                issuer,
            ))
        }
    })
}

async fn refresh_token(state: &AppState, token: &str) -> StoreResult<Option<Facts>> {
    let reader = state.store.reader();
    let now = state.now();
    let hash = TokenHash(Kind::RefreshToken.hash(token).to_vec());
    let Some(row) = refresh_tokens::find(reader, &hash)
        .await?
        .filter(|row| row.used_at.is_none() && now < row.expires_at)
    else {
        return Ok(None);
    };
    let Some(grant) = grants::find(reader, row.grant_id)
        .await?
        .filter(|grant| grant.revoked_at.is_none())
    else {
        return Ok(None);
    };
    let usable = users::find(reader, grant.user_id)
        .await?
        .is_some_and(|user| !user.disabled);
    if !usable {
        return Ok(None);
    }
    let life = Life {
        jti: None,
        issued_at: row.created_at.seconds(),
        expires_at: row.expires_at.seconds(),
        key_thumbprint: grant.dpop_jkt.clone(),
    };
    let issuer = state.config.app_url.as_str();
    let grant = facts::grant(&grant)?;
    Ok(Some(introspection::of_grant(
        &grant,
        TokenKind::Refresh,
        life,
        issuer,
    )))
}
