//! A server of somebody else's on the internet of a test: HTTPS, under a name, answering what the test says.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use bytes::Bytes;
use http::StatusCode;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::TestApp;

/// Signs the certificates of all of them.
static AUTHORITY: LazyLock<(CertificateDer<'static>, Issuer<'static, KeyPair>)> = LazyLock::new(|| {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.der().clone(), Issuer::new(params, key))
});

/// The certificate authority servers under test have to trust (DER).
pub fn authority() -> Vec<u8> {
    AUTHORITY.0.to_vec()
}

#[derive(Clone)]
struct Page {
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

#[derive(Default)]
struct Site {
    pages: HashMap<String, Page>,
    hits: HashMap<String, usize>,
    bodies: HashMap<String, Vec<String>>,
    queries: HashMap<String, String>,
}

/// See the module.
pub struct OtherServer {
    /// `https://<name>`.
    pub origin: String,
    pub socket: SocketAddr,
    site: Arc<Mutex<Site>>,
}

impl OtherServer {
    /// Starts one that the server under test reaches by a name.
    pub async fn start(app: &TestApp, name: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let socket = listener.local_addr().unwrap();
        app.network.name(name, &[socket]);
        app.network.declare_public(socket);
        let site = Arc::new(Mutex::new(Site::default()));
        let served = Arc::clone(&site);
        let router = Router::new().fallback(move |request: Request| {
            let served = Arc::clone(&served);
            async move {
                let path = request.uri().path().to_owned();
                let answer = served.lock().unwrap().answer(&request);
                let body = axum::body::to_bytes(request.into_body(), 100_000).await.unwrap();
                if !body.is_empty() {
                    let text = String::from_utf8_lossy(&body).into_owned();
                    served.lock().unwrap().bodies.entry(path).or_default().push(text);
                }
                answer
            }
        });
        let listener = TlsListener {
            listener,
            acceptor: acceptor(name),
        };
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            origin: format!("https://{name}"),
            socket,
            site,
        }
    }

    /// What a path answers from now on.
    pub fn page(&self, path: &str, status: u16, headers: &[(&'static str, &str)], body: impl AsRef<[u8]>) {
        let page = Page {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            body: Bytes::copy_from_slice(body.as_ref()),
        };
        self.site.lock().unwrap().pages.insert(path.to_owned(), page);
    }

    /// A JSON page.
    pub fn json(&self, path: &str, body: &Value) {
        self.page(
            path,
            200,
            &[("content-type", "application/json")],
            body.to_string(),
        );
    }

    /// What was posted to a path, the first first.
    pub fn bodies(&self, path: &str) -> Vec<String> {
        let site = self.site.lock().unwrap();
        site.bodies.get(path).cloned().unwrap_or_default()
    }

    /// The query a path was asked for with last.
    pub fn query(&self, path: &str) -> String {
        let site = self.site.lock().unwrap();
        site.queries.get(path).cloned().unwrap_or_default()
    }

    /// How often a path was asked for.
    pub fn hits(&self, path: &str) -> usize {
        self.site
            .lock()
            .unwrap()
            .hits
            .get(path)
            .copied()
            .unwrap_or_default()
    }
}

impl Site {
    fn answer(&mut self, request: &Request) -> Response {
        let path = request.uri().path();
        *self.hits.entry(path.to_owned()).or_default() += 1;
        let query = request.uri().query().unwrap_or_default();
        self.queries.insert(path.to_owned(), query.to_owned());
        let Some(page) = self.pages.get(path).cloned() else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let mut response = (page.status, page.body).into_response();
        response.headers_mut().remove("content-type");
        for (name, value) in page.headers {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    }
}

fn acceptor(name: &str) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &AUTHORITY.1).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> tokio::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
