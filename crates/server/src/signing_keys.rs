//! The keys tokens are signed with: found where they are, made when they are missing, replaced on request.
//!
//! One active key is the *instance's*; it signs all that nobody wants otherwise. Each further algorithm a client asks
//! for gets an active key of its own when it is first needed. A replaced key stays in the key set, its public half
//! only, until everything signed with it has expired.
//!
//! All of them are rows of the database. What this process has read of it is good for a few seconds, and read again at
//! once when a token names a key that is not among it: so replicas and commands agree without telling each other.
//!
//! Private halves lie encrypted in those rows. That of the instance's key may lie in a file instead, as version 1
//! keeps it. A key found in either place keeps being used; only a new installation decides where a new one goes.

mod file;
mod rotation;
mod sealing;
mod settling;
mod snapshot;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use pocket_id_oidc::jose::{Algorithm, Jwk, KeyError, PrivateKey, Signer as _, UnverifiedJws};
use pocket_id_store::signing_keys::{self, SigningKey};
use pocket_id_store::types::{JsonDocument, SigningKeyId, SigningKeyRole, SigningKeyState, Timestamp};
use pocket_id_store::{Store, StoreError, commit, kv};
use sea_orm::ConnectionTrait;

use crate::clock::Clock;
use crate::config::{Config, KeyOrigin, KeyStorage};
use crate::http::error::ApiError;
use crate::random::Random;
pub use rotation::{PreviousKeys, Rotated, rotate};
use snapshot::Snapshot;

/// How long what was read counts as current, in milliseconds. A key made or replaced by another process is noticed
/// after no more than this.
const FRESH_MILLIS: i64 = 3_000;

/// Why there is no usable key.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeysError {
    /// The stored key does not open with this encryption key.
    #[error("the signing key cannot be decrypted: ENCRYPTION_KEY is not the one it was stored with")]
    WrongEncryptionKey,
    /// The server was started without any encryption key.
    #[error("no encryption key is configured")]
    NoEncryptionKey,
    /// The stored key is not a key.
    #[error("the stored signing key is unusable: {0}")]
    Unusable(#[from] KeyError),
    /// The key file cannot be read or written.
    #[error("signing key file {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The instance's key is in a file, and that is not in the folder for key files.
    #[error("the signing key {kid} is kept in a file, and that file is not in {folder}")]
    FileElsewhere {
        /// The key.
        kid: String,
        /// `KEYS_PATH`.
        folder: PathBuf,
    },
    /// There is an active key, and this process cannot open it; the log says why.
    #[error("the active signing key cannot be opened")]
    Unopened,
    /// Other processes kept making and replacing keys at the same time.
    #[error("the signing keys are being changed by another process; try again")]
    Contended,
    /// The process is stopping.
    #[error("making a signing key was interrupted")]
    Interrupted,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SigningKeysError> for ApiError {
    fn from(error: SigningKeysError) -> Self {
        Self::internal(error)
    }
}

/// The installation's signing keys.
pub struct SigningKeys {
    store: Store,
    clock: Clock,
    random: Random,
    kek: sealing::KeyEncryptionKey,
    folder: PathBuf,
    storage: Option<KeyStorage>,
    storage_of_new: KeyStorage,
    encryption_key_origin: KeyOrigin,
    snapshot: RwLock<Arc<Snapshot>>,
    reads_begun: AtomicU64,
    reading: tokio::sync::Mutex<()>,
    making: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeys").finish_non_exhaustive()
    }
}

/// The public keys tokens are checked with.
#[derive(Clone, Debug)]
pub struct PublishedKeys {
    snapshot: Arc<Snapshot>,
    now: Timestamp,
}

impl PublishedKeys {
    /// The keys, the instance's first.
    pub fn iter(&self) -> impl Iterator<Item = &Jwk> {
        self.snapshot.published(self.now)
    }
}

