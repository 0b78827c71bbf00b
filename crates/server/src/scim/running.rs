//! One run: what is here is made so at the app, people first, for groups are made of them.

use std::collections::HashMap;

use pocket_id_store::scim::{self as store, ScimProvider, ScimResource, Scope};
use pocket_id_store::types::{ScimKind, ScimOrigin, ScimProviderId, Timestamp};
use pocket_id_store::{StoreError, StoreResult, commit};
use url::Url;
use uuid::Uuid;

use super::local;
use super::plan::{Creation, Plan, Removal, Replacement, Resource, Wanted, plan};
use super::remote::{Remote, RemoteError};
use crate::encrypted_text::{EncryptedTextError, TextKey};
use crate::outbound::FetchError;
use crate::state::AppState;

/// How long a run counts as alive after it was last heard of, in seconds. Longer than the slowest single step.
pub const LEASE_SECONDS: i64 = 10 * 60;
/// Seconds after which it lets itself be heard of.
const HEARTBEAT_SECONDS: i64 = 60;
/// Resources after which it writes down what it has done.
const AT_ONCE: usize = 100;
/// Requests in a row the app does not answer before a run gives up.
const MOST_SILENCES: u32 = 3;
/// Failures that are named.
const NAMED: usize = 10;

/// Why a run did not bring everything over. The texts are for administrators.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Somebody else has the provider now, or nobody.
    #[error("it was changed meanwhile, or another run took over")]
    Lost,
    /// The stored token cannot be read.
    #[error("the stored token cannot be used; enter it again ({0})")]
    Token(#[from] EncryptedTextError),
    /// The stored endpoint is none.
    #[error("the endpoint is no address")]
    Endpoint,
    /// What the app has is not known, so nothing was done.
    #[error("the {} could not be listed: {error}", plural(*kind))]
    List {
        /// What was to be listed.
        kind: ScimKind,
        /// Why not.
        error: RemoteError,
    },
    /// Some things failed; the others were done.
    #[error("{}", named(.0))]
    Some(Vec<String>),
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] StoreError),
}

fn plural(kind: ScimKind) -> &'static str {
    match kind {
        ScimKind::User => "users",
        ScimKind::Group => "groups",
    }
}

fn named(failures: &[String]) -> String {
    let text = failures
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("; ");
    match failures.len().checked_sub(NAMED) {
        Some(more) if more > 0 => format!("{text}; and {more} more"),
        _ => text,
    }
}

/// How much was done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// Resources made.
    pub created: u64,
    /// Resources changed.
    pub replaced: u64,
    /// Resources deleted, or left without life.
    pub removed: u64,
}

/// Whose run it is.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// What is told.
    pub provider: ScimProviderId,
    /// Proof of being the one.
    pub id: Uuid,
}

struct Run<'a> {
    state: &'a AppState,
    remote: Remote<'a>,
    lease: Lease,
    heard_at: Timestamp,
    /// What is to be written down.
    learned: Vec<ScimResource>,
    forgotten: Vec<(ScimKind, Uuid)>,
    failures: Vec<String>,
    silences: u32,
    done: Done,
}

/// Makes the app have what it is to have.
pub async fn run(state: &AppState, provider: &ScimProvider, lease: Lease) -> (Done, Result<(), RunError>) {
    let token = match &provider.sealed_token {
        None => None,
        Some(sealed) => match TextKey::of(&state.config).and_then(|key| key.open(sealed)) {
            Ok(token) => Some(token),
            Err(error) => return (Done::default(), Err(error.into())),
        },
    };
    let Ok(base) = Url::parse(&provider.endpoint) else {
        return (Done::default(), Err(RunError::Endpoint));
    };
    let mut run = Run {
        state,
        remote: Remote::new(state, base, token),
        lease,
        heard_at: state.now(),
        learned: Vec::new(),
        forgotten: Vec::new(),
        failures: Vec::new(),
        silences: 0,
        done: Done::default(),
    };
    let mut result = run.all(provider).await;
    if let Err(error) = run.write_down().await
        && result.is_ok()
    {
        result = Err(error);
    }
    (run.done, result)
}

