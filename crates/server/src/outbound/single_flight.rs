//! One piece of work at a time per key; who asks meanwhile gets the same answer.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

type Running<K, T> = Arc<Mutex<HashMap<K, watch::Receiver<Option<T>>>>>;

/// Work under way in this process.
pub struct SingleFlight<K, T> {
    running: Running<K, T>,
}

impl<K, T> Default for SingleFlight<K, T> {
    fn default() -> Self {
        Self {
            running: Arc::default(),
        }
    }
}

impl<K, T> fmt::Debug for SingleFlight<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight").finish_non_exhaustive()
    }
}

/// The work ended without an answer: it panicked, or the process is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the work was abandoned")]
pub struct Abandoned;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes room for the next piece of work, however this one ends.
struct Landing<K: Eq + Hash, T> {
    running: Running<K, T>,
    key: K,
}

impl<K: Eq + Hash, T> Drop for Landing<K, T> {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.key);
    }
}

impl<K, T> SingleFlight<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The answer of the work under way for a key, else of the work given, which runs to its end even if nobody
    /// waits for it any more.
    pub async fn join<F>(&self, key: K, work: impl FnOnce() -> F) -> Result<T, Abandoned>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut receiver = {
            let mut running = lock(&self.running);
            if let Some(receiver) = running.get(&key) {
                receiver.clone()
            } else {
                let (sender, receiver) = watch::channel(None);
                running.insert(key.clone(), receiver.clone());
                let landing = Landing {
                    running: Arc::clone(&self.running),
                    key,
                };
                let work = work();
                tokio::spawn(async move {
                    let answer = work.await;
                    drop(landing);
                    sender.send_replace(Some(answer));
                });
                receiver
            }
        };
        let answer = receiver.wait_for(Option::is_some).await.map_err(|_| Abandoned)?;
        answer.clone().ok_or(Abandoned)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn who_asks_meanwhile_gets_the_same_answer() {
        let flights = Arc::new(SingleFlight::<&str, u32>::default());
        let runs = Arc::new(AtomicU32::new(0));
        let gate = Arc::new(Semaphore::new(0));
        let ask = |key| {
            let (flights, runs, gate) = (Arc::clone(&flights), Arc::clone(&runs), Arc::clone(&gate));
            tokio::spawn(async move {
                let work = || async move {
                    drop(gate.acquire().await.unwrap());
                    runs.fetch_add(1, Ordering::SeqCst)
                };
                flights.join(key, work).await.unwrap()
            })
        };
        let askers: Vec<_> = (0..10).map(|_| ask("a")).collect();
        // The test's runtime has one thread: when this task gives way, all of them ask.
        tokio::task::yield_now().await;
        askers[0].abort();
        gate.add_permits(1);
        for asker in askers.into_iter().skip(1) {
            assert_eq!(asker.await.unwrap(), 0);
        }
        assert_eq!(ask("a").await.unwrap(), 1);
        assert_eq!(ask("b").await.unwrap(), 2);
    }

    #[tokio::test]
    async fn work_that_dies_does_not_block_the_next() {
        let flights = SingleFlight::<u8, u8>::default();
        let dies = || async { panic!("on purpose") };
        assert_eq!(flights.join(1, dies).await, Err(Abandoned));
        assert_eq!(flights.join(1, || async { 7 }).await, Ok(7));
    }
}
