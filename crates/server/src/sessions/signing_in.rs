//! Signing in to an account that exists, in whichever way: the session, its entry in the audit log, and a mail when
//! nobody was ever signed in from there.

use http::HeaderMap;
use pocket_id_store::users::User;
use pocket_id_store::{StoreResult, Tx};

use super::new_device;
use super::service::{Authentication, open};
use crate::app_config::Settings;
use crate::audit::{self, Event};
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::SetCookie;
use crate::state::AppState;

/// Somebody about to be signed in.
pub struct SignIn<'a> {
    /// Who.
    pub user: &'a User,
    /// How they proved that.
    pub authentication: Authentication,
    /// What the audit log calls it.
    pub event: Event,
    /// From where.
    pub origin: &'a RequestOrigin,
    /// What their browser sent along.
    pub headers: &'a HeaderMap,
    /// The settings, read before the transaction began.
    pub settings: &'a Settings,
}

/// A sign-in that was written, and counts once its transaction is committed.
#[must_use]
pub struct Written {
    cookie: SetCookie,
    mailed: bool,
}

impl SignIn<'_> {
    /// Writes the sign-in down.
    pub async fn write(
        self,
        state: &AppState,
        tx: &Tx,
        data: impl IntoIterator<Item = (&'static str, String)>,
    ) -> StoreResult<Written> {
        let Self {
            user,
            authentication,
            event,
            origin,
            headers,
            settings,
        } = self;
        let cookie = open(state, settings, tx, user.id, authentication, origin, headers).await?;
        // Before this sign-in is in the log itself.
        let mailed = settings.mails_new_devices() && new_device::notify(state, tx, user, origin).await?;
        audit::record(state, tx, event, user, origin, data).await?;
        Ok(Written { cookie, mailed })
    }
}

impl Written {
    /// After the commit: has the mail sent that is due. Gives the session's cookie.
    pub fn announce(self, state: &AppState) -> SetCookie {
        if self.mailed {
            state.mail.notify_one();
        }
        self.cookie
    }
}
