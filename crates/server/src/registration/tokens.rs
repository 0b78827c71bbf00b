//! Initial access tokens: made by administrators, shown once, stored as a hash.

use pocket_id_store::commit;
use pocket_id_store::registrations::{self, RegistrationToken};
use pocket_id_store::types::{RegistrationTokenId, Timestamp};

use super::dto::{CreatedRegistrationTokenDto, RegistrationTokenDto, RegistrationTokenInput};
use crate::audit::{self, Event};
use crate::http::access::ActingAdmin;
use crate::http::error::ApiError;
use crate::http::time_format::parse_rfc3339;
use crate::http::validation::{Rules, nfc};
use crate::secret_token::SecretToken;
use crate::state::AppState;

/// Most clients one token may let in.
const MOST_USES: i32 = 1000;

/// Every token, newest first.
pub async fn list(state: &AppState) -> Result<Vec<RegistrationTokenDto>, ApiError> {
    let tokens = registrations::tokens(state.store.reader()).await?;
    Ok(tokens.iter().map(Into::into).collect())
}

/// Makes a token and shows it.
pub async fn create(
    state: &AppState,
    by: &ActingAdmin,
    input: RegistrationTokenInput,
) -> Result<CreatedRegistrationTokenDto, ApiError> {
    let now = state.now();
    let mut rules = Rules::new();
    rules.required("name", &input.name);
    rules.max("name", &input.name, 50);
    let uses = input.max_uses.unwrap_or(1);
    if !(1..=MOST_USES).contains(&uses) {
        rules.fail(
            "maxUses",
            "invalid_value",
            format!("must be between 1 and {MOST_USES}"),
        );
    }
    rules.required("expiresAt", &input.expires_at);
    let expires_at = parse_rfc3339(&input.expires_at);
    match expires_at {
        None => rules.fail("expiresAt", "invalid_format", "must be a date (RFC 3339)"),
        Some(end) if end <= now => rules.fail("expiresAt", "invalid_value", "must be in the future"),
        Some(_) => {}
    }
    rules.finish()?;
    let token = SecretToken::generate(state.random);
    let row = RegistrationToken {
        id: RegistrationTokenId(state.random.uuid()),
        name: nfc(&input.name),
        token_hash: token.hash,
        uses_left: uses,
        max_uses: uses,
        created_by: Some(by.user.id),
        created_at: now,
        expires_at: expires_at.unwrap_or(Timestamp(0)),
        last_used_at: None,
    };
    let tx = state.store.begin().await?;
    registrations::insert_token(&tx, row.clone()).await?;
    audit::record_change(
        state,
        &tx,
        Event::RegistrationTokenCreated,
        by,
        None,
        [("name", row.name.clone())],
    )
    .await?;
    commit(tx).await?;
    Ok(CreatedRegistrationTokenDto {
        facts: (&row).into(),
        token: token.value,
    })
}

/// Removes a token; it stops working at once, what was registered with it stays.
pub async fn delete(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<RegistrationTokenId>,
) -> Result<(), ApiError> {
    let not_found = || ApiError::not_found("Registration token");
    let id = id.ok_or_else(not_found)?;
    let tx = state.store.begin().await?;
    if !registrations::delete_token(&tx, id).await? {
        return Err(not_found());
    }
    audit::record_change(
        state,
        &tx,
        Event::RegistrationTokenDeleted,
        by,
        None,
        [("token", id.to_string())],
    )
    .await?;
    Ok(commit(tx).await?)
}
