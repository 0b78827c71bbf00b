//! Measures a release build of Pocket ID on this machine: `make bench`.
//!
//! Start time and idle memory of the process, then code-to-token exchanges, refresh token rotations and userinfo
//! requests per second over loopback, beside the machine's own signing rate, which bounds the exchanges. The load comes from the same
//! machine and shares its cores with the server: the figures compare builds, they do not promise capacity.
//!
//! The stage `lists` fills a database of each engine with more than most will ever have, and times the lists an
//! administrator looks at. The stage `strangers` compares what strangers wait for when an account exists with what they
//! wait for when it does not.

mod error;
mod fill;
mod lists;
mod load;
mod report;
mod server;
mod signing;
mod strangers;
mod visitor;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use error::Error;
use load::Measured;
use report::{Machine, Report};
use server::Home;
use visitor::Visitor;

/// Connections the load comes over; each sends its next request when it has the answer to the last.
const CONNECTIONS: usize = 8;
/// Requests of each kind before the clock starts.
const WARM_UP: usize = 300;
const EXCHANGES: usize = 3000;
const USERINFO_REQUESTS: usize = 20_000;
const STARTS: usize = 15;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(program), Some(results)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: pocket-id-bench <pocket-id binary> <results folder> [load|strangers|lists]...");
        return ExitCode::FAILURE;
    };
    let stages: Vec<PathBuf> = arguments.collect();
    let wanted = |stage: &str| stages.is_empty() || stages.iter().any(|name| name.as_os_str() == stage);
    let outcome = tokio::runtime::Runtime::new()
        .map_err(Error::from)
        .and_then(|runtime| {
            runtime.block_on(async {
                if wanted("load") {
                    measure(&program, &results).await?;
                }
                if wanted("strangers") {
                    strangers::measure(&program, &results).await?;
                }
                if wanted("lists") {
                    lists::measure(&program, &results).await?;
                }
                Ok(())
            })
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The bench failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(program: &std::path::Path, results: &std::path::Path) -> Result<(), Error> {
    let machine = Machine::this();
    eprintln!("Signing without the server ...");
    let signing = signing::rates(machine.cores, Duration::from_secs(2))?;

    let home = Home::new(program)?;
    eprintln!("First start, on an empty folder ...");
    let server = home.start().await?;
    let first_start = server.start_time;
    let mut visitor = Visitor::new(&home.url)?;
    visitor.set_up().await?;
    let client = visitor.create_client().await?;
    server.stop().await?;

    eprintln!("{STARTS} starts with an existing database ...");
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let server = home.start().await?;
        starts.push(server.start_time);
        server.stop().await?;
    }

    let server = home.start().await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let idle = server.memory()?;

    // The session outlives restarts; signing in once more proves it and refreshes its age.
    visitor.sign_in().await?;
    eprintln!("Collecting {} codes ...", WARM_UP + EXCHANGES);
    let codes = visitor.codes(&client, WARM_UP + EXCHANGES, CONNECTIONS).await?;
    let (warm_up, timed) = codes.split_at(WARM_UP);
    let requests = |codes: &[String]| codes.iter().map(|code| client.exchange(code)).collect::<Vec<_>>();
    let warm_up = load::run(home.address, requests(warm_up), CONNECTIONS).await?;
    eprintln!("{EXCHANGES} code-to-token exchanges ...");
    let before = server.processor_time()?;
    let exchanges = load::run(home.address, requests(timed), CONNECTIONS).await?;
    let exchanges = Measured::new(exchanges, server.processor_time()?.saturating_sub(before));

    // Every exchange gave a refresh token; each is used once, as a relying party would.
    load::run(home.address, client.rotations(&warm_up)?, CONNECTIONS).await?;
    let requests = client.rotations(&exchanges.load)?;
    eprintln!("{} refresh token rotations ...", requests.len());
    let before = server.processor_time()?;
    let rotations = load::run(home.address, requests, CONNECTIONS).await?;
    let rotations = Measured::new(rotations, server.processor_time()?.saturating_sub(before));

    let token = visitor.access_token(&client).await?;
    let userinfo = |count: usize| vec![client.userinfo(&token); count];
    load::run(home.address, userinfo(WARM_UP), CONNECTIONS).await?;
    eprintln!("{USERINFO_REQUESTS} userinfo requests ...");
    let before = server.processor_time()?;
    let userinfo = load::run(home.address, userinfo(USERINFO_REQUESTS), CONNECTIONS).await?;
    let userinfo = Measured::new(userinfo, server.processor_time()?.saturating_sub(before));
    let loaded = server.memory()?;
    server.stop().await?;

    let report = Report::new(
        machine,
        CONNECTIONS,
        signing,
        first_start,
        starts,
        idle,
        loaded,
        &exchanges,
        &rotations,
        &userinfo,
    );
    print!("{report}");
    let path = report.write(results)?;
    println!("\nWritten to {}", path.display());
    Ok(())
}
