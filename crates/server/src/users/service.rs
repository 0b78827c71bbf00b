//! Rules of accounts.

use std::collections::HashSet;

use http::StatusCode;
use pocket_id_store::custom_claims::{self, CustomClaim};
use pocket_id_store::groups::{self, UserGroup};
use pocket_id_store::list::{ListRequest, Page};
use pocket_id_store::types::{CustomClaimId, GroupId, UserId};
use pocket_id_store::users::{self, STATIC_API_USER, User};
use pocket_id_store::{StoreError, Tx, commit, login_codes, scim};
use sea_orm::ConnectionTrait;

use super::dto::{ContactDto, MayVerify, UserDto, UserInput};
use crate::app_config::Settings;
use crate::audit::{self, Event};
use crate::custom_claims::rules as claim_rules;
use crate::files::FileError;
use crate::http::access::ActingAdmin;
use crate::http::client_ip::RequestOrigin;
use crate::http::conditional::{ChangedMeanwhile, IfMatch, Tagged as _};
use crate::http::error::{ApiError, FieldError};
use crate::http::validation::{Rules, nfc};
use crate::mail::{self, Change};
use crate::profile_pictures;
use crate::sessions::ending::{self, Ended};
use crate::state::AppState;

/// Why something about an account cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// There is no such user.
    #[error("user not found")]
    NotFound,
    /// Somebody else has this value of a property.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// It would leave nobody to administer the installation.
    #[error("the last enabled administrator cannot be removed")]
    LastAdmin,
    /// The directory owns the account.
    #[error("the account is managed by LDAP")]
    ManagedByLdap,
    /// The submitted values break rules.
    #[error("invalid values")]
    Invalid(Vec<FieldError>),
    /// Somebody else changed them since the caller saw them.
    #[error(transparent)]
    ChangedMeanwhile(#[from] ChangedMeanwhile),
    /// Their picture could not be removed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<UserError> for ApiError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NotFound => Self::new(StatusCode::NOT_FOUND, "user_not_found", "User not found"),
            UserError::Taken(property) => Self::already_in_use(property),
            UserError::LastAdmin => Self::new(
                StatusCode::CONFLICT,
                "last_admin",
                "The last enabled administrator cannot be deleted, disabled or demoted",
            ),
            UserError::ManagedByLdap => Self::new(
                StatusCode::FORBIDDEN,
                "ldap_user_update",
                "LDAP users cannot be changed here",
            ),
            UserError::Invalid(fields) => Self::validation(fields),
            UserError::ChangedMeanwhile(error) => error.into(),
            UserError::File(error) => error.into(),
            UserError::Store(error) => error.into(),
        }
    }
}

/// An account's editable values, checked and normalized.
#[derive(Clone, Debug)]
pub struct ValidUser {
    username: String,
    email: Option<String>,
    email_verified: bool,
    first_name: String,
    last_name: String,
    display_name: String,
    is_admin: bool,
    disabled: bool,
    locale: Option<String>,
    contact: Option<ContactDto>,
}

impl ValidUser {
    /// Checks what was submitted of a new account.
    ///
    /// # Errors
    /// Names every broken rule.
    pub fn new(input: &UserInput, settings: &Settings) -> Result<Self, ApiError> {
        Self::checked(input, settings.require_user_email(), None)
    }

    /// Checks what was submitted of an account there is. Whoever has no address, like the static API user or people made
    /// while none was demanded, needs none for other changes; a language that stays is not looked at.
    ///
    /// # Errors
    /// Names every broken rule.
    fn changed(input: &UserInput, settings: &Settings, user: &User) -> Result<Self, ApiError> {
        let must_have_email = settings.require_user_email() && user.email.is_some();
        Self::checked(input, must_have_email, user.locale.as_deref())
    }

    fn checked(input: &UserInput, must_have_email: bool, locale: Option<&str>) -> Result<Self, ApiError> {
        let mut rules = Rules::new();
        rules.required("username", &input.username);
        rules.username("username", &input.username);
        rules.max("username", &input.username, 50);
        match &input.email {
            Some(email) => rules.email("email", email),
            None if must_have_email => rules.fail("email", "required", "is required"),
            None => {}
        }
        rules.max("firstName", &input.first_name, 50);
        rules.max("lastName", &input.last_name, 50);
        rules.max("displayName", &input.display_name, 100);
        for (field, text) in [
            ("firstName", &input.first_name),
            ("lastName", &input.last_name),
            ("displayName", &input.display_name),
        ] {
            rules.one_line(field, text);
        }
        if let Some(wanted) = input.locale.as_deref().filter(|wanted| Some(*wanted) != locale) {
            rules.locale("locale", wanted);
        }
        if let Some(contact) = &input.contact {
            rules.max("phoneNumber", &contact.phone_number, 50);
            for (field, text) in contact.address.parts() {
                rules.max(field, text, 200);
            }
        }
        rules.finish()?;
        Ok(Self {
            username: nfc(&input.username),
            email: input.email.as_deref().map(nfc),
            email_verified: input.email_verified,
            first_name: nfc(&input.first_name),
            last_name: nfc(&input.last_name),
            display_name: nfc(&input.display_name),
            is_admin: input.is_admin,
            disabled: input.disabled,
            locale: input.locale.clone(),
            contact: input.contact.clone(),
        })
    }

