//! `pocket-id one-time-access-token` as an operator's shell sees it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use support::{Home, Server, new_postgres_database, text};

const VARIABLES: &[(&str, &str)] = &[("HOST", "127.0.0.1"), ("PORT", "0")];

/// Posts JSON and gives status line, headers and body as they came.
fn post(server: &Server, path: &str, body: &str) -> String {
    post_as(server, "", path, body)
}

/// The same with a cookie.
fn post_as(server: &Server, cookie: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncookie: {cookie}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_running_server_takes_the_code_once() {
    takes_the_code_once(VARIABLES);
}

#[test]
fn so_does_one_on_postgresql() {
    let url = new_postgres_database("one_time_access_token");
    let variables = [
        VARIABLES,
        &[
            ("DB_CONNECTION_STRING", url.as_str()),
            ("ENCRYPTION_KEY", "0123456789abcdef"),
        ],
    ];
    takes_the_code_once(&variables.concat());
}

fn takes_the_code_once(variables: &[(&str, &str)]) {
    let home = Home::new();
    let server = home.start(variables);
    let person = r#"{"username":"Ada","email":"ada@example.com","firstName":"Ada","lastName":"L"}"#;
    let answer = post(&server, "/api/signup/setup", person);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for who in ["ADA", "ada@example.com"] {
        let output = home
            .command(variables, &["one-time-access-token", who])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let printed = text(&output.stdout);
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(
            lines[0],
            format!("A one-time access token valid for 1 hour has been created for \"{who}\".")
        );
        let (before, code) = lines[1].rsplit_once('/').unwrap();
        assert!(
            before.starts_with("Use the following URL to sign in once: http://"),
            "{before}"
        );
        assert!(before.ends_with("/lc"), "{before}");
        assert_eq!((code.len(), lines.len()), (12, 2));
        let path = format!("/api/one-time-access-token/{code}");
        let answer = post(&server, &path, "");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("set-cookie: access_token="), "{answer}");
        assert!(answer.contains(r#""username":"Ada""#), "{answer}");
        assert!(post(&server, &path, "").starts_with("HTTP/1.1 401"));
    }
}

#[test]
fn strangers_get_no_code() {
    let home = Home::new();
    drop(home.start(VARIABLES));
    for (arguments, message) in [
        (&["one-time-access-token", "nobody"][..], "user not found"),
        (&["one-time-access-token"][..], "USERNAME OR EMAIL"),
        (&["one-time-access-token", "a", "b"][..], "b"),
    ] {
        let output = home.command(VARIABLES, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(
            text(&output.stderr).contains(message),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn a_name_that_is_somebodys_address_lets_in_neither() {
    let home = Home::new();
    let server = home.start(VARIABLES);
    let person = r#"{"username":"ada","email":"ada@example.com","firstName":"Ada"}"#;
    let answer = post(&server, "/api/signup/setup", person);
    let (_, cookie) = answer.split_once("set-cookie: ").unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let other = r#"{"username":"ada@example.com","email":"eve@example.com"}"#;
    let answer = post_as(&server, cookie, "/api/users", other);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let ask = |who| {
        home.command(VARIABLES, &["one-time-access-token", who])
            .output()
            .unwrap()
    };
    let refused = ask("ada@example.com");
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(
        said.contains("the username of one user and the e-mail address of another"),
        "{said}"
    );
    for who in ["ada", "eve@example.com"] {
        assert!(ask(who).status.success(), "{who}");
    }
}
