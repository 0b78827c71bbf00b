//! Against real servers on this machine, which a test may declare public.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use pocket_id_store::types::Timestamp;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const NOW: Timestamp = Timestamp(1_767_225_600_000);
const HOST: &str = "peer.example";

/// An internet with one server.
struct World {
    outbound: Outbound,
    network: Arc<ManualNetwork>,
    clock: Clock,
    socket: SocketAddr,
    hits: Arc<AtomicUsize>,
}

impl World {
    async fn with(answer: impl Fn(Request, usize) -> Response + Clone + Send + Sync + 'static) -> Self {
        let hits = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&hits);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let socket = listener.local_addr().unwrap();
        let router = Router::new().fallback(move |request: Request| {
            let answer = answer(request, counter.fetch_add(1, Ordering::SeqCst));
            async move { answer }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self::around(socket, hits)
    }

    /// One whose server writes these bytes whatever it is asked, and then keeps the connection open.
    async fn with_bytes(bytes: Vec<u8>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let socket = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(&bytes).await;
                open.push(stream);
            }
        });
        Self::around(socket, Arc::default())
    }

    fn around(socket: SocketAddr, hits: Arc<AtomicUsize>) -> Self {
        let authority = rcgen::generate_simple_self_signed(vec![HOST.to_owned()]).unwrap();
        let (network, names) = Network::manual(authority.cert.der().to_vec());
        names.name(HOST, &[socket]);
        names.declare_public(socket);
        let clock = Clock::manual(NOW);
        Self {
            outbound: Outbound::new(network, Ranges::default(), clock.clone()),
            network: names,
            clock,
            socket,
            hits,
        }
    }

    fn url(&self, path: &str) -> Url {
        format!("http://{HOST}:{}{path}", self.socket.port())
            .parse()
            .unwrap()
    }

    async fn get(&self, url: &str) -> Result<Fetched, FetchError> {
        self.outbound
            .fetch(Fetch::get(url.parse().unwrap(), Trust::Untrusted))
            .await
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

fn redirect(to: &str) -> Response {
    (StatusCode::FOUND, [("location", to.to_owned())]).into_response()
}

#[tokio::test]
async fn the_operator_can_allow_a_network_of_his_own() {
    let world = World::with(|_, _| "hello".into_response()).await;
    let ranges = Ranges {
        local_ipv6: Vec::new(),
        allowed: vec!["127.0.0.0/8".parse().unwrap()],
    };
    let authority = rcgen::generate_simple_self_signed(vec![HOST.to_owned()]).unwrap();
    let (network, names) = Network::manual(authority.cert.der().to_vec());
    let outbound = Outbound::new(network, ranges, world.clock.clone());
    let ask = async |url: String| {
        let fetch = Fetch::get(url.parse().unwrap(), Trust::Untrusted);
        outbound.fetch(fetch).await.map(|answer| answer.body)
    };
    let port = world.socket.port();
    assert_eq!(ask(format!("http://127.0.0.1:{port}/")).await.unwrap(), "hello");
    names.name("lan.example", &[world.socket]);
    assert_eq!(ask(format!("http://lan.example:{port}/")).await.unwrap(), "hello");
    names.name("both.example", &[world.socket, "192.168.0.1:80".parse().unwrap()]);
    assert_eq!(
        ask(format!("http://both.example:{port}/")).await.unwrap_err(),
        FetchError::Address
    );
}

#[tokio::test]
async fn an_untrusted_url_leads_to_public_addresses_only() {
    let world = World::with(|_, _| "hello".into_response()).await;
    let public: SocketAddr = "8.8.8.8:1".parse().unwrap();
    let port = world.socket.port();
    for (name, addresses) in [
        ("loopback.example", vec![(Ipv4Addr::LOCALHOST, port + 1).into()]),
        ("private.example", vec!["10.0.0.1:80".parse().unwrap()]),
        ("metadata.example", vec!["169.254.169.254:80".parse().unwrap()]),
        ("six.example", vec!["[fd00::1]:80".parse().unwrap()]),
        ("mapped.example", vec!["[::ffff:127.0.0.1]:80".parse().unwrap()]),
        // One bad address among good ones: the client could try either.
        ("mixed.example", vec![public, "192.168.0.1:80".parse().unwrap()]),
        (
            "mixed-first.example",
            vec!["192.168.0.1:80".parse().unwrap(), public],
        ),
    ] {
        world.network.name(name, &addresses);
        let found = world.get(&format!("http://{name}/")).await;
        assert_eq!(found.unwrap_err(), FetchError::Address, "{name}");
    }
    for host in [
        "127.0.0.1:1",
        "127.1:1",
        "0x7f.1:1",
        "2130706433:1",
        "127.0.0.1.:1",
        "[::1]:1",
        "[::ffff:7f00:1]:1",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
        "10.1.2.3",
        "169.254.169.254",
        "localhost",
        "LOCALHOST",
    ] {
        let found = world.get(&format!("http://{host}/")).await;
        assert_eq!(found.unwrap_err(), FetchError::Address, "{host}");
    }
    for url in [
        "file:///etc/passwd",
        "ftp://peer.example/",
        "http://u:p@peer.example/",
        "data:,x",
    ] {
        assert_eq!(world.get(url).await.unwrap_err(), FetchError::Url, "{url}");
    }
    let unknown = world.get("http://nobody.example/").await;
    assert_eq!(unknown.unwrap_err(), FetchError::Unreachable);
    assert_eq!(world.hits(), 0);

    let found = world.get(world.url("/").as_str()).await.unwrap();
    assert_eq!((found.status, &found.body[..]), (StatusCode::OK, &b"hello"[..]));
    let literal = world.get(&format!("http://{}/", world.socket)).await;
    assert!(literal.is_ok());
}

#[tokio::test]
async fn an_administrator_may_point_anywhere() {
    let world = World::with(|_, _| "hello".into_response()).await;
    world.network.name("lan.example", &[world.socket]);
    for url in [
        format!("http://lan.example:{}/", world.socket.port()),
        format!("http://localhost:{}/", world.socket.port()),
        format!("http://{}/", world.socket),
    ] {
        let fetch = Fetch::get(url.parse().unwrap(), Trust::Admin);
        assert!(world.outbound.fetch(fetch).await.unwrap().ok().is_ok(), "{url}");
    }
}

/// The second look-up of a name says something else than the first.
#[tokio::test]
async fn a_name_that_changes_its_mind_gains_nothing() {
    let world = World::with(|_, _| "hello".into_response()).await;
    let inside: SocketAddr = (Ipv4Addr::LOCALHOST, 9).into();
    world
        .network
        .name_in_turn("rebind.example", [vec![world.socket], vec![inside]]);
    let url = "http://rebind.example/";
    assert!(world.get(url).await.is_ok());
    assert_eq!(world.get(url).await.unwrap_err(), FetchError::Address);
    assert_eq!(world.hits(), 1);
}

#[tokio::test]
async fn redirects_are_followed_only_when_asked_and_by_the_same_rules() {
    let world = World::with(|request, _| match request.uri().path() {
        "/start" => redirect("/end"),
        "/end" => "end".into_response(),
        "/loop" => redirect("/loop"),
        "/inside" => redirect("http://127.0.0.1:1/"),
        "/file" => redirect("file:///etc/passwd"),
        _ => StatusCode::MOVED_PERMANENTLY.into_response(),
    })
    .await;
    let answer = world.get(world.url("/start").as_str()).await.unwrap();
    assert_eq!(answer.status, StatusCode::FOUND);
    let follow = |path: &str| {
        let fetch = Fetch::get(world.url(path), Trust::Untrusted).follow_redirects(3);
        world.outbound.fetch(fetch)
    };
    let answer = follow("/start").await.unwrap();
    assert_eq!((&answer.body[..], answer.url.path()), (&b"end"[..], "/end"));
    let before = world.hits();
    assert_eq!(follow("/loop").await.unwrap_err(), FetchError::Redirects);
    assert_eq!(world.hits() - before, 4);
    assert_eq!(follow("/inside").await.unwrap_err(), FetchError::Address);
    assert_eq!(follow("/file").await.unwrap_err(), FetchError::Url);
    assert_eq!(follow("/nowhere").await.unwrap_err(), FetchError::Url);
}

#[tokio::test]
async fn answers_are_limited_in_size() {
    let world = World::with(|request, _| match request.uri().path() {
        "/fits" => vec![b'x'; 1000].into_response(),
        "/body" => vec![b'x'; 1001].into_response(),
        _ => ([("x-long", "x".repeat(50_000))], "x").into_response(),
    })
    .await;
    let get = |path: &str| {
        let fetch = Fetch::get(world.url(path), Trust::Untrusted).largest_body(1000);
        world.outbound.fetch(fetch)
    };
    assert_eq!(get("/fits").await.unwrap().body.len(), 1000);
    assert_eq!(get("/body").await.unwrap_err(), FetchError::TooLarge);
    assert_eq!(get("/headers").await.unwrap_err(), FetchError::TooLarge);

    // Without a length announced.
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.extend_from_slice(&[b'x'; 5000]);
    let world = World::with_bytes(endless).await;
    let fetch = Fetch::get(world.url("/"), Trust::Untrusted).largest_body(1000);
    assert_eq!(
        world.outbound.fetch(fetch).await.unwrap_err(),
        FetchError::TooLarge
    );
}

#[tokio::test]
async fn servers_that_do_not_answer_are_given_up() {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
    ] {
        let world = World::with_bytes(bytes.to_vec()).await;
        let fetch = Fetch::get(world.url("/"), Trust::Untrusted).time_limit(Duration::from_millis(200));
        assert_eq!(
            world.outbound.fetch(fetch).await.unwrap_err(),
            FetchError::Timeout
        );
    }
    let world = World::with_bytes(b"SSH-2.0-OpenSSH\r\n".to_vec()).await;
    let answer = world.get(world.url("/").as_str()).await;
    assert_eq!(answer.unwrap_err(), FetchError::Unreachable);
}

