//! Handing logout tokens to clients (OpenID Connect Back-Channel Logout 1.0 §2.5). Any replica may attempt a delivery;
//! a guarded statement gives each attempt to one of them, and what dies on the way is attempted again.

use http::StatusCode;
use pocket_id_oidc::jose::KeyError;
use pocket_id_oidc::logout_token::{self, Content};
use pocket_id_store::clients::Client;
use pocket_id_store::logout_deliveries::{self as store, LogoutDelivery, Outcome};
use pocket_id_store::types::{ClientId, DeliveryState, LogoutDeliveryId, Timestamp};
use pocket_id_store::{StoreError, StoreResult, clients, commit};
use url::Url;

use super::dto::LogoutDeliveryDto;
use crate::http::error::ApiError;
use crate::jobs::attempts::{MOST_ATTEMPTS, next_attempt, some_at_a_time};
use crate::oidc::{client_keys, facts};
use crate::outbound::{Fetch, FetchError};
use crate::signing_keys::SigningKeysError;
use crate::state::AppState;

/// How long an attempt has, in seconds; another replica may try again after that.
const LEASE_SECONDS: i64 = 60;
/// How long a client may take to answer.
const TIME_LIMIT: std::time::Duration = std::time::Duration::from_secs(10);
/// Attempts under way at once in one process.
const AT_ONCE: usize = 8;
/// Deliveries looked at in one go.
const BATCH: u64 = 64;
/// How many deliveries of a client are shown.
const SHOWN: u64 = 50;

/// Why an attempt failed. The texts are for administrators.
#[derive(Debug, thiserror::Error)]
enum AttemptError {
    /// There is nobody to be told any more.
    #[error("the client has no back-channel logout address any more")]
    NoAddress,
    /// The client refused it.
    #[error("the client answered with status {}", .0.as_u16())]
    Status(StatusCode),
    /// The client could not be asked.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The token could not be signed.
    #[error("the logout token could not be signed")]
    Key(#[from] KeyError),
    /// There is no key to sign it with.
    #[error("the logout token could not be signed")]
    Keys(#[from] SigningKeysError),
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] StoreError),
}

/// Attempts all that is due.
pub async fn run_due(state: &AppState) -> StoreResult<()> {
    let due = store::due(state.store.reader(), state.now(), BATCH).await?;
    attempt_all(state, due.into_iter().map(|delivery| delivery.id).collect()).await;
    Ok(())
}

/// Attempts deliveries, some at a time.
pub async fn attempt_all(state: &AppState, ids: Vec<LogoutDeliveryId>) {
    some_at_a_time(AT_ONCE, ids, |id| {
        let state = state.clone();
        async move {
            if let Err(error) = attempt(&state, id).await {
                tracing::error!(delivery = %id, error = %error, "a logout token could not be delivered");
            }
        }
    })
    .await;
}

/// Attempts a delivery, unless somebody else is at it.
async fn attempt(state: &AppState, id: LogoutDeliveryId) -> StoreResult<()> {
    let now = state.now();
    let tx = state.store.begin().await?;
    let Some(delivery) = store::find(&tx, id).await? else {
        return Ok(());
    };
    let claimed = store::claim(&tx, &delivery, now.plus_seconds(LEASE_SECONDS), now).await?;
    commit(tx).await?;
    if !claimed {
        return Ok(());
    }
    let attempt = delivery.attempts.saturating_add(1);
    let outcome = if attempt > MOST_ATTEMPTS {
        // Whoever made the last attempt never said what came of it.
        outcome(
            attempt,
            Err(AttemptError::Fetch(FetchError::Impossible)),
            state.now(),
        )
    } else {
        let result = send(state, &delivery).await;
        if let Err(error) = &result {
            tracing::warn!(client = %delivery.client_id, attempt, error = %error, "a client did not take a logout token");
        }
        outcome(attempt, result, state.now())
    };
    let tx = state.store.begin().await?;
    store::settle(&tx, id, attempt, outcome).await?;
    commit(tx).await
}

