//! The figures, as a table for people and as JSON for comparison.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::error::Error;
use crate::load::Measured;
use crate::server::Memory;
use crate::signing::Signing;

#[derive(Debug, Serialize)]
pub struct Machine {
    pub cores: usize,
    pub processor: String,
}

impl Machine {
    pub fn this() -> Self {
        let processor = std::fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|text| {
                text.lines()
                    .find_map(|line| line.strip_prefix("model name"))
                    .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned())
            })
            .unwrap_or_else(|| "unknown".to_owned());
        Self {
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            processor,
        }
    }
}

#[derive(Debug, Serialize)]
struct Rate {
    requests: usize,
    per_second: f64,
    median_ms: f64,
    p99_ms: f64,
    /// What one request costs the server, on whatever core.
    processor_ms: f64,
}

impl Rate {
    fn of(measured: &Measured) -> Self {
        let load = &measured.load;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let count = load.latencies.len() as f64;
        let per_second = count / load.elapsed.as_secs_f64();
        Self {
            processor_ms: milliseconds(measured.processor_time) / count,
            requests: load.latencies.len(),
            per_second,
            median_ms: quantile(&load.latencies, 50),
            p99_ms: quantile(&load.latencies, 99),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Report {
    date: String,
    version: &'static str,
    machine: Machine,
    connections: usize,
    first_start_ms: f64,
    start_median_ms: f64,
    start_slowest_ms: f64,
    idle: Memory,
    after_load: Memory,
    exchanges: Rate,
    rotations: Rate,
    userinfo: Rate,
    signatures_per_second: Signing,
}

impl Report {
    #[expect(clippy::too_many_arguments, reason = "one caller, one argument per figure")]
    pub fn new(
        machine: Machine,
        connections: usize,
        signing: Signing,
        first_start: Duration,
        mut starts: Vec<Duration>,
        idle: Memory,
        loaded: Memory,
        exchanges: &Measured,
        rotations: &Measured,
        userinfo: &Measured,
    ) -> Self {
        starts.sort_unstable();
        Self {
            date: today(),
            version: env!("CARGO_PKG_VERSION"),
            machine,
            connections,
            first_start_ms: milliseconds(first_start),
            start_median_ms: quantile(&starts, 50),
            start_slowest_ms: starts.last().copied().map_or(0.0, milliseconds),
            idle,
            after_load: loaded,
            exchanges: Rate::of(exchanges),
            rotations: Rate::of(rotations),
            userinfo: Rate::of(userinfo),
            signatures_per_second: signing,
        }
    }

    pub fn write(&self, folder: &Path) -> Result<PathBuf, Error> {
        write(self, &folder.join(format!("{}.json", self.date)))
    }
}

/// The day of the measurement.
pub fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

/// Keeps figures for comparison.
pub fn write(figures: &impl Serialize, path: &Path) -> Result<PathBuf, Error> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut text = serde_json::to_string_pretty(figures)?;
    text.push('\n');
    std::fs::write(path, text)?;
    Ok(path.to_owned())
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The value below which so many percent of the ascending values lie.
pub fn quantile(ascending: &[Duration], percent: usize) -> f64 {
    let index = (ascending.len() * percent / 100).min(ascending.len().saturating_sub(1));
    ascending.get(index).copied().map_or(0.0, milliseconds)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "memory in KiB is far below 2^52")]
        let mebibytes = |kib: u64| kib as f64 / 1024.0;
        let rate = |rate: &Rate| {
            format!(
                "{:>9.0} /s   median {:.2} ms, 99 % below {:.2} ms, processor {:.2} ms each",
                rate.per_second, rate.median_ms, rate.p99_ms, rate.processor_ms
            )
        };
        writeln!(
            f,
            "{}, {} cores, {}, {} connections\n",
            self.date, self.machine.cores, self.machine.processor, self.connections
        )?;
        writeln!(f, "first start, empty folder    {:>9.1} ms", self.first_start_ms)?;
        writeln!(
            f,
            "start, existing database     {:>9.1} ms   slowest {:.1} ms",
            self.start_median_ms, self.start_slowest_ms
        )?;
        writeln!(
            f,
            "memory, idle                 {:>9.1} MiB  of which heap and stacks {:.1} MiB",
            mebibytes(self.idle.resident_kib),
            mebibytes(self.idle.anonymous_kib)
        )?;
        writeln!(
            f,
            "memory, after the load       {:>9.1} MiB  of which heap and stacks {:.1} MiB",
            mebibytes(self.after_load.resident_kib),
            mebibytes(self.after_load.anonymous_kib)
        )?;
        writeln!(f, "code-to-token exchanges      {}", rate(&self.exchanges))?;
        writeln!(f, "refresh token rotations      {}", rate(&self.rotations))?;
        writeln!(f, "userinfo                     {}", rate(&self.userinfo))?;
        writeln!(
            f,
            "raw RSA-2048 signatures      {:>9.0} /s   all cores, no server",
            self.signatures_per_second.rsa_2048
        )?;
        writeln!(
            f,
            "raw P-256 signatures         {:>9.0} /s   all cores, no server",
            self.signatures_per_second.p256
        )
    }
}
