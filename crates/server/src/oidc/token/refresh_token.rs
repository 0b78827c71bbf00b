//! Renewing tokens.

use pocket_id_oidc::client::Profile;
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::id_token::Occasion;
use pocket_id_oidc::opaque::Kind;
use pocket_id_oidc::resource::{self, UnknownScopes};
use pocket_id_oidc::scope::Scopes;
use pocket_id_oidc::token::UserStanding;
use pocket_id_oidc::token::refresh_token::{
    Request, StoredRefreshToken, evaluate, narrow, rotated_meanwhile,
};
use pocket_id_store::grants::Grant;
use pocket_id_store::types::{StringList, SubjectType, TokenHash};
use pocket_id_store::{Tx, access_tokens, grants, refresh_tokens};

use super::Caller;
use super::minting::{Artefacts, Minted, Plan, Standing, deny, mint, no_user, standing};
use crate::oidc::facts;
use crate::oidc::response::Failure;
use crate::state::AppState;

/// Rotates a refresh token. One of a FAPI client stays as it is: rotation makes clients lose access for nothing when
/// their tokens are bound to keys (FAPI 2.0 Security Profile §5.3.2.1).
pub async fn rotate(state: &AppState, caller: &Caller, request: &Request) -> Result<Minted, Failure> {
    let now = state.now();
    let client = &caller.client;
    let hash = TokenHash(Kind::RefreshToken.hash(&request.refresh_token).to_vec());
    let tx = state.store.begin().await?;
    let row = refresh_tokens::find(&tx, &hash).await?;
    let grant = match &row {
        Some(row) => grants::find(&tx, row.grant_id).await?,
        None => None,
    };
    let stored = row.zip(grant.as_ref()).map(|(row, grant)| StoredRefreshToken {
        client_id: grant.client_id.0.clone(),
        expires_at: row.expires_at.0,
        used_at: row.used_at.map(|at| at.0),
        revoked: grant.revoked_at.is_some(),
        key_thumbprint: grant.dpop_jkt.clone(),
    });
    let Standing { verdict, user } = match &grant {
        Some(grant) => standing(&tx, &client.row, grant).await?,
        None => Standing {
            verdict: UserStanding::Good,
            user: None,
        },
    };
    let proven = caller.proven_key();
    let answer = evaluate(&client.facts, stored.as_ref(), verdict, proven, now.0);
    let (grant, user) = match (answer, grant, user) {
        (Ok(()), Some(grant), Some(user)) => (grant, user),
        (Err(denial), grant, _) => return deny(state, tx, grant.map(|grant| grant.id), denial).await,
        _ => return Err(no_user()),
    };
    still_available(&tx, caller, &grant).await?;
    let granted = Scopes::from_granted(grant.scope.0.clone());
    let names_api = api_of(caller, &grant).is_some();
    let narrowed = narrow(&granted, request.scope.as_deref(), names_api)?;
    let plan = |artefacts| Plan {
        artefacts,
        occasion: Occasion::Refresh,
        narrowed: narrowed.map(|scopes| StringList(scopes.as_slice().to_vec())),
    };
    if client.facts.profile == Profile::Fapi2 {
        let usable_until = now.plus_minutes(client.row.refresh_token_duration_minutes.into());
        // Whatever ends the grant at this very moment has the last word.
        let is_good = refresh_tokens::extend(&tx, &hash, now, usable_until).await?
            && grants::hold(&tx, grant.id).await?;
        if !is_good {
            let text = "The refresh token has expired or was revoked.";
            return Err(OAuthError::new(ErrorCode::InvalidGrant, text).into());
        }
        return mint(
            state,
            tx,
            caller,
            grant,
            user,
            plan(Artefacts::AccessToken { usable_until }),
        )
        .await;
    }
    // The gate: of any number of requests with this token one passes. What is noted is the moment of passing it, by
    // which those that were under way are told from those that come later.
    if !refresh_tokens::redeem(&tx, &hash, state.now()).await? {
        return deny(state, tx, Some(grant.id), rotated_meanwhile()).await;
    }
    access_tokens::delete_of_grant(&tx, grant.id).await?;
    mint(state, tx, caller, grant, user, plan(Artefacts::Both)).await
}

/// The API a grant's access tokens are for, if they are for one.
fn api_of<'g>(caller: &Caller, grant: &'g Grant) -> Option<&'g str> {
    let first = grant.audience.0.first()?;
    (*first != caller.client.facts.id).then_some(first)
}

/// Whether the client still has what the grant gave it of an API; standard scopes are always there.
async fn still_available(tx: &Tx, caller: &Caller, grant: &Grant) -> Result<(), Failure> {
    let client = &caller.client;
    let resource = api_of(caller, grant);
    let scope = grant.scope.0.join(" ");
    let apis = facts::apis(tx, &client.row, SubjectType::User, resource, Some(&scope)).await?;
    resource::resolve(resource, Some(&scope), &apis, UnknownScopes::Refused)?;
    Ok(())
}
