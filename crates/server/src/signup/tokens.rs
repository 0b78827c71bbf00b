//! Sign-up tokens: invitations administrators make, for one account or a few.

use http::StatusCode;
use pocket_id_store::groups::{self, UserGroup};
use pocket_id_store::list::{ListRequest, Page};
use pocket_id_store::signup_tokens::{self, SignupToken};
use pocket_id_store::types::{GroupId, SignupTokenId};
use pocket_id_store::{StoreError, commit};
use secrecy::{ExposeSecret as _, SecretString};

use super::dto::{SignupTokenDto, SignupTokenInput};
use crate::audit::{self, Event};
use crate::encrypted_text::{EncryptedTextError, TextKey};
use crate::http::access::ActingAdmin;
use crate::http::error::ApiError;
use crate::http::validation::Rules;
use crate::login_codes;
use crate::secret_token;
use crate::state::AppState;

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// So many letters and digits are 95 bits.
const LENGTH: usize = 16;
const DEFAULT_SECONDS: i64 = 60 * 60;
const MOST_USES: i32 = 100;

/// Why something about sign-up tokens cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// A token cannot be encrypted or decrypted.
    #[error(transparent)]
    Sealing(#[from] EncryptedTextError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Sealing(error) => Self::internal(error),
            TokenError::Store(error) => error.into(),
        }
    }
}

/// What a token that does not work is answered with: nobody learns why.
pub fn invalid() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "token_invalid_or_expired",
        "Token is invalid or expired",
    )
}

/// Makes a token.
pub async fn create(
    state: &AppState,
    by: &ActingAdmin,
    input: &SignupTokenInput,
) -> Result<SignupTokenDto, ApiError> {
    let mut rules = Rules::new();
    match input.usage_limit {
        0 => rules.fail("usageLimit", "required", "is required"),
        ..0 => rules.fail("usageLimit", "too_short", "must be at least 1"),
        limit if limit > MOST_USES => rules.fail("usageLimit", "too_long", "must be at most 100"),
        _ => {}
    }
    rules.finish()?;
    let now = state.now();
    let seconds = login_codes::lifetime(&input.lifetime(), DEFAULT_SECONDS, now)?;
    let token = SecretString::from(state.random.text(ALPHABET, LENGTH));
    let sealed = TextKey::of(&state.config)
        .and_then(|key| key.seal(token.expose_secret(), state.random))
        .map_err(TokenError::from)?;
    let row = SignupToken {
        id: SignupTokenId(state.random.uuid()),
        token_hash: secret_token::hash(token.expose_secret()),
        sealed_token: sealed,
        usage_limit: input.usage_limit,
        usage_count: 0,
        created_at: now,
        expires_at: now.plus_seconds(seconds),
    };
    let wanted: Vec<GroupId> = input
        .user_group_ids
        .iter()
        .filter_map(|id| id.parse().ok())
        .collect();
    let tx = state.store.begin().await?;
    let groups: Vec<UserGroup> = groups::find_existing(&tx, &wanted).await?;
    let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
    signup_tokens::insert(&tx, row.clone(), &ids).await?;
    let data = [
        ("signupTokenID", row.id.to_string()),
        ("usageLimit", row.usage_limit.to_string()),
    ];
    audit::record_change(state, &tx, Event::SignupTokenCreated, by, None, data).await?;
    commit(tx).await?;
    Ok(SignupTokenDto::new(&row, token, &groups))
}

/// Tokens that have not expired.
pub async fn list(state: &AppState, request: &ListRequest) -> Result<Page<SignupTokenDto>, TokenError> {
    let reader = state.store.reader();
    let mut page = signup_tokens::list(reader, request, state.now()).await?;
    let rows = std::mem::take(&mut page.items);
    let ids: Vec<SignupTokenId> = rows.iter().map(|row| row.id).collect();
    let groups = signup_tokens::groups_of(reader, &ids).await?;
    let key = TextKey::of(&state.config)?;
    let items = rows
        .iter()
        .map(|row| {
            let own = groups
                .iter()
                .filter(|(token, _)| *token == row.id)
                .map(|(_, group)| group);
            Ok(SignupTokenDto::new(row, key.open(&row.sealed_token)?, own))
        })
        .collect::<Result<Vec<_>, TokenError>>()?;
    Ok(page.with_items(items))
}

/// Deletes a token, if there is one.
pub async fn delete(state: &AppState, by: &ActingAdmin, id: Option<SignupTokenId>) -> Result<(), TokenError> {
    let Some(id) = id else { return Ok(()) };
    let tx = state.store.begin().await?;
    if signup_tokens::delete(&tx, id).await? {
        let data = [("signupTokenID", id.to_string())];
        audit::record_change(state, &tx, Event::SignupTokenDeleted, by, None, data).await?;
    }
    Ok(commit(tx).await?)
}
