//! Exchanging a user's token for another one.

use pocket_id_oidc::access_token::client_subject;
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::grant;
use pocket_id_oidc::resource::{self, UnknownScopes};
use pocket_id_oidc::scope::{STANDARD, Scopes};
use pocket_id_oidc::token::exchange::{ACCESS_TOKEN, ActorToken, Request, SubjectToken, evaluate};
use pocket_id_oidc::token::{TokenResponse, UserStanding, check_key};
use pocket_id_store::access_tokens::{self, AccessToken};
use pocket_id_store::clients::{self, Client};
use pocket_id_store::grants::{self, Grant};
use pocket_id_store::types::{GrantId, JsonDocument, StringList, SubjectType};
use pocket_id_store::users::User;
use pocket_id_store::{Tx, commit};
use pocket_id_store::{apis, consents};

use super::Caller;
use super::minting::{Minted, Standing, no_user, sign, standing};
use crate::audit::{self, Event};
use crate::http::client_ip::RequestOrigin;
use crate::oidc::facts;
use crate::oidc::presented_token::{self, LiveToken};
use crate::oidc::response::Failure;
use crate::state::AppState;

/// Gives a client a token for its user's token. There is no refresh token: the client exchanges again, as long as
/// the user's token lives.
pub async fn exchange(
    state: &AppState,
    caller: &Caller,
    request: &Request,
    origin: &RequestOrigin,
) -> Result<TokenResponse, Failure> {
    let client = &caller.client;
    let proven = caller.proven_key();
    check_key(&client.facts, None, proven)?;
    let tx = state.store.begin().await?;
    let subject = match presented_token::find(state, &tx, &request.subject_token).await? {
        Some(LiveToken::OfUser(presented)) => Some((presented.token, presented.grant)),
        _ => None,
    };
    let foreign = subject
        .as_ref()
        .map(|(_, grant)| grant)
        .filter(|grant| grant.client_id != client.row.id);
    let served = match foreign {
        Some(grant) => apis::served_by(&tx, &client.row.id, &grant.audience.0).await?,
        None => None,
    };
    let known = subject.as_ref().map(|(token, grant)| SubjectToken {
        client_id: grant.client_id.0.clone(),
        served_api: served.as_ref().map(|api| api.resource.clone()),
        acr: grant.acr.as_deref().and_then(|acr| acr.parse().ok()),
        scopes: Scopes::from_granted(grant.scope.0.clone()),
        actor: grant.actor.as_ref().map(|actor| actor.0.clone()),
        key_thumbprint: token.dpop_jkt.clone(),
    });
    let actor = match &request.actor_token {
        Some(token) => presented_token::find(state, &tx, token)
            .await?
            .map(|token| ActorToken {
                client_id: token.client_id().0.clone(),
                key_thumbprint: token.key_thumbprint().map(str::to_owned),
                subject: match &token {
                    LiveToken::OfUser(presented) => presented.user.id.to_string(),
                    LiveToken::OfClient(token) => client_subject(&token.client_id.0),
                },
            }),
        None => None,
    };
    let target = target(&tx, &client.row, request).await?;
    let own = Request {
        scope: target.standard_scopes,
        ..request.clone()
    };
    let allowed = evaluate(&own, &client.facts, known.as_ref(), actor.as_ref(), proven)?;
    let mut scopes = allowed.scopes.as_slice().to_vec();
    scopes.extend(target.permissions);
    let scopes = Scopes::from_granted(scopes);
    let Some((subject_token, subject_grant)) = subject else {
        return Err(no_user());
    };
    let source = match served {
        Some(api) => Some((api, clients::find(&tx, &subject_grant.client_id).await?)),
        None => None,
    };
    let Standing { verdict, user } = standing(&tx, &client.row, &subject_grant).await?;
    let user = match (verdict, user) {
        (UserStanding::Good, Some(user)) => user,
        (UserStanding::NotAllowed, _) => {
            let text = "The user is not allowed to use this client.";
            return Err(OAuthError::new(ErrorCode::AccessDenied, text).into());
        }
        _ => return Err(no_user()),
    };
    check_consent(&tx, &client.row, &user, target.resource.as_deref(), &scopes).await?;
    caller.use_proof(state, &tx).await?;
    let acting = allowed
        .actor
        .as_ref()
        .and_then(|act| act.get("sub")?.as_str().map(str::to_owned));
    let now = state.now();
    // The new token does not outlive the one it was made from.
    let lifetime = now.plus_minutes(client.row.access_token_duration_minutes.into());
    let expires_at = lifetime.min(subject_token.expires_at);
    let issuer = state.config.app_url.as_str();
    let subject_grant_id = subject_grant.id;
    let new = Grant {
        id: GrantId(state.random.uuid()),
        client_id: client.row.id.clone(),
        scope: StringList(scopes.as_slice().to_vec()),
        audience: StringList(grant::audience(
            target.resource.as_deref().unwrap_or(&client.facts.id),
            &scopes,
            issuer,
        )),
        actor: allowed.actor.map(JsonDocument),
        nonce: None,
        created_at: now,
        expires_at,
        dpop_jkt: None,
        client_session_id: None,
        parent_id: Some(subject_grant.id),
        // What another client asked for one by one, people agreed to for that client.
        claims: subject_grant.claims.clone().filter(|_| source.is_none()),
        ..subject_grant
    };
    // Whatever ends the user's token's grant ends this one too, also if it happens at this very moment.
    if !grants::hold(&tx, subject_grant_id).await? {
        let text = "The subject_token is not a valid access token.";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, text).into());
    }
    grants::insert(&tx, new.clone()).await?;
    let jti = state.random.uuid();
    access_tokens::insert(
        &tx,
        AccessToken {
            jti,
            grant_id: new.id,
            created_at: now,
            expires_at,
            dpop_jkt: caller.key_thumbprint(),
            scope: None,
        },
    )
    .await?;
    let mut data = vec![("clientName", client.row.name.clone())];
    data.extend(acting.map(|actor| ("actor", actor)));
    if let Some((api, from)) = source {
        data.push(("api", api.name));
        data.extend(from.map(|from| ("subjectClient", from.name)));
    }
    audit::record(state, &tx, Event::TokenExchange, &user, origin, data).await?;
    commit(tx).await?;
    let minted = Minted {
        grant: new,
        user,
        jti,
        access_expires_at: expires_at,
        key_thumbprint: caller.key_thumbprint(),
        algorithm: client.facts.access_token_alg(),
        refresh_token: None,
        id_token: None,
    };
    let mut answer = sign(state, minted).await?;
    answer.issued_token_type = Some(ACCESS_TOKEN);
    Ok(answer)
}

