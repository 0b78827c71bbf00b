//! Guesses at short codes: counted in the database, so that no replica gives anybody more tries than another.
//!
//! A limiter of requests blunts floods; this one protects a secret. It counts what went wrong per user, per address
//! (of IPv6 the /64 a customer gets) and, where there is no user yet, in total.

use pocket_id_store::types::{TokenHash, UserId};
use pocket_id_store::{StoreResult, Tx, commit, wrong_guesses};

use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::state::AppState;

/// Seconds wrong guesses are remembered, and so what somebody who used them up has to wait.
const REMEMBERED: i64 = 15 * 60;

/// How often one kind of code may be guessed wrong within a quarter of an hour.
#[derive(Clone, Copy, Debug)]
pub struct Guesses {
    /// The kind of code; part of the stored key.
    pub name: &'static str,
    /// By one address.
    pub per_address: i32,
    /// By one signed-in user.
    pub per_user: Option<i32>,
    /// By everybody together: what keeps somebody with many addresses out.
    pub in_total: Option<i32>,
}

impl Guesses {
    fn subjects(&self, user: Option<UserId>, origin: &RequestOrigin) -> Vec<(String, i32)> {
        let name = self.name;
        let total = self.in_total.map(|most| (format!("{name}:all"), most));
        let user = user
            .zip(self.per_user)
            .map(|(user, most)| (format!("{name}:user:{user}"), most));
        let address = origin
            .network()
            .map(|network| (format!("{name}:ip:{network}"), self.per_address));
        total.into_iter().chain(user).chain(address).collect()
    }

    /// Whether no more guesses are taken from here for now.
    pub async fn exhausted(
        &self,
        state: &AppState,
        user: Option<UserId>,
        origin: &RequestOrigin,
    ) -> StoreResult<bool> {
        let subjects = self.subjects(user, origin);
        let names = subjects.iter().map(|(name, _)| name.as_str());
        let counts = wrong_guesses::counts(state.store.reader(), names, state.now()).await?;
        Ok(subjects
            .iter()
            .any(|(name, most)| counts.get(name).is_some_and(|count| count >= most)))
    }

    /// Takes one guess, if any is left. It counts as wrong before it is judged, so that guesses made at once get no
    /// further than guesses made one by one; see [`Guess::was_right`].
    pub async fn take(
        &self,
        state: &AppState,
        user: Option<UserId>,
        origin: &RequestOrigin,
    ) -> StoreResult<Option<Guess>> {
        let subjects = self.subjects(user, origin);
        let tx = state.store.begin().await?;
        for (subject, most) in &subjects {
            if wrong_guesses::note(&tx, subject, REMEMBERED, state.now()).await? > *most {
                return Ok(None);
            }
        }
        commit(tx).await?;
        let subjects = subjects.into_iter().map(|(subject, _)| subject).collect();
        Ok(Some(Guess { subjects }))
    }

    /// Counts a wrong guess in a transaction that writes more.
    pub async fn note_in(
        &self,
        tx: &Tx,
        state: &AppState,
        user: Option<UserId>,
        origin: &RequestOrigin,
    ) -> StoreResult<()> {
        for (subject, _) in self.subjects(user, origin) {
            wrong_guesses::note(tx, &subject, REMEMBERED, state.now()).await?;
        }
        Ok(())
    }
}

/// A guess that was let through, and counts as a wrong one.
#[must_use = "a right guess must not count"]
pub struct Guess {
    subjects: Vec<String>,
}

impl Guess {
    /// Has it count no more. That it goes on counting when the database fails is no reason to refuse what was right.
    pub async fn was_right(self, state: &AppState) {
        let taken_back = async {
            let tx = state.store.begin().await?;
            wrong_guesses::take_back(&tx, self.subjects.iter().map(String::as_str)).await?;
            commit(tx).await
        };
        if let Err(error) = taken_back.await {
            tracing::error!(%error, "a right guess stays counted as a wrong one");
        }
    }
}

/// Counts a wrong try at one code, and gives how many there were.
pub async fn note_try(tx: &Tx, state: &AppState, name: &str, code: &TokenHash) -> StoreResult<i32> {
    let subject = format!("{name}:code:{}", hex::encode(&code.0));
    wrong_guesses::note(tx, &subject, REMEMBERED, state.now()).await
}

/// What somebody reads who has guessed too often.
pub fn too_many() -> ApiError {
    too_many_of("wrong codes")
}

/// What somebody reads who has had too many of something.
pub fn too_many_of(what: &str) -> ApiError {
    ApiError::new(
        ::http::StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        format!("Too many {what}. Try again in a quarter of an hour"),
    )
    .retry_after(REMEMBERED.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_of_one_network_is_counted_together() {
        let guesses = Guesses {
            name: "test",
            per_address: 3,
            per_user: Some(2),
            in_total: Some(9),
        };
        let from = |ip: &str| RequestOrigin {
            ip: Some(ip.parse().unwrap()),
            user_agent: String::new(),
        };
        let subjects = |user, origin: &RequestOrigin| guesses.subjects(user, origin);
        assert_eq!(
            subjects(None, &from("2001:db8:1:2:3::4")),
            subjects(None, &from("2001:db8:1:2:ffff::1"))
        );
        assert_ne!(
            subjects(None, &from("2001:db8:1:2::1")),
            subjects(None, &from("2001:db8:1:3::1"))
        );
        let user = UserId(uuid::Uuid::from_u128(7));
        let names: Vec<_> = subjects(Some(user), &from("192.0.2.1"));
        assert_eq!(
            names,
            [
                ("test:all".to_owned(), 9),
                (format!("test:user:{user}"), 2),
                ("test:ip:192.0.2.1".to_owned(), 3)
            ]
        );
        assert_eq!(subjects(None, &RequestOrigin::default()).len(), 1);
    }
}
