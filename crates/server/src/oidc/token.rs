//! The token endpoint: redeem in one transaction, then sign.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use pocket_id_oidc::client::Client;
use pocket_id_oidc::client_auth::Credentials;
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::id_token::{Issuance, Occasion};
use pocket_id_oidc::opaque::{Kind, OpaqueToken};
use pocket_id_oidc::pkce::{Challenge, Method};
use pocket_id_oidc::token::authorization_code::StoredCode;
use pocket_id_oidc::token::refresh_token::StoredRefreshToken;
use pocket_id_oidc::token::{self, Denial, TokenRequest, TokenResponse, UserStanding};
use pocket_id_oidc::{access_token, id_token};
use pocket_id_store::access_tokens::AccessToken;
use pocket_id_store::grants::Grant;
use pocket_id_store::refresh_tokens::RefreshToken;
use pocket_id_store::types::{GrantId, Timestamp, TokenHash};
use pocket_id_store::users::User;
use pocket_id_store::{
    StoreResult, Tx, access_tokens, authorization_codes, clients, commit, grants, refresh_tokens, users,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::response::{self, Failure};
use super::{facts, form};
use crate::http::error::ApiError;
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(exchange))
}

/// Exchanges a code or a refresh token for tokens.
#[utoipa::path(
    post, path = "/api/oidc/token", tag = "OpenID Connect",
    responses(
        (status = 200, body = Value, description = "Tokens (RFC 6749 §5.1)"),
        (status = 400, body = Value, description = "RFC 6749 §5.2"),
        (status = 401, body = Value, description = "Client authentication failed"),
        (status = 403, body = Value, description = "The user may not use the client")
    )
)]
async fn exchange(State(state): State<AppState>, request: Request) -> Response {
    match answer(&state, request).await {
        Ok(tokens) => response::json(StatusCode::OK, &tokens),
        Err(failure) => failure.into_response(),
    }
}

async fn answer(state: &AppState, request: Request) -> Result<TokenResponse, Failure> {
    let authorization = form::authorization(request.headers());
    let form = form::body(request)
        .await
        .map_err(|error| OAuthError::new(ErrorCode::InvalidRequest, error.to_string()))?;
    let asked = token::parse(&form)?;
    let credentials = Credentials::read(authorization.as_deref(), &form)?;
    let client = authenticate(state, credentials).await?;
    let minted = match &asked {
        TokenRequest::AuthorizationCode(request) => redeem_code(state, &client, request).await?,
        TokenRequest::RefreshToken(request) => rotate(state, &client, &request.refresh_token).await?,
    };
    sign(state, minted).await
}

/// A client that has proven who it is, and how long its tokens live.
struct AuthenticatedClient {
    facts: Client,
    row: clients::Client,
}

async fn authenticate(state: &AppState, credentials: Credentials) -> Result<AuthenticatedClient, Failure> {
    let reader = state.store.reader();
    let row = facts::find_client(reader, Some(&credentials.client_id)).await?;
    let client = row.as_ref().map(facts::client);
    let stored = match &row {
        Some(row) if !row.is_public => {
            facts::active_secrets(&clients::secrets(reader, &row.id).await?, state.now())
        }
        _ => Vec::new(),
    };
    let (client, verdict) = if credentials.needs_bcrypt(&stored) {
        // Slow on purpose; must not hold up the requests this thread also serves.
        tokio::task::spawn_blocking(move || {
            let verdict = credentials.verify(client.as_ref(), &stored);
            (client, verdict)
        })
        .await
        .map_err(|error| Failure::Internal(ApiError::internal(error)))?
    } else {
        let verdict = credentials.verify(client.as_ref(), &stored);
        (client, verdict)
    };
    verdict?;
    match (client, row) {
        (Some(facts), Some(row)) => Ok(AuthenticatedClient { facts, row }),
        _ => Err(OAuthError::new(ErrorCode::InvalidClient, "Client authentication failed.").into()),
    }
}

