//! Exchanging a code for tokens.

use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::opaque::Kind;
use pocket_id_oidc::pkce::{Challenge, Method};
use pocket_id_oidc::token::authorization_code::{Request, StoredCode, evaluate};
use pocket_id_oidc::token::{Denial, UserStanding};
use pocket_id_store::types::TokenHash;
use pocket_id_store::{authorization_codes, grants};

use super::Caller;
use super::minting::{Minted, Plan, Standing, deny, mint, no_user, standing};
use crate::oidc::response::Failure;
use crate::state::AppState;

/// Redeems a code: of any number of requests with it, one gets tokens.
pub async fn redeem(state: &AppState, caller: &Caller, request: &Request) -> Result<Minted, Failure> {
    let now = state.now();
    let client = &caller.client;
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
    let answer = evaluate(request, &client.facts, stored.as_ref(), verdict, proven, now.0);
    let (mut grant, user) = match (answer, grant, user) {
        (Ok(()), Some(grant), Some(user)) => (grant, user),
        (Err(denial), grant, _) => return deny(state, tx, grant.map(|grant| grant.id), denial).await,
        _ => return Err(no_user()),
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
    // From here on the key binds the refresh token, and only a public client's: a confidential one proves who it
    // is anyway, and may change its key (RFC 9449 §5).
    let bound_to = caller.key_thumbprint().filter(|_| client.row.is_public);
    if grant.dpop_jkt != bound_to {
        grants::bind(&tx, grant.id, bound_to.as_deref()).await?;
        grant.dpop_jkt = bound_to;
    }
    mint(state, tx, caller, grant, user, Plan::first()).await
}
