//! The lists an administrator looks at, with many rows, one request after the other.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::fill::{self, Fill};
use crate::load;
use crate::report::{self, Machine, milliseconds, quantile};
use crate::server::{Home, Server};
use crate::visitor::Visitor;

/// Times each request is sent with the clock running; once more before.
const TIMES: usize = 7;
const PER_REQUEST: f64 = 7.0;
/// Rows on a page: what the UI asks for.
const LIMIT: u64 = 20;

#[derive(Debug, Serialize)]
struct Report {
    date: String,
    version: &'static str,
    machine: Machine,
    users: u64,
    groups: u64,
    clients: u64,
    audit_entries: u64,
    /// Times a request was timed.
    times: usize,
    engines: Vec<EngineReport>,
}

#[derive(Debug, Serialize)]
struct EngineReport {
    engine: &'static str,
    megabytes: i64,
    fill_seconds: u64,
    /// Programs that wanted a core, over the minute before and the minute of the end: with more than there are cores the
    /// times are those of a busy machine.
    load_before: f64,
    load_after: f64,
    requests: Vec<Timed>,
}

#[derive(Debug, Serialize)]
struct Timed {
    list: &'static str,
    request: String,
    /// What the answer says there is on all pages.
    total_items: Option<u64>,
    median_ms: f64,
    worst_ms: f64,
    /// What one request costs the program; with SQLite that is everything.
    processor_ms: f64,
}

/// A page of a list to ask for.
#[derive(Clone, Copy)]
enum Which {
    First,
    Middle,
    Last,
}

/// A list and what is asked of it.
struct List {
    name: &'static str,
    path: &'static str,
    sorts: &'static [&'static str],
    /// What is called what, and the parameters for it.
    narrowed: Vec<(String, Vec<(String, String)>)>,
}

pub async fn measure(program: &Path, results: &Path) -> Result<(), Error> {
    let entries = match std::env::var("BENCH_AUDIT_ROWS") {
        Ok(text) => text
            .parse()
            .ok()
            .filter(|rows| *rows > 0)
            .ok_or(Error::AuditRows)?,
        Err(_) => 5_000_000,
    };
    let server = std::env::var("TEST_POSTGRES_URL").map_err(|_| Error::Missing("TEST_POSTGRES_URL"))?;
    let mut engines = vec![on("sqlite", Home::new(program)?, entries).await?];
    let database = fill::new_postgres_database(&server).await?;
    engines.push(on("postgres", Home::with_database(program, &database)?, entries).await?);
    let report = Report {
        date: report::today(),
        version: env!("CARGO_PKG_VERSION"),
        machine: Machine::this(),
        users: fill::USERS,
        groups: fill::GROUPS,
        clients: fill::CLIENTS,
        audit_entries: entries,
        times: TIMES,
        engines,
    };
    print!("{report}");
    let path = report::write(&report, &results.join(format!("{}-lists.json", report.date)))?;
    println!("\nWritten to {}", path.display());
    Ok(())
}

async fn on(engine: &'static str, home: Home, entries: u64) -> Result<EngineReport, Error> {
    eprintln!("Lists on {engine}: filling the database ...");
    let server = home.start().await?;
    let mut visitor = Visitor::new(&home.url)?;
    visitor.set_up().await?;
    visitor.create_client().await?;
    server.stop().await?;

    let began = Instant::now();
    let fill = Fill::open(&home.database()).await?;
    fill.people().await?;
    fill.clients().await?;
    eprintln!("Lists on {engine}: {entries} audit entries ...");
    fill.entries(entries).await?;
    fill.settle().await?;
    let megabytes = fill.size().await? / 1_000_000;
    fill.close().await?;
    let fill_seconds = began.elapsed().as_secs();

    let load_before = load_average()?;
    let server = home.start().await?;
    let mut requests = Vec::new();
    let users = get(&visitor, "/api/users?search=grace.rossi").await?;
    let user = users
        .pointer("/data/0/id")
        .and_then(Value::as_str)
        .ok_or(Error::Missing("a user"))?
        .to_owned();
    for list in lists(&user) {
        eprintln!("Lists on {engine}: measuring {} ...", list.name);
        list.time(&visitor, &server, &mut requests).await?;
    }
    for (list, path) in [
        ("audit filters", "/api/audit-logs/filters/users"),
        ("audit filters", "/api/audit-logs/filters/users?limit=100"),
        (
            "audit filters",
            "/api/audit-logs/filters/users?limit=100&search=an",
        ),
        ("audit filters", "/api/audit-logs/filters/client-names"),
    ] {
        requests.push(time(&visitor, &server, list, path.to_owned(), path).await?);
    }
    server.stop().await?;
    Ok(EngineReport {
        engine,
        megabytes,
        fill_seconds,
        load_before,
        load_after: load_average()?,
        requests,
    })
}