    /// The same person as the first administrator: full rights, unproven address.
    #[must_use]
    pub fn as_first_admin(mut self) -> Self {
        self.is_admin = true;
        self.disabled = false;
        self.email_verified = false;
        let full_name = format!("{} {}", self.first_name, self.last_name);
        full_name.trim().clone_into(&mut self.display_name);
        self
    }

    /// The same person as somebody who made their own account: without rights; whether their address counts as proven
    /// is the installation's to say.
    #[must_use]
    pub fn as_self_made(self, settings: &Settings) -> Self {
        Self {
            is_admin: false,
            email_verified: self.email.is_some() && settings.emails_verified(),
            ..self.as_first_admin()
        }
    }

    /// The mail address, if there is one.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }
}

/// One user as the API shows them.
pub async fn find(state: &AppState, id: UserId) -> Result<UserDto, UserError> {
    let user = users::find(state.store.reader(), id)
        .await?
        .ok_or(UserError::NotFound)?;
    described(state.store.reader(), user).await
}

/// A user with what belongs to them, as a transaction or anybody else sees it.
pub async fn described(connection: &impl ConnectionTrait, user: User) -> Result<UserDto, UserError> {
    with_belongings(connection, vec![user])
        .await?
        .pop()
        .ok_or(UserError::NotFound)
}

/// A user nobody else changes until the transaction ends, nor their groups and claims, if they still are what the
/// caller saw.
pub async fn locked(tx: &Tx, id: UserId, seen: &IfMatch) -> Result<User, UserError> {
    users::lock_table(tx).await?;
    let user = users::find(tx, id).await?.ok_or(UserError::NotFound)?;
    if seen.is_conditional() {
        seen.check(&described(tx, user.clone()).await?.tag())?;
    }
    Ok(user)
}

/// Users as the API shows them, with groups and claims: two queries however many users.
pub async fn with_belongings(
    connection: &impl ConnectionTrait,
    users: Vec<User>,
) -> Result<Vec<UserDto>, StoreError> {
    let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
    let memberships = groups::of_users(connection, &ids).await?;
    let claims = custom_claims::of_users(connection, &ids).await?;
    Ok(users
        .into_iter()
        .map(|user| {
            let groups: Vec<UserGroup> = memberships
                .iter()
                .filter(|(id, _)| *id == user.id)
                .map(|(_, group)| group.clone())
                .collect();
            let own: Vec<CustomClaim> = claims
                .iter()
                .filter(|claim| claim.user_id == Some(user.id))
                .cloned()
                .collect();
            UserDto::new(user, &groups, &own)
        })
        .collect())
}

/// A page of users.
pub async fn list(state: &AppState, request: &ListRequest) -> Result<Page<UserDto>, UserError> {
    let mut page = users::list(state.store.reader(), request).await?;
    let items = with_belongings(state.store.reader(), std::mem::take(&mut page.items)).await?;
    Ok(page.with_items(items))
}

/// Adds an account within a transaction, with the groups given, else the default ones, and the default claims.
pub async fn insert(
    state: &AppState,
    settings: &Settings,
    tx: &Tx,
    id: UserId,
    valid: ValidUser,
    group_ids: &[String],
) -> Result<User, UserError> {
    let now = state.now();
    refuse_taken(tx, None, &valid).await?;
    // The static API user's is theirs before they are made.
    if id == STATIC_API_USER || users::find(tx, id).await?.is_some() {
        return Err(UserError::Taken("id"));
    }
    let mut user = User {
        id,
        username: valid.username,
        email: valid.email,
        email_verified: valid.email_verified,
        first_name: valid.first_name,
        last_name: valid.last_name,
        display_name: valid.display_name,
        is_admin: valid.is_admin,
        disabled: valid.disabled,
        locale: valid.locale,
        ldap_id: None,
        phone_number: None,
        phone_number_verified: false,
        address: None,
        created_at: now,
        updated_at: None,
    };
    if let Some(contact) = valid.contact {
        contact.apply(&mut user, MayVerify::Yes);
    }
    let user = users::insert(tx, user).await.map_err(taken)?;

    let defaults = settings.default_group_ids();
    let wanted = if group_ids.is_empty() {
        &defaults
    } else {
        group_ids
    };
    let wanted: Vec<GroupId> = wanted.iter().filter_map(|id| id.parse().ok()).collect();
    let existing: Vec<GroupId> = groups::find_existing(tx, &wanted)
        .await?
        .into_iter()
        .map(|group| group.id)
        .collect();
    groups::replace_for_user(tx, id, &existing).await?;
    groups::touch(tx, &existing, now).await?;

    let mut claims: Vec<CustomClaim> = Vec::new();
    let mut keys = HashSet::new();
    for claim in settings.default_claims() {
        // Names tokens have a use for of their own would stand in the way of every later change of the claims.
        let fits = claim_rules::by_name([(claim.key.as_str(), claim.value.as_str())]).is_ok();
        if fits && keys.insert(claim.key.clone()) {
            claims.push(CustomClaim {
                id: CustomClaimId(state.random.uuid()),
                key: claim.key,
                value: claim.value,
                user_id: Some(id),
                user_group_id: None,
                created_at: now,
            });
        }
    }
    custom_claims::insert_many(tx, claims).await?;
    Ok(user)
}

