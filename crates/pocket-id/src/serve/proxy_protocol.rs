//! The PROXY protocol, versions 1 and 2: a load balancer tells whom it speaks for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use pocket_id_server::config::TrustedPeers;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

const WAIT: Duration = Duration::from_secs(5);

const V1_START: &[u8] = b"PROXY ";
const V1_LONGEST: usize = 107;
const V2_START: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const V2_FIXED: usize = 16;
/// Addresses and extensions together; real ones take some hundred bytes.
const V2_LONGEST: usize = 4096;

/// What a peer has to send before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Nothing; bytes are taken as they come.
    None,
    /// A header, or nothing: our own health check has none.
    Optional,
    /// A header.
    Mandatory,
    /// The peer may not connect at all.
    Refused,
}

/// What came first.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Whom the balancer speaks for; `None` = the peer itself.
    pub source: Option<IpAddr>,
    /// Bytes read beyond the header.
    pub unread: Vec<u8>,
}

/// Why a connection is closed.
#[derive(Debug, Error)]
pub enum ProxyError {
    /// The peer is not in `PROXY_PROTOCOL`.
    #[error("the peer is not listed in PROXY_PROTOCOL")]
    Unlisted,
    /// It sent something else, or a broken header.
    #[error("no valid PROXY header")]
    Invalid,
    /// It sent nothing in time.
    #[error("no PROXY header within {} seconds", WAIT.as_secs())]
    TimedOut,
    /// The connection broke.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What `peer` has to send.
pub fn expectation(listed: &TrustedPeers, peer: IpAddr) -> Expectation {
    match (listed, peer.is_loopback(), listed.contains(peer)) {
        (TrustedPeers::Nobody, ..) | (_, true, false) => Expectation::None,
        (_, true, true) => Expectation::Optional,
        (_, false, true) => Expectation::Mandatory,
        (_, false, false) => Expectation::Refused,
    }
}

/// Reads the header that is expected.
pub async fn read<S: AsyncRead + Unpin>(stream: &mut S, expected: Expectation) -> Result<Found, ProxyError> {
    let none = Found {
        source: None,
        unread: Vec::new(),
    };
    match expected {
        Expectation::None => Ok(none),
        Expectation::Refused => Err(ProxyError::Unlisted),
        Expectation::Optional | Expectation::Mandatory => {
            tokio::time::timeout(WAIT, read_header(stream, expected))
                .await
                .map_err(|_| ProxyError::TimedOut)?
        }
    }
}

async fn read_header<S: AsyncRead + Unpin>(
    stream: &mut S,
    expected: Expectation,
) -> Result<Found, ProxyError> {
    let mut bytes = Vec::with_capacity(256);
    loop {
        match parse(&bytes) {
            Parsed::Header { source, length } => {
                return Ok(Found {
                    source,
                    unread: bytes.split_off(length),
                });
            }
            Parsed::SomethingElse if expected == Expectation::Optional => {
                return Ok(Found {
                    source: None,
                    unread: bytes,
                });
            }
            Parsed::SomethingElse | Parsed::Broken => return Err(ProxyError::Invalid),
            Parsed::Incomplete => {}
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(ProxyError::Invalid);
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    Incomplete,
    /// Not the start of a header.
    SomethingElse,
    /// The start of a header that goes wrong.
    Broken,
    Header {
        source: Option<IpAddr>,
        length: usize,
    },
}

fn parse(bytes: &[u8]) -> Parsed {
    if bytes.starts_with(V1_START) {
        parse_v1(bytes)
    } else if bytes.starts_with(V2_START) {
        parse_v2(bytes).unwrap_or(Parsed::Incomplete)
    } else if V1_START.starts_with(bytes) || V2_START.starts_with(bytes) {
        Parsed::Incomplete
    } else {
        Parsed::SomethingElse
    }
}

fn parse_v1(bytes: &[u8]) -> Parsed {
    let Some(end) = bytes
        .windows(2)
        .take(V1_LONGEST - 1)
        .position(|pair| pair == b"\r\n")
    else {
        return if bytes.len() < V1_LONGEST {
            Parsed::Incomplete
        } else {
            Parsed::Broken
        };
    };
    let line = bytes.get(..end).and_then(|line| std::str::from_utf8(line).ok());
    let header = |source| Parsed::Header {
        source,
        length: end + 2,
    };
    let mut words = line.unwrap_or_default().split(' ').skip(1);
    let source = match words.next() {
        Some("UNKNOWN") => return header(None),
        Some("TCP4") => addresses::<Ipv4Addr>(&mut words),
        Some("TCP6") => addresses::<Ipv6Addr>(&mut words),
        _ => None,
    };
    match source {
        Some(source) if words.next().is_none() => header(Some(source)),
        _ => Parsed::Broken,
    }
}

/// The source of `source destination port port`, if all four are right.
fn addresses<'a, A>(words: &mut impl Iterator<Item = &'a str>) -> Option<IpAddr>
where
    A: std::str::FromStr + Into<IpAddr>,
{
    let source = words.next()?.parse::<A>().ok()?;
    words.next()?.parse::<A>().ok()?;
    for _ in 0..2 {
        let port = words.next()?;
        port.parse::<u16>()
            .ok()
            .filter(|_| port.bytes().all(|byte| byte.is_ascii_digit()))?;
    }
    Some(source.into())
}

/// `None` = more bytes are needed.
fn parse_v2(bytes: &[u8]) -> Option<Parsed> {
    let command = *bytes.get(12)?;
    let family = *bytes.get(13)?;
    let body = usize::from(u16::from_be_bytes([*bytes.get(14)?, *bytes.get(15)?]));
    if !matches!(command, 0x20 | 0x21) || body > V2_LONGEST {
        return Some(Parsed::Broken);
    }
    let length = V2_FIXED + body;
    let addresses = bytes.get(V2_FIXED..length)?;
    // A balancer's own connection (LOCAL) and families without addresses of ours keep the peer's.
    let source = match (command, family) {
        (0x21, 0x11) => addresses
            .get(..12)
            .and_then(|both| both.first_chunk::<4>())
            .map(|v4| (*v4).into()),
        (0x21, 0x21) => addresses
            .get(..36)
            .and_then(|both| both.first_chunk::<16>())
            .map(|v6| (*v6).into()),
        _ => return Some(Parsed::Header { source: None, length }),
    };
    Some(match source {
        Some(source) => Parsed::Header {
            source: Some(source),
            length,
        },
        None => Parsed::Broken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = V2_START.to_vec();
        bytes.extend([command, family]);
        bytes.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        bytes.extend(body);
        bytes
    }

    fn source(bytes: &[u8]) -> Result<Option<IpAddr>, &'static str> {
        match parse(bytes) {
            Parsed::Header { source, length } if length == bytes.len() => Ok(source),
            Parsed::Header { .. } => Err("length"),
            Parsed::Broken => Err("broken"),
            Parsed::SomethingElse => Err("else"),
            Parsed::Incomplete => Err("incomplete"),
        }
    }

    #[test]
    fn headers_of_both_versions_name_their_source() {
        let v4: IpAddr = "192.0.2.7".parse().unwrap();
        let v6: IpAddr = "2001:db8::7".parse().unwrap();
        let v6_body = [&"2001:db8::7".parse::<Ipv6Addr>().unwrap().octets()[..], &[0; 20]].concat();
        let long = "PROXY UNKNOWN ".to_owned() + &"x".repeat(107);
        for (bytes, expected) in [
            (
                b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 443\r\n".to_vec(),
                Ok(Some(v4)),
            ),
            (b"PROXY TCP6 2001:db8::7 ::1 5000 443\r\n".to_vec(), Ok(Some(v6))),
            (b"PROXY UNKNOWN\r\n".to_vec(), Ok(None)),
            (b"PROXY UNKNOWN whatever comes\r\n".to_vec(), Ok(None)),
            (b"PROXY TCP4 2001:db8::7 ::1 5000 443\r\n".to_vec(), Err("broken")),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 5000\r\n".to_vec(), Err("broken")),
            (
                b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 +43\r\n".to_vec(),
                Err("broken"),
            ),
            (
                b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 70000\r\n".to_vec(),
                Err("broken"),
            ),
            (
                b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 443 x\r\n".to_vec(),
                Err("broken"),
            ),
            (
                b"PROXY UDP4 192.0.2.7 10.0.0.1 5000 443\r\n".to_vec(),
                Err("broken"),
            ),
            (b"PROXY TCP4 192.0.2.7".to_vec(), Err("incomplete")),
            (long.into_bytes(), Err("broken")),
            (
                v2(0x21, 0x11, &[192, 0, 2, 7, 10, 0, 0, 1, 0, 1, 0, 2]),
                Ok(Some(v4)),
            ),
            (
                v2(0x21, 0x11, &[192, 0, 2, 7, 10, 0, 0, 1, 0, 1, 0, 2, 4, 0, 0]),
                Ok(Some(v4)),
            ),
            (v2(0x21, 0x21, &v6_body), Ok(Some(v6))),
            (v2(0x20, 0x11, &[192, 0, 2, 7, 10, 0, 0, 1, 0, 1, 0, 2]), Ok(None)),
            (v2(0x20, 0x00, &[]), Ok(None)),
            (v2(0x21, 0x00, &[]), Ok(None)),
            (v2(0x21, 0x31, &[0; 216]), Ok(None)),
            (v2(0x21, 0x11, &[192, 0, 2, 7]), Err("broken")),
            (v2(0x21, 0x21, &[0; 35]), Err("broken")),
            (v2(0x11, 0x11, &[0; 12]), Err("broken")),
            (v2(0x22, 0x11, &[0; 12]), Err("broken")),
            (v2(0x21, 0x11, &[0; 5000]), Err("broken")),
            (V2_START.to_vec(), Err("incomplete")),
            (Vec::new(), Err("incomplete")),
            (b"P".to_vec(), Err("incomplete")),
            (b"POST / HTTP/1.1".to_vec(), Err("else")),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), Err("else")),
            (b"\x16\x03\x01".to_vec(), Err("else")),
        ] {
            assert_eq!(source(&bytes), expected, "{:?}", bytes.escape_ascii().to_string());
            // However it is cut, a good header is never taken for something else.
            if expected.is_ok() {
                for end in 0..bytes.len() {
                    assert_eq!(parse(&bytes[..end]), Parsed::Incomplete, "{end} bytes");
                }
            }
        }
    }

