//! What deliveries have in common that are attempted until they succeed: logout tokens and mail.

use std::future::Future;

use pocket_id_store::types::Timestamp;
use tokio::task::JoinSet;

/// How often a delivery is attempted before it is given up.
pub const MOST_ATTEMPTS: i32 = 8;
/// Seconds before the second attempt; three times as many before each further one.
const FIRST_PAUSE_SECONDS: i64 = 30;

/// When a delivery is due again whose attempt of this number, counted from 1, failed now.
pub fn next_attempt(attempt: i32, now: Timestamp) -> Timestamp {
    let pause = u32::try_from(attempt.saturating_sub(1))
        .ok()
        .and_then(|exponent| 3_i64.checked_pow(exponent))
        .and_then(|factor| FIRST_PAUSE_SECONDS.checked_mul(factor))
        .unwrap_or(i64::MAX);
    now.plus_seconds(pause)
}

/// Runs something for each of many, so many at once, and waits for all.
pub async fn some_at_a_time<T, F>(most: usize, items: impl IntoIterator<Item = T>, run: impl Fn(T) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running = JoinSet::new();
    for item in items {
        if running.len() >= most {
            running.join_next().await;
        }
        running.spawn(run(item));
    }
    while running.join_next().await.is_some() {}
}
