//! `pocket-id key-rotate` as an operator's shell sees it, beside a running server and without one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Output, Stdio};

use serde_json::Value;
use support::{Home, Server, mode, new_postgres_database, text};

const IN_FILE: &[(&str, &str)] = &[("HOST", "127.0.0.1"), ("PORT", "0")];
const IN_DATABASE: &[(&str, &str)] = &[
    ("HOST", "127.0.0.1"),
    ("PORT", "0"),
    ("ENCRYPTION_KEY", "0123456789abcdef"),
];

/// `alg` and `kid` of the published keys.
fn published(server: &Server) -> Vec<(String, String)> {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(
        stream,
        "GET /.well-known/jwks.json HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let member = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    body["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (member(key, "alg"), member(key, "kid")))
        .collect()
}

fn algorithms(keys: &[(String, String)]) -> Vec<&str> {
    keys.iter().map(|(alg, _)| alg.as_str()).collect()
}

fn answer(home: &Home, variables: &[(&str, &str)], arguments: &[&str], input: &str) -> Output {
    let mut child = home
        .command(variables, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_running_server_takes_the_new_key_and_keeps_publishing_the_old_one() {
    for variables in [IN_FILE, IN_DATABASE] {
        let home = Home::new();
        let server = home.start(variables);
        let before = published(&server);
        assert_eq!(algorithms(&before), ["RS256"]);
        let in_file = home.path("data/keys/jwt_private_key.json").exists();
        assert_eq!(in_file, variables == IN_FILE);

        let output = home.run(variables, &["key-rotate", "--alg", "es256", "--yes"]);
        let out = text(&output.stdout);
        assert!(output.status.success(), "{output:?}");
        assert!(out.starts_with("Key rotated successfully\n"), "{out}");
        assert!(!out.contains("WARNING"), "{out}");
        assert!(
            out.contains("The previous public keys stay in the key set until 20"),
            "{out}"
        );

        let after = published(&server);
        assert_eq!(algorithms(&after), ["ES256", "RS256"]);
        assert_eq!(after[1], before[0]);
        assert!(
            out.contains(&format!("The new key is {} (ES256).", after[0].1)),
            "{out}"
        );
        server.stop();

        // A restart finds the same.
        if in_file {
            assert_eq!(mode(&home.path("data/keys/jwt_private_key.json")), 0o600);
        }
        let server = home.start(variables);
        assert_eq!(published(&server), after);
        assert_eq!(
            home.path("data/keys/jwt_private_key.json").exists(),
            variables == IN_FILE
        );

        // At once, and asked.
        let arguments = [
            "key-rotate",
            "-a",
            "EdDSA",
            "-c",
            "Ed25519",
            "--revoke-immediately",
        ];
        let output = answer(&home, variables, &arguments, "Yes\n");
        let out = text(&output.stdout);
        assert!(output.status.success(), "{output:?}");
        assert!(out.starts_with("WARNING: "), "{out}");
        assert!(out.contains("Confirm [y/N]: Key rotated successfully\n"), "{out}");
        assert!(out.contains("is not accepted any more"), "{out}");
        let last = published(&server);
        assert_eq!(algorithms(&last), ["EdDSA"]);
        server.stop();
        let server = home.start(variables);
        assert_eq!(published(&server), last);
    }
}

#[test]
fn so_does_one_on_postgresql() {
    let url = new_postgres_database("key_rotate");
    let variables = [IN_DATABASE, &[("DB_CONNECTION_STRING", url.as_str())]].concat();
    let home = Home::new();
    let server = home.start(&variables);
    let before = published(&server);
    assert_eq!(algorithms(&before), ["RS256"]);
    let asked = answer(&home, &variables, &["key-rotate"], "n\n");
    assert_eq!(asked.status.code(), Some(1));
    assert_eq!(published(&server), before);

    let output = home.run(&variables, &["key-rotate", "--alg", "ES384", "--yes"]);
    let out = text(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    let after = published(&server);
    assert_eq!(algorithms(&after), ["ES384", "RS256"]);
    assert_eq!(after[1], before[0]);
    assert!(
        out.contains(&format!("The new key is {} (ES384).", after[0].1)),
        "{out}"
    );

    // A second server on the database has the same keys, and both follow the next rotation.
    let elsewhere = Home::new();
    let replica = elsewhere.start(&variables);
    assert_eq!(published(&replica), after);
    let now = ["key-rotate", "--alg", "PS256", "--yes", "--revoke-immediately"];
    let output = elsewhere.run(&variables, &now);
    assert!(output.status.success(), "{output:?}");
    let last = published(&server);
    assert_eq!(algorithms(&last), ["PS256"]);
    assert_eq!(published(&replica), last);

    let other = [
        &variables[..2],
        &[("ENCRYPTION_KEY", "fedcba9876543210"), variables[3]],
    ]
    .concat();
    let output = home.run(&other, &["key-rotate", "-y"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(published(&server), last);
}

#[test]
fn without_a_yes_nothing_happens() {
    let home = Home::new();
    let server = home.start(IN_DATABASE);
    let before = published(&server);
    for input in ["n\n", "\n", "nonsense\n"] {
        let output = answer(&home, IN_DATABASE, &["key-rotate"], input);
        assert_eq!(output.status.code(), Some(1));
        let out = text(&output.stdout);
        assert!(out.contains("(RS256)"), "{out}");
        assert!(out.ends_with("Confirm [y/N]: Aborted\n"), "{out}");
    }
    let output = answer(&home, IN_DATABASE, &["key-rotate"], "");
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.starts_with("Error: cannot ask: the input ended"), "{error}");
    assert_eq!(published(&server), before);
}

#[test]
fn mistakes_change_nothing() {
    let home = Home::new();
    let server = home.start(IN_DATABASE);
    let before = published(&server);
    for (arguments, message) in [
        (
            &["key-rotate", "-y", "-a", "HS256"][..],
            "Error: invalid algorithm \"HS256\"; must be one of RS256, ",
        ),
        (
            &["key-rotate", "-y", "-a", "EdDSA"],
            "Error: EdDSA needs a curve: --crv Ed25519\n",
        ),
        (
            &["key-rotate", "-y", "-a", "EdDSA", "-c", "Ed448"],
            "Error: invalid curve \"Ed448\"",
        ),
        (&["key-rotate", "-y", "-a"], "Error: flag needs a value: --alg"),
        (&["key-rotate", "-y", "--force"], "Error: unknown flag: --force\n"),
    ] {
        let output = home.run(IN_DATABASE, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert_eq!(text(&output.stdout), "");
        let error = text(&output.stderr);
        assert!(error.starts_with(message), "{error}");
    }
    // Whoever has another encryption key would lock the servers out.
    let other = [("ENCRYPTION_KEY", "fedcba9876543210")];
    let output = home.run(&other, &["key-rotate", "-y"]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.starts_with("Error: the signing key cannot be decrypted: ENCRYPTION_KEY"),
        "{error}"
    );
    assert_eq!(published(&server), before);
}

#[test]
fn a_lost_encryption_key_is_survived_by_giving_up_the_old_signing_key() {
    let home = Home::new();
    home.start(IN_DATABASE).stop();
    let new = [
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("ENCRYPTION_KEY", "fedcba9876543210"),
    ];
    let refused = home.run(&new, &[]);
    assert_eq!(refused.status.code(), Some(1));
    let output = home.run(&new, &["key-rotate", "-y", "--revoke-immediately"]);
    assert!(output.status.success(), "{output:?}");
    let server = home.start(&new);
    assert_eq!(published(&server).len(), 1);
}

#[test]
fn before_the_first_start_it_says_that_there_was_no_key() {
    let home = Home::new();
    let output = home.run(IN_FILE, &["key-rotate", "-y"]);
    assert!(output.status.success(), "{output:?}");
    let out = text(&output.stdout);
    assert!(out.contains("There was no key before."), "{out}");
    let server = home.start(IN_FILE);
    assert_eq!(algorithms(&published(&server)), ["RS256"]);
}
