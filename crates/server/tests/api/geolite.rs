//! Where public addresses are.

use std::fs;

use http::{Method, StatusCode};
use pocket_id_server::config::{Config, TrustedPeers};
use pocket_id_server::geolite;
use serde_json::{Value, json};

use crate::support::{Browser, Database, Log, OtherServer, SmtpSink, TestApp, both_engines, mmdb};

const HOME: &str = "203.0.113.7";

/// A small world. The last is what nobody should publish.
fn world() -> Vec<u8> {
    let long = "L".repeat(200);
    mmdb::database(&[
        ("203.0.113.0/24", "Germany", "Berlin"),
        ("198.51.100.0/25", "Iceland", ""),
        ("2001:db8::/32", "France", "Paris"),
        ("10.0.0.0/8", "Nowhere", "Nothing"),
        ("192.0.2.0/24", &long, "a\0b\nc"),
    ])
}

async fn start(database: Database, key: Option<&'static str>, url: &str) -> TestApp {
    TestApp::start_with(database, |config| {
        config.trust_proxy = TrustedPeers::Everybody;
        config.geolite.license_key = key.map(Into::into);
        url.clone_into(&mut config.geolite.url);
    })
    .await
}

async fn send(browser: &mut Browser, method: Method, path: &str, body: Option<&Value>, from: &str) -> Value {
    let request = browser.request(method, path).header("x-forwarded-for", from);
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    let answer = browser.send(request).await;
    assert!(answer.status.is_success(), "{answer:?}");
    if answer.text.is_empty() {
        Value::Null
    } else {
        answer.json()
    }
}

fn place(of: &Value) -> (&str, &str) {
    (of["country"].as_str().unwrap(), of["city"].as_str().unwrap())
}

/// The places audit log and session list show for the newest sign-in from an address.
async fn signed_in_from(app: &TestApp, from: &str, expected: (&str, &str)) {
    let mut admin = app.browser();
    let body = json!({"username": "tim", "email": "tim@example.com", "firstName": "Tim"});
    send(&mut admin, Method::POST, "/api/signup/setup", Some(&body), from).await;
    let log = admin.get("/api/audit-logs").await.json();
    assert_eq!(place(&log["data"][0]), expected, "{log}");
    let sessions = admin.get("/api/sessions").await.json();
    assert_eq!(place(&sessions[0]), expected, "{sessions}");

    // Another browser asks to be let in.
    let mut screen = app.browser();
    let request = send(
        &mut screen,
        Method::POST,
        "/api/device-login/requests",
        None,
        from,
    )
    .await;
    let seen = admin
        .post(
            "/api/device-login/verification",
            &json!({"code": request["userCode"]}),
        )
        .await;
    assert_eq!(seen.status, StatusCode::OK, "{seen:?}");
    let seen = seen.json();
    assert_eq!((place(&seen), &seen["ipAddress"]), (expected, &json!(from)));
}

