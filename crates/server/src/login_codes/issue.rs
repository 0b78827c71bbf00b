//! Making login codes.

use pocket_id_store::login_codes::{self, LoginCode};
use pocket_id_store::types::{Timestamp, TokenHash, UserId};
use pocket_id_store::users::{self, User};
use pocket_id_store::{StoreError, Tx, commit};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

use super::code;
use super::ttl::{self, TtlError};
use crate::audit::{self, Event};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::access::ActingAdmin;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiError, FieldError};
use crate::http::shown_once;
use crate::mail::{self, Change};
use crate::random::Random;
use crate::start::{StartError, open_store_beside};
use crate::state::AppState;
use crate::users::service::UserError;

/// Seconds a code lives when its maker does not say.
pub(super) const DEFAULT_SECONDS: i64 = 15 * 60;
/// Seconds a code of the command line lives.
const COMMAND_SECONDS: i64 = 60 * 60;
/// Seconds a code somebody makes for another device of their own lives.
const OWN_SECONDS: i64 = 15 * 60;

/// How long a code is to live.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LifetimeInput {
    /// Seconds, or text such as `1h30m`; 15 minutes when left out, at most 31 days.
    #[schema(required = false, value_type = Option<ttl::Lifetime>, example = "1h")]
    pub ttl: Option<Value>,
    /// The same as a moment, as older versions had it; counts when `ttl` is left out.
    #[schema(required = false)]
    pub expires_at: Option<String>,
}

/// A new code, the only time it is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LoginCodeDto {
    /// The code.
    #[serde(serialize_with = "shown_once::expose")]
    #[schema(value_type = String, example = "q7Rk2P")]
    pub token: SecretString,
}

/// The seconds somebody asks for, or the default.
///
/// # Errors
/// A text that says no lifetime, and one too short or too long.
pub fn lifetime(input: &LifetimeInput, default_seconds: i64, now: Timestamp) -> Result<i64, ApiError> {
    let (field, seconds) = match (&input.ttl, &input.expires_at) {
        (None, Some(moment)) => {
            let parsed = OffsetDateTime::parse(moment, &Rfc3339).map_err(|_| TtlError::Form);
            let seconds = parsed.and_then(|moment| {
                let millis = moment.unix_timestamp().saturating_mul(1000);
                ttl::until(now.0, millis)
            });
            ("expiresAt", seconds)
        }
        (value, _) => ("ttl", ttl::seconds(value.as_ref(), default_seconds)),
    };
    seconds.map_err(|error| match error {
        TtlError::Form => ApiError::invalid_body(format!("{field} is no lifetime")),
        TtlError::Range => ApiError::validation(vec![FieldError {
            field: field.to_owned(),
            code: "ttl".to_owned(),
            message: "must be longer than a second and at most 31 days".to_owned(),
        }]),
    })
}

/// A code to be made.
pub(super) struct NewCode {
    /// Whom it signs in.
    pub user: UserId,
    /// How long it lives.
    pub seconds: i64,
    /// The secret of the one browser it is for, if it is for one.
    pub device: Option<TokenHash>,
    /// Whether it is made in a session of this very user.
    pub self_made: bool,
}

impl NewCode {
    /// One an administrator makes, for whichever browser.
    pub fn by_admin(user: &User, seconds: i64, by: &ActingAdmin) -> Self {
        Self {
            user: user.id,
            seconds,
            device: None,
            self_made: by.user.id == user.id,
        }
    }
}

/// Writes down a new code.
pub(super) async fn store_new(
    config: &Config,
    tx: &Tx,
    new: NewCode,
    now: Timestamp,
) -> Result<SecretString, StoreError> {
    let code = code::new(Random, new.seconds);
    let row = LoginCode {
        code_hash: code::hash(config, &code),
        user_id: new.user,
        created_at: now,
        expires_at: now.plus_seconds(new.seconds),
        device_token_hash: new.device,
        self_made: new.self_made,
    };
    login_codes::insert(tx, row).await?;
    Ok(code)
}

