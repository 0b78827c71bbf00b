//! The one clock. Tests hold one they can move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use pocket_id_store::types::Timestamp;

/// Tells the time.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    System,
    /// A test's: Unix milliseconds that move only when told to.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock standing at a moment.
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now.0)))
    }

    /// The current moment.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Manual(millis) => Timestamp(millis.load(Ordering::SeqCst)),
            Self::System => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the clock is the one place that asks the machine"
                )]
                let since = std::time::SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
        }
    }

    /// Waits. A manual clock moves instead, and nobody waits.
    pub async fn pause(&self, time: Duration) {
        match self {
            Self::System => tokio::time::sleep(time).await,
            Self::Manual(_) => self.advance_millis(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)),
        }
    }

    /// Moves a manual clock; the machine's clock stays.
    pub fn advance_millis(&self, by: i64) {
        if let Self::Manual(millis) = self {
            millis.fetch_add(by, Ordering::SeqCst);
        }
    }
}
