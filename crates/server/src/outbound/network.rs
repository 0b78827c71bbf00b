//! What names mean and whom TLS trusts. Tests bring a small internet of their own.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where requests go.
#[derive(Clone, Debug, Default)]
pub enum Network {
    /// The real one: the system's resolver and its certificate authorities.
    #[default]
    Internet,
    /// A test's.
    Manual(Arc<ManualNetwork>),
}

/// A network that knows the names a test gave it and nothing else.
#[derive(Debug, Default)]
pub struct ManualNetwork {
    names: Mutex<HashMap<String, VecDeque<Vec<SocketAddr>>>>,
    public: Mutex<HashSet<SocketAddr>>,
    authority: Vec<u8>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Network {
    /// An empty network whose servers have certificates of the given authority (DER).
    pub fn manual(authority: Vec<u8>) -> (Self, Arc<ManualNetwork>) {
        let network = Arc::new(ManualNetwork {
            authority,
            ..ManualNetwork::default()
        });
        (Self::Manual(Arc::clone(&network)), network)
    }

    /// The addresses of a name. Port 0 stands for the one of the URL.
    pub(super) async fn resolve(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::Internet => Ok(tokio::net::lookup_host((name, 0)).await?.collect()),
            Self::Manual(network) => network.resolve(name),
        }
    }

    /// Whether a socket counts as public although its address is not.
    pub(super) fn is_declared_public(&self, socket: SocketAddr) -> bool {
        match self {
            Self::Internet => false,
            Self::Manual(network) => lock(&network.public).contains(&socket),
        }
    }

    /// The only certificate authority trusted, if not the system's are.
    pub(super) fn authority(&self) -> Option<&[u8]> {
        match self {
            Self::Internet => None,
            Self::Manual(network) => Some(&network.authority),
        }
    }
}

impl ManualNetwork {
    /// Lets a name lead to addresses.
    pub fn name(&self, name: &str, addresses: &[SocketAddr]) {
        self.name_in_turn(name, [addresses.to_vec()]);
    }

    /// Lets a name lead to other addresses each time it is asked for; the last ones stay.
    pub fn name_in_turn(&self, name: &str, answers: impl IntoIterator<Item = Vec<SocketAddr>>) {
        lock(&self.names).insert(name.to_owned(), answers.into_iter().collect());
    }

    /// Lets a socket count as one of the public internet.
    pub fn declare_public(&self, socket: SocketAddr) {
        lock(&self.public).insert(socket);
    }

    fn resolve(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        if name == "localhost" {
            return Ok(vec![(Ipv4Addr::LOCALHOST, 0).into()]);
        }
        let mut names = lock(&self.names);
        let answers = names.get_mut(name);
        let answer = match answers {
            Some(answers) if answers.len() > 1 => answers.pop_front(),
            Some(answers) => answers.front().cloned(),
            None => None,
        };
        answer.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name"))
    }
}
