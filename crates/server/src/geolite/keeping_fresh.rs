//! When the file is read and downloaded anew.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pocket_id_store::types::Timestamp;

use super::download::{download, has_address};
use crate::state::AppState;

/// How often the file is looked at. One that is being written is read when it has stood still for as long.
const LOOK: Duration = Duration::from_secs(5);
/// Age at which the file is replaced.
const LONGEST_AGE: Duration = Duration::from_hours(14 * 24);
/// At most so long is waited between two looks at its age, so that a file that was removed is soon replaced; and so
/// long after a failure.
const PAUSE: Duration = Duration::from_hours(1);

/// Reads the file anew whenever it is another one.
pub async fn watch(state: AppState) {
    let mut last = state.places.stamp().await;
    loop {
        tokio::time::sleep(LOOK).await;
        let now = state.places.stamp().await;
        if now == last && now != state.places.read() {
            state.places.load().await;
        }
        last = now;
    }
}

/// How long the file will do; none if it is missing or too old already. `spread` is added to the age it may reach: it
/// keeps many servers from asking at once.
pub fn due_in(modified: Option<SystemTime>, spread: Duration, now: Timestamp) -> Option<Duration> {
    let now = UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(now.0).ok()?))?;
    let until = modified?
        .checked_add(LONGEST_AGE)?
        .checked_sub(Duration::from_mins(30))?
        .checked_add(spread)?;
    until.duration_since(now).ok().filter(|left| !left.is_zero())
}

/// Downloads the file whenever it is missing or too old.
pub async fn keep_fresh(state: AppState) {
    let config = &state.config.geolite;
    if !has_address(config) {
        tracing::warn!(
            "MAXMIND_LICENSE_KEY is not set: the database of places is not downloaded; a file at GEOLITE_DB_PATH is used"
        );
        return;
    }
    // Half an hour less to half an hour more.
    let [a, b] = state.random.bytes::<2>();
    let spread = Duration::from_secs(u64::from(u16::from_le_bytes([a, b])) % 3600);
    loop {
        let metadata = tokio::fs::metadata(&config.path).await.ok();
        let modified = metadata.and_then(|metadata| metadata.modified().ok());
        let left = due_in(modified, spread, state.now());
        if left.is_none() {
            match download(&state).await {
                Ok(()) => tracing::info!("The database of places was downloaded"),
                Err(error) => {
                    tracing::warn!(error = %error, "The database of places could not be downloaded");
                }
            }
        }
        let pause = left.map_or(PAUSE, |left| left.min(PAUSE));
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_does_for_two_weeks_give_or_take_half_an_hour() {
        let day = Duration::from_hours(24);
        let written = UNIX_EPOCH + 100 * day;
        let after = |days: u64| Timestamp(i64::try_from((100 + days) * 86_400_000).unwrap());
        let even = Duration::from_mins(30);
        assert_eq!(due_in(Some(written), even, after(13)), Some(day));
        assert_eq!(due_in(Some(written), even, after(14)), None);
        assert_eq!(
            due_in(Some(written), Duration::from_hours(1), after(14)),
            Some(even)
        );
        assert_eq!(
            due_in(Some(written), Duration::ZERO, after(13)),
            day.checked_sub(even)
        );
        assert_eq!(due_in(None, even, after(0)), None);
    }
}
