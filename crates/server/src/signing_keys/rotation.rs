//! Replacing the keys, and how long the replaced ones are still needed.

use pocket_id_oidc::id_token;
use pocket_id_oidc::jose::Algorithm;
use pocket_id_store::signing_keys::{self, Replaced};
use pocket_id_store::types::{SigningKeyRole, SigningKeyState, Timestamp};
use pocket_id_store::{StoreResult, Tx, commit};

use super::file::{self, Existing};
use super::{SigningKeys, SigningKeysError, kid};
use crate::clock::Clock;
use crate::config::{Config, KeyOrigin, KeyStorage};
use crate::random::Random;
use crate::start::{StartError, open_store_beside};

/// What becomes of tokens signed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviousKeys {
    /// They stay valid until they expire: the keys remain in the key set until then.
    KeptUntilUnused,
    /// They are void at once.
    Revoked,
}

/// A replacement that took place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The new instance key.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// How many keys it took the place of.
    pub replaced: u64,
    /// Until when the previous keys remain in the key set.
    pub previous_until: Option<Timestamp>,
}

/// How much longer than its tokens a key is kept, in seconds: for replicas that have not noticed its replacement yet,
/// and for clocks that are not right.
const MARGIN: i64 = 60;

/// Replaces the keys of an installation, whether its servers are running or not.
///
/// # Errors
/// When the database cannot be opened or the present key cannot. The latter is of no matter if it is to be revoked.
pub async fn rotate(
    config: &Config,
    clock: &Clock,
    algorithm: Algorithm,
    previous: PreviousKeys,
) -> Result<Rotated, StartError> {
    let store = open_store_beside(config).await?;
    let keys = SigningKeys::unsettled(config, &store, clock, Random).await?;
    let rotated = keys.rotate(algorithm, previous).await;
    store.close().await?;
    Ok(rotated?)
}

impl SigningKeys {
    /// Makes a new instance key, and new ones for the other algorithms clients ask for; no key of before signs
    /// anything from then on.
    pub async fn rotate(
        &self,
        algorithm: Algorithm,
        previous: PreviousKeys,
    ) -> Result<Rotated, SigningKeysError> {
        let rows = signing_keys::all(self.store.reader()).await?;
        let instance = rows
            .iter()
            .find(|row| row.state == SigningKeyState::Active && row.role == SigningKeyRole::Instance);
        if let Some(row) = instance.filter(|_| previous == PreviousKeys::KeptUntilUnused) {
            // Whoever cannot open the present key would lock the new one away from the servers.
            self.open(row)?;
        }
        let was_in = instance.map(|row| match row.private_jwk_encrypted {
            Some(_) => KeyStorage::Database,
            None => KeyStorage::File,
        });
        let storage = self.storage.or(was_in).unwrap_or(self.storage_of_new);

        let key = self.generate(algorithm).await?;
        let row = self.row(&key, SigningKeyRole::Instance, storage)?;
        let mut of_clients = Vec::new();
        for name in signing_keys::algorithms_clients_ask_for(self.store.reader()).await? {
            if let Some(other) = name.parse().ok().filter(|other| *other != algorithm) {
                let key = self.generate(other).await?;
                of_clients.push(self.row(&key, SigningKeyRole::Client, KeyStorage::Database)?);
            }
        }

        let tx = self.store.begin().await?;
        let (replaced, previous_until) = match previous {
            PreviousKeys::KeptUntilUnused => {
                let until = self.last_use(&tx).await?;
                let retired = signing_keys::retire(&tx, Replaced::All, until).await?;
                (retired, (retired > 0).then_some(until))
            }
            PreviousKeys::Revoked => (signing_keys::delete_all(&tx).await?, None),
        };
        if !signing_keys::insert_active(&tx, row).await? {
            return Err(SigningKeysError::Contended);
        }
        for row in of_clients {
            // One that is there already has been made this very moment.
            signing_keys::insert_active(&tx, row).await?;
        }
        if storage == KeyStorage::File {
            // Before the commit: a file the database does not know yet is adopted at the next start, but a file that
            // is missing would be a lost key.
            file::write(&self.folder, &key.to_jwk()?, self.file_seal(), Existing::Replaced)?;
        }
        commit(tx).await?;
        if storage == KeyStorage::Database && was_in == Some(KeyStorage::File) {
            file::remove(&self.folder)?;
        }
        tracing::info!(kid = kid(&key), alg = %algorithm, "the signing key has been replaced");
        Ok(Rotated {
            kid: kid(&key).to_owned(),
            algorithm,
            replaced,
            previous_until,
        })
    }

    /// The latest moment at which something signed with the present keys can still be valid.
    pub(super) async fn last_use(&self, tx: &Tx) -> StoreResult<Timestamp> {
        let now = self.clock.now();
        let mut last = now.plus_seconds(id_token::LIFETIME);
        if let Some(minutes) = signing_keys::longest_access_token_minutes(tx).await? {
            last = last.max(now.plus_minutes(minutes.into()));
        }
        // Lifetimes may have been longer when a token was made, and its client may be gone.
        if let Some(ends_at) = signing_keys::last_access_token_ends_at(tx).await? {
            last = last.max(ends_at);
        }
        Ok(last.plus_seconds(MARGIN))
    }

    /// What a key file is sealed with.
    pub(super) fn file_seal(&self) -> Option<file::Seal<'_>> {
        match self.encryption_key_origin {
            KeyOrigin::Configured => Some((&self.kek, self.random)),
            // The generated encryption key lies in the same folder; encrypting with it would protect nothing.
            KeyOrigin::Generated => None,
        }
    }
}
