//! Time limits on a connection, so that a client that sends slowly or nothing cannot hold it.
//!
//! Not hyper's own header timeout: that one also runs between requests, and would cut keep-alive
//! connections of reverse proxies after ten seconds of silence.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// The limits.
#[derive(Clone, Copy)]
pub struct Limits {
    /// From a connection's start to its first byte, and from a request's first byte to the end of
    /// its header.
    pub head: Duration,
    /// Without a byte in either direction.
    pub silence: Duration,
}

/// What the HTTP side tells the connection about its requests.
#[derive(Default)]
pub struct Activity {
    started: AtomicU64,
    in_progress: AtomicUsize,
    multiplexed: AtomicBool,
}

impl Activity {
    /// HTTP/2: bytes between requests are not the start of a header that must come soon.
    pub fn set_multiplexed(&self) {
        self.multiplexed.store(true, Ordering::Relaxed);
    }

    /// Counts a request until the guard is dropped.
    pub fn request(self: &Arc<Self>) -> RequestGuard {
        self.started.fetch_add(1, Ordering::Relaxed);
        self.in_progress.fetch_add(1, Ordering::Relaxed);
        RequestGuard(Arc::clone(self))
    }
}

/// A request in progress.
pub struct RequestGuard(Arc<Activity>);

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waiting for the very first byte.
    Opened(Instant),
    /// Part of a header has come; the number of requests started before it.
    Head { since: Instant, started: u64 },
    /// A request is in progress, or the connection rests between two.
    Open,
}

/// A stream that fails with a time-out when its client is too slow.
pub struct GuardedIo<S> {
    inner: S,
    activity: Arc<Activity>,
    limits: Limits,
    phase: Phase,
    last_progress: Instant,
    timer: Pin<Box<Sleep>>,
}

impl<S> GuardedIo<S> {
    pub fn new(inner: S, activity: Arc<Activity>, limits: Limits) -> Self {
        let now = Instant::now();
        Self {
            inner,
            activity,
            limits,
            phase: Phase::Opened(now),
            last_progress: now,
            timer: Box::pin(sleep_until(now + limits.head)),
        }
    }

    fn bytes_came(&mut self) {
        let now = Instant::now();
        self.last_progress = now;
        let quiet = self.activity.in_progress.load(Ordering::Relaxed) == 0
            && !self.activity.multiplexed.load(Ordering::Relaxed);
        self.phase = match self.phase {
            Phase::Head { started, .. } if self.is_over(started) => Phase::Open,
            head @ Phase::Head { .. } => head,
            Phase::Opened(_) | Phase::Open => Phase::Open,
        };
        if quiet && self.phase == Phase::Open {
            self.phase = Phase::Head {
                since: now,
                started: self.activity.started.load(Ordering::Relaxed),
            };
        }
    }

    /// Whether the header that began after `started` requests has become a request.
    fn is_over(&self, started: u64) -> bool {
        self.activity.started.load(Ordering::Relaxed) != started
    }

    fn deadline(&self) -> Instant {
        match self.phase {
            Phase::Opened(since) => since + self.limits.head,
            Phase::Head { since, started } if !self.is_over(started) => since + self.limits.head,
            Phase::Head { .. } | Phase::Open => self.last_progress + self.limits.silence,
        }
    }

