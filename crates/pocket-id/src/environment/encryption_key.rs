//! The encryption key nobody configured: made once, kept in the data folder.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pocket_id_server::config::{Config, DatabaseConfig, EncryptionKey, KeyOrigin, data_folder};
use pocket_id_store::sqlite_options::{SqliteLocation, SqliteOptions};
use thiserror::Error;
use zeroize::Zeroizing;

const FILE_NAME: &str = "encryption_key";

/// The permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The folder or the file cannot be made or read.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// The file exists but holds less than a key.
    #[error(
        "{} does not hold an encryption key (at least 16 bytes); restore it from a backup, or set ENCRYPTION_KEY",
        .0.display()
    )]
    Damaged(PathBuf),
}

/// Where the key came from.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyFileOutcome {
    /// The operator configured one.
    Configured,
    /// An earlier start made this file.
    Found(PathBuf),
    /// An earlier start made this file, and others than its owner may read it by now.
    FoundReadableByOthers(PathBuf),
    /// This start made this file.
    Created(PathBuf),
}

/// Makes sure that `config` has an encryption key. `random` is the source of a new one.
pub fn obtain(
    config: &mut Config,
    random: impl FnOnce() -> [u8; 32],
) -> Result<KeyFileOutcome, KeyFileError> {
    if config.encryption_key.is_some() {
        return Ok(KeyFileOutcome::Configured);
    }
    let folder = folder_of(&config.database);
    let path = folder.join(FILE_NAME);
    let (key, outcome) = match read(&path)? {
        Some((key, mode)) if mode & OTHERS != 0 => (key, KeyFileOutcome::FoundReadableByOthers(path)),
        Some((key, _)) => (key, KeyFileOutcome::Found(path)),
        None => {
            let bytes = Zeroizing::new(random());
            let text = Zeroizing::new(STANDARD.encode(bytes.as_slice()));
            match create(&folder, &path, text.as_bytes())? {
                Creation::Made => (text.as_bytes().to_vec(), KeyFileOutcome::Created(path)),
                // Another process was faster; its key is the one that counts.
                Creation::AlreadyThere => match read(&path)? {
                    Some((key, _)) => (key, KeyFileOutcome::Found(path)),
                    None => return Err(KeyFileError::Damaged(path)),
                },
            }
        }
    };
    config.encryption_key = Some(EncryptionKey::new(key, KeyOrigin::Generated));
    Ok(outcome)
}

fn folder_of(database: &DatabaseConfig) -> PathBuf {
    let options = match database {
        DatabaseConfig::Sqlite { connection_string } => SqliteOptions::parse(connection_string).ok(),
        DatabaseConfig::Postgres { .. } => None,
    };
    match options.map(|options| options.location) {
        Some(SqliteLocation::File(file)) => data_folder(Some(&file)),
        Some(SqliteLocation::Memory) | None => data_folder(None),
    }
}

