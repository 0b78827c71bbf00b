//! Listening, TLS, and which peers are believed.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use secrecy::SecretString;

/// The socket the server listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenConfig {
    /// `HOST` and `PORT`. The port is checked when it is bound.
    Tcp {
        /// Host name or address.
        host: String,
        /// Port number as text.
        port: String,
    },
    /// `UNIX_SOCKET` and `UNIX_SOCKET_MODE`.
    Unix {
        /// Where the socket file goes; an older one there is deleted.
        path: PathBuf,
        /// File mode set after binding.
        mode: Option<u32>,
    },
    /// `SYSTEMD_SOCKET`: the one socket the service manager passed.
    Systemd,
}

/// The certificate and key to serve TLS with.
#[derive(Clone)]
pub enum TlsConfig {
    /// PEM text from the environment; never reloaded.
    Inline {
        /// Certificate chain, leaf first.
        certificate: String,
        /// Private key.
        key: SecretString,
    },
    /// PEM files, reloaded when they change.
    Files {
        /// Certificate chain, leaf first.
        certificate: PathBuf,
        /// Private key.
        key: PathBuf,
    },
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline { .. } => f.write_str("Inline"),
            Self::Files { certificate, key } => f
                .debug_struct("Files")
                .field("certificate", certificate)
                .field("key", key)
                .finish(),
        }
    }
}

/// A set of peers, as `TRUST_PROXY` and `PROXY_PROTOCOL` name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedPeers {
    /// `false`.
    Nobody,
    /// `true`: every address. Kept apart from a list because "right-most untrusted address" has no
    /// meaning when nobody is untrusted.
    Everybody,
    /// The listed networks.
    Listed(Vec<IpNet>),
}

impl TrustedPeers {
    /// Whether `address` is in the set. An IPv4 address mapped into IPv6 counts as the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match self {
            Self::Nobody => false,
            Self::Everybody => true,
            Self::Listed(networks) => {
                let address = address.to_canonical();
                networks.iter().any(|network| network.contains(&address))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_match_networks_and_mapped_addresses() {
        let peers = TrustedPeers::Listed(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for (address, expected) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("fd12::1", true),
            ("11.0.0.1", false),
            ("2001:db8::1", false),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(peers.contains(address), expected, "{address}");
            assert!(TrustedPeers::Everybody.contains(address));
            assert!(!TrustedPeers::Nobody.contains(address));
        }
    }
}
