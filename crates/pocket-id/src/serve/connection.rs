//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use http::{Request, Response, Version};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use pocket_id_server::config::TrustedPeers;
use pocket_id_server::http::peer::Peer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::guarded_io::{Activity, GuardedIo, Limits, RequestGuard};
use super::proxy_protocol::{self, Expectation};
use super::stream::{Socket, Stream};
use super::tls::Tls;

/// Most bytes of a request's header block.
const HEADER_LIMIT: u32 = 1024 * 1024;

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

const LIMITS: Limits = Limits {
    head: Duration::from_secs(10),
    // Longer than reverse proxies keep idle connections, so that they are the ones who close.
    silence: Duration::from_mins(20),
};

/// What all connections share.
pub struct Server {
    router: Router,
    http: auto::Builder<TokioExecutor>,
    tls: Option<Tls>,
    proxy_protocol: TrustedPeers,
    stop: CancellationToken,
    abort: CancellationToken,
}

impl Server {
    pub fn new(
        router: Router,
        tls: Option<Tls>,
        proxy_protocol: TrustedPeers,
        stop: CancellationToken,
        abort: CancellationToken,
    ) -> Self {
        let mut http = auto::Builder::new(TokioExecutor::new());
        // GuardedIo does it.
        http.http1()
            .header_read_timeout(None)
            .max_buf_size(HEADER_LIMIT as usize);
        http.http2()
            .timer(TokioTimer::new())
            .max_header_list_size(HEADER_LIMIT)
            .max_concurrent_streams(200)
            .keep_alive_interval(Duration::from_mins(1))
            .keep_alive_timeout(Duration::from_secs(20));
        Self {
            router,
            http,
            tls,
            proxy_protocol,
            stop,
            abort,
        }
    }

    /// Serves one connection. What goes wrong here is the client's matter and at most worth a
    /// debug record.
    pub async fn run(&self, socket: Socket, peer: Peer) {
        tokio::select! {
            () = self.serve(socket, peer) => {}
            () = self.abort.cancelled() => {}
        }
    }

    async fn serve(&self, socket: Socket, peer: Peer) {
        let Some((stream, peer)) = self.read_proxy_header(socket, peer).await else {
            return;
        };
        let activity = Arc::new(Activity::default());
        let Some(tls) = &self.tls else {
            return self.serve_http(stream, peer, activity).await;
        };
        match tokio::time::timeout(HANDSHAKE_LIMIT, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => {
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    activity.set_multiplexed();
                }
                self.serve_http(stream, peer, activity).await;
            }
            Ok(Err(error)) => tracing::debug!(?peer, error = %error, "TLS handshake failed"),
            Err(_) => tracing::debug!(?peer, "TLS handshake took too long"),
        }
    }

    async fn read_proxy_header(&self, mut socket: Socket, peer: Peer) -> Option<(Stream, Peer)> {
        let expectation = match peer {
            Peer::Ip(address) => proxy_protocol::expectation(&self.proxy_protocol, address),
            Peer::UnixSocket => Expectation::None,
        };
        match proxy_protocol::read(&mut socket, expectation).await {
            Ok(found) => {
                let peer = found
                    .source
                    .map_or(peer, |address| Peer::Ip(address.to_canonical()));
                Some((Stream::new(socket, found.unread), peer))
            }
            Err(error) => {
                tracing::debug!(?peer, error = %error, "Refused a connection for its PROXY header");
                None
            }
        }
    }

    async fn serve_http<S>(&self, io: S, peer: Peer, activity: Arc<Activity>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let io = TokioIo::new(GuardedIo::new(io, Arc::clone(&activity), LIMITS));
        let service = PeerService {
            router: self.router.clone(),
            peer,
            activity,
        };
        let mut connection = pin!(self.http.serve_connection(io, service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(?peer, error = %error, "Connection ended early");
        }
    }
}

/// The router, told who the peer is.
struct PeerService {
    router: Router,
    peer: Peer,
    activity: Arc<Activity>,
}

impl hyper::service::Service<Request<Incoming>> for PeerService {
    type Response = Response<TrackedBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if request.version() == Version::HTTP_2 {
            self.activity.set_multiplexed();
        }
        let guard = self.activity.request();
        request.extensions_mut().insert(self.peer);
        let answer = self.router.clone().call(request);
        Box::pin(async move {
            let answer = answer.await?;
            Ok(answer.map(|body| TrackedBody { body, _guard: guard }))
        })
    }
}

/// A body that counts as a request in progress until it is sent.
pub struct TrackedBody {
    body: Body,
    _guard: RequestGuard,
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
