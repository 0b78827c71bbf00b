//! Rules of refused requests.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use pocket_id_oidc::redirect_uri::{RedirectUri, RedirectUriPattern};
use pocket_id_store::clients::{self, Client};
use pocket_id_store::refused_authorizations::{self as store, RefusedAuthorization};
use pocket_id_store::types::{ClientId, ClientType, RefusedAuthorizationId, TokenHash};
use pocket_id_store::users::User;
use pocket_id_store::{StoreResult, commit};

use super::dto::{MismatchDto, RefusedAuthorizationDto};
use crate::audit::{self, Event, Failure};
use crate::guesses::Guesses;
use crate::http::access::ActingAdmin;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::state::AppState;

/// How many are written within a quarter of an hour: strangers must not keep the database busy, nor may one of them
/// push out what others left.
const LIMIT: Guesses = Guesses {
    name: "refused-authorization",
    per_address: 20,
    per_user: None,
    in_total: Some(2000),
};

/// The reason that an administrator can do something about at once.
pub const NOT_REGISTERED: &str = "redirect_uri_not_registered";

/// Characters of a redirect URI that are kept.
const LONGEST: usize = 1000;

/// Who asked for what.
pub struct Attempt<'a> {
    /// The client named.
    pub client: Option<ClientId>,
    /// The redirect URI sent.
    pub redirect_uri: Option<String>,
    /// Who is signed in.
    pub user: Option<User>,
    /// From where.
    pub origin: &'a RequestOrigin,
}

/// Why it was refused.
pub struct Reason<'a> {
    /// For programs.
    pub code: &'a str,
    /// For people.
    pub detail: &'a str,
}

/// Writes a refusal down, if its client is known and there were not too many. What is answered does not depend on
/// it: what cannot be written is reported and goes no further.
pub async fn note(
    state: &AppState,
    attempt: &Attempt<'_>,
    reason: &Reason<'_>,
) -> Option<RefusedAuthorizationId> {
    match write(state, attempt, reason).await {
        Ok(id) => id,
        Err(error) => {
            tracing::error!(%error, "a refused authorization could not be written down");
            None
        }
    }
}

async fn write(
    state: &AppState,
    attempt: &Attempt<'_>,
    reason: &Reason<'_>,
) -> StoreResult<Option<RefusedAuthorizationId>> {
    let Some(client) = attempt.client.as_ref().filter(|id| !id.0.contains('\0')) else {
        return Ok(None);
    };
    let Some(client) = clients::find(state.store.reader(), client).await? else {
        return Ok(None);
    };
    if LIMIT.exhausted(state, None, attempt.origin).await? {
        return Ok(None);
    }
    let redirect_uri: String = attempt
        .redirect_uri
        .as_deref()
        .unwrap_or_default()
        .replace('\0', "\u{fffd}")
        .chars()
        .take(LONGEST)
        .collect();
    let fingerprint = digest::digest(
        &digest::SHA256,
        format!("{}\n{redirect_uri}", reason.code).as_bytes(),
    );
    let now = state.now();
    let tx = state.store.begin().await?;
    LIMIT.note_in(&tx, state, None, attempt.origin).await?;
    let row = RefusedAuthorization {
        id: RefusedAuthorizationId(state.random.uuid()),
        client_id: client.id,
        fingerprint: TokenHash(fingerprint.as_ref().to_vec()),
        reason: reason.code.to_owned(),
        detail: reason.detail.to_owned(),
        redirect_uri,
        username: attempt
            .user
            .as_ref()
            .map_or_else(String::new, |user| user.username.clone()),
        count: 1,
        created_at: now,
        last_at: now,
    };
    let id = store::note(&tx, row).await?;
    commit(tx).await?;
    let failure = Failure {
        event: Event::AuthorizationRefused,
        user: attempt.user.as_ref(),
        data: BTreeMap::from([
            ("clientName".to_owned(), client.name),
            ("reason".to_owned(), reason.code.to_owned()),
        ]),
    };
    audit::note_failure(state, attempt.origin, failure).await;
    Ok(id)
}

fn not_found() -> ApiError {
    ApiError::not_found("Refused authorization")
}

/// A redirect URI as a callback URL that stands for nothing but itself.
fn literal_callback_url(client: &Client, refused: &RefusedAuthorization) -> Option<String> {
    if refused.reason != NOT_REGISTERED || client.client_type == ClientType::MetadataDocument {
        return None;
    }
    let url = &refused.redirect_uri;
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let stands_for_more = address.contains('*') || query.contains(['*', '?', '[', '\\']);
    if stands_for_more || url.chars().count() >= LONGEST {
        return None;
    }
    let parsed = url::Url::parse(url).ok()?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return None;
    }
    RedirectUri::parse(url).ok()?;
    // Escapes hide wildcards from whoever reads the URL, so the pattern itself is asked.
    let pattern = RedirectUriPattern::parse(url).ok()?;
    (pattern.is_literal() && pattern.matches(&parsed)).then(|| url.clone())
}

fn dto(client: &Client, refused: RefusedAuthorization) -> RefusedAuthorizationDto {
    let can_be_accepted = literal_callback_url(client, &refused).is_some();
    RefusedAuthorizationDto::new(refused, can_be_accepted)
}

/// The newest of a client.
pub async fn of_client(state: &AppState, id: &ClientId) -> Result<Vec<RefusedAuthorizationDto>, ApiError> {
    let reader = state.store.reader();
    let client = clients::find(reader, id)
        .await?
        .ok_or_else(|| ApiError::not_found("OIDC client"))?;
    let refused = store::of_client(reader, id).await?;
    Ok(refused.into_iter().map(|refused| dto(&client, refused)).collect())
}

/// One, with its client.
pub async fn find(state: &AppState, id: Option<RefusedAuthorizationId>) -> Result<MismatchDto, ApiError> {
    let reader = state.store.reader();
    let refused = store::find(reader, id.ok_or_else(not_found)?)
        .await?
        .ok_or_else(not_found)?;
    let client = clients::find(reader, &refused.client_id)
        .await?
        .ok_or_else(not_found)?;
    Ok(MismatchDto::new(dto(&client, refused), &client))
}

/// Registers the redirect URI of one.
pub async fn accept(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<RefusedAuthorizationId>,
) -> Result<(), ApiError> {
    let tx = state.store.begin().await?;
    let refused = store::find(&tx, id.ok_or_else(not_found)?)
        .await?
        .ok_or_else(not_found)?;
    let mut client = clients::lock(&tx, &refused.client_id)
        .await?
        .ok_or_else(not_found)?;
    let url = literal_callback_url(&client, &refused).ok_or_else(|| {
        ApiError::new(
            http::StatusCode::BAD_REQUEST,
            "validation_failed",
            "This URL cannot be registered from here; change the client's callback URLs instead",
        )
    })?;
    if !client.callback_urls.0.contains(&url) {
        client.callback_urls.0.push(url.clone());
        client.learns_callback_url = false;
        client.updated_at = Some(state.now());
        let data = [("clientName", client.name.clone()), ("callbackURL", url.clone())];
        clients::update(&tx, client.clone()).await?;
        audit::record_change(state, &tx, Event::ClientUpdated, by, None, data).await?;
    }
    store::forget(&tx, &client.id, &url).await?;
    Ok(commit(tx).await?)
}
