//! Whose request this is: the client's address by the forwarding rules, and its user agent.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName};

use super::error::ApiError;
use super::peer::Peer;
use crate::config::{Config, TrustedPeers};
use crate::state::AppState;

/// An address for logs; `-` when unknown.
#[derive(Clone, Copy, Debug)]
pub struct ClientIp(pub Option<IpAddr>);

impl fmt::Display for ClientIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(ip) => ip.fmt(f),
            None => f.write_str("-"),
        }
    }
}

/// Where a request came from, for sessions, audit and limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOrigin {
    /// The client's address, unknown on a Unix socket without forwarding headers.
    pub ip: Option<IpAddr>,
    /// The User-Agent header, lossily decoded.
    pub user_agent: String,
}

impl RequestOrigin {
    /// What one customer has: an IPv4 address, or an IPv6 /64. Limits count by it.
    pub fn network(&self) -> Option<IpAddr> {
        self.ip.map(network)
    }
}

/// See [`RequestOrigin::network`].
pub fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl FromRequestParts<AppState> for RequestOrigin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

const FORWARDING: [HeaderName; 2] = [
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
];

/// The client's address by `TRUSTED_PLATFORM`, `TRUST_PROXY` and the peer.
///
/// Of a forwarding list the right-most address that is not itself a trusted proxy counts: everything to
/// its left is the client's own claim. When every peer is trusted (`TRUST_PROXY=true`) the right-most entry
/// is what the proxy in front of us saw.
pub fn resolve(config: &Config, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let platform = config
        .trusted_platform
        .as_ref()
        .and_then(|name| headers.get(name));
    if let Some(ip) = platform
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok())
    {
        return Some(ip);
    }
    let peer = extensions.get::<Peer>().copied();
    let (peer_ip, trusted) = match peer {
        Some(Peer::Ip(ip)) => (Some(ip.to_canonical()), config.trust_proxy.contains(ip)),
        Some(Peer::UnixSocket) => (None, true),
        None => (None, false),
    };
    if !trusted {
        return peer_ip;
    }
    FORWARDING
        .iter()
        .find_map(|name| forwarded(headers, name, &config.trust_proxy))
        .or(peer_ip)
}

/// The client in one forwarding header; none when the header is absent or holds something else than addresses.
fn forwarded(headers: &HeaderMap, name: &HeaderName, proxies: &TrustedPeers) -> Option<IpAddr> {
    let mut entries = Vec::new();
    for value in headers.get_all(name) {
        for entry in value.to_str().ok()?.split(',') {
            entries.push(entry.trim().parse::<IpAddr>().ok()?.to_canonical());
        }
    }
    let listed = matches!(proxies, TrustedPeers::Listed(_));
    let rightmost_untrusted = entries
        .iter()
        .rev()
        .find(|ip| !(listed && proxies.contains(**ip)));
    rightmost_untrusted.or(entries.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AppUrl;

    fn config(trust: TrustedPeers) -> Config {
        let mut config = Config::for_tests(AppUrl::parse("http://localhost").unwrap(), "/tmp/x".as_ref());
        config.trust_proxy = trust;
        config
    }

    fn ask(config: &Config, peer: Peer, headers: &[(&'static str, &str)]) -> Option<String> {
        let mut extensions = Extensions::new();
        extensions.insert(peer);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        resolve(config, &extensions, &map).map(|ip| ip.to_string())
    }

    #[test]
    fn only_trusted_peers_are_believed_and_only_from_the_right() {
        let proxy = Peer::Ip("10.0.0.1".parse().unwrap());
        let stranger = Peer::Ip("203.0.113.9".parse().unwrap());
        let listed = TrustedPeers::Listed(vec!["10.0.0.0/8".parse().unwrap()]);
        let xff = "x-forwarded-for";
        for (trust, peer, headers, expected) in [
            (TrustedPeers::Nobody, proxy, vec![(xff, "1.2.3.4")], "10.0.0.1"),
            (listed.clone(), stranger, vec![(xff, "1.2.3.4")], "203.0.113.9"),
            (
                listed.clone(),
                proxy,
                vec![(xff, "6.6.6.6, 1.2.3.4, 10.0.0.7")],
                "1.2.3.4",
            ),
            (
                listed.clone(),
                proxy,
                vec![(xff, "6.6.6.6"), (xff, "1.2.3.4")],
                "1.2.3.4",
            ),
            (
                listed.clone(),
                proxy,
                vec![(xff, "10.0.0.8, 10.0.0.7")],
                "10.0.0.8",
            ),
            (
                listed.clone(),
                proxy,
                vec![(xff, "nonsense"), ("x-real-ip", "1.2.3.4")],
                "1.2.3.4",
            ),
            (listed.clone(), proxy, vec![(xff, "nonsense")], "10.0.0.1"),
            (listed, proxy, vec![], "10.0.0.1"),
            (
                TrustedPeers::Everybody,
                stranger,
                vec![(xff, "6.6.6.6, 1.2.3.4")],
                "1.2.3.4",
            ),
        ] {
            let found = ask(&config(trust.clone()), peer, &headers);
            assert_eq!(found.as_deref(), Some(expected), "{trust:?} {peer:?} {headers:?}");
        }
    }

    #[test]
    fn a_unix_socket_peer_is_trusted_and_has_no_address_of_its_own() {
        let config = config(TrustedPeers::Nobody);
        assert_eq!(ask(&config, Peer::UnixSocket, &[]), None);
        assert_eq!(
            ask(&config, Peer::UnixSocket, &[("x-forwarded-for", "1.2.3.4")]).as_deref(),
            Some("1.2.3.4")
        );
    }

    #[test]
    fn a_platform_header_must_hold_an_address() {
        let mut config = config(TrustedPeers::Nobody);
        config.trusted_platform = Some(HeaderName::from_static("cf-connecting-ip"));
        let peer = Peer::Ip("203.0.113.9".parse().unwrap());
        assert_eq!(
            ask(&config, peer, &[("cf-connecting-ip", "1.2.3.4")]).as_deref(),
            Some("1.2.3.4")
        );
        assert_eq!(
            ask(&config, peer, &[("cf-connecting-ip", "a/b")]).as_deref(),
            Some("203.0.113.9")
        );
    }
}
