//! Listening and serving: sockets, TLS, PROXY headers, limits on slow and idle clients, draining.

mod connection;
mod guarded_io;
mod listener;
mod proxy_protocol;
mod signals;
mod stream;
mod tls;

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use pocket_id_server::config::TrustedPeers;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use listener::{BindError, Listener, bind};
pub use signals::stop_on_signal;
pub use tls::{Tls, TlsError};

use connection::Server;

/// How long requests in progress may take after the program was told to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Most connections open at a time; further ones wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 8192;

/// File descriptors kept for everything that is no client connection.
const OTHER_DESCRIPTORS: u64 = 128;

/// Serves `router` on `listener` until `stop`, then drains.
pub async fn serve(
    mut listener: Listener,
    router: Router,
    tls: Option<Tls>,
    proxy_protocol: TrustedPeers,
    stop: CancellationToken,
) {
    let connections = TaskTracker::new();
    let slots = Arc::new(Semaphore::new(connection_slots()));
    let abort = CancellationToken::new();
    let server = Arc::new(Server::new(
        router,
        tls,
        proxy_protocol,
        stop.clone(),
        abort.clone(),
    ));
    loop {
        let slot = tokio::select! {
            slot = slot(&slots) => slot,
            () = stop.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((socket, peer)) => {
                let server = Arc::clone(&server);
                connections.spawn(async move {
                    server.run(socket, peer).await;
                    drop(slot);
                });
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Out of descriptors or memory: the loop must neither end nor spin.
                tracing::error!(error = %error, "Cannot accept connections");
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(200)) => {}
                    () = stop.cancelled() => break,
                }
            }
        }
    }
    // New clients are refused from here on.
    listener.close();
    connections.close();
    if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "Cutting off requests that did not finish in time"
        );
        abort.cancel();
        connections.wait().await;
    }
}

/// The descriptor limit, raised as far as the system allows, less what others need.
fn connection_slots() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let slots = current
        .unwrap_or(u64::MAX)
        .saturating_sub(OTHER_DESCRIPTORS)
        .max(16);
    usize::try_from(slots)
        .unwrap_or(MOST_CONNECTIONS)
        .min(MOST_CONNECTIONS)
}

/// A place for one more connection; `None` cannot happen, because nobody closes the semaphore.
async fn slot(slots: &Arc<Semaphore>) -> Option<tokio::sync::OwnedSemaphorePermit> {
    Arc::clone(slots).acquire_owned().await.ok()
}

/// Errors that say something about one client only.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// An error and its causes, in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Many errors repeat their cause's words already.
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
