//! Rules of custom claims.

use std::collections::HashMap;

use http::StatusCode;
use pocket_id_store::custom_claims::{self, CustomClaim, Owner};
use pocket_id_store::groups::UserGroup;
use pocket_id_store::types::CustomClaimId;
use pocket_id_store::users::User;
use pocket_id_store::{StoreError, Tx, commit};

use super::rules::{self, Unfit};
use crate::audit::{self, Event};
use crate::groups;
use crate::http::access::ActingAdmin;
use crate::http::conditional::{EntityTag, IfMatch, Tagged as _, Versioned};
use crate::http::error::{ApiError, FieldError};
use crate::state::AppState;
use crate::users;
use crate::users::dto::CustomClaimDto;

/// Why an owner's claims cannot be replaced.
#[derive(Debug, thiserror::Error)]
pub enum ClaimsError {
    /// There is no such user.
    #[error("user not found")]
    NoUser,
    /// There is no such group.
    #[error("group not found")]
    NoGroup,
    /// The submitted values break rules.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ClaimsError> for ApiError {
    fn from(error: ClaimsError) -> Self {
        let about_key = |code: &'static str, field_code: &str, key: String, message: &str| {
            Self::new(
                StatusCode::BAD_REQUEST,
                code,
                format!("The claim {key} {message}"),
            )
            .with("key", key)
            .with_fields(vec![FieldError {
                field: "key".to_owned(),
                code: field_code.to_owned(),
                message: message.to_owned(),
            }])
        };
        match error {
            ClaimsError::NoUser => Self::new(StatusCode::NOT_FOUND, "user_not_found", "User not found"),
            ClaimsError::NoGroup => Self::not_found("User group"),
            ClaimsError::Unfit(Unfit::Reserved(key)) => about_key(
                "reserved_claim",
                "reserved",
                key,
                "is reserved and cannot be used",
            ),
            ClaimsError::Unfit(Unfit::Duplicate(key)) => {
                about_key("duplicate_claim", "duplicate", key, "is there twice")
            }
            ClaimsError::Unfit(Unfit::Incomplete(fields)) => Self::validation(fields),
            ClaimsError::Store(error) => error.into(),
        }
    }
}

/// Whose claims are written, and nobody else changes until the transaction ends.
enum Locked {
    User(Box<User>),
    Group(UserGroup),
}

impl Locked {
    async fn new(tx: &Tx, owner: Owner, seen: &IfMatch) -> Result<Self, ApiError> {
        Ok(match owner {
            Owner::User(id) => Self::User(Box::new(users::service::locked(tx, id, seen).await?)),
            Owner::Group(id) => Self::Group(groups::service::locked(tx, Some(id), seen).await?),
        })
    }

    async fn tag(&self, tx: &Tx) -> Result<EntityTag, ApiError> {
        Ok(match self {
            Self::User(user) => users::service::described(tx, User::clone(user)).await?.tag(),
            Self::Group(group) => groups::service::described(tx, group.clone()).await?.tag(),
        })
    }
}

/// Replaces an owner's claims. A claim that stays keeps its age, by which claims of several groups are told apart.
pub async fn replace(
    state: &AppState,
    by: &ActingAdmin,
    owner: Owner,
    submitted: &[CustomClaimDto],
    seen: &IfMatch,
) -> Result<Versioned<Vec<CustomClaimDto>>, ApiError> {
    let pairs = submitted
        .iter()
        .map(|claim| (claim.key.as_str(), claim.value.as_str()));
    let claims = rules::by_name(pairs).map_err(ClaimsError::from)?;
    let tx = state.store.begin().await?;
    let locked = Locked::new(&tx, owner, seen).await?;
    let keys: Vec<String> = claims.keys().cloned().collect();
    let (known, unwanted): (Vec<_>, Vec<_>) = custom_claims::of_owner(&tx, owner)
        .await?
        .into_iter()
        .partition(|claim| claims.contains_key(&claim.key));
    custom_claims::remove(&tx, &unwanted).await?;
    let known: HashMap<&str, &CustomClaim> = known.iter().map(|claim| (claim.key.as_str(), claim)).collect();
    let mut changed = !unwanted.is_empty();
    let mut new = Vec::new();
    for (key, value) in claims {
        match known.get(key.as_str()) {
            Some(claim) if claim.value == value => {}
            Some(claim) => {
                custom_claims::set_value(&tx, claim, &value).await?;
                changed = true;
            }
            None => new.push(CustomClaim {
                id: CustomClaimId(state.random.uuid()),
                key,
                value,
                user_id: owner.user(),
                user_group_id: owner.group(),
                created_at: state.now(),
            }),
        }
    }
    changed |= !new.is_empty();
    custom_claims::insert_many(&tx, new).await?;
    let stored = custom_claims::of_owner(&tx, owner).await?;
    let data = [("claims", keys.join(", "))];
    match &locked {
        _ if !changed => {}
        Locked::User(user) => {
            audit::record_change(state, &tx, Event::CustomClaimsUpdated, by, Some(user), data).await?;
        }
        Locked::Group(group) => {
            let [claims] = data;
            let data = [claims, ("group", group.name.clone())];
            audit::record_change(state, &tx, Event::CustomClaimsUpdated, by, None, data).await?;
        }
    }
    let tag = locked.tag(&tx).await?;
    commit(tx).await?;
    Ok(Versioned {
        body: stored.iter().map(Into::into).collect(),
        tag,
    })
}

/// Keys in use, most used first.
pub async fn suggestions(state: &AppState) -> Result<Vec<String>, StoreError> {
    custom_claims::keys_by_use(state.store.reader()).await
}
