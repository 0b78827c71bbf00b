//! Whether a stranger can tell by the clock who has an account.
//!
//! Two requests that differ in this alone are sent in turn, many times. The figure that decides is how often the one with
//! an account took longer than the one without: half of the time, if there is nothing to see.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::report::{self, Machine, quantile};
use crate::server::Home;
use crate::visitor::Visitor;

/// Requests of each of the two kinds before the clock starts.
const WARM_UP: usize = 50;
/// Requests of each of the two kinds that are timed.
const TIMES: usize = 1000;
/// Who has no account.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[derive(Debug, Serialize)]
struct Report {
    date: String,
    version: &'static str,
    machine: Machine,
    times: usize,
    pairs: Vec<Pair>,
}

/// Two requests that must look alike.
#[derive(Debug, Serialize)]
struct Pair {
    name: &'static str,
    with_account_median_ms: f64,
    without_median_ms: f64,
    /// How often, of all ways to pick one of each, the one with an account took longer; 0.5 tells nothing.
    with_account_is_slower: f64,
}

pub async fn measure(program: &Path, results: &Path) -> Result<(), Error> {
    eprintln!("Answers to strangers ...");
    let home = Home::new(program)?;
    let server = home.start().await?;
    let mut visitor = Visitor::new(&home.url)?;
    visitor.set_up().await?;
    visitor
        .configure(&json!({
            // Nobody listens there: what is compared is what the asking person waits for.
            "smtpHost": "127.0.0.1", "smtpPort": "9", "smtpFrom": "id@example.com", "smtpTls": "none",
            "emailOneTimeAccessAsUnauthenticatedEnabled": "true",
        }))
        .await?;
    let pairs = vec![mailed_code(&mut visitor).await?, passkey(&mut visitor).await?];
    server.stop().await?;
    let report = Report {
        date: report::today(),
        version: env!("CARGO_PKG_VERSION"),
        machine: Machine::this(),
        times: TIMES,
        pairs,
    };
    print!("{report}");
    let path = report::write(&report, &results.join(format!("{}-strangers.json", report.date)))?;
    println!("\nWritten to {}", path.display());
    Ok(())
}

/// Asking for a code by mail.
async fn mailed_code(visitor: &mut Visitor) -> Result<Pair, Error> {
    let bodies = [
        json!({"email": "ada@example.com"}),
        json!({"email": "bob@example.com"}),
    ];
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for turn in turns() {
        let body = if turn.account { &bodies[0] } else { &bodies[1] };
        let (took, status, body) = visitor.post("/api/one-time-access-email", body).await?;
        expect(status, 204, body)?;
        turn.note(took, &mut with, &mut without);
    }
    Ok(Pair::of("asking for a code by mail", with, without))
}

/// Signing in with a passkey nobody knows, which says it is of somebody who has an account, or of nobody. That it is not
/// known is told openly, so that browsers forget it; nobody guesses the identifiers of those that are.
async fn passkey(visitor: &mut Visitor) -> Result<Pair, Error> {
    let unknown = "A".repeat(43);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let mut answers = Vec::new();
    for turn in turns() {
        let mut response = visitor.assertion().await?;
        let signature = pointer(&mut response, "/response/signature")?;
        *signature = json!(spoilt(signature));
        for name in ["/id", "/rawId"] {
            let there = pointer(&mut response, name)?;
            let length = there.as_str().map_or(0, str::len);
            *there = json!(unknown.get(..length).unwrap_or(&unknown));
        }
        if !turn.account {
            *pointer(&mut response, "/response/userHandle")? = json!(BASE64_URL_SAFE_NO_PAD.encode(NOBODY));
        }
        let (took, status, body) = visitor.post("/api/webauthn/login/finish", &response).await?;
        expect(status, 401, body.clone())?;
        let code: Value = serde_json::from_str(&body)?;
        answers.push([code.get("code").cloned(), code.get("error").cloned()]);
        turn.note(took, &mut with, &mut without);
    }
    answers.dedup();
    if answers.len() != 1 {
        return Err(Error::Missing("one answer whoever a passkey says it is of"));
    }
    Ok(Pair::of("an unknown passkey", with, without))
}

fn pointer<'v>(value: &'v mut Value, at: &str) -> Result<&'v mut Value, Error> {
    value
        .pointer_mut(at)
        .ok_or(Error::Missing("a part of the assertion"))
}

/// The same signature but for its end, which is part of a number.
fn spoilt(signature: &Value) -> String {
    let text = signature.as_str().unwrap_or_default();
    let kept = text.get(..text.len().saturating_sub(6)).unwrap_or_default();
    format!("{kept}AAAAAA")
}

fn expect(status: u16, expected: u16, body: String) -> Result<(), Error> {
    if status == expected {
        return Ok(());
    }
    Err(Error::Answer {
        request: "a stranger's request".to_owned(),
        status,
        body,
    })
}

/// One request of a comparison.
#[derive(Clone, Copy)]
struct Turn {
    account: bool,
    timed: bool,
}

impl Turn {
    fn note(self, took: Duration, with: &mut Vec<Duration>, without: &mut Vec<Duration>) {
        if self.timed {
            if self.account { with } else { without }.push(took);
        }
    }
}

/// Which request is sent when: neither is always the one after the other.
fn turns() -> impl Iterator<Item = Turn> {
    (0..WARM_UP + TIMES).flat_map(|round| {
        let timed = round >= WARM_UP;
        let first = round % 2 == 0;
        [first, !first].map(|account| Turn { account, timed })
    })
}

impl Pair {
    fn of(name: &'static str, mut with: Vec<Duration>, mut without: Vec<Duration>) -> Self {
        with.sort_unstable();
        without.sort_unstable();
        // Each is slower than those before it, and half slower than its like.
        let twice_slower: usize = with
            .iter()
            .map(|took| {
                without.partition_point(|other| other < took) + without.partition_point(|other| other <= took)
            })
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let share = twice_slower as f64 / (2 * with.len() * without.len()) as f64;
        Self {
            name,
            with_account_median_ms: quantile(&with, 50),
            without_median_ms: quantile(&without, 50),
            with_account_is_slower: share,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{}, {} cores, {}; each {} times\n",
            self.date, self.machine.cores, self.machine.processor, self.times
        )?;
        writeln!(
            f,
            "{:<28} {:>16} {:>12} {:>26}",
            "request", "with account ms", "without ms", "with account is slower"
        )?;
        for pair in &self.pairs {
            writeln!(
                f,
                "{:<28} {:>16.3} {:>12.3} {:>24.1} %",
                pair.name,
                pair.with_account_median_ms,
                pair.without_median_ms,
                pair.with_account_is_slower * 100.0
            )?;
        }
        Ok(())
    }
}