/// What the database now knows and is still to be signed.
struct Minted {
    grant: Grant,
    user: User,
    jti: Uuid,
    access_expires_at: Timestamp,
    refresh_token: OpaqueToken,
    occasion: Occasion,
}

async fn standing(
    tx: &Tx,
    client: &clients::Client,
    grant: &Grant,
) -> StoreResult<(UserStanding, Option<User>)> {
    let Some(user) = users::find(tx, grant.user_id).await? else {
        return Ok((UserStanding::Disabled, None));
    };
    let standing = if user.disabled {
        UserStanding::Disabled
    } else if facts::may_use(tx, client, user.id).await? {
        UserStanding::Good
    } else {
        UserStanding::NotAllowed
    };
    Ok((standing, Some(user)))
}

/// Ends the grant behind a replayed artefact, or leaves all as it is; either way the client gets the error.
async fn deny(state: &AppState, tx: Tx, grant: Option<GrantId>, denial: Denial) -> Result<Minted, Failure> {
    if let (Denial::RevokeGrant(_), Some(grant)) = (&denial, grant) {
        grants::revoke(&tx, grant, state.now()).await?;
        commit(tx).await?;
        tracing::warn!(grant = %grant, "a used code or refresh token was presented again; its grant has been revoked");
    }
    Err(denial.error().clone().into())
}

async fn redeem_code(
    state: &AppState,
    client: &AuthenticatedClient,
    request: &token::authorization_code::Request,
) -> Result<Minted, Failure> {
    let now = state.now();
    let hash = TokenHash(Kind::AuthorizationCode.hash(&request.code).to_vec());
    let tx = state.store.begin().await?;
    let row = authorization_codes::find(&tx, &hash).await?;
    let grant = match &row {
        Some(row) => grants::find(&tx, row.grant_id).await?,
        None => None,
    };
    let stored = row.zip(grant.as_ref()).map(|(row, grant)| StoredCode {
        client_id: grant.client_id.0.clone(),
        redirect_uri: row.redirect_uri,
        challenge: row
            .code_challenge
            .zip(row.code_challenge_method)
            .map(|(value, method)| Challenge {
                value,
                method: if method == Method::Plain.as_str() {
                    Method::Plain
                } else {
                    Method::S256
                },
            }),
        expires_at: row.expires_at.0,
        used: row.used_at.is_some(),
        revoked: grant.revoked_at.is_some(),
    });
    let (standing, user) = match &grant {
        Some(grant) => standing(&tx, &client.row, grant).await?,
        None => (UserStanding::Good, None),
    };
    let verdict =
        token::authorization_code::evaluate(request, &client.facts, stored.as_ref(), standing, now.0);
    let (grant, user) = match (verdict, grant, user) {
        (Ok(()), Some(grant), Some(user)) => (grant, user),
        (Err(denial), grant, _) => return deny(state, tx, grant.map(|grant| grant.id), denial).await,
        _ => return Err(OAuthError::new(ErrorCode::InvalidGrant, "The user no longer exists.").into()),
    };
    // The gate: of any number of requests with this code one passes. A crash after this point costs the user a
    // new sign-in, never a second set of tokens.
    if !authorization_codes::redeem(&tx, &hash, now).await? {
        let error = OAuthError::new(
            ErrorCode::InvalidGrant,
            "The authorization code has been used before.",
        );
        return deny(state, tx, Some(grant.id), Denial::RevokeGrant(error)).await;
    }
    mint(state, tx, client, grant, user, Occasion::Code).await
}

