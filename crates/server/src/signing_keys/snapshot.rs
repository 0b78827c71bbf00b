//! The keys as they were at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use pocket_id_oidc::jose::{Algorithm, Jwk, PrivateKey, Signer as _};
use pocket_id_store::signing_keys::SigningKey;
use pocket_id_store::types::{SigningKeyRole, SigningKeyState, Timestamp};

use super::{SigningKeys, SigningKeysError, file};

/// What one read found.
#[derive(Debug, Default)]
pub struct Snapshot {
    number: u64,
    read_at: Option<Timestamp>,
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    kid: String,
    public: Jwk,
    role: SigningKeyRole,
    state: SigningKeyState,
    retires_at: Option<Timestamp>,
    /// None of a retired key, and of one that this process cannot open.
    private: Option<Arc<PrivateKey>>,
}

impl Snapshot {
    /// Which read this was, counted from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether it was taken no longer ago than `millis`.
    pub fn is_of(&self, now: Timestamp, millis: i64) -> bool {
        self.read_at
            .is_some_and(|at| at <= now && now < at.plus_millis(millis))
    }

    /// Whether a key is among these.
    pub fn knows(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid == kid)
    }

    /// The active key of an algorithm, or the instance's.
    pub fn signer(&self, algorithm: Option<Algorithm>) -> Option<Arc<PrivateKey>> {
        self.keys
            .iter()
            .filter(|key| key.state == SigningKeyState::Active)
            .filter(|key| algorithm.is_some() || key.role == SigningKeyRole::Instance)
            .filter_map(|key| key.private.as_ref())
            .find(|key| algorithm.is_none_or(|algorithm| key.algorithm() == algorithm))
            .map(Arc::clone)
    }

    /// Whether an algorithm has an active key, usable or not.
    pub fn has_active(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|key| {
            key.state == SigningKeyState::Active && key.public.alg.as_deref() == Some(algorithm.as_str())
        })
    }

    /// The public halves of the active keys and of those whose tokens may still be around.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &Jwk> {
        self.keys
            .iter()
            .filter(move |key| {
                key.state == SigningKeyState::Active || key.retires_at.is_some_and(|until| now < until)
            })
            .map(|key| &key.public)
    }

    fn private_keys(&self) -> BTreeMap<&str, &Arc<PrivateKey>> {
        self.keys
            .iter()
            .filter_map(|key| Some((key.kid.as_str(), key.private.as_ref()?)))
            .collect()
    }
}

impl SigningKeys {
    /// Makes keys of rows. Those opened before are taken over; one that cannot be opened is logged and signs nothing,
    /// which is no reason to refuse what others have signed.
    pub(super) fn load(
        &self,
        rows: Vec<SigningKey>,
        before: &Snapshot,
        number: u64,
        read_at: Timestamp,
    ) -> Snapshot {
        let known = before.private_keys();
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let Ok(public) = serde_json::from_value(row.public_jwk.0.clone()) else {
                tracing::error!(kid = row.kid, "a stored public key is not a JWK");
                continue;
            };
            let private = match (row.state, known.get(row.kid.as_str())) {
                (SigningKeyState::Retired, _) => None,
                (SigningKeyState::Active, Some(key)) => Some(Arc::clone(key)),
                (SigningKeyState::Active, None) => match self.open(&row) {
                    Ok(key) => Some(Arc::new(key)),
                    Err(error) => {
                        tracing::error!(kid = row.kid, error = %error, "a signing key cannot be used");
                        None
                    }
                },
            };
            keys.push(Key {
                kid: row.kid,
                public,
                role: row.role,
                state: row.state,
                retires_at: row.retires_at,
                private,
            });
        }
        Snapshot {
            number,
            read_at: Some(read_at),
            keys,
        }
    }

    /// The private half of an active key, out of its row or its file.
    pub(super) fn open(&self, row: &SigningKey) -> Result<PrivateKey, SigningKeysError> {
        let Some(sealed) = &row.private_jwk_encrypted else {
            return file::read(&self.folder, &self.kek)?
                .filter(|key| key.key_id() == row.kid)
                .ok_or_else(|| SigningKeysError::FileElsewhere {
                    kid: row.kid.clone(),
                    folder: self.folder.clone(),
                });
        };
        let jwk = self
            .kek
            .open(sealed)
            .ok_or(SigningKeysError::WrongEncryptionKey)?;
        Ok(PrivateKey::from_jwk(&jwk)?)
    }
}
