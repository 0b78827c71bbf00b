//! Sends requests over several kept-alive connections and notes how long each took.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::error::Error;

pub type Outgoing = Request<Full<Bytes>>;

/// An answer that was a success.
pub struct Answer {
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

/// A finished run in which every request succeeded.
pub struct Load {
    pub elapsed: Duration,
    /// One per request, ascending.
    pub latencies: Vec<Duration>,
    /// In no particular order.
    pub answers: Vec<Answer>,
}

/// A run and what it cost the server.
pub struct Measured {
    pub load: Load,
    pub processor_time: Duration,
}

impl Measured {
    pub fn new(load: Load, processor_time: Duration) -> Self {
        Self { load, processor_time }
    }
}

/// Splits the requests over the connections and runs them to the end. Any failure ends the run: a rate of
/// errors would be no rate.
pub async fn run(address: SocketAddr, requests: Vec<Outgoing>, connections: usize) -> Result<Load, Error> {
    let total = requests.len();
    let mut shares: Vec<Vec<Outgoing>> = (0..connections).map(|_| Vec::new()).collect();
    for (index, request) in requests.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(index % connections) {
            share.push(request);
        }
    }
    let mut ready = Vec::with_capacity(connections);
    for share in shares {
        ready.push((connect(address).await?, share));
    }

    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for (mut sender, share) in ready {
        tasks.spawn(async move {
            let mut done = Vec::with_capacity(share.len());
            for request in share {
                let sent = Instant::now();
                let answer = send(&mut sender, request).await?;
                done.push((sent.elapsed(), answer));
            }
            Ok::<_, Error>(done)
        });
    }
    let mut latencies = Vec::with_capacity(total);
    let mut answers = Vec::with_capacity(total);
    while let Some(done) = tasks.join_next().await {
        for (latency, answer) in done?? {
            latencies.push(latency);
            answers.push(answer);
        }
    }
    let elapsed = began.elapsed();
    latencies.sort_unstable();
    Ok(Load {
        elapsed,
        latencies,
        answers,
    })
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Error> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends by itself when the sender is dropped; a failure shows at the sender.
    tokio::spawn(connection);
    Ok(sender)
}

async fn send(sender: &mut SendRequest<Full<Bytes>>, request: Outgoing) -> Result<Answer, Error> {
    let label = format!("{} {}", request.method(), request.uri().path());
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    if parts.status.is_success() || parts.status == StatusCode::FOUND || parts.status == StatusCode::SEE_OTHER
    {
        return Ok(Answer {
            headers: parts.headers,
            body,
        });
    }
    Err(Error::Answer {
        request: label,
        status: parts.status.as_u16(),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