impl SigningKeys {
    /// Finds the instance's key, or makes one.
    pub async fn load_or_create(
        config: &Config,
        store: &Store,
        clock: &Clock,
        random: Random,
    ) -> Result<Self, SigningKeysError> {
        let keys = Self::unsettled(config, store, clock, random).await?;
        keys.settle().await?;
        Ok(keys)
    }

    async fn unsettled(
        config: &Config,
        store: &Store,
        clock: &Clock,
        random: Random,
    ) -> Result<Self, SigningKeysError> {
        let encryption_key = config
            .encryption_key
            .as_ref()
            .ok_or(SigningKeysError::NoEncryptionKey)?;
        let instance_id = instance_id(store, random).await?;
        Ok(Self {
            store: store.clone(),
            clock: clock.clone(),
            random,
            kek: sealing::key_encryption_key(encryption_key.expose(), &instance_id),
            folder: config.keys.path.clone(),
            storage: config.keys.storage,
            storage_of_new: config.storage_of_new_signing_key(),
            encryption_key_origin: encryption_key.origin(),
            snapshot: RwLock::default(),
            reads_begun: AtomicU64::new(0),
            reading: tokio::sync::Mutex::new(()),
            making: tokio::sync::Mutex::new(()),
        })
    }

    /// The key that signs with an algorithm, made if there is none yet; without one, the instance's.
    ///
    /// Not to be called while holding a transaction: a missing key is written in one of its own.
    pub async fn signer(&self, algorithm: Option<Algorithm>) -> Result<Arc<PrivateKey>, SigningKeysError> {
        let snapshot = self.current(self.store.reader()).await?;
        match (snapshot.signer(algorithm), algorithm) {
            (Some(key), _) => Ok(key),
            (None, Some(algorithm)) => self.ensure(algorithm).await,
            (None, None) => self
                .fresh(self.store.reader())
                .await?
                .signer(None)
                .ok_or(SigningKeysError::Unopened),
        }
    }

    /// Makes the key of an algorithm unless there is one. Of all processes that do so at once, one makes it and the
    /// others take it. Not to be called while holding a transaction.
    pub async fn ensure(&self, algorithm: Algorithm) -> Result<Arc<PrivateKey>, SigningKeysError> {
        // A large RSA key takes seconds: in this process one request makes it and the others wait.
        let _turn = self.making.lock().await;
        for _ in 0..3 {
            let snapshot = self.fresh(self.store.reader()).await?;
            if let Some(key) = snapshot.signer(Some(algorithm)) {
                return Ok(key);
            }
            if snapshot.has_active(algorithm) {
                return Err(SigningKeysError::Unopened);
            }
            let key = self.generate(algorithm).await?;
            let row = self.row(&key, SigningKeyRole::Client, KeyStorage::Database)?;
            let tx = self.store.begin().await?;
            let won = signing_keys::insert_active(&tx, row).await?;
            commit(tx).await?;
            if won {
                tracing::info!(kid = kid(&key), alg = %algorithm, "a signing key has been made for clients that ask for it");
            }
        }
        Err(SigningKeysError::Contended)
    }

    /// Makes the keys a client asks for, so that they are published before it meets a token signed with them. One that
    /// cannot be made now is made when it is needed. Not to be called while holding a transaction.
    pub async fn prepare(&self, algorithms: [Option<&str>; 2]) {
        for algorithm in algorithms.into_iter().flatten() {
            let Ok(algorithm) = algorithm.parse() else {
                continue;
            };
            if let Err(error) = self.signer(Some(algorithm)).await {
                tracing::error!(alg = %algorithm, error = %error, "the key a client asks for could not be made");
            }
        }
    }

    /// The algorithm of the instance's key.
    pub async fn default_algorithm(&self) -> Result<Algorithm, SigningKeysError> {
        Ok(self.signer(None).await?.algorithm())
    }

    /// The public keys of the key set, as the database has them now.
    pub async fn published(&self) -> Result<PublishedKeys, SigningKeysError> {
        Ok(self.publish(self.fresh(self.store.reader()).await?))
    }

