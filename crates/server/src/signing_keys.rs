//! The key tokens are signed with: found where it is, made when there is none.
//!
//! It lives encrypted in the database, or in a file as version 1 keeps it. A key found in either place keeps
//! being used; only a new installation decides where a new one goes.

mod file;
mod sealing;

use pocket_id_oidc::jose::{Algorithm, Jwk, KeyError, PrivateKey, Signer as _};
use pocket_id_store::signing_keys::{self, SigningKey};
use pocket_id_store::types::{JsonDocument, SigningKeyId, SigningKeyState};
use pocket_id_store::{Store, StoreError, commit, kv};

use crate::clock::Clock;
use crate::config::{Config, KeyStorage};
use crate::random::Random;

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
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The installation's signing keys.
#[derive(Debug)]
pub struct SigningKeys {
    active: PrivateKey,
    published: Vec<Jwk>,
}

impl SigningKeys {
    /// The key that signs new tokens.
    pub fn active(&self) -> &PrivateKey {
        &self.active
    }

    /// The public keys of the key set.
    pub fn published(&self) -> &[Jwk] {
        &self.published
    }

    /// Finds the key, or makes one.
    pub async fn load_or_create(
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
        let kek = sealing::key_encryption_key(encryption_key.expose(), &instance_id);

        let in_file = file::read(&config.keys.path, &kek)?;
        let in_database = from_database(store, clock, &kek).await?;
        let found = match (config.keys.storage, in_database, in_file) {
            (Some(KeyStorage::File), _, Some(key)) | (_, Some(key), _) | (_, None, Some(key)) => Some(key),
            (_, None, None) => None,
        };
        let active = match found {
            Some(key) => key,
            None => create(config, store, clock, random, &kek).await?,
        };
        Ok(Self {
            published: vec![active.public_jwk()],
            active,
        })
    }
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

async fn from_database(
    store: &Store,
    clock: &Clock,
    kek: &sealing::KeyEncryptionKey,
) -> Result<Option<PrivateKey>, SigningKeysError> {
    let rows = signing_keys::published(store.reader(), clock.now()).await?;
    let active = rows
        .into_iter()
        .rev()
        .find(|row| row.state == SigningKeyState::Active);
    let Some(sealed) = active.and_then(|row| row.private_jwk_encrypted) else {
        return Ok(None);
    };
    let jwk = kek.open(&sealed).ok_or(SigningKeysError::WrongEncryptionKey)?;
    Ok(Some(PrivateKey::from_jwk(&jwk)?))
}

async fn create(
    config: &Config,
    store: &Store,
    clock: &Clock,
    random: Random,
    kek: &sealing::KeyEncryptionKey,
) -> Result<PrivateKey, SigningKeysError> {
    let key = PrivateKey::generate(Algorithm::Rs256, random.bytes())?;
    tracing::info!(kid = key.key_id(), "a new signing key has been made");
    if config.storage_of_new_signing_key() == KeyStorage::File {
        let sealed = match config
            .encryption_key
            .as_ref()
            .map(crate::config::EncryptionKey::origin)
        {
            Some(crate::config::KeyOrigin::Configured) => Some((kek, random)),
            // The generated encryption key lies in the same folder; encrypting with it would protect nothing.
            _ => None,
        };
        file::write(&config.keys.path, &key.to_jwk()?, sealed)?;
        return Ok(key);
    }
    let tx = store.begin().await?;
    // Of replicas that start at once on an empty database, one makes the key and the others take it.
    if kv::get_or_insert(&tx, "first_signing_key", key.key_id()).await? != key.key_id() {
        drop(tx);
        return from_database(store, clock, kek)
            .await?
            .ok_or_else(|| StoreError::MissingReference("first_signing_key".to_owned()).into());
    }
    let public = serde_json::to_value(key.public_jwk()).map_err(|_| KeyError::Malformed)?;
    signing_keys::insert(
        &tx,
        SigningKey {
            id: SigningKeyId(random.uuid()),
            kid: key.key_id().to_owned(),
            algorithm: key.algorithm().as_str().to_owned(),
            public_jwk: JsonDocument(public),
            private_jwk_encrypted: Some(
                kek.seal(key.to_jwk()?.as_bytes(), random)
                    .ok_or(KeyError::Refused)?,
            ),
            state: SigningKeyState::Active,
            created_at: clock.now(),
            retires_at: None,
        },
    )
    .await?;
    commit(tx).await?;
    Ok(key)
}
