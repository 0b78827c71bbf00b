//! Tokens for a device somebody let in.

use pocket_id_oidc::device::{Poll, Request, Status, StoredDeviceCode, evaluate};
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::opaque::Kind;
use pocket_id_oidc::token::{Denial, UserStanding};
use pocket_id_store::types::{DeviceRequestStatus, TokenHash};
use pocket_id_store::{commit, device_requests, grants};

use super::Caller;
use super::minting::{Minted, Plan, Standing, deny, mint, no_user, standing};
use crate::oidc::response::Failure;
use crate::state::AppState;

/// Redeems a device code, or says to wait: of any number of requests with it, one gets tokens.
pub async fn redeem(state: &AppState, caller: &Caller, request: &Request) -> Result<Minted, Failure> {
    let now = state.now();
    let client = &caller.client;
    let hash = TokenHash(Kind::DeviceCode.hash(&request.device_code).to_vec());
    let tx = state.store.begin().await?;
    let row = device_requests::find(&tx, &hash).await?;
    let grant = match row.as_ref().and_then(|row| row.grant_id) {
        Some(grant) => grants::find(&tx, grant).await?,
        None => None,
    };
    let stored = row.map(|row| StoredDeviceCode {
        client_id: row.client_id.0,
        status: match row.status {
            DeviceRequestStatus::Pending => Status::Pending,
            DeviceRequestStatus::Approved => Status::Approved,
            DeviceRequestStatus::Denied => Status::Denied,
            DeviceRequestStatus::Redeemed => Status::Redeemed,
        },
        expires_at: row.expires_at.0,
        revoked: grant.as_ref().is_some_and(|grant| grant.revoked_at.is_some()),
        interval: row.interval_seconds,
        last_polled_at: row.last_polled_at.map(|at| at.0),
    });
    let Standing { verdict, user } = match &grant {
        Some(grant) => standing(&tx, &client.row, grant).await?,
        None => Standing {
            verdict: UserStanding::Good,
            user: None,
        },
    };
    let proven = caller.proven_key();
    match evaluate(&client.facts, stored.as_ref(), verdict, proven, now.0) {
        Poll::Redeem => {}
        Poll::Wait { error, interval } => {
            device_requests::polled(&tx, &hash, interval, now).await?;
            commit(tx).await?;
            return Err(error.into());
        }
        Poll::Deny(denial) => return deny(state, tx, grant.map(|grant| grant.id), denial).await,
    }
    let (Some(mut grant), Some(user)) = (grant, user) else {
        return Err(no_user());
    };
    // The gate: of any number of requests with this code one passes.
    if !device_requests::redeem(&tx, &hash, now).await? {
        let error = OAuthError::new(ErrorCode::InvalidGrant, "The device code has been used before.");
        return deny(state, tx, Some(grant.id), Denial::RevokeGrant(error)).await;
    }
    let bound_to = caller.key_thumbprint().filter(|_| client.row.is_public);
    if bound_to.is_some() {
        grants::bind(&tx, grant.id, bound_to.as_deref()).await?;
        grant.dpop_jkt = bound_to;
    }
    mint(state, tx, caller, grant, user, Plan::first()).await
}
