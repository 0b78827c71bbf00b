//! The program under measurement: started, awaited, weighed, stopped.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::error::Error;

const START_LIMIT: Duration = Duration::from_secs(30);

/// A folder with the database, kept between starts.
pub struct Home {
    folder: tempfile::TempDir,
    program: PathBuf,
    /// The connection string, unless the database is the file in the folder.
    database: Option<String>,
    pub address: SocketAddr,
    pub url: String,
}

/// A running server.
pub struct Server {
    child: Child,
    /// From the spawn to the first 204 of `/healthz`.
    pub start_time: Duration,
}

/// What the kernel says a process holds in memory.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Memory {
    /// Resident set in KiB, code of the program included.
    pub resident_kib: u64,
    /// The part of it that is not backed by files: heap and stacks.
    pub anonymous_kib: u64,
}

impl Home {
    pub fn new(program: &Path) -> Result<Self, Error> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        Ok(Self {
            folder: tempfile::tempdir()?,
            program: program.canonicalize()?,
            database: None,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            url: format!("http://localhost:{port}"),
        })
    }

    /// The same with a database elsewhere.
    pub fn with_database(program: &Path, address: &str) -> Result<Self, Error> {
        Ok(Self {
            database: Some(address.to_owned()),
            ..Self::new(program)?
        })
    }

    /// The connection string of the database.
    pub fn database(&self) -> String {
        self.database.clone().unwrap_or_else(|| {
            self.folder
                .path()
                .join("data/pocket-id.db")
                .to_string_lossy()
                .into_owned()
        })
    }

    pub async fn start(&self) -> Result<Server, Error> {
        let mut command = Command::new(&self.program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("APP_URL", &self.url)
            .env("HOST", self.address.ip().to_string())
            .env("PORT", self.address.port().to_string())
            .env("DISABLE_RATE_LIMITING", "true")
            .env("ANALYTICS_DISABLED", "true")
            // Lists are measured with two years of entries; the default would remove most of them at the start.
            .env("AUDIT_LOG_RETENTION_DAYS", "3650")
            .env("VERSION_CHECK_DISABLED", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Some(database) = &self.database {
            command.env("DB_CONNECTION_STRING", database);
        }
        let began = Instant::now();
        let mut child = command.spawn()?;
        while !healthy(self.address).await {
            if let Some(status) = child.try_wait()? {
                return Err(Error::Ended(status));
            }
            if began.elapsed() > START_LIMIT {
                child.kill()?;
                return Err(Error::NotReady);
            }
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        Ok(Server {
            child,
            start_time: began.elapsed(),
        })
    }
}

async fn healthy(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return false;
    };
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if stream.write_all(request).await.is_err() {
        return false;
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.is_ok() && answer.starts_with(b"HTTP/1.1 204")
}

impl Server {
    pub fn memory(&self) -> Result<Memory, Error> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.split_whitespace().next())
                .and_then(|number| number.parse().ok())
        };
        Ok(Memory {
            resident_kib: field("VmRSS:").ok_or(Error::Missing("VmRSS"))?,
            anonymous_kib: field("RssAnon:").ok_or(Error::Missing("RssAnon"))?,
        })
    }

    /// Processor time used so far, in user and kernel mode.
    pub fn processor_time(&self) -> Result<Duration, Error> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in parentheses may hold spaces; user and system time are fields 14 and 15, in ticks.
        let (_, rest) = stat.rsplit_once(')').ok_or(Error::Missing("fields in stat"))?;
        let ticks: u64 = rest
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Ok(Duration::from_millis(
            ticks * 1000 / rustix::param::clock_ticks_per_second(),
        ))
    }

    pub async fn stop(mut self) -> Result<(), Error> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let status = tokio::task::spawn_blocking(move || self.child.wait()).await??;
        if status.success() {
            Ok(())
        } else {
            Err(Error::Ended(status))
        }
    }
}
