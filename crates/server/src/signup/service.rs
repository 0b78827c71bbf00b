//! Rules of making one's own account.

use std::sync::atomic::Ordering;

use http::{HeaderMap, StatusCode};
use pocket_id_store::types::{AuthenticationMethod, UserId};
use pocket_id_store::{StoreResult, commit, scim, signup_tokens, users};

use super::dto::{SentToken, SignUp};
use super::tokens;
use crate::app_config::{Settings, SignupMode};
use crate::audit::{self, Event};
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::SetCookie;
use crate::http::error::{ApiError, FieldError};
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
    let settings = state.settings().await?;
    let valid = ValidUser::new(&UserInput::from(form), &settings)?.as_first_admin();
    let tx = state.store.begin().await?;
    users::lock_table(&tx).await?;
    if users::any_person(&tx).await? {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "setup_already_completed",
            "Setup has already been completed",
        ));
    }
    let user = user_service::insert(state, &settings, &tx, UserId(state.random.uuid()), valid, &[]).await?;
    let cookie = sessions::service::open(
        state,
        &settings,
        &tx,
        user.id,
        AuthenticationMethod::OneTimeCode.into(),
        origin,
        headers,
    )
    .await?;
    audit::record(state, &tx, Event::InitialSetup, &user, origin, []).await?;
    let id = user.id;
    scim::note_change(&tx, state.now()).await?;
    commit(tx).await?;
    state.setup_completed.store(true, Ordering::Relaxed);
    tracing::info!("the first administrator has been set up");
    Ok((user_service::find(state, id).await?, cookie))
}

/// Makes somebody's own account and signs them in. A token is used up by an account that comes to be, and by nothing
/// else; of more people than it has uses left, only so many get one.
pub async fn sign_up(
    state: &AppState,
    form: SignUp,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<(UserDto, SetCookie), ApiError> {
    let settings = state.settings().await?;
    let token = form.token.as_ref().and_then(SentToken::hash);
    match (settings.signup_mode(), &token) {
        (SignupMode::Open, _) | (SignupMode::WithToken, Some(_)) => {}
        (SignupMode::WithToken, None) | (SignupMode::Disabled, _) => return Err(closed()),
    }
    let now = state.now();
    let invitation = match &token {
        Some(hash) => {
            let found = signup_tokens::find_usable(state.store.reader(), hash, now).await?;
            if found.is_none() {
                audit::note_failed_sign_in(state, origin, None, "sign-up", "no such invitation").await;
            }
            Some(found.ok_or_else(tokens::invalid)?)
        }
        None => None,
    };
    let valid = ValidUser::new(&UserInput::from(form), &settings)?.as_self_made(&settings);
    check_domain(&valid, &settings)?;
    let tx = state.store.begin().await?;
    // Two that differ in the case of their address would not see each other.
    users::lock_table(&tx).await?;
    // Whoever came before the first administrator would close the set-up for good, and nobody would have any rights.
    if !users::any_person(&tx).await? {
        return Err(closed());
    }
    let mut group_ids = Vec::new();
    if let Some(invitation) = &invitation {
        // Everything below happens with a use of the token, or is undone with it.
        if !signup_tokens::take(&tx, invitation.id, now).await? {
            return Err(tokens::invalid());
        }
        group_ids = signup_tokens::groups_of(&tx, &[invitation.id])
            .await?
            .into_iter()
            .map(|(_, group)| group.id.to_string())
            .collect();
    }
    let id = UserId(state.random.uuid());
    let user = user_service::insert(state, &settings, &tx, id, valid, &group_ids).await?;
    let method = AuthenticationMethod::SignUp.into();
    let cookie = sessions::service::open(state, &settings, &tx, id, method, origin, headers).await?;
    let how = match &invitation {
        // Its number, not the token: the person reads this entry, and the token may have uses left.
        Some(invitation) => ("signupTokenID", invitation.id.to_string()),
        None => ("method", "open_signup".to_owned()),
    };
    audit::record(state, &tx, Event::AccountCreated, &user, origin, [how]).await?;
    scim::note_change(&tx, now).await?;
    commit(tx).await?;
    Ok((user_service::find(state, id).await?, cookie))
}

fn closed() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "open_signup_disabled",
        "Signing up needs an invitation",
    )
}

/// Refuses addresses of mail domains the installation does not take.
fn check_domain(user: &ValidUser, settings: &Settings) -> Result<(), ApiError> {
    let allowed = settings.signup_email_domains();
    let domain = user
        .email()
        .and_then(|email| email.rsplit_once('@'))
        .map(|(_, domain)| domain.to_lowercase());
    if allowed.is_empty() || domain.is_some_and(|domain| allowed.contains(&domain)) {
        return Ok(());
    }
    Err(ApiError::validation(vec![FieldError {
        field: "email".to_owned(),
        code: "domain".to_owned(),
        message: format!("must be an address of {}", allowed.join(", ")),
    }]))
}