/// A code for somebody, made by an administrator. Whoever has it becomes that person: it is written down who made it.
pub async fn for_user(
    state: &AppState,
    user: Option<UserId>,
    input: &LifetimeInput,
    by: &ActingAdmin,
) -> Result<LoginCodeDto, ApiError> {
    let seconds = lifetime(input, DEFAULT_SECONDS, state.now())?;
    let settings = state.settings().await?;
    let tx = state.store.begin().await?;
    let user = users::find(&tx, user.ok_or(UserError::NotFound)?)
        .await?
        .ok_or(UserError::NotFound)?;
    let new = NewCode::by_admin(&user, seconds, by);
    let token = store_new(&state.config, &tx, new, state.now()).await?;
    let data = [
        ("actorUserID", by.user.id.to_string()),
        ("actorUsername", by.user.username.clone()),
    ];
    audit::record(state, &tx, Event::LoginCodeCreated, &user, &by.origin, data).await?;
    let told = mail::tell_of_change(state, &settings, &tx, &user, Change::LoginCode, &by.origin).await?;
    mail::commit_and_send(state, tx, told).await?;
    Ok(LoginCodeDto { token })
}

/// A code for another device of one's own.
pub async fn for_oneself(
    state: &AppState,
    user: &User,
    origin: &RequestOrigin,
) -> Result<LoginCodeDto, ApiError> {
    let settings = state.settings().await?;
    if !settings.allow_own_login_codes() {
        return Err(ApiError::one_time_access_disabled());
    }
    let tx = state.store.begin().await?;
    let new = NewCode {
        user: user.id,
        seconds: OWN_SECONDS,
        device: None,
        self_made: true,
    };
    let token = store_new(&state.config, &tx, new, state.now()).await?;
    audit::record(state, &tx, Event::LoginCodeCreated, user, origin, []).await?;
    let told = mail::tell_of_change(state, &settings, &tx, user, Change::LoginCode, origin).await?;
    mail::commit_and_send(state, tx, told).await?;
    Ok(LoginCodeDto { token })
}

/// Why the command line gets no code.
#[derive(Debug, thiserror::Error)]
pub enum NewCodeError {
    /// Nobody has this name or address.
    #[error("user not found")]
    NoUser,
    /// One person has it as their name, another as their address.
    #[error("this is the username of one user and the e-mail address of another: {username} and {owner}")]
    Ambiguous {
        /// The name, which is the same.
        username: String,
        /// The name of who has the address.
        owner: String,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A code of the command line.
pub struct Issued {
    /// The address that signs in.
    pub url: SecretString,
}

/// A code for the user with a name or exactly an address, made beside a running server or without one.
pub async fn for_command(config: &Config, clock: &Clock, who: &str) -> Result<Issued, NewCodeError> {
    use secrecy::ExposeSecret as _;

    let store = open_store_beside(config).await.map_err(StartError::from)?;
    let named = users::find_by_username(store.reader(), who).await?;
    let addressed = users::find_by_email(store.reader(), who).await?;
    let user = match (named, addressed) {
        // Anybody may take a name that looks like somebody else's address.
        (Some(named), Some(addressed)) if named.id != addressed.id => Err(NewCodeError::Ambiguous {
            username: named.username,
            owner: addressed.username,
        }),
        (Some(user), _) | (None, Some(user)) => Ok(user),
        (None, None) => Err(NewCodeError::NoUser),
    };
    let user = match user {
        Ok(user) => user,
        Err(error) => {
            store.close().await?;
            return Err(error);
        }
    };
    let tx = store.begin().await?;
    let new = NewCode {
        user: user.id,
        seconds: COMMAND_SECONDS,
        device: None,
        self_made: false,
    };
    let code = store_new(config, &tx, new, clock.now()).await?;
    audit::record_of_command(&tx, clock, Event::LoginCodeCreated, &user).await?;
    commit(tx).await?;
    store.close().await?;
    let url = config.app_url.join(&format!("/lc/{}", code.expose_secret()));
    Ok(Issued { url: url.into() })
}