    #[test]
    fn listed_peers_must_loopback_may_and_others_do_not_connect() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let list = |text: &str| TrustedPeers::Listed(vec![text.parse().unwrap()]);
        for (listed, peer, expected) in [
            (TrustedPeers::Nobody, "10.0.0.1", Expectation::None),
            (TrustedPeers::Everybody, "10.0.0.1", Expectation::Mandatory),
            (TrustedPeers::Everybody, "127.0.0.1", Expectation::Optional),
            (list("10.0.0.0/8"), "10.0.0.1", Expectation::Mandatory),
            (list("10.0.0.0/8"), "11.0.0.1", Expectation::Refused),
            (list("10.0.0.0/8"), "::1", Expectation::None),
            (list("127.0.0.0/8"), "127.0.0.1", Expectation::Optional),
        ] {
            assert_eq!(expectation(&listed, address(peer)), expected, "{listed:?} {peer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_after_the_header_are_kept_and_silence_ends() {
        let mut whole: &[u8] = b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 443\r\nGET /";
        let found = read(&mut whole, Expectation::Mandatory).await.unwrap();
        assert_eq!(
            (found.source, found.unread.as_slice()),
            ("192.0.2.7".parse().ok(), &b"GET /"[..])
        );

        let mut bare: &[u8] = b"GET / HTTP/1.1";
        let found = read(&mut bare, Expectation::Optional).await.unwrap();
        assert_eq!(
            (found.source, found.unread.as_slice()),
            (None, &b"GET / HTTP/1.1"[..])
        );
        let mut bare: &[u8] = b"GET / HTTP/1.1";
        assert!(matches!(
            read(&mut bare, Expectation::Mandatory).await,
            Err(ProxyError::Invalid)
        ));
        let mut cut: &[u8] = b"PROXY TCP4";
        assert!(matches!(
            read(&mut cut, Expectation::Mandatory).await,
            Err(ProxyError::Invalid)
        ));

        let (_client, mut silent) = tokio::io::duplex(8);
        assert!(matches!(
            read(&mut silent, Expectation::Mandatory).await,
            Err(ProxyError::TimedOut)
        ));
        assert!(matches!(
            read(&mut silent, Expectation::Refused).await,
            Err(ProxyError::Unlisted)
        ));
    }
}
