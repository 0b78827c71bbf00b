//! Wrong user codes: few are allowed, counted for each user and each address, in the database.

use pocket_id_store::types::UserId;
use pocket_id_store::{StoreResult, commit, wrong_guesses};

use crate::http::client_ip::RequestOrigin;
use crate::state::AppState;

/// Wrong codes after which somebody has to wait.
const MOST: i32 = 10;
/// Seconds that is remembered.
const REMEMBERED: i64 = 15 * 60;

fn subjects(user: UserId, origin: &RequestOrigin) -> Vec<String> {
    let mut subjects = vec![format!("device-code:user:{user}")];
    subjects.extend(origin.ip.map(|ip| format!("device-code:ip:{ip}")));
    subjects
}

/// Whether somebody has guessed wrong too often.
pub async fn exhausted(state: &AppState, user: UserId, origin: &RequestOrigin) -> StoreResult<bool> {
    for subject in subjects(user, origin) {
        if wrong_guesses::count(state.store.reader(), &subject, state.now()).await? >= MOST {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Counts a wrong code.
pub async fn note(state: &AppState, user: UserId, origin: &RequestOrigin) -> StoreResult<()> {
    let tx = state.store.begin().await?;
    for subject in subjects(user, origin) {
        wrong_guesses::note(&tx, &subject, REMEMBERED, state.now()).await?;
    }
    commit(tx).await
}