    /// To be asked whenever the stream has to wait: the error once the deadline has passed.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let deadline = self.deadline();
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        ready!(self.timer.as_mut().poll(cx));
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "the client is too slow"))
    }

    fn written(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match result {
            Poll::Ready(Ok(_)) => self.last_progress = Instant::now(),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => return self.poll_deadline(cx).map(Err),
        }
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for GuardedIo<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        match Pin::new(&mut this.inner).poll_read(cx, buf) {
            Poll::Pending => this.poll_deadline(cx).map(Err),
            ready @ Poll::Ready(_) => {
                if buf.filled().len() > before {
                    this.bytes_came();
                }
                ready
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for GuardedIo<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.inner).poll_write(cx, bytes);
        this.written(cx, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.inner).poll_write_vectored(cx, slices);
        this.written(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_flush(cx) {
            Poll::Pending => this.poll_deadline(cx).map(Err),
            ready @ Poll::Ready(_) => ready,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_shutdown(cx) {
            Poll::Pending => this.poll_deadline(cx).map(Err),
            ready @ Poll::Ready(_) => ready,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const LIMITS: Limits = Limits {
        head: Duration::from_secs(10),
        silence: Duration::from_mins(10),
    };

    /// Reads one byte; how long that took, in seconds, and whether it timed out.
    async fn wait<S: AsyncRead + Unpin>(io: &mut S) -> (u64, bool) {
        let start = Instant::now();
        let timed_out = io
            .read_u8()
            .await
            .is_err_and(|error| error.kind() == io::ErrorKind::TimedOut);
        (start.elapsed().as_secs(), timed_out)
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_ends() {
        let (_client, server) = duplex(64);
        let mut io = GuardedIo::new(server, Arc::default(), LIMITS);
        assert_eq!(wait(&mut io).await, (10, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_header_that_comes_byte_by_byte_ends_after_ten_seconds_in_all() {
        let (mut client, server) = duplex(64);
        let mut io = GuardedIo::new(server, Arc::default(), LIMITS);
        client.write_u8(b'G').await.unwrap();
        io.read_u8().await.unwrap();
        let start = Instant::now();
        let writer = tokio::spawn(async move {
            while client.write_u8(b'E').await.is_ok() {
                tokio::time::sleep(Duration::from_secs(3)).await;
            }
        });
        let error = loop {
            if let Err(error) = io.read_u8().await {
                break error;
            }
        };
        assert_eq!(
            (error.kind(), start.elapsed().as_secs()),
            (io::ErrorKind::TimedOut, 10)
        );
        drop(io);
        writer.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_between_requests_is_long_and_the_next_header_is_short_again() {
        let (mut client, server) = duplex(64);
        let activity = Arc::new(Activity::default());
        let mut io = GuardedIo::new(server, Arc::clone(&activity), LIMITS);
        for _ in 0..2 {
            client.write_u8(b'G').await.unwrap();
            io.read_u8().await.unwrap();
            drop(activity.request());
            let (seconds, written) = tokio::join!(wait(&mut io), async {
                tokio::time::sleep(Duration::from_secs(500)).await;
                client.write_u8(b'G').await
            });
            written.unwrap();
            assert_eq!(seconds, (500, false));
            // That byte began a header.
            assert_eq!(io.deadline(), Instant::now() + LIMITS.head);
            drop(activity.request());
        }
        assert_eq!(wait(&mut io).await, (600, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_is_not_a_slow_header() {
        let (mut client, server) = duplex(64);
        let activity = Arc::new(Activity::default());
        let mut io = GuardedIo::new(server, Arc::clone(&activity), LIMITS);
        client.write_u8(b'P').await.unwrap();
        io.read_u8().await.unwrap();
        let _request = activity.request();
        for _ in 0..4 {
            client.write_u8(b'x').await.unwrap();
            io.read_u8().await.unwrap();
            tokio::time::sleep(Duration::from_secs(9)).await;
        }
        assert!(wait(&mut io).await.1);
    }

    #[tokio::test(start_paused = true)]
    async fn multiplexed_connections_may_exchange_frames_without_requests() {
        let (mut client, server) = duplex(64);
        let activity = Arc::new(Activity::default());
        activity.set_multiplexed();
        let mut io = GuardedIo::new(server, activity, LIMITS);
        client.write_u8(b'f').await.unwrap();
        io.read_u8().await.unwrap();
        assert_eq!(wait(&mut io).await, (600, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_its_answer_ends() {
        let (_client, server) = duplex(8);
        let activity = Arc::new(Activity::default());
        let _request = activity.request();
        let mut io = GuardedIo::new(server, activity, LIMITS);
        io.phase = Phase::Open;
        let error = io.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
