//! Connections: HTTP versions, TLS, PROXY headers, limits, draining.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Extension, Router};
use pocket_id::serve::{Tls, bind, serve};
use pocket_id_server::config::{ListenConfig, TlsConfig, TrustedPeers};
use pocket_id_server::http::peer::Peer;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::Version;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    ended: JoinHandle<()>,
    /// Given when `/slow` has begun, taken before it answers.
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
}

async fn served(tls: Option<Tls>, proxy_protocol: TrustedPeers) -> Served {
    let listen = ListenConfig::Tcp {
        host: "127.0.0.1".to_owned(),
        port: "0".to_owned(),
    };
    let listener = bind(&listen, &proxy_protocol).await.unwrap();
    let address = listener.address().parse().unwrap();
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let stop = CancellationToken::new();
    let slow = {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        get(move || async move {
            begun.notify_one();
            go_on.notified().await;
            "done"
        })
    };
    let router = Router::new()
        .route(
            "/peer",
            get(|Extension(peer): Extension<Peer>| async move { format!("{peer:?}") }),
        )
        .route("/echo", post(|body: String| async move { body }))
        .route("/slow", slow);
    let ended = tokio::spawn(serve(listener, router, tls, proxy_protocol, stop.clone()));
    Served {
        address,
        stop,
        ended,
        begun,
        go_on,
    }
}

fn certificate() -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// A client that trusts `certificate` and finds `localhost` at `address`.
fn client(address: SocketAddr, certificate: Option<&CertifiedKey<rcgen::KeyPair>>) -> reqwest::ClientBuilder {
    let client = reqwest::Client::builder()
        .no_proxy()
        .resolve("localhost", address);
    match certificate {
        None => client,
        Some(certificate) => client
            .tls_certs_only([reqwest::Certificate::from_pem(certificate.cert.pem().as_bytes()).unwrap()]),
    }
}

#[tokio::test]
async fn cleartext_serves_http_1_and_http_2_and_names_the_peer() {
    let served = served(None, TrustedPeers::Nobody).await;
    for (client, version) in [
        (client(served.address, None).http1_only(), Version::HTTP_11),
        (
            client(served.address, None).http2_prior_knowledge(),
            Version::HTTP_2,
        ),
    ] {
        let url = format!("http://localhost:{}/peer", served.address.port());
        let answer = client.build().unwrap().get(url).send().await.unwrap();
        assert_eq!(answer.version(), version);
        assert_eq!(answer.text().await.unwrap(), "Ip(127.0.0.1)");
    }
}

#[tokio::test]
async fn tls_serves_both_versions_and_nothing_older_than_1_3() {
    let pair = certificate();
    let config = TlsConfig::Inline {
        certificate: pair.cert.pem(),
        key: pair.signing_key.serialize_pem().into(),
    };
    let served = served(Some(Tls::load(&config).unwrap()), TrustedPeers::Nobody).await;
    let url = format!("https://localhost:{}/peer", served.address.port());
    let client = || client(served.address, Some(&pair));
    for (client, version) in [
        (client().http1_only(), Version::HTTP_11),
        (client(), Version::HTTP_2),
    ] {
        let answer = client.build().unwrap().get(&url).send().await.unwrap();
        assert_eq!(answer.version(), version);
    }
    let old = client()
        .tls_version_max(reqwest::tls::Version::TLS_1_2)
        .build()
        .unwrap();
    assert!(old.get(&url).send().await.is_err());
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(plain.get(url.replace("https", "http")).send().await.is_err());
}

#[tokio::test]
async fn unusable_certificates_are_refused_at_start() {
    let (one, other) = (certificate(), certificate());
    for (certificate, key) in [
        (one.cert.pem(), other.signing_key.serialize_pem()),
        (one.signing_key.serialize_pem(), one.signing_key.serialize_pem()),
        (one.cert.pem(), one.cert.pem()),
    ] {
        let config = TlsConfig::Inline {
            certificate,
            key: key.into(),
        };
        assert!(Tls::load(&config).is_err());
    }
}

