//! Where files are kept. Keys are made by the program: letters, digits, `-`, `_`, `.` and folders.

use std::path::{Path, PathBuf};

use pocket_id_store::{Store, StoreError, commit, stored_files};

use crate::config::FileBackendConfig;
use crate::state::AppState;

/// Why a file cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The disk failed.
    #[error("{path}: {source}", path = path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// How.
        source: std::io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key is none of ours.
    #[error("not a file key: {0:?}")]
    Key(String),
    /// The backend is not part of this version.
    #[error("this version cannot keep files in object storage (FILE_BACKEND=s3)")]
    Unsupported,
}

impl From<FileError> for crate::http::error::ApiError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Unsupported => Self::new(
                http::StatusCode::NOT_IMPLEMENTED,
                "file_backend_unsupported",
                "Images cannot be stored with FILE_BACKEND=s3 in this version",
            ),
            other => Self::internal(other),
        }
    }
}

/// The place of files.
pub enum FileStore<'s> {
    /// A folder.
    Folder(&'s Path),
    /// A table, which every replica sees.
    Database(&'s AppState),
    /// None yet.
    Unsupported,
}

impl<'s> FileStore<'s> {
    /// The place the operator chose.
    pub fn of(state: &'s AppState) -> Self {
        match &state.config.files {
            FileBackendConfig::Filesystem { path } => Self::Folder(path),
            FileBackendConfig::Database => Self::Database(state),
            FileBackendConfig::S3(_) => Self::Unsupported,
        }
    }

    /// What is in a file.
    pub async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, FileError> {
        check(key)?;
        match self {
            Self::Folder(root) => {
                let path = root.join(key);
                match tokio::fs::read(&path).await {
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(source) => Err(FileError::Disk { path, source }),
                }
            }
            Self::Database(state) => Ok(stored_files::read(state.store.reader(), key).await?),
            Self::Unsupported => Ok(None),
        }
    }

    /// Writes a file whole: whoever reads meanwhile sees the old one or the new one.
    pub async fn write(&self, key: &str, bytes: Vec<u8>) -> Result<(), FileError> {
        check(key)?;
        match self {
            Self::Folder(root) => {
                let path = root.join(key);
                replace_file(&path, bytes)
                    .await
                    .map_err(|source| FileError::Disk { path, source })
            }
            Self::Database(state) => {
                let store: &Store = &state.store;
                let tx = store.begin().await?;
                stored_files::write(&tx, key, bytes, state.now()).await?;
                Ok(commit(tx).await?)
            }
            Self::Unsupported => Err(FileError::Unsupported),
        }
    }

    /// Removes a file; whether there was one.
    pub async fn delete(&self, key: &str) -> Result<bool, FileError> {
        check(key)?;
        match self {
            Self::Folder(root) => {
                let path = root.join(key);
                match tokio::fs::remove_file(&path).await {
                    Ok(()) => Ok(true),
                    Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(false),
                    Err(source) => Err(FileError::Disk { path, source }),
                }
            }
            Self::Database(state) => {
                let tx = state.store.begin().await?;
                let was_there = stored_files::delete(&tx, key).await?;
                commit(tx).await?;
                Ok(was_there)
            }
            Self::Unsupported => Ok(false),
        }
    }
}

/// Keys come from the program, but some hold names people chose.
fn check(key: &str) -> Result<(), FileError> {
    let well_formed = key.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    });
    if well_formed {
        Ok(())
    } else {
        Err(FileError::Key(key.to_owned()))
    }
}

async fn replace_file(path: &Path, bytes: Vec<u8>) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}-tmp", uuid_of_now()));
    let temporary = PathBuf::from(temporary);
    let written = async {
        let file = tokio::fs::File::create(&temporary).await?;
        let mut file = file;
        tokio::io::AsyncWriteExt::write_all(&mut file, &bytes).await?;
        file.sync_all().await?;
        tokio::fs::rename(&temporary, path).await
    };
    let result = written.await;
    if result.is_err() {
        // What is left of it goes with the cleanup of temporary files, too.
        let _ = tokio::fs::remove_file(&temporary).await;
    }
    result
}

/// Two writers at once must not share a temporary file.
fn uuid_of_now() -> String {
    hex::encode(crate::random::Random.bytes::<8>())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn no_key_leads_out_of_its_folder() {
        for key in ["profile-pictures/a.png", "oidc-client-images/x_Y-1.dark.svg"] {
            assert!(check(key).is_ok(), "{key}");
        }
        for key in [
            "",
            "/etc/passwd",
            "a/../b",
            "a//b",
            ".hidden",
            "a/.b",
            "a\\b",
            "a b",
            "a\0",
            "ä",
        ] {
            assert!(check(key).is_err(), "{key:?}");
        }
    }
}
