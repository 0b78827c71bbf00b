//! Keeping and finding images of the application. Which there are is one value in the database, so that a page knows
//! without asking for each.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::StatusCode;
use pocket_id_store::{app_config, commit, kv};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::name::Name;
use crate::audit::{self, Event};
use crate::files::FileStore;
use crate::files::image_file::{self, ImageError, Kind};
use crate::http::access::ActingAdmin;
use crate::http::error::ApiError;
use crate::state::AppState;

const KEY: &str = "application_images";

/// An uploaded image.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Uploaded {
    extension: String,
    /// When, in milliseconds: part of its address, so that browsers see a new one at once.
    version: i64,
}

type Index = BTreeMap<String, Uploaded>;

async fn index(connection: &impl ConnectionTrait) -> Result<Index, ApiError> {
    match kv::get(connection, KEY).await? {
        Some(json) => serde_json::from_str(&json).map_err(ApiError::internal),
        None => Ok(Index::new()),
    }
}

/// The answer where there is no such image.
pub fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "image_not_found", "Image not found")
}

fn file_key(name: Name, extension: &str) -> String {
    format!("application-images/{}.{extension}", name.as_str())
}

/// An image and its media type.
pub async fn find(state: &AppState, name: Name) -> Result<Option<(Bytes, &'static str)>, ApiError> {
    if let Some(uploaded) = index(state.store.reader()).await?.get(name.as_str())
        && let Some(kind) = Kind::from_extension(&uploaded.extension)
        && let Some(bytes) = FileStore::of(state)
            .read(&file_key(name, &uploaded.extension))
            .await?
    {
        return Ok(Some((bytes.into(), kind.media_type())));
    }
    Ok(name
        .bundled()
        .map(|(bytes, kind)| (Bytes::from_static(bytes), kind.media_type())))
}

/// Which images were uploaded, and in which version.
pub async fn versions(state: &AppState) -> Result<BTreeMap<String, i64>, ApiError> {
    Ok(index(state.store.reader())
        .await?
        .into_iter()
        .map(|(name, uploaded)| (name, uploaded.version))
        .collect())
}

/// Keeps an image, whatever there was.
pub async fn replace(
    state: &AppState,
    by: &ActingAdmin,
    name: Name,
    file_name: &str,
    bytes: Vec<u8>,
) -> Result<(), ApiError> {
    let kind = Kind::from_name(file_name)
        .filter(|kind| name.takes(*kind))
        .ok_or(ImageError::Kind(name.expected()))?;
    let bytes = tokio::task::spawn_blocking(move || image_file::clean(kind, bytes))
        .await
        .map_err(ApiError::internal)??;
    let files = FileStore::of(state);
    files.write(&file_key(name, kind.extension()), bytes).await?;
    let uploaded = Uploaded {
        extension: kind.extension().to_owned(),
        version: state.now().0,
    };
    let old = change(state, by, name, Some(uploaded)).await?;
    if let Some(old) = old.filter(|old| old.extension != kind.extension()) {
        files.delete(&file_key(name, &old.extension)).await?;
    }
    Ok(())
}

/// Takes an image away; the one that comes with the program is back.
pub async fn remove(state: &AppState, by: &ActingAdmin, name: Name) -> Result<(), ApiError> {
    let old = change(state, by, name, None).await?.ok_or_else(not_found)?;
    FileStore::of(state)
        .delete(&file_key(name, &old.extension))
        .await?;
    Ok(())
}

/// Notes what there is now, and gives what there was.
async fn change(
    state: &AppState,
    by: &ActingAdmin,
    name: Name,
    uploaded: Option<Uploaded>,
) -> Result<Option<Uploaded>, ApiError> {
    let now = state.now();
    let tx = state.store.begin().await?;
    // Two administrators at once take turns.
    app_config::lock(&tx, now).await?;
    let mut index = index(&tx).await?;
    let old = match uploaded {
        Some(uploaded) => index.insert(name.as_str().to_owned(), uploaded),
        None => match index.remove(name.as_str()) {
            None => return Ok(None),
            old => old,
        },
    };
    let json = serde_json::to_string(&index).map_err(ApiError::internal)?;
    kv::set(&tx, KEY, &json).await?;
    let data = [("image", name.as_str().to_owned())];
    audit::record_change(state, &tx, Event::ConfigurationChanged, by, None, data).await?;
    commit(tx).await?;
    Ok(old)
}
