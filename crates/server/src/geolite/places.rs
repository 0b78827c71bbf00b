//! The database in memory.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;

use super::LARGEST;
use crate::audit::Location;

/// Most characters of a name: what a column holds.
const LONGEST_NAME: usize = 100;

type Database = Reader<Vec<u8>>;

/// Why a file is no database.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("the database cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is too large.
    #[error("the database is too large")]
    TooLarge,
    /// Its content is something else, or broken.
    #[error("the file is not a MaxMind database: {0}")]
    Content(#[from] MaxMindDbError),
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
        }
    }
}

/// What is read of a record.
#[derive(Default, Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    country: Named<'a>,
    #[serde(borrow, default)]
    city: Named<'a>,
}

#[derive(Default, Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    names: Names<'a>,
}

#[derive(Default, Deserialize)]
struct Names<'a> {
    #[serde(borrow, default)]
    en: Option<&'a str>,
}

impl Named<'_> {
    /// The English name as a column of any database holds it.
    fn name(&self) -> String {
        let name = self.names.en.unwrap_or_default();
        name.chars()
            .filter(|c| !c.is_control())
            .take(LONGEST_NAME)
            .collect()
    }
}

/// Names the places of public addresses. Cheap to clone.
#[derive(Clone)]
pub struct Places(Arc<Parts>);

struct Parts {
    path: PathBuf,
    database: RwLock<Option<Arc<Database>>>,
    /// The state of the file when it was last read, with or without success.
    read: RwLock<Option<Stamp>>,
}

impl Places {
    /// Places of a file that is not read yet: none.
    pub fn new(path: &Path) -> Self {
        Self(Arc::new(Parts {
            path: path.to_owned(),
            database: RwLock::new(None),
            read: RwLock::new(None),
        }))
    }

    /// The place of a public address; empty when unknown.
    pub fn of(&self, ip: IpAddr) -> Location {
        let database = {
            let current = self.0.database.read().unwrap_or_else(PoisonError::into_inner);
            current.clone()
        };
        let Some(database) = database else {
            return Location::default();
        };
        let record = database.lookup(ip).and_then(|found| found.decode::<Record>());
        let record = record.unwrap_or_else(|error| {
            tracing::debug!(error = %error, "the place of an address could not be looked up");
            None
        });
        record.map_or_else(Location::default, |record| Location {
            country: record.country.name(),
            city: record.city.name(),
        })
    }

    /// Reads the file as it is now. None there: no places. One that cannot be read: those known stay.
    pub async fn load(&self) {
        // Before it is read: a change meanwhile is noticed afterwards.
        let stamp = self.stamp().await;
        *self.0.read.write().unwrap_or_else(PoisonError::into_inner) = stamp;
        let path = self.0.path.clone();
        let opened = tokio::task::spawn_blocking(move || open(&path)).await;
        let database = match opened {
            Ok(Ok(database)) => {
                tracing::info!(
                    built = database.metadata().build_epoch,
                    "The database of places is loaded"
                );
                Some(Arc::new(database))
            }
            Ok(Err(OpenError::Read(error))) if error.kind() == io::ErrorKind::NotFound => None,
            Ok(Err(error)) => {
                tracing::warn!(file = %self.0.path.display(), error = %error, "The database of places is not usable");
                return;
            }
            Err(error) => {
                tracing::error!(error = %error, "reading the database of places broke off");
                return;
            }
        };
        *self.0.database.write().unwrap_or_else(PoisonError::into_inner) = database;
    }

    /// The state the file had when it was last read.
    pub(super) fn read(&self) -> Option<Stamp> {
        *self.0.read.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of the file; none if there is none.
    pub(super) async fn stamp(&self) -> Option<Stamp> {
        let metadata = tokio::fs::metadata(&self.0.path).await.ok()?;
        Some(Stamp::from(&metadata))
    }
}

/// Reads a database whole.
pub(super) fn open(path: &Path) -> Result<Database, OpenError> {
    let file = File::open(path)?;
    let expected = file.metadata()?.len();
    if expected > LARGEST {
        return Err(OpenError::TooLarge);
    }
    // To the byte: what a growing buffer has to spare would stay taken.
    let mut content = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
    file.take(expected).read_to_end(&mut content)?;
    Ok(Reader::from_source(content)?)
}
