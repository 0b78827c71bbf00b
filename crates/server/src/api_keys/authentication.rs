//! Who a request with an API key comes from.

use http::{Method, StatusCode};
use pocket_id_store::users::{self, STATIC_API_USER, User};
use pocket_id_store::{StoreError, StoreResult, api_keys, commit};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use super::scope;
use crate::http::error::ApiError;
use crate::random::ALPHANUMERIC;
use crate::secret_token;
use crate::state::AppState;

/// How old a key's last use may be in the database, in milliseconds: not every request writes.
const USED_EVERY_MILLIS: i64 = 60_000;

/// The owner of a key, who has the rights they have right now, if the key may be used for a request.
pub async fn owner(state: &AppState, key: &str, method: &Method, path: &str) -> Result<User, ApiError> {
    if key.is_empty() {
        return Err(ApiError::not_signed_in());
    }
    if is_static(state, key) {
        return enabled(static_user(state).await?);
    }
    let now = state.now();
    let reader = state.store.reader();
    let found = api_keys::find_live(reader, &secret_token::hash(key), now).await?;
    let Some(found) = found else {
        return Err(ApiError::not_signed_in());
    };
    if !scope::allows(found.read_only, found.resources.as_ref(), method, path) {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "api_key_scope",
            "This API key may not be used for this",
        ));
    }
    let user = users::find(reader, found.user_id)
        .await?
        .ok_or_else(ApiError::not_signed_in)?;
    let user = enabled(user)?;
    if found
        .last_used_at
        .is_none_or(|used| used.plus_millis(USED_EVERY_MILLIS) <= now)
    {
        let tx = state.store.begin().await?;
        api_keys::touch(&tx, found.id, now).await?;
        commit(tx).await?;
    }
    Ok(user)
}

fn enabled(user: User) -> Result<User, ApiError> {
    if user.disabled {
        Err(ApiError::user_disabled())
    } else {
        Ok(user)
    }
}

/// Whether a key is the one of the configuration. Hashes are compared, so that neither content nor length shows.
fn is_static(state: &AppState, key: &str) -> bool {
    state.config.static_api_key.as_ref().is_some_and(|expected| {
        let expected = secret_token::hash(expected.expose_secret()).0;
        expected.ct_eq(&secret_token::hash(key).0).into()
    })
}

/// The administrator the configuration's key acts as; made when the key is first used.
async fn static_user(state: &AppState) -> StoreResult<User> {
    if let Some(user) = users::find(state.store.reader(), STATIC_API_USER).await? {
        return Ok(user);
    }
    let tx = state.store.begin().await?;
    let user = User {
        id: STATIC_API_USER,
        username: format!("static-api-user-{}", state.random.text(ALPHANUMERIC, 6)),
        email: None,
        email_verified: false,
        first_name: "Static API User".to_owned(),
        last_name: String::new(),
        display_name: "Static API User".to_owned(),
        is_admin: true,
        disabled: false,
        locale: None,
        ldap_id: None,
        phone_number: None,
        phone_number_verified: false,
        address: None,
        created_at: state.now(),
        updated_at: None,
    };
    match users::insert(&tx, user).await {
        Ok(user) => {
            commit(tx).await?;
            Ok(user)
        }
        // Another request was quicker.
        Err(StoreError::Duplicate(message)) => {
            drop(tx);
            let made = users::find(state.store.reader(), STATIC_API_USER).await?;
            made.ok_or(StoreError::Duplicate(message))
        }
        Err(other) => Err(other),
    }
}

/// Removes the user of a key that is no longer configured.
pub async fn forget_static_user(state: &AppState) -> StoreResult<()> {
    if state.config.static_api_key.is_some()
        || users::find(state.store.reader(), STATIC_API_USER)
            .await?
            .is_none()
    {
        return Ok(());
    }
    let tx = state.store.begin().await?;
    users::delete(&tx, STATIC_API_USER).await?;
    commit(tx).await
}
