//! Identifiers of entries: those of one moment sort in the order they were made in, as far as one process makes them.

use std::sync::{Mutex, PoisonError};

use pocket_id_store::types::{AuditLogId, Timestamp};

use crate::random::Random;

/// Gives entries their identifiers.
#[derive(Debug, Default)]
pub struct EntryIds(Mutex<(i64, u32)>);

impl EntryIds {
    /// The identifier of the next entry of a moment.
    pub fn next(&self, random: Random, now: Timestamp) -> AuditLogId {
        let number = {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *last = match *last {
                (moment, number) if moment == now.0 => (moment, number.saturating_add(1)),
                _ => (now.0, 0),
            };
            last.1
        };
        AuditLogId(random.timed_uuid(u64::try_from(now.0).unwrap_or(0), number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_moment_keep_their_order() {
        let ids = EntryIds::default();
        let moment = Timestamp(1_767_225_600_000);
        let made: Vec<_> = (0..1000).map(|_| ids.next(Random, moment).0).collect();
        assert!(made.is_sorted());
        assert!(ids.next(Random, moment.plus_millis(1)).0 > made[999]);
    }
}
