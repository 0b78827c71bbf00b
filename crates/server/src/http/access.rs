//! Who may call a route, as types in its handler's signature.
//!
//! Holding a value proves the right it is named for: there is no other way to make one than from a request
//! that carries it.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use pocket_id_store::sessions::Session;
use pocket_id_store::types::{SessionId, UserId};
use pocket_id_store::users::User;

use super::authorization;
use super::client_ip::RequestOrigin;
use super::cookies::Cookie;
use super::error::ApiError;
use crate::api_keys;
use crate::config::AppUrl;
use crate::sessions;
use crate::sessions::freshness::{self, Errand, Freshness};
use crate::state::AppState;

/// The header of an API key.
pub const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A person signed in with a browser session, enabled right now.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// By which session.
    pub session: Session,
}

/// Any enabled user, by session or API key.
#[derive(Clone, Debug)]
pub struct CurrentUser(pub User);

/// Any enabled user, by browser session only: things an API key must not do.
#[derive(Clone, Debug)]
pub struct BrowserUser(pub SignedIn);

/// Any enabled user by a browser session that was proven minutes ago, or whose passkey was used just now.
#[derive(Clone, Debug)]
pub struct FreshUser(pub SignedIn);

/// A [`FreshUser`], or somebody who signed in without a passkey and may want to add one.
#[derive(Clone, Debug)]
pub struct FreshOrRecoveringUser(pub SignedIn);

/// A [`FreshUser`], or the owner of an API key.
#[derive(Clone, Debug)]
pub struct FreshUserOrKey {
    /// Who.
    pub user: User,
    /// By which session, if by one.
    pub session: Option<SessionId>,
}

/// An enabled administrator, by session or API key.
#[derive(Clone, Debug)]
pub struct Admin(pub User);

/// An enabled administrator about to change something, and from where: what the audit log wants to know.
#[derive(Clone, Debug)]
pub struct ActingAdmin {
    /// Who.
    pub user: User,
    /// From where.
    pub origin: RequestOrigin,
}

/// An [`ActingAdmin`] who is about to open an account, or to close a way into one. Their session was proven minutes ago,
/// or their passkey used just now; a program's API key does as it is.
#[derive(Clone, Debug)]
pub struct FreshAdmin {
    /// Who, and from where.
    pub acting: ActingAdmin,
    /// By which session, if by one.
    pub session: Option<SessionId>,
}

/// A browser session, if there is one.
#[derive(Clone, Debug)]
pub struct MaybeUser(pub Option<SignedIn>);

/// The session token of a request: the cookie, or without one the bearer value of `Authorization`. Of several
/// such headers none counts.
pub fn session_token<'h>(headers: &'h HeaderMap, app_url: &AppUrl) -> Option<&'h str> {
    let token = match Cookie::AccessToken.read(headers, app_url) {
        Some(token) => Some(token),
        None => authorization::read(headers)
            .ok()
            .flatten()
            .and_then(|value| value.split_once(' '))
            .map(|(_, token)| token.trim()),
    };
    token.filter(|token| !token.is_empty())
}

async fn signed_in(parts: &Parts, state: &AppState) -> Result<Option<SignedIn>, ApiError> {
    let Some(token) = session_token(&parts.headers, &state.config.app_url) else {
        return Ok(None);
    };
    let Some(found) = sessions::service::find(state, token).await? else {
        return Ok(None);
    };
    if found.user.disabled {
        return Err(ApiError::user_disabled());
    }
    Ok(Some(found))
}

impl FromRequestParts<AppState> for MaybeUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        signed_in(parts, state).await.map(Self)
    }
}

impl FromRequestParts<AppState> for BrowserUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        match signed_in(parts, state).await? {
            Some(signed_in) => Ok(Self(signed_in)),
            None if parts.headers.contains_key(X_API_KEY) => Err(ApiError::api_key_not_allowed()),
            None => Err(ApiError::not_signed_in()),
        }
    }
}

/// Lets only those through who are fresh.
pub async fn require_fresh(
    state: &AppState,
    signed_in: &SignedIn,
    headers: &HeaderMap,
    errand: Errand,
) -> Result<(), ApiError> {
    match freshness::judge(state, signed_in, headers, errand).await? {
        Freshness::Fresh => Ok(()),
        Freshness::Stale => Err(ApiError::reauthentication_required()),
    }
}

impl FromRequestParts<AppState> for FreshUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let BrowserUser(signed_in) = BrowserUser::from_request_parts(parts, state).await?;
        require_fresh(state, &signed_in, &parts.headers, Errand::ChangeWaysIn).await?;
        Ok(Self(signed_in))
    }
}

impl FromRequestParts<AppState> for FreshOrRecoveringUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let BrowserUser(signed_in) = BrowserUser::from_request_parts(parts, state).await?;
        require_fresh(state, &signed_in, &parts.headers, Errand::AddPasskey).await?;
        Ok(Self(signed_in))
    }
}

impl FromRequestParts<AppState> for FreshUserOrKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        if let Some(signed_in) = signed_in(parts, state).await? {
            require_fresh(state, &signed_in, &parts.headers, Errand::ChangeWaysIn).await?;
            return Ok(Self {
                user: signed_in.user,
                session: Some(signed_in.session.id),
            });
        }
        let CurrentUser(user) = CurrentUser::from_request_parts(parts, state).await?;
        Ok(Self { user, session: None })
    }
}

impl FromRequestParts<AppState> for CurrentUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        if let Some(signed_in) = signed_in(parts, state).await? {
            return Ok(Self(signed_in.user));
        }
        match parts.headers.get(X_API_KEY).map(|key| key.to_str()) {
            Some(Ok(key)) => api_keys::authentication::owner(state, key, &parts.method, parts.uri.path())
                .await
                .map(Self),
            _ => Err(ApiError::not_signed_in()),
        }
    }
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let CurrentUser(user) = CurrentUser::from_request_parts(parts, state).await?;
        if user.is_admin {
            Ok(Self(user))
        } else {
            Err(ApiError::forbidden())
        }
    }
}

impl FromRequestParts<AppState> for ActingAdmin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let Admin(user) = Admin::from_request_parts(parts, state).await?;
        let origin = RequestOrigin::from_request_parts(parts, state).await?;
        Ok(Self { user, origin })
    }
}

/// Lets an administrator through who calls with an API key, or whose session is fresh.
pub async fn require_fresh_admin(
    state: &AppState,
    session: Option<&SignedIn>,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    match session {
        Some(signed_in) => require_fresh(state, signed_in, headers, Errand::ChangeWaysIn).await,
        None => Ok(()),
    }
}

impl FreshAdmin {
    /// Refuses a key that would open the account of its own owner: it would turn into a session.
    ///
    /// # Errors
    /// There is no session, and the account is the caller's.
    pub fn refuse_key_of(&self, account: Option<UserId>) -> Result<(), ApiError> {
        if self.session.is_none() && account == Some(self.acting.user.id) {
            Err(ApiError::api_key_not_allowed())
        } else {
            Ok(())
        }
    }
}

impl FromRequestParts<AppState> for FreshAdmin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let acting = ActingAdmin::from_request_parts(parts, state).await?;
        let signed_in = signed_in(parts, state).await?;
        require_fresh_admin(state, signed_in.as_ref(), &parts.headers).await?;
        Ok(Self {
            acting,
            session: signed_in.map(|signed_in| signed_in.session.id),
        })
    }
}