/// The key in the file and the file's mode; surrounding white space is not part of the key, so that
/// an editor's line break does no harm.
fn read(path: &Path) -> Result<Option<(Vec<u8>, u32)>, KeyFileError> {
    let failed = |source| KeyFileError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let content = match std::fs::read(path) {
        Ok(content) => Zeroizing::new(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let key = content.trim_ascii();
    if key.len() < EncryptionKey::MIN_BYTES {
        return Err(KeyFileError::Damaged(path.to_owned()));
    }
    let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
    Ok(Some((key.to_vec(), mode)))
}

enum Creation {
    Made,
    AlreadyThere,
}

/// Writes a complete, synced file and only then gives it its name, which must be free. A crash
/// leaves either no key or all of it.
fn create(folder: &Path, path: &Path, content: &[u8]) -> Result<Creation, KeyFileError> {
    let failed = |action: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source| KeyFileError::Io { action, path, source }
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed("create", folder))?;
    let draft = folder.join(format!("{FILE_NAME}.{}.tmp", std::process::id()));
    // A draft under our own process id is what an earlier, crashed process of that id left.
    remove_if_present(&draft).map_err(failed("remove", &draft))?;
    write_new(&draft, content).map_err(failed("write", &draft))?;
    let linked = match std::fs::hard_link(&draft, path) {
        Ok(()) => Ok(Creation::Made),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Creation::AlreadyThere),
        // A file system without hard links: the weaker way, still never over an existing file.
        Err(_) => match write_new(path, content) {
            Ok(()) => Ok(Creation::Made),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Creation::AlreadyThere),
            Err(error) => Err(failed("write", path)(error)),
        },
    };
    remove_if_present(&draft).map_err(failed("remove", &draft))?;
    let creation = linked?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed("sync", folder))?;
    Ok(creation)
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn remove_if_present(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use pocket_id_server::config::AppUrl;

    use super::*;

    fn config(connection_string: &str) -> Config {
        let mut config = Config::for_tests(
            AppUrl::parse("http://localhost:1411").unwrap(),
            Path::new("unused"),
        );
        config.encryption_key = None;
        config.database = DatabaseConfig::Sqlite {
            connection_string: connection_string.to_owned(),
        };
        config
    }

    fn never() -> [u8; 32] {
        panic!("no new key was to be made")
    }

    fn key(config: &Config) -> &[u8] {
        config.encryption_key.as_ref().unwrap().expose()
    }

    #[test]
    fn a_key_is_made_once_private_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("deep/data");
        let database = format!("file:{}/pocket-id.db?_txlock=immediate", data.display());

        let mut first = config(&database);
        let file = data.join("encryption_key");
        assert_eq!(
            obtain(&mut first, || [7; 32]).unwrap(),
            KeyFileOutcome::Created(file.clone())
        );
        assert_eq!(key(&first), STANDARD.encode([7; 32]).as_bytes());
        assert_eq!(
            std::fs::read(&file).unwrap(),
            key(&first),
            "usable as ENCRYPTION_KEY_FILE"
        );
        assert_eq!(
            first.encryption_key.as_ref().unwrap().origin(),
            KeyOrigin::Generated
        );
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&data)), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1, "no draft is left");

        let mut second = config(&database);
        assert_eq!(
            obtain(&mut second, never).unwrap(),
            KeyFileOutcome::Found(file.clone())
        );
        assert_eq!(key(&second), key(&first));

        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let outcome = obtain(&mut config(&database), never).unwrap();
        assert_eq!(outcome, KeyFileOutcome::FoundReadableByOthers(file));
    }

    #[test]
    fn a_line_break_added_by_an_editor_does_not_change_the_key() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("encryption_key"), "0123456789abcdef\n").unwrap();
        let mut config = config(folder.path().join("x.db").to_str().unwrap());
        obtain(&mut config, never).unwrap();
        assert_eq!(key(&config), b"0123456789abcdef");
    }

    #[test]
    fn a_damaged_key_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("encryption_key");
        std::fs::write(&file, "short\n").unwrap();
        let mut config = config(folder.path().join("x.db").to_str().unwrap());
        assert!(matches!(obtain(&mut config, never), Err(KeyFileError::Damaged(path)) if path == file));
        assert_eq!(std::fs::read(&file).unwrap(), b"short\n");
    }

    #[test]
    fn many_starts_at_once_agree_on_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("encryption_key");
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16_u8)
                .map(|byte| {
                    let (folder, path) = (folder.path(), &path);
                    // Threads share the process id, so each gets its own name for the draft.
                    scope.spawn(move || {
                        let own = folder.join(byte.to_string());
                        std::fs::create_dir(&own).unwrap();
                        create(&own, path, &[byte; 32]).unwrap()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let made = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Creation::Made))
            .count();
        assert_eq!(made, 1);
        let content = std::fs::read(&path).unwrap();
        assert_eq!(content.len(), 32);
        assert!(content.iter().all(|byte| Some(byte) == content.first()));
    }

    #[test]
    fn a_configured_key_leaves_the_disk_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path().join("x.db").to_str().unwrap());
        config.encryption_key = Some(EncryptionKey::new(vec![1; 16], KeyOrigin::Configured));
        assert_eq!(obtain(&mut config, never).unwrap(), KeyFileOutcome::Configured);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn without_a_database_file_the_key_goes_to_the_data_folder() {
        let postgres = DatabaseConfig::Postgres {
            connection_string: "postgres://h/d".into(),
        };
        assert_eq!(folder_of(&postgres), Path::new("data"));
        assert_eq!(folder_of(&config(":memory:").database), Path::new("data"));
        assert_eq!(folder_of(&config("file:x.db").database), Path::new("."));
    }
}