/// Adds an account.
pub async fn create(state: &AppState, by: &ActingAdmin, input: &UserInput) -> Result<UserDto, ApiError> {
    let settings = state.settings().await?;
    let valid = ValidUser::new(input, &settings)?;
    let id = if input.id.is_empty() {
        UserId(state.random.uuid())
    } else {
        input.id.parse().map_err(|_| {
            UserError::Invalid(vec![FieldError {
                field: "id".to_owned(),
                code: "uuid".to_owned(),
                message: "is invalid".to_owned(),
            }])
        })?
    };
    let tx = state.store.begin().await?;
    users::lock_table(&tx).await?;
    let user = insert(state, &settings, &tx, id, valid, &input.user_group_ids).await?;
    audit::record_change(state, &tx, Event::UserCreated, by, Some(&user), []).await?;
    let answer = described(&tx, user).await?;
    scim::note_change(&tx, state.now()).await?;
    commit(tx).await?;
    Ok(answer)
}

/// Whether an account is to have another address: login codes go there, and applications may know people by it.
pub fn moves_mail(user: &User, input: &UserInput) -> bool {
    user.email != input.email.as_deref().map(nfc)
}

/// Whether a change of an account may open it to somebody, or open more to it.
///
/// # Errors
/// There is no such user, or the database failed.
pub async fn opens_account(state: &AppState, id: UserId, input: &UserInput) -> Result<bool, UserError> {
    let user = users::find(state.store.reader(), id).await?;
    let user = user.ok_or(UserError::NotFound)?;
    let comes_back = user.disabled && !input.disabled;
    Ok(moves_mail(&user, input) || comes_back || (input.is_admin && !user.is_admin))
}

