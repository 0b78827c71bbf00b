//! Logos of clients: uploaded, or read from an address an administrator gave.

use std::time::Duration;

use aws_lc_rs::digest;
use bytes::Bytes;
use http::{HeaderName, StatusCode, header};
use pocket_id_store::clients::{self, Client};
use pocket_id_store::types::ClientId;
use pocket_id_store::{Tx, commit};
use url::Url;

use super::service::ClientError;
use crate::audit::{self, Event};
use crate::files::image_file::{self, ImageError, Kind};
use crate::files::{FileError, FileStore};
use crate::http::access::ActingAdmin;
use crate::http::error::{ApiError, FieldError};
use crate::images;
use crate::outbound::{Fetch, FetchError, Trust};
use crate::state::AppState;

/// Bytes a logo may have.
pub const LARGEST: usize = 2 * 1024 * 1024;
/// Bytes the logo of a client that registered itself may have: anybody's client, where everybody may register.
const LARGEST_REGISTERED: usize = 256 * 1024;
/// How long a client that registers itself waits for its own logo.
const REGISTERED_TIME_LIMIT: Duration = Duration::from_secs(5);

/// Which of a client's two logos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For light mode.
    Light,
    /// For dark mode.
    Dark,
}

impl Mode {
    fn of(self, client: &Client) -> Option<&str> {
        match self {
            Self::Light => client.logo_extension.as_deref(),
            Self::Dark => client.dark_logo_extension.as_deref(),
        }
    }

    fn set(self, client: &mut Client, extension: Option<String>) {
        match self {
            Self::Light => client.logo_extension = extension,
            Self::Dark => client.dark_logo_extension = extension,
        }
    }
}

/// A logo that passed all checks.
pub struct Logo {
    kind: Kind,
    bytes: Vec<u8>,
}

/// Names that mean nothing in a path are used as they are; `a-dark` would be the dark logo of `a`.
fn file_key(id: &ClientId, mode: Mode, extension: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let speaks = id.0.bytes().all(plain) && !id.0.starts_with('.') && !id.0.ends_with("-dark");
    let name = if speaks {
        id.0.clone()
    } else {
        let hash = digest::digest(&digest::SHA256, id.0.as_bytes());
        format!("cimd-{}", hex::encode(hash.as_ref()))
    };
    let mode = match mode {
        Mode::Light => "",
        Mode::Dark => "-dark",
    };
    format!("oidc-client-images/{name}{mode}.{extension}")
}

/// A client's logo and its media type; the one for light mode where there is none for dark mode.
pub async fn find(state: &AppState, id: &ClientId, mode: Mode) -> Result<(Bytes, &'static str), ApiError> {
    let client = clients::find(state.store.reader(), id)
        .await?
        .ok_or(ClientError::NotFound)?;
    let wanted = mode.of(&client).map(|extension| (mode, extension));
    let (mode, extension) = wanted
        .or_else(|| Mode::Light.of(&client).map(|extension| (Mode::Light, extension)))
        .ok_or_else(images::not_found)?;
    let kind = Kind::from_extension(extension).ok_or_else(images::not_found)?;
    let bytes = FileStore::of(state)
        .read(&file_key(id, mode, extension))
        .await?
        .ok_or_else(images::not_found)?;
    Ok((bytes.into(), kind.media_type()))
}

async fn checked(kind: Kind, bytes: Vec<u8>) -> Result<Logo, ApiError> {
    let bytes = tokio::task::spawn_blocking(move || image_file::clean(kind, bytes))
        .await
        .map_err(ApiError::internal)??;
    Ok(Logo { kind, bytes })
}

/// An uploaded logo.
pub async fn uploaded(file_name: &str, bytes: Vec<u8>) -> Result<Logo, ApiError> {
    let kind = Kind::from_name(file_name).ok_or(ImageError::Kind(""))?;
    checked(kind, bytes).await
}

fn bad_address(mode: Mode) -> ApiError {
    let field = match mode {
        Mode::Light => "logoUrl",
        Mode::Dark => "darkLogoUrl",
    };
    ApiError::validation(vec![FieldError {
        field: field.to_owned(),
        code: "invalid_value".to_owned(),
        message: "must be the address of an image on the public internet".to_owned(),
    }])
}

