//! Tokens for the client itself.

use pocket_id_oidc::access_token::{self, Content, Validity, client_subject};
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::resource::{self, UnknownScopes};
use pocket_id_oidc::scope::STANDARD;
use pocket_id_oidc::token::client_credentials::Request;
use pocket_id_oidc::token::{TokenResponse, check_key};
use pocket_id_store::client_access_tokens::{self, ClientAccessToken};
use pocket_id_store::commit;
use pocket_id_store::types::{StringList, SubjectType};

use super::Caller;
use super::minting::token_type;
use crate::oidc::facts;
use crate::oidc::response::Failure;
use crate::state::AppState;

/// Gives a client a token of its own.
pub async fn issue(state: &AppState, caller: &Caller, request: &Request) -> Result<TokenResponse, Failure> {
    let client = &caller.client;
    check_key(&client.facts, None, caller.proven_key())?;
    let resource = request.resource.as_deref();
    if resource.is_some_and(|resource| !resource::is_well_formed(resource)) {
        let text = "The resource must be an absolute URI without fragment.";
        return Err(OAuthError::new(ErrorCode::InvalidTarget, text).into());
    }
    let reader = state.store.reader();
    let scope = request.scope.as_deref();
    let apis = facts::apis(reader, &client.row, SubjectType::Client, resource, scope).await?;
    let resolved = resource::resolve(resource, scope, &apis, UnknownScopes::Refused)?;
    // Nobody's identity is in such a token. Who asks for no scope gets all there are (RFC 6749 §3.3).
    let scopes: Vec<String> = match (scope, &apis.requested) {
        (None, Some(api)) => api.permissions.clone().unwrap_or_default().into_iter().collect(),
        _ => resolved
            .scopes
            .as_slice()
            .iter()
            .filter(|scope| !STANDARD.contains(&scope.as_str()))
            .cloned()
            .collect(),
    };
    let audience = vec![resolved.resource.unwrap_or_else(|| client.facts.id.clone())];
    let now = state.now();
    let expires_at = now.plus_minutes(client.row.access_token_duration_minutes.into());
    let jti = state.random.uuid();
    let tx = state.store.begin().await?;
    caller.use_proof(state, &tx).await?;
    client_access_tokens::insert(
        &tx,
        ClientAccessToken {
            jti,
            client_id: client.row.id.clone(),
            scope: StringList(scopes.clone()),
            audience: StringList(audience.clone()),
            dpop_jkt: caller.key_thumbprint(),
            created_at: now,
            expires_at,
        },
    )
    .await?;
    commit(tx).await?;
    let content = Content {
        subject: &client_subject(&client.facts.id),
        client_id: &client.facts.id,
        audience: &audience,
        scopes: &scopes,
        authentication: None,
        actor: None,
        key_thumbprint: caller.proven_key(),
    };
    let validity = Validity {
        jti: &jti.to_string(),
        issued_at: now.seconds(),
        expires_at: expires_at.seconds(),
    };
    let issuer = state.config.app_url.as_str();
    let signer = state.signing_keys.signer(client.facts.access_token_alg()).await?;
    Ok(TokenResponse {
        access_token: access_token::issue(&signer, issuer, &content, validity)?,
        token_type: token_type(caller.proven_key()),
        expires_in: expires_at.seconds() - now.seconds(),
        scope: scopes.join(" "),
        refresh_token: None,
        id_token: None,
        issued_token_type: None,
    })
}