impl Run<'_> {
    async fn all(&mut self, provider: &ScimProvider) -> Result<(), RunError> {
        let settings = self.state.settings().await?;
        // Everything here is read before the first request, and no connection is held from then on.
        let scope: Scope = store::scope(&self.state.store, &provider.oidc_client_id)
            .await?
            .ok_or(RunError::Lost)?;
        let known = store::resources(self.state.store.reader(), provider.id).await?;
        let users = self.list(ScimKind::User).await?;
        let groups = self.list(ScimKind::Group).await?;
        let at_app = self
            .bring(ScimKind::User, &local::users(&scope, &settings), &users, &known)
            .await?;
        self.bring(ScimKind::Group, &local::groups(&scope, &at_app), &groups, &known)
            .await?;
        if self.failures.is_empty() {
            Ok(())
        } else {
            Err(RunError::Some(std::mem::take(&mut self.failures)))
        }
    }

    async fn list(&mut self, kind: ScimKind) -> Result<Vec<Resource>, RunError> {
        let found = self.remote.list(kind).await;
        self.write_down().await?;
        found.map_err(|error| RunError::List { kind, error })
    }

    /// Carries out the plan for a kind of resources; what the app then has for ours.
    async fn bring(
        &mut self,
        kind: ScimKind,
        wanted: &[Wanted],
        there: &[Resource],
        known: &[ScimResource],
    ) -> Result<HashMap<Uuid, String>, RunError> {
        let Plan {
            removals,
            replacements,
            creations,
            refusals,
            mut at_app,
            forgotten,
        } = plan(kind, wanted, there, known);
        self.forgotten.extend(forgotten.into_iter().map(|id| (kind, id)));
        for refusal in refusals {
            self.failures
                .push(format!("{kind} {}: {}", refusal.name, refusal.reason));
        }
        for removal in removals {
            self.remove(kind, removal).await?;
        }
        for replacement in replacements {
            self.replace(kind, replacement).await?;
        }
        // Whatever becomes of this run, the next one knows by these whose the new ones are.
        self.learned.extend(creations.iter().map(|creation| ScimResource {
            provider_id: self.lease.provider,
            kind,
            local_id: creation.id,
            remote_id: None,
            remote_name: creation.name.clone(),
            origin: ScimOrigin::Created,
            sent_hash: None,
            seen_hash: None,
        }));
        self.write_down().await?;
        for creation in creations {
            let id = creation.id;
            if let Some(remote_id) = self.create(kind, creation).await? {
                at_app.insert(id, remote_id);
            }
        }
        self.write_down().await?;
        Ok(at_app)
    }

    async fn remove(&mut self, kind: ScimKind, removal: Removal) -> Result<(), RunError> {
        self.keep_alive().await?;
        let name = removal.name().to_owned();
        let (result, gone) = match removal {
            Removal::Delete { id, remote_id, .. } => (self.remote.delete(kind, &remote_id).await, Some(id)),
            Removal::Release { remote_id, body, .. } => {
                (self.remote.replace(kind, &remote_id, &body).await, None)
            }
        };
        if self.went_well(kind, &name, &result)? {
            self.done.removed += 1;
            self.forgotten.extend(gone.map(|id| (kind, id)));
        }
        Ok(())
    }

    async fn replace(&mut self, kind: ScimKind, what: Replacement) -> Result<(), RunError> {
        self.keep_alive().await?;
        let result = self.remote.replace(kind, &what.remote_id, &what.body).await;
        if self.went_well(kind, &what.name, &result)? {
            self.done.replaced += 1;
            self.learned.push(ScimResource {
                provider_id: self.lease.provider,
                kind,
                local_id: what.id,
                remote_id: Some(what.remote_id),
                remote_name: what.name,
                origin: what.origin,
                sent_hash: Some(what.sent_hash),
                seen_hash: Some(what.seen_hash),
            });
        }
        Ok(())
    }

    async fn create(&mut self, kind: ScimKind, what: Creation) -> Result<Option<String>, RunError> {
        self.keep_alive().await?;
        let result = self.remote.create(kind, &what.body).await;
        if let Err(RemoteError::Status {
            status: 400..=499, ..
        }) = result
        {
            // It was not made: what may appear under its identifier later is not of our making.
            self.forgotten.push((kind, what.id));
        }
        if !self.went_well(kind, &what.name, &result)? {
            return Ok(None);
        }
        let remote_id = result.ok();
        self.done.created += 1;
        self.learned.push(ScimResource {
            provider_id: self.lease.provider,
            kind,
            local_id: what.id,
            remote_id: remote_id.clone(),
            remote_name: what.name,
            origin: ScimOrigin::Created,
            sent_hash: Some(what.sent_hash),
            seen_hash: None,
        });
        Ok(remote_id)
    }

    /// Notes a failure. One that says nothing answers any more ends the run.
    fn went_well<T>(
        &mut self,
        kind: ScimKind,
        name: &str,
        result: &Result<T, RemoteError>,
    ) -> Result<bool, RunError> {
        let Err(error) = result else {
            self.silences = 0;
            return Ok(true);
        };
        self.failures.push(format!("{kind} {name}: {error}"));
        match error {
            RemoteError::Fetch(FetchError::Unreachable | FetchError::Timeout) => self.silences += 1,
            _ => self.silences = 0,
        }
        if self.silences >= MOST_SILENCES {
            self.failures.push("the app does not answer any more".to_owned());
            return Err(RunError::Some(std::mem::take(&mut self.failures)));
        }
        Ok(false)
    }

    async fn keep_alive(&mut self) -> Result<(), RunError> {
        let due = self.heard_at.plus_seconds(HEARTBEAT_SECONDS) <= self.state.now();
        if due || self.learned.len() + self.forgotten.len() >= AT_ONCE {
            self.write_down().await?;
        }
        Ok(())
    }

    /// Writes down what was learned, if this still is the one run.
    async fn write_down(&mut self) -> Result<(), RunError> {
        let now = self.state.now();
        let Lease { provider, id } = self.lease;
        let tx = self.state.store.begin().await?;
        if !store::renew(&tx, provider, id, now.plus_seconds(LEASE_SECONDS)).await? {
            return Err(RunError::Lost);
        }
        for kind in [ScimKind::User, ScimKind::Group] {
            let ids: Vec<Uuid> = self
                .forgotten
                .iter()
                .filter(|(of, _)| *of == kind)
                .map(|(_, id)| *id)
                .collect();
            store::forget_resources(&tx, provider, kind, &ids).await?;
        }
        store::save_resources(&tx, &self.learned).await?;
        commit(tx).await?;
        self.learned.clear();
        self.forgotten.clear();
        self.heard_at = now;
        Ok(())
    }
}

/// Notes how a run went.
pub async fn settle(
    state: &AppState,
    lease: Lease,
    began_at: Timestamp,
    result: &Result<(), RunError>,
) -> StoreResult<()> {
    let error = result.as_ref().err().map(RunError::to_string);
    let tx = state.store.begin().await?;
    store::settle(&tx, lease.provider, lease.id, began_at, error, state.now()).await?;
    commit(tx).await
}
