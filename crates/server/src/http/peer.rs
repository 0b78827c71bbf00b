//! Who is at the other end of the connection, before any header is believed.

use std::net::IpAddr;

/// The peer of a connection. The listener puts it into every request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// An address: of the socket, or the one a PROXY header gave.
    Ip(IpAddr),
    /// A local process on the Unix socket, which is always trusted to forward addresses.
    UnixSocket,
}