async fn a_sign_in_shows_its_place(database: Database) {
    for (from, expected) in [
        (HOME, ("Germany", "Berlin")),
        ("198.51.100.9", ("Iceland", "")),
        ("2001:db8::9", ("France", "Paris")),
        // Not in it; and what is internal stays so, whatever a database says.
        ("198.51.100.200", ("", "")),
        ("10.1.2.3", ("Internal Network", "LAN")),
        // What no column would hold.
        ("192.0.2.1", (&"L".repeat(100), "abc")),
    ] {
        let app = start(database, None, "").await;
        fs::write(&app.app.state.config.geolite.path, world()).unwrap();
        app.app.state.places.load().await;
        signed_in_from(&app, from, expected).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_shows_its_place_sqlite() {
    a_sign_in_shows_its_place(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_shows_its_place_postgres() {
    a_sign_in_shows_its_place(Database::Postgres).await;
}

fn country(app: &TestApp) -> String {
    app.app.state.places.of(HOME.parse().unwrap()).country
}

#[tokio::test]
async fn the_file_may_come_change_break_and_go() {
    let app = start(Database::Sqlite, None, "").await;
    let (places, path) = (&app.app.state.places, &app.app.state.config.geolite.path);
    places.load().await;
    assert_eq!(country(&app), "");
    fs::write(path, world()).unwrap();
    places.load().await;
    assert_eq!(country(&app), "Germany");
    fs::write(path, mmdb::database(&[("203.0.113.0/24", "Italy", "Rome")])).unwrap();
    places.load().await;
    assert_eq!(country(&app), "Italy");
    // Half of one.
    fs::write(path, &world()[..200]).unwrap();
    places.load().await;
    assert_eq!(country(&app), "Italy");
    fs::remove_file(path).unwrap();
    places.load().await;
    assert_eq!(country(&app), "");
}

fn archive(content: &[u8]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(gzip);
    let mut header = tar::Header::new_gnu();
    header.set_size(u64::try_from(content.len()).unwrap());
    header.set_mode(0o600);
    let path = "GeoLite2-City_20260101/GeoLite2-City.mmdb";
    builder.append_data(&mut header, path, content).unwrap();
    builder.into_inner().unwrap().finish().unwrap()
}

/// What a download comes to, as the log has it.
async fn downloaded(app: &TestApp) -> Result<(), String> {
    let done = geolite::download(&app.app.state).await;
    app.app.state.places.load().await;
    let folder = app.app.state.config.geolite.path.parent().unwrap();
    let names = fs::read_dir(folder).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    let left = names.iter().any(|name| name.to_string_lossy().ends_with(".tmp"));
    assert!(!left, "{names:?}");
    done.map_err(|error| format!("{error} {error:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_replaces_the_file_only_if_it_is_a_database() {
    let key = "squeamish&ossifrage";
    let url = "https://places.example/db?edition_id=GeoLite2-City&license_key=%s&suffix=tar.gz";
    let app = start(Database::Sqlite, Some(key), url).await;
    let server = OtherServer::start(&app, "places.example").await;

    server.page("/db", 302, &[("location", "/stored")], "");
    server.page("/stored", 200, &[], archive(&world()));
    downloaded(&app).await.unwrap();
    assert_eq!(country(&app), "Germany");
    assert_eq!(
        server.query("/db"),
        "edition_id=GeoLite2-City&license_key=squeamish%26ossifrage&suffix=tar.gz"
    );
    let italy = mmdb::database(&[("203.0.113.0/24", "Italy", "Rome")]);
    server.page("/stored", 200, &[], &italy);
    downloaded(&app).await.unwrap();
    assert_eq!(country(&app), "Italy");

    let whole = archive(&world());
    for (status, body, expected) in [
        (404, world(), "status 404"),
        (203, world(), "status 203"),
        (200, b"<html>Sign in</html>".to_vec(), "not a MaxMind database"),
        (200, archive(b"something else"), "not a MaxMind database"),
        (200, whole[..whole.len() / 2].to_vec(), "cannot be unpacked"),
        (200, vec![0x1f, 0x8b], "cannot be unpacked"),
    ] {
        server.page("/stored", status, &[], body);
        let error = downloaded(&app).await.unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("squeamish"), "{error}");
        assert_eq!(country(&app), "Italy", "{expected}");
    }
    app.network.name("places.example", &[]);
    let error = downloaded(&app).await.unwrap_err();
    assert!(
        error.contains("could not be reached") && !error.contains("squeamish"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_folder_is_made_for_its_owner_and_a_key_only_asked_for_where_it_goes() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("places/GeoLite2-City.mmdb");
    let app = TestApp::start_with(Database::Sqlite, |config| {
        config.geolite.path.clone_from(&path);
        config.geolite.url = "https://places.example/db".to_owned();
    })
    .await;
    let server = OtherServer::start(&app, "places.example").await;
    server.page("/db", 200, &[], world());
    downloaded(&app).await.unwrap();
    assert_eq!(country(&app), "Germany");
    let mode = fs::metadata(path.parent().unwrap()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    let app = start(Database::Sqlite, None, "https://places.example/db?key=%s").await;
    assert!(downloaded(&app).await.unwrap_err().contains("GEOLITE_DB_URL"));
}

#[tokio::test]
async fn what_a_killed_download_left_goes_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name);
    let write = |name: &str| fs::write(inside(name), "x").unwrap();
    write("geolite.0123.mmdb.tmp");
    write("geolite.4567.mmdb.tmp");
    write("geolite.mmdb");
    write("other.mmdb.tmp");
    // Of a program that is at it.
    let busy = fs::File::create(inside("geolite.89ab.mmdb.tmp")).unwrap();
    busy.lock().unwrap();
    let start = || {
        TestApp::start_with(Database::Sqlite, |config| {
            config.geolite.path = inside("GeoLite2-City.mmdb");
        })
    };
    let names = || {
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    start().await;
    assert_eq!(
        names(),
        ["geolite.89ab.mmdb.tmp", "geolite.mmdb", "other.mmdb.tmp"]
    );
    drop(busy);
    start().await;
    assert_eq!(names(), ["geolite.mmdb", "other.mmdb.tmp"]);
}

/// On one thread, whose log is heard.
#[tokio::test]
async fn the_log_never_has_the_license_key() {
    const KEY: &str = "squeamish-ossifrage";
    let (log, _heard) = Log::start();
    let url = "https://places.example/db?license_key=%s";
    let app = start(Database::Sqlite, Some(KEY), url).await;
    let server = OtherServer::start(&app, "places.example").await;
    let elsewhere = format!("https://gone.example/?license_key={KEY}");
    let refused = format!("http://127.0.0.1:1/?license_key={KEY}");
    for (status, location, expected) in [
        (404, None, "status 404"),
        (200, None, "not a MaxMind database"),
        (302, Some(elsewhere.as_str()), "could not be reached"),
        (302, Some(refused.as_str()), "could not be reached"),
        (302, Some("/db?license_key=%s"), "redirect"),
    ] {
        let headers: Vec<_> = location.map(|to| ("location", to)).into_iter().collect();
        server.page("/db", status, &headers, format!("no such key: {KEY}"));
        failed_download(&app, &log, expected).await;
    }
    app.network.name("places.example", &[]);
    failed_download(&app, &log, "could not be reached").await;
    assert!(!log.text().contains(KEY), "{}", log.text());
}

/// Downloads as the server does by itself, until the log says that it failed, and why.
async fn failed_download(app: &TestApp, log: &Log, expected: &str) {
    const FAILED: &str = "could not be downloaded";
    let before = log.text().matches(FAILED).count();
    let heard = async {
        while log.text().matches(FAILED).count() == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = geolite::keep_fresh(app.app.state.clone()) => panic!("it ends by itself"),
        () = heard => {}
    }
    let text = log.text();
    let line = text.lines().rfind(|line| line.contains(FAILED)).unwrap();
    assert!(line.contains(expected), "{expected}: {line}");
}

both_engines!(
    mail_about_a_new_device_says_where_it_is,
    |config: &mut Config| config.trust_proxy = TrustedPeers::Everybody,
    |app: TestApp| async move {
        fs::write(&app.app.state.config.geolite.path, world()).unwrap();
        app.app.state.places.load().await;
        let mut admin = app.set_up().await;
        let mut passkey = app.passkey(1);
        assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
        let mut sink = SmtpSink::start();
        sink.use_by(&mut admin, json!({"emailLoginNotificationEnabled": "true"}))
            .await;
        app.send_mail().await;
        for (address, place) in [
            (HOME, "Berlin, Germany"),
            ("198.51.100.9", "Iceland"),
            ("198.51.100.200", "Unknown"),
        ] {
            let mut browser = app.browser();
            let assertion = browser.assertion(&mut passkey).await;
            let path = "/api/webauthn/login/finish";
            send(&mut browser, Method::POST, path, Some(&assertion), address).await;
            app.send_mail().await;
            let mail = sink.next();
            assert_eq!(mail["headers"]["subject"], "New device login with Pocket ID");
            let text = mail["parts"]["text/plain"]["text"].as_str().unwrap();
            assert!(
                text.contains(&format!("Approximate Location: {place}\n")),
                "{text}"
            );
            assert!(text.contains(address), "{text}");
        }
    }
);
