//! The listening socket: TCP, a Unix socket file, or the one the service manager passed.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use pocket_id_server::config::{ListenConfig, TrustedPeers};
use pocket_id_server::http::peer::Peer;
use thiserror::Error;
use tokio::net::{TcpListener, UnixListener};

use super::stream::Socket;

/// Why there is no listening socket.
#[derive(Debug, Error)]
pub enum BindError {
    /// `PORT` is no port.
    #[error("PORT must be a port number, not {0:?}")]
    Port(String),
    /// The address or path is taken, forbidden or unknown.
    #[error("cannot listen on {address}")]
    Bind {
        /// Where.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Something else than a socket is where the socket should go.
    #[error("UNIX_SOCKET names {}, which exists and is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// The service manager passed none, or several.
    #[error("SYSTEMD_SOCKET needs exactly one socket from the service manager, but {0} were passed")]
    SocketCount(usize),
    /// PROXY headers only exist on TCP.
    #[error("PROXY_PROTOCOL needs a TCP socket, but the service manager passed a Unix socket")]
    ProxyProtocolOnUnixSocket,
}

/// A bound socket.
pub struct Listener {
    kind: Kind,
    address: String,
}

enum Kind {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        /// Held for its `Drop`; `None` if the file is somebody else's.
        _file: Option<SocketFile>,
    },
}

/// A socket file of ours, as device and inode, so that a successor's file is left alone.
struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            // If it stays, the next start removes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Listener {
    /// Where it listens, for people.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Refuses new clients; removes a socket file of ours.
    pub fn close(self) {}

    pub(super) async fn accept(&mut self) -> io::Result<(Socket, Peer)> {
        match &self.kind {
            Kind::Tcp(listener) => {
                let (socket, address) = listener.accept().await?;
                // Answers are written whole; waiting to fill packets only delays them.
                socket.set_nodelay(true)?;
                Ok((Socket::Tcp(socket), Peer::Ip(address.ip().to_canonical())))
            }
            Kind::Unix { listener, .. } => {
                let (socket, _) = listener.accept().await?;
                Ok((Socket::Unix(socket), Peer::UnixSocket))
            }
        }
    }

    fn tcp(listener: TcpListener) -> io::Result<Self> {
        Ok(Self {
            address: listener.local_addr()?.to_string(),
            kind: Kind::Tcp(listener),
        })
    }
}

/// Binds what the configuration says.
pub async fn bind(config: &ListenConfig, proxy_protocol: &TrustedPeers) -> Result<Listener, BindError> {
    match config {
        ListenConfig::Tcp { host, port } => bind_tcp(host, port).await,
        ListenConfig::Unix { path, mode } => bind_unix(path, *mode),
        ListenConfig::Systemd => from_service_manager(proxy_protocol),
    }
}

async fn bind_tcp(host: &str, port: &str) -> Result<Listener, BindError> {
    let number: u16 = port.parse().map_err(|_| BindError::Port(port.to_owned()))?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    let listener = TcpListener::bind((bare, number)).await;
    listener
        .and_then(Listener::tcp)
        .map_err(|source| BindError::Bind {
            address: if bare.contains(':') {
                format!("[{bare}]:{port}")
            } else {
                format!("{bare}:{port}")
            },
            source,
        })
}

fn bind_unix(path: &Path, mode: Option<u32>) -> Result<Listener, BindError> {
    let failed = |source| BindError::Bind {
        address: path.display().to_string(),
        source,
    };
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path).map_err(failed)?,
        Ok(_) => return Err(BindError::NotASocket(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    if let Some(mode) = mode {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed)?;
    }
    let file = SocketFile {
        path: path.to_owned(),
        identity: identity(path).map_err(failed)?,
    };
    Ok(Listener {
        address: path.display().to_string(),
        kind: Kind::Unix {
            listener,
            _file: Some(file),
        },
    })
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

fn from_service_manager(proxy_protocol: &TrustedPeers) -> Result<Listener, BindError> {
    let failed = |source| BindError::Bind {
        address: "the service manager's socket".to_owned(),
        source,
    };
    let mut passed = ListenFd::from_env();
    if passed.len() != 1 {
        return Err(BindError::SocketCount(passed.len()));
    }
    if let Ok(Some(listener)) = passed.take_tcp_listener(0) {
        listener.set_nonblocking(true).map_err(failed)?;
        return TcpListener::from_std(listener)
            .and_then(Listener::tcp)
            .map_err(failed);
    }
    match passed.take_unix_listener(0).map_err(failed)? {
        Some(_) if *proxy_protocol != TrustedPeers::Nobody => Err(BindError::ProxyProtocolOnUnixSocket),
        Some(listener) => {
            listener.set_nonblocking(true).map_err(failed)?;
            let address = listener
                .local_addr()
                .ok()
                .and_then(|address| address.as_pathname().map(|path| path.display().to_string()))
                .unwrap_or_else(|| "unix socket".to_owned());
            // The file belongs to the service manager.
            let kind = Kind::Unix {
                listener: UnixListener::from_std(listener).map_err(failed)?,
                _file: None,
            };
            Ok(Listener { kind, address })
        }
        None => Err(BindError::SocketCount(0)),
    }
}
