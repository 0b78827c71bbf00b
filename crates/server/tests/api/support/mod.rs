//! A running server of its own for each test, and a browser to ask it with.

mod app;
mod browser;
mod documented;
mod log;
pub mod mmdb;
mod other_server;
mod scim_server;
mod smtp_sink;

pub use app::{Database, TestApp};
pub use browser::{Answer, Browser};
pub use log::Log;
pub use other_server::OtherServer;
pub use scim_server::ScimServer;
pub use smtp_sink::SmtpSink;

/// Declares a test once and runs it on both engines: `both_engines!(name, |app| async move { … })`; where the
/// configuration matters, `both_engines!(name, |config| …, |app| async move { … })`.
macro_rules! both_engines {
    ($(#[$meta:meta])* $name:ident, $body:expr) => {
        crate::support::both_engines!($(#[$meta])* $name, |_| {}, $body);
    };
    ($(#[$meta:meta])* $name:ident, $change:expr, $body:expr) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "which names a test body needs differs")]
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let app =
                    crate::support::TestApp::start_with(crate::support::Database::Sqlite, $change).await;
                ($body)(app).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let app =
                    crate::support::TestApp::start_with(crate::support::Database::Postgres, $change).await;
                ($body)(app).await;
            }
        }
    };
}

pub(crate) use both_engines;
