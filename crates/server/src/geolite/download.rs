//! Fetching a newer database.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::header;
use secrecy::ExposeSecret;
use url::Url;

use super::LARGEST;
use super::places::{self, OpenError};
use super::unpacking::{UnpackError, unpack};
use crate::config::GeoLiteConfig;
use crate::outbound::{Fetch, FetchError, Trust};
use crate::state::AppState;

/// How long a download may take.
const TIME_LIMIT: Duration = Duration::from_mins(10);

/// How files that are being written are called, around what tells them apart.
const PREFIX: &str = "geolite.";
const SUFFIX: &str = ".mmdb.tmp";

/// Why the database is not replaced. No text of it has the address, in which the license key is.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The configured address is none, or lacks its key.
    #[error("GEOLITE_DB_URL is not an address that can be asked")]
    Address,
    /// The server gave nothing.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What it gave cannot be unpacked.
    #[error("the download cannot be unpacked: {0}")]
    Unpack(#[from] UnpackError),
    /// What it gave is not a database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file could not be written.
    #[error("the database could not be written: {0}")]
    Io(#[from] io::Error),
    /// The program is stopping.
    #[error("the download broke off")]
    Stopped,
}

/// Whether the configuration gives an address to download from, the key in it included.
pub(super) fn has_address(config: &GeoLiteConfig) -> bool {
    !config.url.is_empty() && (config.license_key.is_some() || !config.url.contains("%s"))
}

fn address(config: &GeoLiteConfig) -> Result<Url, DownloadError> {
    if !has_address(config) {
        return Err(DownloadError::Address);
    }
    let key = config.license_key.as_ref().map(ExposeSecret::expose_secret);
    let key: String = url::form_urlencoded::byte_serialize(key.unwrap_or_default().as_bytes()).collect();
    Url::parse(&config.url.replace("%s", &key)).map_err(|_| DownloadError::Address)
}

/// Downloads the database and puts it in the place of the file there is, if it is one. The old file stays otherwise.
pub async fn download(state: &AppState) -> Result<(), DownloadError> {
    let config = &state.config.geolite;
    let fetch = Fetch::get(address(config)?, Trust::Admin)
        .header(header::USER_AGENT, "pocket-id")
        .largest_body(usize::try_from(LARGEST).unwrap_or(usize::MAX))
        .time_limit(TIME_LIMIT)
        // MaxMind's address leads to a storage service.
        .follow_redirects(5);
    let answer = state.outbound.fetch(fetch).await?.ok()?;
    let target = config.path.clone();
    let name = format!("{PREFIX}{}{SUFFIX}", state.random.uuid().simple());
    tokio::task::spawn_blocking(move || replace(&answer.body, &target, &name))
        .await
        .map_err(|_| DownloadError::Stopped)?
}

/// A file that goes unless it was renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(file = %self.0.display(), error = %error, "a temporary file stays");
        }
    }
}

/// Removes what programs that were killed left unfinished beside the database. What another program still writes is
/// locked and stays.
pub fn remove_unfinished(target: &Path) {
    let Ok(entries) = fs::read_dir(folder(target)) else {
        // Nothing was ever written there.
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name
            .to_str()
            .is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if ours && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            drop(Temporary(entry.path()));
        }
    }
}

fn folder(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn replace(body: &Bytes, target: &Path, name: &str) -> Result<(), DownloadError> {
    let folder = folder(target);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let temporary = Temporary(folder.join(name));
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary.0)?;
    // Until it is in its place: see `remove_unfinished`. Where files cannot be locked, that finds none it may remove.
    let _unlocked = file.try_lock();
    unpack(body, LARGEST, &mut file)?;
    file.sync_all()?;
    places::open(&temporary.0)?;
    fs::rename(&temporary.0, target)?;
    Ok(())
}
