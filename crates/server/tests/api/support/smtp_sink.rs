//! A real mail server that prints what it took: `e2e/support/smtp-sink.py`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Browser;

/// How long a test waits for a mail before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running mail server; it ends with this.
pub struct SmtpSink {
    process: Child,
    /// What it prints. Read on a thread of its own: a full pipe would stop the server.
    lines: mpsc::Receiver<String>,
    ports: BTreeMap<String, u16>,
}

impl SmtpSink {
    pub fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut process = Command::new(root.join("e2e/.venv/bin/python"))
            .arg(root.join("e2e/support/smtp-sink.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("e2e/.venv is missing: run the tests with `make test`");
        let printed = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in printed.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let ports = serde_json::from_str(&lines.recv().unwrap()).unwrap();
        Self {
            process,
            lines,
            ports,
        }
    }

    /// The port of a way of connecting: `plain`, `starttls`, `tls`, `auth` or `auth_login`.
    pub fn port(&self, way: &str) -> String {
        self.ports[way].to_string()
    }

    /// The next message the server took. It prints before it answers, so this never waits long for what was sent; for what
    /// was not, a test fails.
    pub fn next(&mut self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("no mail came");
        serde_json::from_str(&line).unwrap()
    }

    /// Makes it the installation's mail server, with further settings.
    pub async fn use_by(&self, admin: &mut Browser, more: Value) {
        let mut settings = json!({
            "smtpHost": "127.0.0.1", "smtpPort": self.port("plain"), "smtpFrom": "id@example.com", "smtpTls": "none"
        });
        for (key, value) in more.as_object().unwrap() {
            settings[key] = value.clone();
        }
        let answer = admin.patch("/api/application-configuration", &settings).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