    /// The public keys a token of ours can be checked with, read through `connection` if need be.
    pub async fn keys_for(
        &self,
        connection: &impl ConnectionTrait,
        token: &str,
    ) -> Result<PublishedKeys, StoreError> {
        let mut snapshot = self.current(connection).await?;
        let key_id = UnverifiedJws::parse(token).ok().and_then(|token| token.key_id);
        if key_id.is_some_and(|kid| !snapshot.knows(&kid)) {
            snapshot = self.fresh(connection).await?;
        }
        Ok(self.publish(snapshot))
    }

    fn publish(&self, snapshot: Arc<Snapshot>) -> PublishedKeys {
        PublishedKeys {
            snapshot,
            now: self.clock.now(),
        }
    }

    /// What was read last, if that is not too long ago or somebody is just reading it again.
    async fn current(&self, connection: &impl ConnectionTrait) -> Result<Arc<Snapshot>, StoreError> {
        let snapshot = self.last_read();
        if snapshot.is_of(self.clock.now(), FRESH_MILLIS) {
            return Ok(snapshot);
        }
        // Nobody waits for another's read: who waits while holding a connection could wait for that very connection.
        match self.reading.try_lock() {
            Err(_) if snapshot.number() > 0 => Ok(snapshot),
            _turn => self.fresh(connection).await,
        }
    }

    /// What the database says now.
    async fn fresh(&self, connection: &impl ConnectionTrait) -> Result<Arc<Snapshot>, StoreError> {
        let number = self.reads_begun.fetch_add(1, Ordering::SeqCst) + 1;
        let read_at = self.clock.now();
        let rows = signing_keys::all(connection).await?;
        let snapshot = Arc::new(self.load(rows, &self.last_read(), number, read_at));
        let mut last = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        if last.number() < number {
            *last = Arc::clone(&snapshot);
        }
        Ok(snapshot)
    }

    fn last_read(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new key. Finding the primes of a large one takes long, so it is done where it holds up nobody.
    async fn generate(&self, algorithm: Algorithm) -> Result<Arc<PrivateKey>, SigningKeysError> {
        let key_id = self.random.bytes();
        let key = tokio::task::spawn_blocking(move || PrivateKey::generate(algorithm, key_id))
            .await
            .map_err(|_| SigningKeysError::Interrupted)??;
        Ok(Arc::new(key))
    }

    /// The row of a new active key.
    fn row(
        &self,
        key: &PrivateKey,
        role: SigningKeyRole,
        storage: KeyStorage,
    ) -> Result<SigningKey, SigningKeysError> {
        let public = serde_json::to_value(key.public_jwk()).map_err(|_| KeyError::Malformed)?;
        let private = match storage {
            KeyStorage::File => None,
            KeyStorage::Database => Some(
                self.kek
                    .seal(key.to_jwk()?.as_bytes(), self.random)
                    .ok_or(KeyError::Refused)?,
            ),
        };
        Ok(SigningKey {
            id: SigningKeyId(self.random.uuid()),
            kid: kid(key).to_owned(),
            algorithm: algorithm_name(key).to_owned(),
            public_jwk: JsonDocument(public),
            private_jwk_encrypted: private,
            role,
            state: SigningKeyState::Active,
            created_at: self.clock.now(),
            retires_at: None,
        })
    }
}

fn kid(key: &PrivateKey) -> &str {
    key.key_id()
}

fn algorithm_name(key: &PrivateKey) -> &'static str {
    key.algorithm().as_str()
}

/// This installation's identity, made once.
async fn instance_id(store: &Store, random: Random) -> Result<String, StoreError> {
    if let Some(id) = kv::get(store.reader(), "instance_id")
        .await?
        .filter(|id| !id.is_empty())
    {
        return Ok(id);
    }
    let tx = store.begin().await?;
    let id = kv::get_or_insert(&tx, "instance_id", &random.uuid().to_string()).await?;
    commit(tx).await?;
    Ok(id)
}
