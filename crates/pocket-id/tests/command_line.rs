//! The program as an operator's shell sees it: arguments, exit codes, stdout and stderr.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use pocket_id::VERSION;
use support::{Home, text};

/// Answers one request with `answer`; gives back what was asked.
fn answer_once<S: Read + Write>(mut client: S, answer: &str) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    client.write_all(answer.as_bytes()).unwrap();
    text(&request)
}

const WELL: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

#[test]
fn version_is_one_line_and_needs_no_valid_configuration() {
    let home = Home::new();
    for variables in [&[][..], &[("APP_URL", "nonsense")]] {
        let output = home.run(variables, &["version"]);
        assert!(output.status.success());
        assert_eq!(text(&output.stdout), format!("pocket-id {VERSION}\n"));
        assert_eq!(text(&output.stderr), "");
    }
}

#[test]
fn a_value_of_the_wrong_type_stops_every_command() {
    let home = Home::new();
    for arguments in [&[][..], &["version"], &["--help"], &["healthcheck"]] {
        let output = home.run(
            &[("LOG_JSON", "maybe"), ("ENCRYPTION_KEY_FILE", "/no/such/file")],
            arguments,
        );
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert_eq!(text(&output.stdout), "");
        let errors = text(&output.stderr);
        let errors: Vec<_> = errors.lines().collect();
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(
            errors[0].starts_with("Configuration error: ENCRYPTION_KEY_FILE: cannot read /no/such/file: ")
        );
        assert_eq!(
            errors[1],
            r#"Configuration error: LOG_JSON: "maybe" is not a boolean (true or false)"#
        );
    }
}

#[test]
fn a_value_that_makes_no_sense_stops_every_command_but_help_and_version() {
    let home = Home::new();
    let variables = [("APP_URL", "https://id.example.com/auth")];
    for arguments in [&[][..], &["healthcheck"], &["completion", "bash"], &["--version"]] {
        let output = home.run(&variables, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert_eq!(
            text(&output.stderr),
            "config error: APP_URL must not contain a path\n"
        );
        assert_eq!(text(&output.stdout), "");
    }
    for arguments in [&["-h"][..], &["help"], &["healthcheck", "--help"], &["version"]] {
        assert!(home.run(&variables, arguments).status.success(), "{arguments:?}");
    }
    // A word that only looks like a question for help does not let a command run unconfigured.
    let output = home.run(&variables, &["healthcheck", "--endpoint", "version"]);
    assert_eq!(
        text(&output.stderr),
        "config error: APP_URL must not contain a path\n"
    );
}

#[test]
fn mistakes_on_the_command_line_are_one_line_and_exit_1() {
    let home = Home::new();
    for (arguments, message) in [
        (
            &["serve"][..],
            "Error: unknown command \"serve\" for \"pocket-id\"\n",
        ),
        (&["--port"], "Error: unknown flag: --port\n"),
        (
            &["healthcheck", "-e"],
            "Error: flag needs a value: --endpoint <URL>\n",
        ),
    ] {
        let output = home.run(&[], arguments);
        assert_eq!(
            (output.status.code(), text(&output.stderr).as_str()),
            (Some(1), message)
        );
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn completion_scripts_know_the_commands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = home.run(&[], &["completion", shell]);
        assert!(output.status.success(), "{shell}");
        assert!(text(&output.stdout).contains("healthcheck"), "{shell}");
    }
}

#[test]
fn dotenv_counts_for_every_command_and_yields_to_the_environment() {
    let home = Home::new();
    home.write(".env", "LOG_LEVEL=loud\n");
    let output = home.run(&[], &["healthcheck"]);
    assert!(text(&output.stderr).contains(r#"LOG_LEVEL must be debug, info, warn or error, not "loud""#));
    let output = home.run(&[("LOG_LEVEL", "")], &["completion", "bash"]);
    assert!(output.status.success(), "present though empty");

    home.write(".env", "LOG_LEVEL=loud\nthis is no line\n");
    let output = home.run(&[], &["healthcheck", "-e", "http://127.0.0.1:1"]);
    let log = text(&output.stderr);
    assert!(log.contains("WRN Nothing of the file .env was applied"), "{log}");
    assert!(log.contains("line 2"), "{log}");
}

#[test]
fn healthcheck_is_silent_on_success_and_loud_on_failure() {
    let home = Home::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    for (flags, answer, code, expected) in [
        (&[][..], WELL, 0, &[][..]),
        (
            &["-v"],
            WELL,
            0,
            &["INF Healthcheck succeeded", "status=204", "/healthz", "ms="],
        ),
        (
            &[],
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            1,
            &["ERR Healthcheck failed", "status 503", "ms="],
        ),
    ] {
        std::thread::scope(|scope| {
            let server = scope.spawn(|| answer_once(listener.accept().unwrap().0, answer));
            let output = home.run(&[], &[&["healthcheck", "--endpoint", &url], flags].concat());
            assert!(server.join().unwrap().starts_with("GET /healthz HTTP/1.1\r\n"));
            let log = text(&output.stderr);
            assert_eq!(
                (output.status.code(), text(&output.stdout).as_str()),
                (Some(code), ""),
                "{log}"
            );
            assert_eq!(log.lines().count(), usize::from(!expected.is_empty()), "{log}");
            for part in expected {
                assert!(log.contains(part), "{part} in {log}");
            }
        });
    }
    drop(listener);
    let output = home.run(&[], &["healthcheck", "--endpoint", &url]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("refused"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn healthcheck_finds_the_server_by_its_configuration() {
    let home = Home::new();
    let path = home.path("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let socket = path.to_str().unwrap();
    for (variables, arguments) in [
        (&[("UNIX_SOCKET", socket)][..], &["healthcheck"][..]),
        (&[], &["healthcheck", "--unix-socket", socket]),
    ] {
        std::thread::scope(|scope| {
            let server = scope.spawn(|| answer_once(listener.accept().unwrap().0, WELL));
            let output = home.run(variables, arguments);
            server.join().unwrap();
            assert!(output.status.success(), "{}", text(&output.stderr));
        });
    }

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    std::thread::scope(|scope| {
        let server = scope.spawn(|| answer_once(listener.accept().unwrap().0, WELL));
        let output = home.run(&[("PORT", &port)], &["healthcheck"]);
        server.join().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    });
}
