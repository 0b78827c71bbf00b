//! Rules of user groups.

use std::collections::HashSet;

use http::StatusCode;
use pocket_id_store::custom_claims::{self, Owner};
use pocket_id_store::groups::{self, UserGroup};
use pocket_id_store::list::{ListRequest, Page};
use pocket_id_store::types::{ClientId, GroupId, UserId};
use pocket_id_store::{StoreError, Tx, access_lists, commit, scim, users};
use sea_orm::ConnectionTrait;

use super::dto::{UserGroupDto, UserGroupInput};
use crate::app_config::Settings;
use crate::audit::{self, Event};
use crate::clients::ClientWithGroupsDto;
use crate::http::access::ActingAdmin;
use crate::http::conditional::{ChangedMeanwhile, IfMatch, Tagged as _};
use crate::http::error::{ApiError, FieldError};
use crate::http::validation::{Rules, nfc};
use crate::state::AppState;
use crate::users::dto::{UserDto, UserGroupMinimalDto};
use crate::users::service::UserError;

/// Why something about a group cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// There is no such group.
    #[error("group not found")]
    NotFound,
    /// Another group has this name.
    #[error("the name is taken")]
    NameTaken,
    /// The directory owns the group.
    #[error("the group is managed by LDAP")]
    ManagedByLdap,
    /// Somebody else changed it since the caller saw it.
    #[error(transparent)]
    ChangedMeanwhile(#[from] ChangedMeanwhile),
    /// The submitted values break rules.
    #[error("invalid values")]
    Invalid(Vec<FieldError>),
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for GroupError {
    fn from(error: StoreError) -> Self {
        match error {
            // The name is the one thing of a group that must be its own.
            StoreError::Duplicate(_) => Self::NameTaken,
            other => Self::Store(other),
        }
    }
}

impl From<GroupError> for ApiError {
    fn from(error: GroupError) -> Self {
        match error {
            GroupError::NotFound => Self::not_found("User group"),
            GroupError::NameTaken => Self::already_in_use("name"),
            GroupError::ManagedByLdap => Self::new(
                StatusCode::FORBIDDEN,
                "ldap_user_group_update",
                "LDAP user groups cannot be changed here",
            ),
            GroupError::ChangedMeanwhile(error) => error.into(),
            GroupError::Invalid(fields) => Self::validation(fields),
            GroupError::Store(error) => error.into(),
        }
    }
}

/// A list that has to be sent, empty or not.
pub fn required<T>(field: &str, list: Option<T>) -> Result<T, Vec<FieldError>> {
    list.ok_or_else(|| {
        vec![FieldError {
            field: field.to_owned(),
            code: "required".to_owned(),
            message: "is required".to_owned(),
        }]
    })
}

/// Identifiers as they were sent; what cannot be one is unknown, and so left out.
pub fn known_ids<T: std::str::FromStr>(texts: &[String]) -> Vec<T> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn names(input: &UserGroupInput) -> Result<(String, String), GroupError> {
    let mut rules = Rules::new();
    for (field, text, most) in [
        ("friendlyName", &input.friendly_name, 50),
        ("name", &input.name, 255),
    ] {
        rules.required(field, text);
        rules.min(field, text, 2);
        rules.max(field, text, most);
        rules.one_line(field, text);
    }
    rules.finish_with(GroupError::Invalid)?;
    Ok((nfc(&input.friendly_name), nfc(&input.name)))
}

/// A group nobody else changes until the transaction ends, if it still is what the caller saw.
///
/// Who changes its members asks for `users::lock_table` before, who changes its clients for `access_lists::lock`: both
/// are written from the other side too.
pub async fn locked(tx: &Tx, id: Option<GroupId>, seen: &IfMatch) -> Result<UserGroup, GroupError> {
    let group = groups::lock(tx, id.ok_or(GroupError::NotFound)?)
        .await?
        .ok_or(GroupError::NotFound)?;
    if seen.is_conditional() {
        seen.check(&described(tx, group.clone()).await?.tag())?;
    }
    Ok(group)
}

/// A group with what belongs to it, as a transaction or anybody else sees it.
pub async fn described(
    connection: &impl ConnectionTrait,
    group: UserGroup,
) -> Result<UserGroupDto, GroupError> {
    let members = groups::members(connection, group.id).await?;
    let claims = custom_claims::of_owner(connection, Owner::Group(group.id)).await?;
    let clients = groups::allowed_clients(connection, group.id).await?;
    Ok(UserGroupDto::new(group, members, &claims, &clients))
}

fn refuse_directory(group: &UserGroup, settings: &Settings) -> Result<(), GroupError> {
    if group.ldap_id.is_some() && settings.ldap_enabled() {
        Err(GroupError::ManagedByLdap)
    } else {
        Ok(())
    }
}

/// One group.
pub async fn find(state: &AppState, id: Option<GroupId>) -> Result<UserGroupDto, GroupError> {
    let reader = state.store.reader();
    let group = groups::find(reader, id.ok_or(GroupError::NotFound)?)
        .await?
        .ok_or(GroupError::NotFound)?;
    described(reader, group).await
}

/// A page of groups, with their claims and how many members they have.
pub async fn list(state: &AppState, request: &ListRequest) -> Result<Page<UserGroupMinimalDto>, GroupError> {
    let reader = state.store.reader();
    let mut page = groups::list(reader, request).await?;
    let found = std::mem::take(&mut page.items);
    let ids: Vec<GroupId> = found.iter().map(|group| group.id).collect();
    let counts = groups::member_counts(reader, &ids).await?;
    let claims = custom_claims::of_groups(reader, &ids).await?;
    let items = found
        .iter()
        .map(|group| UserGroupMinimalDto {
            custom_claims: claims
                .iter()
                .filter(|claim| claim.user_group_id == Some(group.id))
                .map(Into::into)
                .collect(),
            user_count: counts
                .iter()
                .find(|(id, _)| *id == group.id)
                .map_or(0, |(_, count)| *count),
            ..UserGroupMinimalDto::from(group)
        })
        .collect();
    Ok(page.with_items(items))
}

/// Adds a group.
pub async fn create(
    state: &AppState,
    by: &ActingAdmin,
    input: &UserGroupInput,
) -> Result<UserGroupDto, GroupError> {
    let (friendly_name, name) = names(input)?;
    let group = UserGroup {
        id: GroupId(state.random.uuid()),
        friendly_name,
        name,
        ldap_id: None,
        created_at: state.now(),
        updated_at: None,
    };
    let tx = state.store.begin().await?;
    refuse_taken(&tx, &group).await?;
    let group = groups::insert(&tx, group).await?;
    audit::record_change(
        state,
        &tx,
        Event::GroupCreated,
        by,
        None,
        [("group", group.name.clone())],
    )
    .await?;
    scim::note_change(&tx, state.now()).await?;
    commit(tx).await?;
    Ok(UserGroupDto::new(group, Vec::new(), &[], &[]))
}

/// The database's rule would end the transaction on PostgreSQL; this one only answers.
async fn refuse_taken(tx: &Tx, group: &UserGroup) -> Result<(), GroupError> {
    match groups::find_by_name(tx, &group.name).await? {
        Some(other) if other.id != group.id => Err(GroupError::NameTaken),
        _ => Ok(()),
    }
}

/// Gives a group other names.
pub async fn update(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<GroupId>,
    input: &UserGroupInput,
    seen: &IfMatch,
) -> Result<UserGroupDto, GroupError> {
    let (friendly_name, name) = names(input)?;
    let settings = state.settings().await?;
    let tx = state.store.begin().await?;
    let mut group = locked(&tx, id, seen).await?;
    refuse_directory(&group, &settings)?;
    let changed = group.friendly_name != friendly_name || group.name != name;
    group.friendly_name = friendly_name;
    group.name = name;
    group.updated_at = Some(state.now());
    refuse_taken(&tx, &group).await?;
    let group = groups::update(&tx, group).await?;
    if changed {
        let data = [("group", group.name.clone())];
        audit::record_change(state, &tx, Event::GroupUpdated, by, None, data).await?;
    }
    let answer = described(&tx, group).await?;
    scim::note_change(&tx, state.now()).await?;
    commit(tx).await?;
    Ok(answer)
}

/// Removes a group.
pub async fn delete(state: &AppState, by: &ActingAdmin, id: Option<GroupId>) -> Result<(), GroupError> {
    let settings = state.settings().await?;
    let tx = state.store.begin().await?;
    users::lock_table(&tx).await?;
    access_lists::lock(&tx).await?;
    let group = locked(&tx, id, &IfMatch::default()).await?;
    refuse_directory(&group, &settings)?;
    groups::delete(&tx, group.id).await?;
    audit::record_change(state, &tx, Event::GroupDeleted, by, None, [("group", group.name)]).await?;
    scim::note_change(&tx, state.now()).await?;
    Ok(commit(tx).await?)
}

/// Replaces a group's members.
pub async fn replace_members(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<GroupId>,
    users: Option<Vec<String>>,
    seen: &IfMatch,
) -> Result<UserGroupDto, GroupError> {
    let users: Vec<UserId> = known_ids(&required("userIds", users).map_err(GroupError::Invalid)?);
    let tx = state.store.begin().await?;
    users::lock_table(&tx).await?;
    let group = locked(&tx, id, seen).await?;
    let changed = groups::replace_members(&tx, group.id, &users).await?;
    groups::touch(&tx, &[group.id], state.now()).await?;
    if changed {
        let count = users.len().to_string();
        let data = [("group", group.name.clone()), ("members", count)];
        audit::record_change(state, &tx, Event::GroupMembersUpdated, by, None, data).await?;
    }
    let answer = described(&tx, group).await?;
    scim::note_change(&tx, state.now()).await?;
    commit(tx).await?;
    Ok(answer)
}

/// Replaces the restricted clients a group may use. Whether clients are restricted stays as it is.
pub async fn replace_allowed_clients(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<GroupId>,
    clients: Option<Vec<String>>,
    seen: &IfMatch,
) -> Result<UserGroupDto, GroupError> {
    let clients = required("oidcClientIds", clients).map_err(GroupError::Invalid)?;
    // PostgreSQL cannot be asked for a text with NUL, and no client has one.
    let clients: Vec<ClientId> = clients
        .into_iter()
        .filter(|id| !id.contains('\0'))
        .map(ClientId)
        .collect();
    let tx = state.store.begin().await?;
    access_lists::lock(&tx).await?;
    let group = locked(&tx, id, seen).await?;
    let changed = groups::replace_allowed_clients(&tx, group.id, &clients).await?;
    groups::touch(&tx, &[group.id], state.now()).await?;
    if changed {
        let data = [("group", group.name.clone())];
        audit::record_change(state, &tx, Event::GroupClientsUpdated, by, None, data).await?;
    }
    let answer = described(&tx, group).await?;
    scim::note_change(&tx, state.now()).await?;
    commit(tx).await?;
    Ok(answer)
}

/// The groups of a user, without what belongs to them.
pub async fn of_user(state: &AppState, user: Option<UserId>) -> Result<Vec<UserGroupDto>, ApiError> {
    let user = user.ok_or(UserError::NotFound)?;
    let reader = state.store.reader();
    if users::find(reader, user).await?.is_none() {
        return Err(UserError::NotFound.into());
    }
    let groups = groups::of_user(reader, user).await?;
    Ok(groups
        .into_iter()
        .map(|group| UserGroupDto::new(group, Vec::new(), &[], &[]))
        .collect())
}

/// Replaces the groups of a user.
pub async fn replace_of_user(
    state: &AppState,
    by: &ActingAdmin,
    user: Option<UserId>,
    wanted: Option<Vec<String>>,
    seen: &IfMatch,
) -> Result<UserDto, ApiError> {
    let wanted: Vec<GroupId> = known_ids(&required("userGroupIds", wanted).map_err(ApiError::validation)?);
    let user = user.ok_or(UserError::NotFound)?;
    let tx = state.store.begin().await?;
    let user = crate::users::service::locked(&tx, user, seen).await?;
    let existing = groups::find_existing(&tx, &wanted).await?;
    let names: Vec<&str> = existing.iter().map(|group| group.name.as_str()).collect();
    let data = [("groups", names.join(", "))];
    let existing: Vec<GroupId> = existing.iter().map(|group| group.id).collect();
    let before = groups::of_user(&tx, user.id).await?;
    let before: HashSet<GroupId> = before.iter().map(|group| group.id).collect();
    let changed = before != existing.iter().copied().collect();
    // Those the user leaves are changed as well.
    let mut touched = existing.clone();
    touched.extend(before);
    groups::replace_for_user(&tx, user.id, &existing).await?;
    groups::touch(&tx, &touched, state.now()).await?;
    if changed {
        audit::record_change(state, &tx, Event::UserGroupsUpdated, by, Some(&user), data).await?;
    }
    let answer = crate::users::service::described(&tx, user).await?;
    scim::note_change(&tx, state.now()).await?;
    commit(tx).await?;
    Ok(answer)
}

/// Replaces the groups that may use a client while it is restricted.
pub async fn replace_of_client(
    state: &AppState,
    by: &ActingAdmin,
    client: &ClientId,
    wanted: Option<Vec<String>>,
    seen: &IfMatch,
) -> Result<ClientWithGroupsDto, ApiError> {
    let wanted: Vec<GroupId> = known_ids(&required("userGroupIds", wanted).map_err(ApiError::validation)?);
    Ok(crate::clients::service::replace_allowed_groups(state, by, client, &wanted, seen).await?)
}