#[tokio::test]
async fn only_so_many_requests_wait_at_once() {
    let world = World::with_bytes(Vec::new()).await;
    let ask = |trust| {
        let fetch = Fetch::get(world.url("/"), trust).time_limit(Duration::from_millis(500));
        let outbound = world.outbound.clone();
        tokio::spawn(async move { outbound.fetch(fetch).await.unwrap_err() })
    };
    let askers: Vec<_> = (0..70).map(|_| ask(Trust::Untrusted)).collect();
    tokio::task::yield_now().await;
    // They do not stand in an administrator's way.
    let admin = ask(Trust::Admin);
    let mut busy = 0;
    for asker in askers {
        match asker.await.unwrap() {
            FetchError::Busy => busy += 1,
            other => assert_eq!(other, FetchError::Timeout),
        }
    }
    assert_eq!(busy, 6);
    assert_eq!(admin.await.unwrap(), FetchError::Timeout);
}

#[tokio::test]
async fn a_form_is_posted() {
    let world = World::with(|request, _| {
        let kind = request.headers()["content-type"].to_str().unwrap().to_owned();
        (request.method() == http::Method::POST)
            .then_some(kind)
            .ok_or(StatusCode::METHOD_NOT_ALLOWED)
            .into_response()
    })
    .await;
    let fetch = Fetch::post_form(world.url("/"), Trust::Admin, &[("token", "a b&c")]);
    let answer = world.outbound.fetch(fetch).await.unwrap().ok().unwrap();
    assert_eq!(&answer.body[..], b"application/x-www-form-urlencoded");
}

