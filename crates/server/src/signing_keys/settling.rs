//! At start: which key is the instance's.

use pocket_id_oidc::jose::{Algorithm, PrivateKey};
use pocket_id_store::commit;
use pocket_id_store::signing_keys::{self, Replaced, SigningKey};
use pocket_id_store::types::{SigningKeyRole, SigningKeyState};

use super::file::{self, Existing, Written};
use super::{SigningKeys, SigningKeysError, algorithm_name, kid};
use crate::config::KeyStorage;

/// The algorithm of the first key.
const FIRST: Algorithm = Algorithm::Rs256;

/// What is to be done about the instance's key.
enum Verdict {
    /// It is there and can be used.
    Settled,
    /// The key in the file is it from now on.
    Adopt(PrivateKey),
    /// There is none, or it is lost.
    Make {
        /// The key file there is belongs to a replaced key.
        file: Existing,
        /// There is a row of the lost one.
        lost: bool,
    },
}

impl SigningKeys {
    /// Makes sure that there is an instance key this process can sign with.
    ///
    /// # Errors
    /// A key that is there and cannot be decrypted is never a reason to make another.
    pub(super) async fn settle(&self) -> Result<(), SigningKeysError> {
        for _ in 0..3 {
            let rows = signing_keys::all(self.store.reader()).await?;
            match self.judge(&rows)? {
                Verdict::Settled => {
                    self.fresh(self.store.reader()).await?;
                    return Ok(());
                }
                Verdict::Adopt(key) => {
                    tracing::info!(kid = kid(&key), "the signing key is the one of the key file");
                    let replaced = Replaced::By {
                        kid: kid(&key),
                        algorithm: algorithm_name(&key),
                    };
                    self.install(&key, KeyStorage::File, replaced).await?;
                }
                Verdict::Make { file, lost } => self.make_first(file, lost).await?,
            }
        }
        Err(SigningKeysError::Contended)
    }

    fn judge(&self, rows: &[SigningKey]) -> Result<Verdict, SigningKeysError> {
        let instance = rows
            .iter()
            .find(|row| row.state == SigningKeyState::Active && row.role == SigningKeyRole::Instance);
        let sealed = instance.filter(|row| row.private_jwk_encrypted.is_some());
        if let Some(row) = sealed {
            self.open(row)?;
            if self.storage != Some(KeyStorage::File) {
                return Ok(Verdict::Settled);
            }
        }
        let in_file = file::read(&self.folder, &self.kek)?;
        let existing = match &in_file {
            Some(_) => Existing::Replaced,
            None => Existing::Kept,
        };
        Ok(match in_file {
            Some(key) if instance.is_some_and(|row| row.kid == kid(&key)) => Verdict::Settled,
            // A key that was replaced is not taken back.
            Some(key) if !rows.iter().any(|row| row.kid == kid(&key)) => Verdict::Adopt(key),
            _ if sealed.is_some() => Verdict::Settled,
            _ => {
                if let Some(row) = instance {
                    tracing::warn!(
                        kid = row.kid,
                        folder = %self.folder.display(),
                        "the file of the signing key is gone; a new key is made"
                    );
                }
                Verdict::Make {
                    file: existing,
                    lost: instance.is_some(),
                }
            }
        })
    }

    async fn make_first(&self, existing: Existing, lost: bool) -> Result<(), SigningKeysError> {
        let key = self.generate(FIRST).await?;
        if self.storage_of_new == KeyStorage::File {
            let seal = self.file_seal();
            if file::write(&self.folder, &key.to_jwk()?, seal, existing)? == Written::AnotherIsThere {
                // Another process was faster; its key is looked at in the next round.
                return Ok(());
            }
        }
        tracing::info!(kid = kid(&key), "a new signing key has been made");
        let replaced = if lost {
            Replaced::By {
                kid: kid(&key),
                algorithm: algorithm_name(&key),
            }
        } else {
            Replaced::OfClients(algorithm_name(&key))
        };
        self.install(&key, self.storage_of_new, replaced).await
    }

    /// Makes a key the instance's. If another process has just done so with its own, that one stays.
    async fn install(
        &self,
        key: &PrivateKey,
        storage: KeyStorage,
        replaced: Replaced<'_>,
    ) -> Result<(), SigningKeysError> {
        let row = self.row(key, SigningKeyRole::Instance, storage)?;
        let tx = self.store.begin().await?;
        let retires_at = self.last_use(&tx).await?;
        signing_keys::retire(&tx, replaced, retires_at).await?;
        signing_keys::insert_active(&tx, row).await?;
        Ok(commit(tx).await?)
    }
}
