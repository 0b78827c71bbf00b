//! Runs the real program in a folder of its own, with an environment of its own.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A folder to run in.
pub struct Home {
    folder: TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The program with exactly these variables.
    pub fn command(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pocket-id"));
        command
            .env_clear()
            .envs(variables.iter().copied())
            .args(arguments)
            .current_dir(self.folder.path());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
        self.command(variables, arguments).output().unwrap()
    }

    /// Starts the server and waits until it listens.
    pub fn start(&self, variables: &[(&str, &str)]) -> Server {
        Server::spawn(self.command(variables, &[]))
    }
}

/// A running server.
pub struct Server {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    /// What it has logged so far.
    pub log: String,
    /// The address it listens on, as it logged it.
    pub address: String,
}

impl Server {
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self {
            child,
            output,
            log: String::new(),
            address: String::new(),
        };
        let line = server.wait_for("Server listening");
        let (_, address) = line.split_once(" addr=").unwrap();
        address.split(' ').next().unwrap().clone_into(&mut server.address);
        server
    }

    /// Reads the log up to a line that contains `text`.
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).unwrap();
            self.log.push_str(&line);
            assert_ne!(read, 0, "the server ended without {text:?}:\n{}", self.log);
            if line.contains(text) {
                return line;
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Reads the rest of the log and the exit status.
    pub fn wait(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        (status, std::mem::take(&mut self.log) + &rest)
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(self) -> (ExitStatus, String) {
        self.signal(Signal::TERM);
        self.wait()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `wait` there is nobody left to kill, which is no matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A database of its own on the server of `TEST_POSTGRES_URL`, which `scripts/test` starts.
pub fn new_postgres_database(name: &str) -> String {
    let server = std::env::var("TEST_POSTGRES_URL").unwrap_or_default();
    assert!(
        !server.is_empty(),
        "TEST_POSTGRES_URL is not set: run the tests with `make test`, or point it at a PostgreSQL server you own"
    );
    let name = format!("cli_{name}_{}", std::process::id());
    let made = Command::new("psql")
        .args([
            &server,
            "--quiet",
            "--command",
            &format!("CREATE DATABASE {name}"),
        ])
        .status()
        .unwrap();
    assert!(made.success());
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}