/// What the new token is for.
struct Target {
    /// The API; the client itself when none.
    resource: Option<String>,
    /// Scopes that must be among those of the user's token; all of it when none.
    standard_scopes: Option<String>,
    /// Permissions of the API, which the client has on behalf of users.
    permissions: Vec<String>,
}

/// A token for an API carries what its user agreed to, however the client came by it.
async fn check_consent(
    tx: &Tx,
    client: &Client,
    user: &User,
    api: Option<&str>,
    scopes: &Scopes,
) -> Result<(), Failure> {
    let Some(api) = api.filter(|_| !client.skip_consent) else {
        return Ok(());
    };
    let agreed = consents::find(tx, user.id, &client.id).await?;
    let needed = resource::consent_keys(Some(api), scopes);
    if agreed.is_some_and(|agreed| needed.iter().all(|key| agreed.scope.0.contains(key))) {
        return Ok(());
    }
    let text = "The user has not agreed to what is asked for at this resource.";
    Err(OAuthError::new(ErrorCode::AccessDenied, text).into())
}

async fn target(tx: &Tx, client: &Client, request: &Request) -> Result<Target, Failure> {
    let Some(resource) = request.resource.as_deref() else {
        return Ok(Target {
            resource: None,
            standard_scopes: request.scope.clone(),
            permissions: Vec::new(),
        });
    };
    if !resource::is_well_formed(resource) {
        let text = "The resource must be an absolute URI without fragment.";
        return Err(OAuthError::new(ErrorCode::InvalidTarget, text).into());
    }
    let scope = request.scope.as_deref();
    let held = facts::apis(tx, client, SubjectType::User, Some(resource), scope).await?;
    let resolved = resource::resolve(Some(resource), scope, &held, UnknownScopes::Refused)?;
    let (standard, permissions): (Vec<String>, Vec<String>) = resolved
        .scopes
        .as_slice()
        .iter()
        .cloned()
        .partition(|scope| STANDARD.contains(&scope.as_str()));
    Ok(Target {
        resource: resolved.resource,
        standard_scopes: Some(standard.join(" ")),
        permissions,
    })
}
