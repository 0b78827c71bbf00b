//! Failed sign-ins and refused requests in the log. Whoever makes them wants nothing less than a full database, so an
//! address and everybody together get a bounded number of entries.

use std::collections::BTreeMap;

use pocket_id_store::users::User;
use pocket_id_store::{StoreResult, commit};

use super::event::Event;
use super::service;
use crate::guesses::Guesses;
use crate::http::client_ip::RequestOrigin;
use crate::state::AppState;

/// How many are written within a quarter of an hour.
const LIMIT: Guesses = Guesses {
    name: "audit-failure",
    per_address: 20,
    per_user: None,
    in_total: Some(500),
};

/// Something that failed.
pub struct Failure<'a> {
    /// What.
    pub event: Event,
    /// Whose account it would have been, where that is known.
    pub user: Option<&'a User>,
    /// Why, and what is known besides.
    pub data: BTreeMap<String, String>,
}

/// Adds an entry, unless there were too many of late. What is answered does not depend on it: a log that cannot be
/// written is reported and goes no further.
pub async fn note_failure(state: &AppState, origin: &RequestOrigin, failure: Failure<'_>) {
    if let Err(error) = write(state, origin, failure).await {
        tracing::error!(%error, "a failure could not be written to the audit log");
    }
}

/// The same for a way in that let nobody in: who would have been signed in, if that is known, how, and why not.
pub async fn note_failed_sign_in(
    state: &AppState,
    origin: &RequestOrigin,
    user: Option<&User>,
    method: &str,
    reason: &str,
) {
    let failure = Failure {
        event: Event::SignInFailed,
        user,
        data: [("reason", reason), ("method", method)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    };
    note_failure(state, origin, failure).await;
}

async fn write(state: &AppState, origin: &RequestOrigin, failure: Failure<'_>) -> StoreResult<()> {
    if LIMIT.exhausted(state, None, origin).await? {
        return Ok(());
    }
    let about = failure.user.map(|user| (user.id, user.username.as_str()));
    let tx = state.store.begin().await?;
    LIMIT.note_in(&tx, state, None, origin).await?;
    service::insert(state, &tx, failure.event, about, origin, failure.data).await?;
    commit(tx).await
}