async fn send(state: &AppState, delivery: &LogoutDelivery) -> Result<StatusCode, AttemptError> {
    let client = clients::find(state.store.reader(), &delivery.client_id)
        .await?
        .ok_or(AttemptError::NoAddress)?;
    let url = address(&client).ok_or(AttemptError::NoAddress)?;
    let signer = state
        .signing_keys
        .signer(facts::client(&client).token_alg())
        .await?;
    let jti = state.random.uuid().to_string();
    let content = Content {
        client_id: &client.id.0,
        subject: &delivery.subject,
        sid: &delivery.sid,
        jti: &jti,
        now: state.now().seconds(),
    };
    let token = logout_token::issue(&*signer, state.config.app_url.as_str(), content)?;
    let request = Fetch::post_form(url, client_keys::trust(&client), &[("logout_token", &token)])
        .time_limit(TIME_LIMIT);
    let answer = state.outbound.fetch(request).await?;
    // 204 is what some frameworks make of an empty answer (§2.8).
    match answer.status {
        StatusCode::OK | StatusCode::NO_CONTENT => Ok(answer.status),
        other => Err(AttemptError::Status(other)),
    }
}

fn address(client: &Client) -> Option<Url> {
    Url::parse(client.backchannel_logout_uri.as_deref()?).ok()
}

/// What an attempt means for its delivery.
fn outcome(attempt: i32, result: Result<StatusCode, AttemptError>, now: Timestamp) -> Outcome {
    let number = |status: StatusCode| Some(i32::from(status.as_u16()));
    match result {
        Ok(status) => Outcome {
            state: DeliveryState::Delivered,
            next_attempt_at: now,
            status: number(status),
            error: None,
            delivered_at: Some(now),
        },
        Err(error) => {
            let gives_up = attempt >= MOST_ATTEMPTS || matches!(error, AttemptError::NoAddress);
            Outcome {
                state: if gives_up {
                    DeliveryState::Failed
                } else {
                    DeliveryState::Pending
                },
                next_attempt_at: next_attempt(attempt, now),
                status: match &error {
                    AttemptError::Status(status) => number(*status),
                    _ => None,
                },
                error: Some(error.to_string()),
                delivered_at: None,
            }
        }
    }
}

/// A client's last deliveries, the newest first.
pub async fn of_client(state: &AppState, client: &ClientId) -> Result<Vec<LogoutDeliveryDto>, ApiError> {
    let reader = state.store.reader();
    if clients::find(reader, client).await?.is_none() {
        return Err(ApiError::not_found("OIDC client"));
    }
    let rows = store::of_client(reader, client, SHOWN).await?;
    Ok(rows.into_iter().map(LogoutDeliveryDto::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_attempts_end() {
        let now = Timestamp(1_000_000);
        let refused = || Err(AttemptError::Status(StatusCode::BAD_REQUEST));
        for (attempt, state, pause) in [
            (1, DeliveryState::Pending, 30),
            (2, DeliveryState::Pending, 90),
            (7, DeliveryState::Pending, 21_870),
            (8, DeliveryState::Failed, 65_610),
            (9, DeliveryState::Failed, 196_830),
        ] {
            let outcome = outcome(attempt, refused(), now);
            assert_eq!(
                (outcome.state, outcome.next_attempt_at, outcome.status),
                (state, now.plus_seconds(pause), Some(400)),
                "{attempt}"
            );
        }
        let gone = outcome(1, Err(AttemptError::NoAddress), now);
        assert_eq!(gone.state, DeliveryState::Failed);
        let taken = outcome(8, Ok(StatusCode::NO_CONTENT), now);
        assert_eq!(
            (taken.state, taken.delivered_at, taken.error),
            (DeliveryState::Delivered, Some(now), None)
        );
    }
}