/// A logo from an address. It may only lead to public servers: what the program can reach is more than what its
/// administrators may see.
pub async fn fetched(state: &AppState, mode: Mode, address: &str) -> Result<Logo, ApiError> {
    read(state, mode, address, |fetch| fetch.largest_body(LARGEST)).await
}

async fn read(
    state: &AppState,
    mode: Mode,
    address: &str,
    limits: impl FnOnce(Fetch) -> Fetch,
) -> Result<Logo, ApiError> {
    let unprocessable =
        |code: &'static str, text: &str| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, text);
    let url = Url::parse(address).map_err(|_| bad_address(mode))?;
    let fetch = limits(Fetch::get(url, Trust::Untrusted))
        .header(header::ACCEPT, "image/*")
        .header(
            HeaderName::from_static("user-agent"),
            "pocket-id/oidc-logo-fetcher",
        )
        .follow_redirects(10);
    let answer = state
        .outbound
        .fetch(fetch)
        .await
        .and_then(crate::outbound::Fetched::ok)
        .map_err(|error| match error {
            FetchError::Url | FetchError::Address => bad_address(mode),
            FetchError::TooLarge => {
                unprocessable("logo_too_large", "The logo is too large").with("max_size", "2 MB")
            }
            _ => unprocessable("logo_download_failed", "The logo could not be downloaded"),
        })?;
    let kind = Kind::from_name(answer.url.path())
        .or_else(|| Kind::from_media_type(&answer.media_type()))
        .ok_or_else(|| {
            unprocessable(
                "logo_type_not_supported",
                "The address does not lead to an image of a supported type",
            )
        })?;
    checked(kind, answer.body.to_vec()).await
}

/// Keeps a logo of a client that is being written; its file is there before the row says so.
pub async fn keep(state: &AppState, client: &mut Client, mode: Mode, logo: Logo) -> Result<(), FileError> {
    let extension = logo.kind.extension();
    FileStore::of(state)
        .write(&file_key(&client.id, mode, extension), logo.bytes)
        .await?;
    mode.set(client, Some(extension.to_owned()));
    Ok(())
}

/// Gives a client that has just been made a logo. One that cannot be kept is logged: the client is there, and its caller
/// must learn so.
pub async fn add(state: &AppState, client: &mut Client, mode: Mode, logo: Logo) {
    if let Err(error) = try_add(state, client, mode, logo).await {
        tracing::error!(client = %client.id, error = ?error, "the logo of a new client could not be kept");
        mode.set(client, None);
    }
}

async fn try_add(state: &AppState, client: &mut Client, mode: Mode, logo: Logo) -> Result<(), ApiError> {
    keep(state, client, mode, logo).await?;
    let extension = mode.of(client).map(str::to_owned);
    if !write_extension(state, &client.id, mode, extension.clone()).await? {
        // Somebody deleted it already.
        if let Some(extension) = extension {
            FileStore::of(state)
                .delete(&file_key(&client.id, mode, &extension))
                .await?;
        }
    }
    Ok(())
}

/// Writes down which logo a client has now; whether there is such a client.
async fn write_extension(
    state: &AppState,
    id: &ClientId,
    mode: Mode,
    extension: Option<String>,
) -> Result<bool, ApiError> {
    let tx = state.store.begin().await?;
    let found = clients::lock(&tx, id).await?;
    let is_there = found.is_some();
    if let Some(mut client) = found {
        mode.set(&mut client, extension);
        clients::update(&tx, client).await?;
    }
    commit(tx).await?;
    Ok(is_there)
}

/// Sets a client's logo.
pub async fn replace(
    state: &AppState,
    by: &ActingAdmin,
    id: &ClientId,
    mode: Mode,
    logo: Logo,
) -> Result<(), ApiError> {
    let mut client = clients::find(state.store.reader(), id)
        .await?
        .ok_or(ClientError::NotFound)?;
    let old = mode.of(&client).map(str::to_owned);
    keep(state, &mut client, mode, logo).await?;
    let new = mode.of(&client).map(str::to_owned);
    let tx = state.store.begin().await?;
    note(state, &tx, by, id, mode, new.clone()).await?;
    commit(tx).await?;
    if let Some(old) = old.filter(|old| Some(old) != new.as_ref()) {
        FileStore::of(state).delete(&file_key(id, mode, &old)).await?;
    }
    Ok(())
}