fn load_average() -> Result<f64, Error> {
    std::fs::read_to_string("/proc/loadavg")?
        .split_whitespace()
        .next()
        .and_then(|number| number.parse().ok())
        .ok_or(Error::Missing("a load average"))
}

fn pairs(some: &[(&str, &str)]) -> Vec<(String, String)> {
    some.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn narrowed(some: &[(&str, &[(&str, &str)])]) -> Vec<(String, Vec<(String, String)>)> {
    some.iter()
        .map(|(name, parameters)| ((*name).to_owned(), pairs(parameters)))
        .collect()
}

const AUDIT_SORTS: &[&str] = &["event", "ipAddress", "country", "city", "userAgent", "createdAt"];

fn lists(user: &str) -> Vec<List> {
    vec![
        List {
            name: "users",
            path: "/api/users",
            sorts: &[
                "username",
                "email",
                "emailVerified",
                "firstName",
                "lastName",
                "displayName",
                "isAdmin",
                "disabled",
                "createdAt",
            ],
            narrowed: narrowed(&[
                ("search with many hits", &[("search", "example")]),
                ("search with some hits", &[("search", "grace.rossi")]),
                ("search with no hit", &[("search", "nobody at all")]),
                // Letters outside ASCII are looked for another way on SQLite.
                ("search beyond ASCII with no hit", &[("search", "özil")]),
                (
                    "search by username, sorted",
                    &[("search", "grace"), ("sort[column]", "username")],
                ),
                ("administrators", &[("filters[isAdmin]", "true")]),
                ("enabled", &[("filters[disabled]", "false")]),
                (
                    "unverified by name",
                    &[("filters[emailVerified]", "false"), ("sort[column]", "lastName")],
                ),
            ]),
        },
        List {
            name: "groups",
            path: "/api/user-groups",
            sorts: &["friendlyName", "name", "createdAt", "userCount"],
            narrowed: narrowed(&[
                ("search with many hits", &[("search", "team")]),
                ("search with some hits", &[("search", "team_77")]),
                ("search with no hit", &[("search", "nobody at all")]),
            ]),
        },
        List {
            name: "clients",
            path: "/api/oidc/clients",
            sorts: &[
                "name",
                "createdAt",
                "pkceEnabled",
                "pkceSupported",
                "requiresReauthentication",
                "requiresPushedAuthorizationRequests",
                "skipConsent",
                "isGroupRestricted",
                "clientType",
                "allowedUserGroupsCount",
            ],
            narrowed: narrowed(&[
                ("search with many hits", &[("search", "application")]),
                ("search with some hits", &[("search", "application 77")]),
                ("search with no hit", &[("search", "nobody at all")]),
                ("with PKCE", &[("filters[pkceEnabled]", "true")]),
                ("restricted", &[("filters[isGroupRestricted]", "true")]),
            ]),
        },
        List {
            name: "audit log",
            path: "/api/audit-logs/all",
            sorts: AUDIT_SORTS,
            narrowed: narrowed(&[
                ("a common event", &[("filters[event]", "CLIENT_AUTHORIZATION")]),
                ("a rare event", &[("filters[event]", "PASSKEY_COUNTER_WENT_BACK")]),
                (
                    "two events",
                    &[
                        ("filters[event][0]", "SIGN_IN"),
                        ("filters[event][1]", "PASSKEY_ADDED"),
                    ],
                ),
                ("a user", &[("filters[userID]", user)]),
                ("a busy client", &[("filters[clientName]", "Application 1")]),
                ("a client", &[("filters[clientName]", "Application 500")]),
                (
                    "two clients",
                    &[
                        ("filters[clientName][0]", "Application 1"),
                        ("filters[clientName][1]", "Application 9"),
                    ],
                ),
                (
                    "a busy client and an event",
                    &[
                        ("filters[clientName]", "Application 1"),
                        ("filters[event]", "TOKEN_EXCHANGE"),
                    ],
                ),
                (
                    "a user and an event",
                    &[("filters[userID]", user), ("filters[event]", "SIGN_IN")],
                ),
                ("internal", &[("filters[location]", "internal")]),
                ("external", &[("filters[location]", "external")]),
                (
                    "a rare event, external",
                    &[
                        ("filters[event]", "PASSKEY_COUNTER_WENT_BACK"),
                        ("filters[location]", "external"),
                    ],
                ),
                (
                    "a common event, external",
                    &[("filters[event]", "SIGN_IN"), ("filters[location]", "external")],
                ),
                ("nothing", &[("filters[event]", "NEVER_HAPPENED")]),
            ]),
        },
        List {
            name: "own audit log",
            path: "/api/audit-logs",
            sorts: AUDIT_SORTS,
            narrowed: narrowed(&[("an event", &[("filters[event]", "SIGN_IN")])]),
        },
    ]
}

impl List {
    async fn time(&self, visitor: &Visitor, server: &Server, timed: &mut Vec<Timed>) -> Result<(), Error> {
        for which in [Which::First, Which::Middle, Which::Last] {
            timed.push(self.page(visitor, server, which, "unsorted", &[]).await?);
        }
        for sort in self.sorts {
            for (direction, which) in [
                ("asc", Which::First),
                ("desc", Which::First),
                ("asc", Which::Middle),
            ] {
                let parameters = pairs(&[("sort[column]", sort), ("sort[direction]", direction)]);
                let name = format!("{sort} {direction}");
                timed.push(self.page(visitor, server, which, &name, &parameters).await?);
            }
        }
        for (name, parameters) in &self.narrowed {
            for which in [Which::First, Which::Middle] {
                timed.push(self.page(visitor, server, which, name, parameters).await?);
            }
        }
        Ok(())
    }

    async fn page(
        &self,
        visitor: &Visitor,
        server: &Server,
        which: Which,
        name: &str,
        parameters: &[(String, String)],
    ) -> Result<Timed, Error> {
        let url = |page: u64| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query
                .append_pair("pagination[page]", &page.to_string())
                .append_pair("pagination[limit]", &LIMIT.to_string());
            for (name, value) in parameters {
                query.append_pair(name, value);
            }
            format!("{}?{}", self.path, query.finish())
        };
        let pages = get(visitor, &url(1)).await?;
        let pages = pages
            .pointer("/pagination/totalPages")
            .and_then(Value::as_u64)
            .ok_or(Error::Missing("totalPages"))?;
        let (page, label) = match which {
            Which::First => (1, "first page"),
            Which::Middle => (pages.div_ceil(2), "middle page"),
            Which::Last => (pages, "last page"),
        };
        time(visitor, server, self.name, format!("{name}, {label}"), &url(page)).await
    }
}

