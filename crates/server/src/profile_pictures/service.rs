//! Keeping and finding profile pictures.

use bytes::Bytes;
use pocket_id_store::commit;
use pocket_id_store::types::UserId;
use pocket_id_store::users::{self, User};

use super::{drawing, initials};
use crate::audit::{self, Event};
use crate::files::image_file::{self, ImageError};
use crate::files::{FileError, FileStore};
use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::images;
use crate::state::AppState;
use crate::users::service::UserError;

/// Pixels on a side.
const SIDE: u32 = 300;

fn key(user: UserId) -> String {
    format!("profile-pictures/{user}.png")
}

async fn known(state: &AppState, user: UserId) -> Result<User, ApiError> {
    Ok(users::find(state.store.reader(), user)
        .await?
        .ok_or(UserError::NotFound)?)
}

/// A user's picture and what kind it is.
pub async fn find(state: &AppState, user: UserId) -> Result<(Bytes, &'static str), ApiError> {
    let user = known(state, user).await?;
    if let Some(own) = FileStore::of(state).read(&key(user.id)).await? {
        return Ok((own.into(), "image/png"));
    }
    if let Some(default) = images::find(state, images::Name::DefaultProfilePicture).await? {
        return Ok(default);
    }
    let text = initials::initials(&user.first_name, &user.last_name, &user.username);
    let seed = user
        .id
        .0
        .as_bytes()
        .iter()
        .fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    // A few milliseconds of arithmetic: off the threads that serve requests.
    let png = tokio::task::spawn_blocking(move || drawing::draw(&text, seed))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    Ok((png.into(), "image/png"))
}

/// Whoever changes a picture, of themselves or as an administrator, and the event of it.
async fn note(
    state: &AppState,
    event: Event,
    (by, origin): (&User, &RequestOrigin),
    of: &User,
) -> Result<(), ApiError> {
    let actor = [
        ("actorUserID", by.id.to_string()),
        ("actorUsername", by.username.clone()),
    ];
    let actor = actor.into_iter().filter(|_| by.id != of.id);
    let tx = state.store.begin().await?;
    audit::record(state, &tx, event, of, origin, actor).await?;
    Ok(commit(tx).await?)
}

/// Keeps a picture of a user, as a small square.
pub async fn replace(
    state: &AppState,
    by: (&User, &RequestOrigin),
    user: UserId,
    bytes: Vec<u8>,
) -> Result<(), ApiError> {
    let user = known(state, user).await?;
    let square: Result<_, ImageError> =
        tokio::task::spawn_blocking(move || image_file::square_png(&bytes, SIDE))
            .await
            .map_err(ApiError::internal)?;
    FileStore::of(state).write(&key(user.id), square?).await?;
    note(state, Event::ProfilePictureUpdated, by, &user).await
}

/// Forgets a user's picture, also of one who is gone; whether there was one.
pub async fn remove(state: &AppState, user: UserId) -> Result<bool, FileError> {
    FileStore::of(state).delete(&key(user)).await
}

/// The same of a user who must exist.
pub async fn reset(state: &AppState, by: (&User, &RequestOrigin), user: UserId) -> Result<(), ApiError> {
    let user = known(state, user).await?;
    if remove(state, user.id).await? {
        note(state, Event::ProfilePictureRemoved, by, &user).await?;
    }
    Ok(())
}
