//! Rules of the first set-up.

use std::sync::atomic::Ordering;

use http::{HeaderMap, StatusCode};
use pocket_id_store::types::{AuthenticationMethod, UserId};
use pocket_id_store::{StoreResult, commit, users};

use super::dto::SignUp;
use crate::audit::{self, Event};
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::SetCookie;
use crate::http::error::ApiError;
use crate::sessions;
use crate::state::AppState;
use crate::users::dto::{UserDto, UserInput};
use crate::users::service::{self as user_service, ValidUser};

/// Whether nobody has an account yet. Once somebody has, the answer is remembered.
pub async fn setup_available(state: &AppState) -> StoreResult<bool> {
    if state.setup_completed.load(Ordering::Relaxed) {
        return Ok(false);
    }
    let completed = users::any_person(state.store.reader()).await?;
    if completed {
        state.setup_completed.store(true, Ordering::Relaxed);
    }
    Ok(!completed)
}

/// Makes the first administrator and signs them in. Of several attempts at once one succeeds: they take turns
/// on the users table, and all but the first find somebody there.
pub async fn set_up(
    state: &AppState,
    form: SignUp,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<(UserDto, SetCookie), ApiError> {
    let valid = ValidUser::new(&UserInput::from(form), &*state.settings().await?)?.as_first_admin();
    let tx = state.store.begin().await?;
    users::lock_table(&tx).await?;
    if users::any_person(&tx).await? {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "setup_already_completed",
            "Setup has already been completed",
        ));
    }
    let user = user_service::insert(state, &tx, UserId(state.random.uuid()), valid, &[]).await?;
    let cookie = sessions::service::open(
        state,
        &tx,
        user.id,
        AuthenticationMethod::OneTimeCode.into(),
        origin,
        headers,
    )
    .await?;
    audit::record(state, &tx, Event::InitialSetup, &user, origin, []).await?;
    let id = user.id;
    commit(tx).await?;
    state.setup_completed.store(true, Ordering::Relaxed);
    tracing::info!("the first administrator has been set up");
    Ok((user_service::find(state, id).await?, cookie))
}