/// A key set whose only key is named after how often it was asked for.
fn numbered(cache_control: &'static str) -> impl Fn(Request, usize) -> Response + Clone {
    move |_, n| {
        let set =
            json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": n.to_string()}]});
        ([("cache-control", cache_control)], axum::Json(set)).into_response()
    }
}

fn kid(keys: &JwkSet) -> &str {
    keys.keys()[0].kid.as_deref().unwrap()
}

#[tokio::test]
async fn key_sets_are_kept_as_long_as_their_server_says_within_limits() {
    const MINUTE: i64 = 60;
    for (cache_control, seconds) in [
        ("", 15 * MINUTE),
        ("no-store", 15 * MINUTE),
        ("max-age=1", 15 * MINUTE),
        ("max-age=3600", 60 * MINUTE),
        ("max-age=99999999", 24 * 60 * MINUTE),
    ] {
        let world = World::with(numbered(cache_control)).await;
        let url = world.url("/jwks");
        let get = || world.outbound.jwks(&url, Trust::Untrusted);
        assert_eq!(kid(&get().await.unwrap()), "0");
        world.clock.advance_millis(seconds * 1000 - 1);
        assert_eq!(kid(&get().await.unwrap()), "0", "{cache_control}");
        world.clock.advance_millis(1);
        assert_eq!(kid(&get().await.unwrap()), "1", "{cache_control}");
    }
}