async fn rotate(
    state: &AppState,
    client: &AuthenticatedClient,
    refresh_token: &str,
) -> Result<Minted, Failure> {
    let now = state.now();
    let hash = TokenHash(Kind::RefreshToken.hash(refresh_token).to_vec());
    let tx = state.store.begin().await?;
    let row = refresh_tokens::find(&tx, &hash).await?;
    let grant = match &row {
        Some(row) => grants::find(&tx, row.grant_id).await?,
        None => None,
    };
    let stored = row.zip(grant.as_ref()).map(|(row, grant)| StoredRefreshToken {
        client_id: grant.client_id.0.clone(),
        expires_at: row.expires_at.0,
        used: row.used_at.is_some(),
        revoked: grant.revoked_at.is_some(),
    });
    let (standing, user) = match &grant {
        Some(grant) => standing(&tx, &client.row, grant).await?,
        None => (UserStanding::Good, None),
    };
    let verdict = token::refresh_token::evaluate(&client.facts, stored.as_ref(), standing, now.0);
    let (grant, user) = match (verdict, grant, user) {
        (Ok(()), Some(grant), Some(user)) => (grant, user),
        (Err(denial), grant, _) => return deny(state, tx, grant.map(|grant| grant.id), denial).await,
        _ => return Err(OAuthError::new(ErrorCode::InvalidGrant, "The user no longer exists.").into()),
    };
    // The gate, as above.
    if !refresh_tokens::redeem(&tx, &hash, now).await? {
        let error = OAuthError::new(ErrorCode::InvalidGrant, "The refresh token has been used before.");
        return deny(state, tx, Some(grant.id), Denial::RevokeGrant(error)).await;
    }
    access_tokens::delete_of_grant(&tx, grant.id).await?;
    mint(state, tx, client, grant, user, Occasion::Refresh).await
}

/// Writes down the new tokens and commits. Signing comes after: it takes longer than all of this together and
/// must not hold the database.
async fn mint(
    state: &AppState,
    tx: Tx,
    client: &AuthenticatedClient,
    grant: Grant,
    user: User,
    occasion: Occasion,
) -> Result<Minted, Failure> {
    let now = state.now();
    let access_expires_at = now.plus_minutes(client.row.access_token_duration_minutes.into());
    let refresh_expires_at = now.plus_minutes(client.row.refresh_token_duration_minutes.into());
    let jti = state.random.uuid();
    let refresh = OpaqueToken::new(Kind::RefreshToken, state.random.bytes());
    access_tokens::insert(
        &tx,
        AccessToken {
            jti,
            grant_id: grant.id,
            created_at: now,
            expires_at: access_expires_at,
            dpop_jkt: None,
        },
    )
    .await?;
    refresh_tokens::insert(
        &tx,
        RefreshToken {
            token_hash: TokenHash(refresh.hash().to_vec()),
            grant_id: grant.id,
            created_at: now,
            expires_at: refresh_expires_at,
            used_at: None,
        },
    )
    .await?;
    grants::extend(&tx, grant.id, refresh_expires_at.max(access_expires_at)).await?;
    commit(tx).await?;
    Ok(Minted {
        grant,
        user,
        jti,
        access_expires_at,
        refresh_token: refresh,
        occasion,
    })
}

async fn sign(state: &AppState, minted: Minted) -> Result<TokenResponse, Failure> {
    let now = state.now().seconds();
    let signer = state.signing_keys.active();
    let issuer = state.config.app_url.as_str();
    let grant = facts::grant(&minted.grant);
    let expires_at = minted.access_expires_at.seconds();
    let access_token = access_token::issue(signer, issuer, &grant, &minted.jti.to_string(), now, expires_at)?;
    let id_token = if grant.scopes.has_openid() {
        let person = facts::person(state, state.store.reader(), minted.user, &grant.scopes).await?;
        let jti = state.random.uuid().to_string();
        let issuance = Issuance {
            jti: &jti,
            occasion: minted.occasion,
            now,
        };
        let claims = person.claims(&grant.scopes);
        Some(id_token::issue(
            signer,
            issuer,
            &grant,
            claims,
            &access_token,
            issuance,
        )?)
    } else {
        None
    };
    Ok(TokenResponse {
        access_token,
        token_type: "bearer",
        expires_in: expires_at - now,
        scope: grant.scopes.to_string(),
        refresh_token: minted.refresh_token.expose().to_owned(),
        id_token,
    })
}
