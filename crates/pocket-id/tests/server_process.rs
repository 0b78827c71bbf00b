//! The server as a process: start, what it leaves on disk, sockets, signals, exit codes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::{Home, Server, mode, text};

const ANYWHERE: [(&str, &str); 2] = [("HOST", "127.0.0.1"), ("PORT", "0")];

fn ask<S: Read + Write>(mut server: S, path: &str) -> String {
    write!(
        server,
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_first_start_needs_no_configuration_and_a_second_finds_everything() {
    let home = Home::new();
    let mut server = home.start(&ANYWHERE);
    server.wait_for("http://localhost:1411/setup");
    assert!(ask(TcpStream::connect(&server.address).unwrap(), "/healthz").starts_with("HTTP/1.1 204"));
    let healthcheck = ["healthcheck", "-e", &format!("http://{}", server.address)];
    assert!(home.run(&[], &healthcheck).status.success());
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
    for part in [
        "INF Pocket ID is starting app=pocket-id version=",
        "created one",
        "file=data/encryption_key",
        "Connected to database",
        "Server listening",
        "addr=127.0.0.1:",
        "tls=false",
    ] {
        assert!(log.contains(part), "{part} in {log}");
    }
    assert_eq!(
        (mode(&home.path("data")), mode(&home.path("data/encryption_key"))),
        (0o700, 0o600)
    );
    let key = std::fs::read(home.path("data/encryption_key")).unwrap();

    let (status, log) = home.start(&ANYWHERE).stop();
    assert!(status.success());
    assert!(!log.contains("created one"), "{log}");
    assert_eq!(std::fs::read(home.path("data/encryption_key")).unwrap(), key);
    assert!(!log.contains(&text(&key)));
}

#[test]
fn a_configured_key_is_not_written_anywhere() {
    let home = Home::new();
    let server = home.start(&[&ANYWHERE[..], &[("ENCRYPTION_KEY", "0123456789abcdef")]].concat());
    server.stop();
    assert!(home.path("data/pocket-id.db").exists());
    assert!(!home.path("data/encryption_key").exists());
}

#[test]
fn logs_can_be_json() {
    let home = Home::new();
    let mut command = home.command(&[("LOG_JSON", "true"), ("PORT", "none")], &[]);
    let log = text(&command.output().unwrap().stdout);
    let first = log.lines().next().unwrap();
    assert!(first.starts_with(r#"{"time":"#), "{first}");
    assert!(
        first.contains(r#""level":"INFO","msg":"Pocket ID is starting","app":"pocket-id""#),
        "{first}"
    );
}

#[test]
fn what_makes_a_start_impossible_is_named_and_exits_1() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    home.write("file", "x");
    home.write("no_pem", "not a certificate");
    for (variables, expected) in [
        (&[("HOST", "127.0.0.1"), ("PORT", port.as_str())][..], "in use"),
        (&[("PORT", "http")], "PORT must be a port number"),
        (&[("UNIX_SOCKET", "file")], "exists and is not a socket"),
        (&[("SYSTEMD_SOCKET", "true")], "0 were passed"),
        (&[("DB_CONNECTION_STRING", "file/x.db")], "file"),
        (
            &[("TLS_CERT_FILE", "no_pem"), ("TLS_KEY_FILE", "no_pem")],
            "no certificate",
        ),
    ] {
        let output = home.run(variables, &[]);
        let log = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{variables:?}: {log}");
        let last = log
            .lines()
            .find(|line| line.contains("ERR Failed to run pocket-id"))
            .unwrap_or(&log);
        assert!(last.contains(expected), "{expected:?} in {log}");
    }
    assert_eq!(
        std::fs::read(home.path("file")).unwrap(),
        b"x",
        "somebody's file is not deleted"
    );
}

#[test]
fn a_unix_socket_replaces_a_stale_one_and_goes_away_on_stop() {
    let home = Home::new();
    let path = home.path("socket");
    drop(UnixListener::bind(&path).unwrap());
    let variables = [
        ("UNIX_SOCKET", path.to_str().unwrap()),
        ("UNIX_SOCKET_MODE", "0660"),
    ];
    let server = home.start(&variables);
    assert_eq!(mode(&path), 0o660);
    assert!(ask(UnixStream::connect(&path).unwrap(), "/healthz").starts_with("HTTP/1.1 204"));
    assert!(home.run(&variables, &["healthcheck"]).status.success());
    let (status, _) = server.stop();
    assert!(status.success());
    assert!(!path.exists());
}

#[test]
fn a_socket_of_the_service_manager_is_served() {
    let home = Home::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut command = Command::new("sh");
    // The shell passes its standard input on as descriptor 3 and becomes the server.
    command
        .args([
            "-c",
            "exec 3<&0 0</dev/null; export LISTEN_PID=$$; exec \"$0\"",
            env!("CARGO_BIN_EXE_pocket-id"),
        ])
        .env_clear()
        .envs([
            ("LISTEN_FDS", "1"),
            ("SYSTEMD_SOCKET", "true"),
            ("PATH", "/usr/bin:/bin"),
        ])
        .current_dir(home.path(""))
        .stdin(OwnedFd::from(listener));
    let server = Server::spawn(command);
    assert_eq!(server.address, address.to_string());
    assert!(ask(TcpStream::connect(address).unwrap(), "/healthz").starts_with("HTTP/1.1 204"));
    assert!(server.stop().0.success());
}

#[test]
fn the_service_manager_learns_that_the_server_is_ready() {
    let home = Home::new();
    let path = home.path("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let server = home.start(&[&ANYWHERE[..], &[("NOTIFY_SOCKET", path.to_str().unwrap())]].concat());
    let mut message = [0; 64];
    let length = manager.recv(&mut message).unwrap();
    assert_eq!(text(&message[..length]).trim_end(), "READY=1");
    // Ready means that clients are let in.
    assert!(TcpStream::connect(&server.address).is_ok());
    server.stop();

    let nobody = home.path("nobody");
    let mut server = home.start(&[&ANYWHERE[..], &[("NOTIFY_SOCKET", nobody.to_str().unwrap())]].concat());
    server.wait_for("WRN Cannot tell the service manager");
    assert!(server.stop().0.success());
}

/// A request whose body never comes: something a drain has to wait for.
fn unfinished_request(server: &Server) -> TcpStream {
    let mut client = TcpStream::connect(&server.address).unwrap();
    client
        .write_all(
            b"POST /api/signup/setup HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
              content-length: 10\r\nexpect: 100-continue\r\n\r\n",
        )
        .unwrap();
    // The handler has begun to read.
    let mut answer = [0; 12];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    client
}

#[test]
fn both_signals_stop_the_server_and_idle_clients_do_not_delay_it() {
    for signal in [Signal::INT, Signal::TERM] {
        let home = Home::new();
        let server = home.start(&ANYWHERE);
        let silent = TcpStream::connect(&server.address).unwrap();
        let mut rested = TcpStream::connect(&server.address).unwrap();
        rested
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        rested.read_exact(&mut [0; 12]).unwrap();
        let start = Instant::now();
        server.signal(signal);
        let (status, log) = server.wait();
        assert!(status.success(), "{log}");
        assert!(
            log.contains("Pocket ID is stopping") && log.contains("Pocket ID has stopped"),
            "{log}"
        );
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        drop((silent, rested));
    }
}

#[test]
fn a_request_that_never_ends_delays_a_stop_by_five_seconds_at_most() {
    let home = Home::new();
    let server = home.start(&ANYWHERE);
    let _client = unfinished_request(&server);
    let start = Instant::now();
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
    assert!(log.contains("WRN Cutting off requests"), "{log}");
    let seconds = start.elapsed().as_secs_f32();
    assert!((4.5..9.0).contains(&seconds), "{seconds}");
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let home = Home::new();
    let mut server = home.start(&ANYWHERE);
    let _client = unfinished_request(&server);
    let start = Instant::now();
    server.signal(Signal::TERM);
    server.wait_for("Pocket ID is stopping");
    server.signal(Signal::TERM);
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}