/// Takes a client's logo away.
pub async fn remove(state: &AppState, by: &ActingAdmin, id: &ClientId, mode: Mode) -> Result<(), ApiError> {
    let tx = state.store.begin().await?;
    let client = clients::lock(&tx, id).await?.ok_or(ClientError::NotFound)?;
    let extension = mode
        .of(&client)
        .map(str::to_owned)
        .ok_or_else(images::not_found)?;
    note(state, &tx, by, id, mode, None).await?;
    commit(tx).await?;
    FileStore::of(state)
        .delete(&file_key(id, mode, &extension))
        .await?;
    Ok(())
}

async fn note(
    state: &AppState,
    tx: &Tx,
    by: &ActingAdmin,
    id: &ClientId,
    mode: Mode,
    extension: Option<String>,
) -> Result<(), ApiError> {
    let mut client = clients::lock(tx, id).await?.ok_or(ClientError::NotFound)?;
    mode.set(&mut client, extension);
    client.updated_at = Some(state.now());
    let data = [("clientName", client.name.clone())];
    clients::update(tx, client).await?;
    Ok(audit::record_change(state, tx, Event::ClientUpdated, by, None, data).await?)
}

/// Gives a client that registered itself the logo at its `logo_uri` (RFC 7591 §2), or takes away the one it had. A logo
/// that cannot be had is no reason against the client, which has been registered before: so nobody else makes this
/// program ask other servers.
pub async fn adopt(state: &AppState, id: &ClientId, logo_uri: Option<&str>) {
    if let Err(error) = try_adopt(state, id, logo_uri).await {
        tracing::info!(client = %id, error = ?error, "the logo of a registered client could not be had");
    }
}

async fn try_adopt(state: &AppState, id: &ClientId, logo_uri: Option<&str>) -> Result<(), ApiError> {
    let logo = match logo_uri {
        Some(address) => {
            let limits = |fetch: Fetch| {
                fetch
                    .largest_body(LARGEST_REGISTERED)
                    .time_limit(REGISTERED_TIME_LIMIT)
            };
            Some(read(state, Mode::Light, address, limits).await?)
        }
        None => None,
    };
    let Some(mut client) = clients::find(state.store.reader(), id).await? else {
        return Ok(());
    };
    let old = Mode::Light.of(&client).map(str::to_owned);
    Mode::Light.set(&mut client, None);
    if let Some(logo) = logo {
        keep(state, &mut client, Mode::Light, logo).await?;
    }
    let new = Mode::Light.of(&client).map(str::to_owned);
    write_extension(state, id, Mode::Light, new.clone()).await?;
    if let Some(old) = old.filter(|old| Some(old) != new.as_ref()) {
        FileStore::of(state)
            .delete(&file_key(id, Mode::Light, &old))
            .await?;
    }
    Ok(())
}

/// Removes the files of a client that is gone.
pub async fn forget(state: &AppState, client: &Client) -> Result<(), FileError> {
    for mode in [Mode::Light, Mode::Dark] {
        if let Some(extension) = mode.of(client) {
            FileStore::of(state)
                .delete(&file_key(&client.id, mode, extension))
                .await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_logos_share_a_file() {
        let key = |id: &str, mode| file_key(&ClientId(id.to_owned()), mode, "png");
        assert_eq!(key("files", Mode::Light), "oidc-client-images/files.png");
        assert_eq!(key("files", Mode::Dark), "oidc-client-images/files-dark.png");
        assert_ne!(key("files-dark", Mode::Light), key("files", Mode::Dark));
        for id in ["https://app.example/client", "..", "../x", "a b"] {
            assert!(
                key(id, Mode::Light).starts_with("oidc-client-images/cimd-"),
                "{id}"
            );
        }
    }
}