async fn get(visitor: &Visitor, path: &str) -> Result<Value, Error> {
    let answers = load::run(visitor.address()?, vec![visitor.get(path)?], 1)
        .await?
        .answers;
    let answer = answers.first().ok_or(Error::Missing("an answer"))?;
    Ok(serde_json::from_slice(&answer.body)?)
}

async fn time(
    visitor: &Visitor,
    server: &Server,
    list: &'static str,
    request: String,
    path: &str,
) -> Result<Timed, Error> {
    let answer = get(visitor, path).await?;
    let before = server.processor_time()?;
    let load = load::run(visitor.address()?, vec![visitor.get(path)?; TIMES], 1).await?;
    let processor = server.processor_time()?.saturating_sub(before);
    Ok(Timed {
        list,
        request,
        total_items: answer.pointer("/pagination/totalItems").and_then(Value::as_u64),
        median_ms: quantile(&load.latencies, 50),
        worst_ms: load
            .latencies
            .last()
            .copied()
            .map_or(0.0, |worst: Duration| milliseconds(worst)),
        processor_ms: milliseconds(processor) / PER_REQUEST,
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{}, {} cores, {}; {} users, {} groups, {} clients, {} audit entries",
            self.date,
            self.machine.cores,
            self.machine.processor,
            self.users,
            self.groups,
            self.clients,
            self.audit_entries
        )?;
        for engine in &self.engines {
            writeln!(
                f,
                "\n{}, {} MB, filled in {} s, load {} before and {} after",
                engine.engine, engine.megabytes, engine.fill_seconds, engine.load_before, engine.load_after
            )?;
            writeln!(
                f,
                "{:<14} {:<52} {:>9} {:>11} {:>10} {:>13}",
                "list", "request", "rows", "median ms", "worst ms", "processor ms"
            )?;
            for timed in &engine.requests {
                let total = timed
                    .total_items
                    .map_or_else(String::new, |total| total.to_string());
                writeln!(
                    f,
                    "{:<14} {:<52} {total:>9} {:>11.1} {:>10.1} {:>13.1}",
                    timed.list, timed.request, timed.median_ms, timed.worst_ms, timed.processor_ms
                )?;
            }
            let slowest = engine
                .requests
                .iter()
                .max_by(|one, other| one.median_ms.total_cmp(&other.median_ms));
            if let Some(slowest) = slowest {
                writeln!(
                    f,
                    "slowest: {} {}, {:.1} ms",
                    slowest.list, slowest.request, slowest.median_ms
                )?;
            }
        }
        Ok(())
    }
}
