//! One request to somebody else's server: limited in time, size and number, and in where it may go.

use std::error::Error as _;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use ipnet::{IpNet, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;
use url::{Host, Url};

use super::address::is_public;
use super::network::Network;

/// Requests of one kind under way at once.
const AT_ONCE: usize = 10;
/// Requests of one kind under way or waiting; more are refused at once.
const IN_LINE: usize = 64;
/// Largest sum of response headers, in bytes.
const LARGEST_HEADERS: usize = 40_960;
/// Seconds a whole request may take unless the caller says otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(15);

/// Who chose a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// An administrator: it may lead anywhere, the local network included.
    Admin,
    /// Anybody: it may lead to public addresses only.
    Untrusted,
}

/// Why nothing usable came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Not an address of the web, or with a user name in it.
    #[error("the URL cannot be fetched")]
    Url,
    /// The URL leads to an address that is not of the public internet.
    #[error("the URL leads to an address that is not allowed")]
    Address,
    /// No such name, no connection, no TLS, or no HTTP.
    #[error("the server could not be reached")]
    Unreachable,
    /// It took too long.
    #[error("the server took too long to answer")]
    Timeout,
    /// More headers or content than allowed.
    #[error("the answer is too large")]
    TooLarge,
    /// Another status than expected.
    #[error("the server answered with status {}", .0.as_u16())]
    Status(StatusCode),
    /// More redirects than allowed.
    #[error("the server redirected too often")]
    Redirects,
    /// The answer is not what was asked for; the text says what is wrong with it.
    #[error("{0}")]
    Content(String),
    /// Too many requests are under way already.
    #[error("too many requests to other servers are under way")]
    Busy,
    /// This program cannot make requests, or is stopping.
    #[error("requests to other servers are not possible")]
    Impossible,
}

/// A request to make.
#[derive(Clone)]
pub struct Fetch {
    url: Url,
    trust: Trust,
    headers: HeaderMap,
    method: Method,
    content: Option<(&'static str, Bytes)>,
    largest_body: usize,
    time_limit: Duration,
    redirects: u8,
}

impl fmt::Debug for Fetch {
    // The content may be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch")
            .field("url", &self.url.as_str())
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its content.
    pub body: Bytes,
    /// Where it came from, after redirects.
    pub url: Url,
}

impl Fetch {
    /// A GET with limits fit for small documents: 64 KiB, 15 seconds, no redirects.
    pub fn get(url: Url, trust: Trust) -> Self {
        Self {
            url,
            trust,
            headers: HeaderMap::new(),
            method: Method::GET,
            content: None,
            largest_body: 64 * 1024,
            time_limit: TIME_LIMIT,
            redirects: 0,
        }
    }

    /// A POST of form fields.
    pub fn post_form(url: Url, trust: Trust, fields: &[(&str, &str)]) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        Self::get(url, trust)
            .method(Method::POST)
            .content("application/x-www-form-urlencoded", form.into())
    }

    /// Another method.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Sends content of a media type along.
    #[must_use]
    pub fn content(mut self, media_type: &'static str, content: Bytes) -> Self {
        self.content = Some((media_type, content));
        self
    }

    /// Adds an `Authorization` header, which is never logged. Redirects are not for such requests: it would go along.
    #[must_use]
    pub fn authorization(mut self, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.headers.insert(header::AUTHORIZATION, value);
        self.redirects = 0;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// The largest content accepted, in bytes.
    #[must_use]
    pub fn largest_body(mut self, bytes: usize) -> Self {
        self.largest_body = bytes;
        self
    }

    /// How long everything may take, waiting for other requests included.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Follows so many redirects of a GET, each held to the same rules.
    #[must_use]
    pub fn follow_redirects(mut self, most: u8) -> Self {
        self.redirects = most;
        self
    }
}

impl Fetched {
    /// The answer if its status is 200.
    pub fn ok(self) -> Result<Self, FetchError> {
        if self.status == StatusCode::OK {
            Ok(self)
        } else {
            Err(FetchError::Status(self.status))
        }
    }

    /// The media type without parameters, in lower case; empty when there is none.
    pub fn media_type(&self) -> String {
        let value = self.headers.get(header::CONTENT_TYPE);
        let value = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default();
        essence.trim().to_ascii_lowercase()
    }
}

/// The places in the queue of one kind of request.
#[derive(Debug)]
struct Lane {
    line: Semaphore,
    running: Semaphore,
}

impl Lane {
    fn new() -> Self {
        Self {
            line: Semaphore::new(IN_LINE),
            running: Semaphore::new(AT_ONCE),
        }
    }
}

/// Makes requests.
#[derive(Debug)]
pub struct Fetcher {
    guard: Guard,
    free: OnceLock<reqwest::Client>,
    guarded: OnceLock<reqwest::Client>,
    // Anybody's URLs must not keep an administrator's waiting.
    admin: Lane,
    untrusted: Lane,
}

impl Fetcher {
    /// Makes requests in a network.
    pub fn new(network: Network, ranges: Ranges) -> Self {
        Self {
            guard: Guard {
                network,
                ranges: Arc::new(ranges),
            },
            free: OnceLock::new(),
            guarded: OnceLock::new(),
            admin: Lane::new(),
            untrusted: Lane::new(),
        }
    }

    /// Makes a request and waits for the whole answer, whatever its status.
    pub async fn fetch(&self, fetch: Fetch) -> Result<Fetched, FetchError> {
        let lane = match fetch.trust {
            Trust::Admin => &self.admin,
            Trust::Untrusted => &self.untrusted,
        };
        let _in_line = lane.line.try_acquire().map_err(|_| FetchError::Busy)?;
        let limit = fetch.time_limit;
        let work = async {
            let _running = lane.running.acquire().await.map_err(|_| FetchError::Impossible)?;
            self.follow(fetch).await
        };
        tokio::time::timeout(limit, work)
            .await
            .unwrap_or(Err(FetchError::Timeout))
    }