/// Who changes an account, and so how much of it.
#[derive(Clone, Copy, Debug)]
pub enum Editor<'a> {
    /// An administrator: everything.
    Admin(&'a ActingAdmin),
    /// The person themselves, from somewhere: names, address and language, if that is allowed.
    Self_(&'a RequestOrigin),
}

/// Replaces what the editor may change of an account.
pub async fn update(
    state: &AppState,
    id: UserId,
    input: &UserInput,
    editor: Editor<'_>,
    seen: &IfMatch,
) -> Result<UserDto, ApiError> {
    let settings = state.settings().await?;
    let tx = state.store.begin().await?;
    let mut user = locked(&tx, id, seen).await?;
    let valid = ValidUser::changed(input, &settings, &user)?;
    let ruled_by_ldap = user.ldap_id.is_some() && settings.ldap_enabled();
    let before = user.clone();
    let locale_only =
        ruled_by_ldap || (matches!(editor, Editor::Self_(_)) && !settings.allow_own_account_edit());
    user.locale = valid.locale.clone();
    user.updated_at = Some(state.now());
    let mut ended = Ended::default();
    let mut told = false;
    if !locale_only {
        refuse_taken(&tx, Some(&user), &valid).await?;
        if user.email != valid.email && valid.email.is_some() {
            user.email_verified = settings.emails_verified();
        }
        user.username = valid.username;
        user.email = valid.email;
        user.first_name = valid.first_name;
        user.last_name = valid.last_name;
        user.display_name = valid.display_name;
        if let Some(contact) = valid.contact {
            let may_verify = match editor {
                Editor::Admin(_) => MayVerify::Yes,
                Editor::Self_(_) => MayVerify::No,
            };
            contact.apply(&mut user, may_verify);
        }
        if matches!(editor, Editor::Admin(_)) {
            let was_enabled_admin = user.is_admin && !user.disabled;
            let stays_enabled_admin = valid.is_admin && !valid.disabled;
            if was_enabled_admin && !stays_enabled_admin {
                refuse_without_admin(&tx, id).await?;
            }
            if valid.disabled && !user.disabled {
                ended = ending::all_of_user(state, &tx, id, None).await?;
                // Nobody who was in here is to come back by it when the account is enabled again.
                login_codes::delete_self_made(&tx, id).await?;
            }
            user.email_verified = valid.email_verified;
            user.is_admin = valid.is_admin;
            user.disabled = valid.disabled;
        }
    }
    let user = users::update(&tx, user).await.map_err(taken)?;
    if user.email != before.email {
        // Whoever reads what was mailed to the old address is not let in by it any more.
        login_codes::delete_of_user(&tx, id).await?;
        let change = user.email.clone().map_or(Change::NoEmail, Change::Email);
        let origin = match editor {
            Editor::Admin(by) => &by.origin,
            Editor::Self_(origin) => origin,
        };
        told = mail::tell_of_change(state, &settings, &tx, &before, change, origin).await?;
    }
    if user.is_admin
        && !before.is_admin
        && let Editor::Admin(by) = editor
    {
        told |= mail::tell_of_change(state, &settings, &tx, &user, Change::Admin, &by.origin).await?;
    }
    let changed = changes(&before, &user);
    if !changed.is_empty() {
        let data = [("changed", changed.join(", "))];
        match editor {
            Editor::Admin(by) => {
                audit::record_change(state, &tx, Event::UserUpdated, by, Some(&user), data).await?;
            }
            Editor::Self_(origin) => {
                audit::record(state, &tx, Event::UserUpdated, &user, origin, data).await?;
            }
        }
    }
    let answer = described(&tx, user).await?;
    scim::note_change(&tx, state.now()).await?;
    mail::commit_and_send(state, tx, told).await?;
    ended.announce(state);
    Ok(answer)
}

/// The names of what differs between two states of an account.
fn changes(before: &User, after: &User) -> Vec<&'static str> {
    [
        ("username", before.username != after.username),
        ("email", before.email != after.email),
        ("emailVerified", before.email_verified != after.email_verified),
        ("firstName", before.first_name != after.first_name),
        ("lastName", before.last_name != after.last_name),
        ("displayName", before.display_name != after.display_name),
        ("isAdmin", before.is_admin != after.is_admin),
        ("disabled", before.disabled != after.disabled),
        ("locale", before.locale != after.locale),
        (
            "contact",
            before.phone_number != after.phone_number
                || before.phone_number_verified != after.phone_number_verified
                || before.address != after.address,
        ),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

/// Removes an account and what belongs to it.
pub async fn delete(state: &AppState, by: &ActingAdmin, id: UserId) -> Result<(), UserError> {
    let settings = state.settings().await?;
    let tx = state.store.begin().await?;
    users::lock_table(&tx).await?;
    let user = users::find(&tx, id).await?.ok_or(UserError::NotFound)?;
    if user.ldap_id.is_some() && settings.ldap_enabled() && !user.disabled {
        return Err(UserError::ManagedByLdap);
    }
    if user.is_admin && !user.disabled {
        refuse_without_admin(&tx, id).await?;
    }
    let ended = ending::all_of_user(state, &tx, id, None).await?;
    users::delete(&tx, id).await?;
    audit::record_change(state, &tx, Event::UserDeleted, by, Some(&user), []).await?;
    scim::note_change(&tx, state.now()).await?;
    commit(tx).await?;
    ended.announce(state);
    profile_pictures::remove(state, id).await?;
    Ok(())
}

async fn refuse_without_admin(tx: &Tx, besides: UserId) -> Result<(), UserError> {
    if users::other_enabled_admins(tx, besides).await? == 0 {
        Err(UserError::LastAdmin)
    } else {
        Ok(())
    }
}

/// Says which property somebody else has; the address first. An address that differs from another in upper and lower case
/// only is the same to the people who type it, and to apps that know people by it; those who have such keep theirs.
async fn refuse_taken(tx: &Tx, own: Option<&User>, valid: &ValidUser) -> Result<(), UserError> {
    let id = own.map(|own| own.id);
    if valid.email != own.and_then(|own| own.email.clone())
        && let Some(email) = &valid.email
        && users::somebody_else_has_email(tx, id, email).await?
    {
        return Err(UserError::Taken("email"));
    }
    if users::find_by_username(tx, &valid.username)
        .await?
        .is_some_and(|user| Some(user.id) != id)
    {
        return Err(UserError::Taken("username"));
    }
    Ok(())
}

/// A uniqueness rule of the database caught what two requests at once got past the check above.
fn taken(error: StoreError) -> UserError {
    match error {
        StoreError::Duplicate(message) if message.contains("email") => UserError::Taken("email"),
        StoreError::Duplicate(message) if message.contains("username") => UserError::Taken("username"),
        StoreError::Duplicate(_) => UserError::Taken("id"),
        other => UserError::Store(other),
    }
}