fn write_pair(folder: &Path, pair: &CertifiedKey<rcgen::KeyPair>) {
    // As renewal tools do: write aside, then rename.
    for (name, content) in [
        ("cert.pem", pair.cert.pem()),
        ("key.pem", pair.signing_key.serialize_pem()),
    ] {
        std::fs::write(folder.join("draft"), content).unwrap();
        std::fs::rename(folder.join("draft"), folder.join(name)).unwrap();
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (certificate(), certificate());
    write_pair(folder.path(), &old);
    let config = TlsConfig::Files {
        certificate: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    let tls = Tls::load(&config).unwrap();
    let stop = CancellationToken::new();
    let watching = tokio::spawn(tls.watch(stop.clone()));
    let served = served(Some(tls), TrustedPeers::Nobody).await;
    let url = format!("https://localhost:{}/peer", served.address.port());
    let works = async |pair: &CertifiedKey<rcgen::KeyPair>| {
        client(served.address, Some(pair))
            .build()
            .unwrap()
            .get(&url)
            .send()
            .await
            .is_ok()
    };
    assert!(works(&old).await);

    // A pair that does not belong together, for longer than it takes to notice.
    std::fs::write(folder.path().join("key.pem"), new.signing_key.serialize_pem()).unwrap();
    for _ in 0..8 {
        assert!(works(&old).await);
        tokio::time::sleep(Duration::from_millis(400)).await;
    }

    write_pair(folder.path(), &new);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !works(&new).await {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the new certificate is not in use"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!works(&old).await);
    stop.cancel();
    watching.await.unwrap();
}

/// What the server says to these bytes, sent as they are.
async fn raw(address: SocketAddr, bytes: Vec<u8>) -> String {
    tokio::task::spawn_blocking(move || {
        let mut client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The server may close while we still write.
        let _ = client.write_all(&bytes);
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
    .unwrap()
}

const ASK: &str = "GET /peer HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn proxy_headers_say_who_the_peer_is() {
    let everybody = served(None, TrustedPeers::Everybody).await;
    let others = served(None, TrustedPeers::Listed(vec!["10.0.0.0/8".parse().unwrap()])).await;
    let v1 = "PROXY TCP4 192.0.2.7 10.0.0.1 5000 443\r\n";
    let mut v2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24".to_vec();
    v2.extend("2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap().octets());
    v2.extend([0; 20]);
    for (served, bytes, expected) in [
        (&everybody, format!("{v1}{ASK}").into_bytes(), "Ip(192.0.2.7)"),
        (&everybody, [v2, ASK.into()].concat(), "Ip(2001:db8::7)"),
        (
            &everybody,
            format!("PROXY UNKNOWN\r\n{ASK}").into_bytes(),
            "Ip(127.0.0.1)",
        ),
        // Loopback may leave it out: that is the health check.
        (&everybody, ASK.into(), "Ip(127.0.0.1)"),
        (
            &everybody,
            format!("PROXY TCP4 nonsense\r\n{ASK}").into_bytes(),
            "",
        ),
        // Not listed: loopback is served as it is, and its header is no header.
        (&others, ASK.into(), "Ip(127.0.0.1)"),
        (&others, format!("{v1}{ASK}").into_bytes(), "HTTP/1.1 400"),
    ] {
        let answer = raw(served.address, bytes).await;
        if expected.is_empty() {
            assert_eq!(answer, "");
        } else {
            assert!(answer.contains(expected), "{expected} in {answer}");
            assert!(
                !expected.starts_with("Ip") || answer.starts_with("HTTP/1.1 200"),
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn headers_may_be_large_but_not_larger_than_a_mebibyte() {
    let served = served(None, TrustedPeers::Nobody).await;
    let request = |size| {
        ASK.replace("host", &format!("cookie: {}\r\nhost", "x".repeat(size)))
            .into_bytes()
    };
    assert!(
        raw(served.address, request(900 * 1024))
            .await
            .starts_with("HTTP/1.1 200")
    );
    assert!(
        !raw(served.address, request(1100 * 1024))
            .await
            .starts_with("HTTP/1.1 200")
    );
}

#[tokio::test]
async fn requests_in_progress_finish_and_new_clients_are_refused() {
    let pair = certificate();
    let config = TlsConfig::Inline {
        certificate: pair.cert.pem(),
        key: pair.signing_key.serialize_pem().into(),
    };
    for tls in [false, true] {
        let served = served(tls.then(|| Tls::load(&config).unwrap()), TrustedPeers::Nobody).await;
        let (scheme, pair) = if tls {
            ("https", Some(&pair))
        } else {
            ("http", None)
        };
        let url = format!("{scheme}://localhost:{}/slow", served.address.port());
        let answer = tokio::spawn(client(served.address, pair).build().unwrap().get(url).send());
        served.begun.notified().await;
        served.stop.cancel();
        while TcpStream::connect(served.address).is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!served.ended.is_finished());
        served.go_on.notify_one();
        assert_eq!(answer.await.unwrap().unwrap().text().await.unwrap(), "done");
        served.ended.await.unwrap();
    }
}
