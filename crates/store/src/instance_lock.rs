//! One process per SQLite file.
//!
//! An advisory lock on a file beside the database. The operating system drops it with the process, however
//! that ends, so a start after a crash never waits.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// Held for as long as this process uses the database.
#[derive(Debug)]
pub struct InstanceLock {
    _file: File,
}

/// Why the lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum InstanceLockError {
    /// Somebody else holds it.
    #[error(
        "another Pocket ID process is using this SQLite database ({0}); stop it first, or use PostgreSQL to run several"
    )]
    Taken(PathBuf),
    /// The lock file cannot be opened or locked.
    #[error("cannot lock {path}: {source}")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl InstanceLock {
    /// Takes the lock for a database file, without waiting.
    pub fn acquire(database: &Path) -> Result<Self, InstanceLockError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|source| InstanceLockError::Io {
            path: path.clone(),
            source,
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(InstanceLockError::Taken(database.to_owned())),
            Err(TryLockError::Error(source)) => Err(InstanceLockError::Io { path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_until_the_first_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        let first = InstanceLock::acquire(&database).unwrap();
        assert!(matches!(
            InstanceLock::acquire(&database),
            Err(InstanceLockError::Taken(_))
        ));
        drop(first);
        InstanceLock::acquire(&database).unwrap();
    }
}