    async fn follow(&self, fetch: Fetch) -> Result<Fetched, FetchError> {
        let mut url = fetch.url.clone();
        let mut left = fetch.redirects;
        loop {
            let answer = self.once(&fetch, url).await?;
            let follow = fetch.redirects > 0 && fetch.method == Method::GET && is_redirect(answer.status);
            if !follow {
                return Ok(answer);
            }
            left = left.checked_sub(1).ok_or(FetchError::Redirects)?;
            let location = answer.headers.get(header::LOCATION);
            let location = location.and_then(|value| value.to_str().ok());
            url = location
                .and_then(|location| answer.url.join(location).ok())
                .ok_or(FetchError::Url)?;
        }
    }

    /// One request; a redirect is an answer like any other.
    async fn once(&self, fetch: &Fetch, url: Url) -> Result<Fetched, FetchError> {
        self.guard.check_url(&url, fetch.trust)?;
        let client = self.client(fetch.trust)?;
        let mut request = client.request(fetch.method.clone(), url.clone());
        if let Some((media_type, content)) = &fetch.content {
            request = request
                .header(header::CONTENT_TYPE, *media_type)
                .body(content.clone());
        }
        let response = request.headers(fetch.headers.clone()).send().await;
        let mut response = response.map_err(|error| failure(&error, &url))?;
        // The resolver has seen to this; it is checked again because everything depends on it.
        if fetch.trust == Trust::Untrusted
            && !response
                .remote_addr()
                .is_some_and(|socket| self.guard.allows(socket))
        {
            return Err(FetchError::Address);
        }
        let size: usize = response
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        let announced = response.content_length().unwrap_or(0);
        if size > LARGEST_HEADERS || announced > u64::try_from(fetch.largest_body).unwrap_or(u64::MAX) {
            return Err(FetchError::TooLarge);
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error, &url))? {
            if body.len() + chunk.len() > fetch.largest_body {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
            url,
        })
    }

    /// The client for a kind of URL. Made when first needed, for it reads the system's certificates.
    fn client(&self, trust: Trust) -> Result<&reqwest::Client, FetchError> {
        let slot = match trust {
            Trust::Admin => &self.free,
            Trust::Untrusted => &self.guarded,
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let resolver = GuardedResolver {
            guard: self.guard.clone(),
            trust,
        };
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            // A kept connection would outlive the check of its address.
            .pool_max_idle_per_host(0)
            .dns_resolver(resolver);
        if let Some(authority) = self.guard.network.authority() {
            let authority = reqwest::Certificate::from_der(authority).map_err(|_| FetchError::Impossible)?;
            builder = builder.tls_certs_only([authority]);
        }
        let client = builder.build().map_err(|error| {
            tracing::error!(error = %describe(&error), "no HTTP client for requests to other servers");
            FetchError::Impossible
        })?;
        Ok(slot.get_or_init(|| client))
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// What a failure of the HTTP client means.
fn failure(error: &reqwest::Error, url: &Url) -> FetchError {
    let host = url.host_str().unwrap_or_default();
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.is::<NotAllowed>() {
            tracing::warn!(host, "a URL leads to an address that is not allowed");
            return FetchError::Address;
        }
        source = inner.source();
    }
    tracing::debug!(host, error = %describe(error), "a request to another server failed");
    if error.is_timeout() {
        FetchError::Timeout
    } else {
        FetchError::Unreachable
    }
}

/// An error with its causes and without the URL, whose query may be somebody's secret.
fn describe(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut source = error.source();
    while let Some(inner) = source {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

/// What the operator says of addresses.
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    /// Addresses of the operator's own network that look public.
    pub local_ipv6: Vec<Ipv6Net>,
    /// Addresses that URLs anybody chose may lead to although they are not public.
    pub allowed: Vec<IpNet>,
}

/// Decides where requests may go.
#[derive(Clone, Debug)]
struct Guard {
    network: Network,
    ranges: Arc<Ranges>,
}

impl Guard {
    fn allows(&self, socket: SocketAddr) -> bool {
        let address = socket.ip().to_canonical();
        is_public(address, &self.ranges.local_ipv6)
            || self.ranges.allowed.iter().any(|range| range.contains(&address))
            || self.network.is_declared_public(socket)
    }

    /// Judges a URL by itself. An address in it never reaches the resolver, so it is checked here.
    fn check_url(&self, url: &Url, trust: Trust) -> Result<(), FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::Url);
        }
        let ip = match url.host() {
            None | Some(Host::Domain("")) => return Err(FetchError::Url),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
        };
        if trust == Trust::Admin {
            return Ok(());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Url);
        }
        let port = url.port_or_known_default().unwrap_or_default();
        match ip {
            Some(ip) if !self.allows(SocketAddr::new(ip, port)) => Err(FetchError::Address),
            _ => Ok(()),
        }
    }
}

/// A name leads to an address that is not allowed.
#[derive(Debug, thiserror::Error)]
#[error("an address of the name is not allowed")]
struct NotAllowed;

/// Resolves names for the HTTP client, which connects to what it is given here and to nothing else: there is no
/// second look-up that could say something different.
struct GuardedResolver {
    guard: Guard,
    trust: Trust,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, trust) = (self.guard.clone(), self.trust);
        Box::pin(async move {
            let sockets = guard.network.resolve(name.as_str()).await?;
            let refused = trust == Trust::Untrusted && !sockets.iter().all(|socket| guard.allows(*socket));
            if refused {
                return Err(NotAllowed.into());
            }
            let addresses: Addrs = Box::new(sockets.into_iter());
            Ok(addresses)
        })
    }
}