#[tokio::test]
async fn a_refresh_is_forced_at_most_every_half_minute() {
    let world = World::with(numbered("max-age=3600")).await;
    let url = world.url("/jwks");
    let again = || world.outbound.jwks_refreshed(&url, Trust::Untrusted);
    assert_eq!(kid(&again().await.unwrap()), "0");
    assert_eq!(kid(&again().await.unwrap()), "0");
    world.clock.advance_millis(30_000);
    assert_eq!(kid(&again().await.unwrap()), "1");
    assert_eq!(kid(&again().await.unwrap()), "1");
    assert_eq!(world.hits(), 2);
}

#[tokio::test]
async fn many_askers_cost_one_request() {
    let world = World::with(numbered("")).await;
    let url = world.url("/jwks");
    let askers: Vec<_> = (0..32)
        .map(|_| {
            let (outbound, url) = (world.outbound.clone(), url.clone());
            tokio::spawn(async move { outbound.jwks(&url, Trust::Untrusted).await.is_ok() })
        })
        .collect();
    for asker in askers {
        assert!(asker.await.unwrap());
    }
    assert_eq!(world.hits(), 1);
}

#[tokio::test]
async fn a_failing_key_server_is_left_alone_for_a_while_and_loses_no_fresh_keys() {
    let world = World::with(|request, n| match n {
        0 | 3 => numbered("max-age=3600")(request, n),
        1 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => "<html>".into_response(),
    })
    .await;
    let url = world.url("/jwks");
    let (get, again) = (
        || world.outbound.jwks(&url, Trust::Untrusted),
        || world.outbound.jwks_refreshed(&url, Trust::Untrusted),
    );
    assert_eq!(kid(&get().await.unwrap()), "0");
    world.clock.advance_millis(30_000);
    let failed = FetchError::Status(StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(again().await.unwrap_err(), failed);
    assert_eq!(kid(&get().await.unwrap()), "0");
    world.clock.advance_millis(3_600_000);
    let garbage = FetchError::Content("not a JWK Set".to_owned());
    assert_eq!(get().await.unwrap_err(), garbage);
    assert_eq!(get().await.unwrap_err(), garbage);
    assert_eq!(world.hits(), 3);
    world.clock.advance_millis(10_000);
    assert_eq!(kid(&get().await.unwrap()), "3");
}

#[tokio::test]
async fn what_an_administrator_may_fetch_is_not_shared_with_others() {
    let world = World::with(numbered("")).await;
    let inside: SocketAddr = world.socket;
    let url: Url = format!("http://{inside}/jwks").parse().unwrap();
    assert!(world.outbound.jwks(&url, Trust::Admin).await.is_ok());
    let other = World::with(numbered("")).await;
    let url: Url = format!("http://localhost:{}/jwks", world.socket.port())
        .parse()
        .unwrap();
    assert!(other.outbound.jwks(&url, Trust::Admin).await.is_ok());
    assert_eq!(
        other.outbound.jwks(&url, Trust::Untrusted).await.unwrap_err(),
        FetchError::Address
    );
}

/// With the system's resolver, which knows this name everywhere.
#[tokio::test]
async fn the_real_network_is_guarded_the_same_way() {
    let world = World::with(|_, _| "hello".into_response()).await;
    let outbound = Outbound::new(Network::Internet, Ranges::default(), world.clock.clone());
    let url: Url = format!("http://localhost:{}/", world.socket.port())
        .parse()
        .unwrap();
    let fetch = |trust| outbound.fetch(Fetch::get(url.clone(), trust));
    assert_eq!(fetch(Trust::Untrusted).await.unwrap_err(), FetchError::Address);
    assert_eq!(world.hits(), 0);
    assert!(fetch(Trust::Admin).await.unwrap().ok().is_ok());
}
