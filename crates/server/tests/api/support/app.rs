//! The real server on a free port.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use pocket_id_server::clock::Clock;
use pocket_id_server::config::{AppUrl, Config, DatabaseConfig};
use pocket_id_server::http::peer::Peer;
use pocket_id_server::outbound::{ManualNetwork, Network};
use pocket_id_server::{App, start};
use pocket_id_soft_passkey::SoftPasskey;
use pocket_id_store::audit_logs::AuditLog;
use pocket_id_store::entity::audit_log;
use pocket_id_store::passkeys::Passkey;
use pocket_id_store::types::{Timestamp, UserId};
use serde_json::json;
use tempfile::TempDir;

use super::{Browser, other_server};

/// Which engine a test runs on.
#[derive(Clone, Copy, Debug)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// 2026-01-01T00:00:00Z, when every test begins.
const BEGIN: Timestamp = Timestamp(1_767_225_600_000);

/// A server with its own database, clock and port.
pub struct TestApp {
    pub url: String,
    pub clock: Clock,
    pub app: App,
    /// The internet the server sees; empty at first.
    pub network: Arc<ManualNetwork>,
    _folder: TempDir,
}

impl TestApp {
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, |_| {}).await
    }

    /// Starts with a configuration changed by the test.
    pub async fn start_with(database: Database, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://localhost:{port}");
        let mut config = Config::for_tests(AppUrl::parse(&url).unwrap(), folder.path());
        if matches!(database, Database::Postgres) {
            config.database = DatabaseConfig::Postgres {
                connection_string: new_postgres_database().await.into(),
            };
        }
        change(&mut config);
        let clock = Clock::manual(BEGIN);
        let (internet, network) = Network::manual(other_server::authority());
        let app = start::start_with(config, clock.clone(), internet).await.unwrap();
        let router = app
            .router
            .clone()
            .layer(axum::Extension(Peer::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST))));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            clock,
            app,
            network,
            _folder: folder,
        }
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// A passkey of a device that shows this site.
    pub fn passkey(&self, seed: u64) -> SoftPasskey {
        SoftPasskey::new(&self.url, seed).unwrap()
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        use sea_orm::ConnectionTrait as _;
        let reader = self.app.state.store.reader();
        let statement = sea_orm::Statement::from_string(
            reader.get_database_backend(),
            format!("SELECT count(*) AS n FROM {table}"),
        );
        reader
            .query_one_raw(statement)
            .await
            .unwrap()
            .unwrap()
            .try_get("", "n")
            .unwrap()
    }

    /// The audit log, oldest entry first.
    pub async fn audit_log(&self) -> Vec<AuditLog> {
        use sea_orm::{EntityTrait as _, QueryOrder as _};
        let reader = self.app.state.store.reader();
        // The clock of tests stands still: entries of one moment have identifiers in the order they were made in.
        audit_log::Entity::find()
            .order_by_asc(audit_log::Column::CreatedAt)
            .order_by_asc(audit_log::Column::Id)
            .all(reader)
            .await
            .unwrap()
    }

    /// A user's passkeys as stored, oldest first.
    pub async fn passkeys_of(&self, user: UserId) -> Vec<Passkey> {
        pocket_id_store::passkeys::of_user(self.app.state.store.reader(), user)
            .await
            .unwrap()
    }

    /// Moves the server's clock.
    pub fn pass_seconds(&self, seconds: i64) {
        self.clock.advance_millis(seconds * 1000);
    }

    /// Writes and sends all mail that is due.
    pub async fn send_mail(&self) {
        while pocket_id_server::jobs::mail_due(&self.app.state).await.unwrap() {}
    }

    /// What became of up to a hundred mails, the newest first: kind, state, attempts. The clock of tests stands still:
    /// mails of one moment come in any order.
    pub async fn mail_states(&self, admin: &mut Browser) -> Vec<(String, String, u64)> {
        let answer = admin.get("/api/email-deliveries?pagination[limit]=100").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = |mail: &serde_json::Value, key: &str| mail[key].as_str().unwrap().to_owned();
        answer.json()["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|mail| {
                (
                    text(mail, "kind"),
                    text(mail, "state"),
                    mail["attempts"].as_u64().unwrap(),
                )
            })
            .collect()
    }

    /// The first administrator's browser, signed in by the set-up.
    pub async fn set_up(&self) -> Browser {
        let mut admin = self.browser();
        let answer = admin
            .post(
                "/api/signup/setup",
                &json!({"username": "tim", "email": "tim@example.com", "firstName": "Tim"}),
            )
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        admin
    }
}

/// A database of its own on the server of `TEST_POSTGRES_URL`, which `scripts/test` starts.
async fn new_postgres_database() -> String {
    use sea_orm::ConnectionTrait as _;

    let server = std::env::var("TEST_POSTGRES_URL").expect(
        "TEST_POSTGRES_URL is not set: run the tests with `make test`, or point it at a PostgreSQL server you own",
    );
    let name = format!("test_{}", pocket_id_server::random::Random.uuid().simple());
    let connection = sea_orm::Database::connect(&server).await.unwrap();
    connection
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    connection.close().await.unwrap();
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    url.query_pairs_mut().append_pair("pool_max_conns", "6");
    url.into()
}
