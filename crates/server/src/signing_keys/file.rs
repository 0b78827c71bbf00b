//! The signing key in a file: `jwt_private_key.json`, or sealed in `jwt_private_key.json.enc`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pocket_id_oidc::jose::PrivateKey;
use zeroize::Zeroizing;

use super::SigningKeysError;
use super::sealing::KeyEncryptionKey;
use crate::random::Random;

const PLAIN: &str = "jwt_private_key.json";
const SEALED: &str = "jwt_private_key.json.enc";

/// The key in a folder, the sealed one first.
pub fn read(folder: &Path, kek: &KeyEncryptionKey) -> Result<Option<PrivateKey>, SigningKeysError> {
    if let Some(text) = contents(&folder.join(SEALED))? {
        let blob = STANDARD
            .decode(text.trim())
            .map_err(|_| SigningKeysError::WrongEncryptionKey)?;
        let jwk = kek.open(&blob).ok_or(SigningKeysError::WrongEncryptionKey)?;
        return Ok(Some(PrivateKey::from_jwk(&jwk)?));
    }
    match contents(&folder.join(PLAIN))? {
        Some(jwk) => Ok(Some(PrivateKey::from_jwk(&jwk)?)),
        None => Ok(None),
    }
}

fn contents(path: &Path) -> Result<Option<Zeroizing<String>>, SigningKeysError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SigningKeysError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

/// What a file is sealed with.
pub type Seal<'k> = (&'k KeyEncryptionKey, Random);

/// What becomes of a key file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Kept,
    /// The new one takes its place.
    Replaced,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The key is in the file.
    Done,
    /// There is a file already.
    AnotherIsThere,
}

/// Writes a key, sealed if there is something to seal it with.
pub fn write(
    folder: &Path,
    jwk: &str,
    seal: Option<Seal<'_>>,
    existing: Existing,
) -> Result<Written, SigningKeysError> {
    let (name, other, text) = match seal.and_then(|(kek, random)| kek.seal(jwk.as_bytes(), random)) {
        Some(blob) => (SEALED, PLAIN, Zeroizing::new(STANDARD.encode(blob))),
        None => (PLAIN, SEALED, Zeroizing::new(jwk.to_owned())),
    };
    let path = folder.join(name);
    let failed = |source| SigningKeysError::File {
        path: path.clone(),
        source,
    };
    match create(folder, &path, text.as_bytes(), existing) {
        Ok(()) => {}
        Err(error) if existing == Existing::Kept && error.kind() == ErrorKind::AlreadyExists => {
            return Ok(Written::AnotherIsThere);
        }
        Err(source) => return Err(failed(source)),
    }
    if existing == Existing::Replaced {
        remove_one(folder, other)?;
    }
    Ok(Written::Done)
}

/// Removes the key in a folder, sealed or not.
pub fn remove(folder: &Path) -> Result<(), SigningKeysError> {
    remove_one(folder, SEALED)?;
    remove_one(folder, PLAIN)
}

fn remove_one(folder: &Path, name: &str) -> Result<(), SigningKeysError> {
    let path = folder.join(name);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(SigningKeysError::File { path, source }),
        _ => Ok(()),
    }
}

fn create(folder: &Path, path: &Path, bytes: &[u8], existing: Existing) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    builder.create(folder)?;
    // Written aside and moved into place: a crash leaves no half key.
    let aside = path.with_extension("new");
    let _ = fs::remove_file(&aside);
    let mut file = options.open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    match existing {
        Existing::Kept => {
            let linked = fs::hard_link(&aside, path);
            fs::remove_file(&aside)?;
            linked?;
        }
        Existing::Replaced => fs::rename(&aside, path)?,
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use pocket_id_oidc::jose::{Algorithm, Signer as _};

    use super::*;
    use crate::signing_keys::sealing::key_encryption_key;

    #[test]
    fn keys_survive_plain_and_sealed_and_are_private() {
        let key = PrivateKey::generate(Algorithm::Es256, [9; 8]).unwrap();
        let kek = key_encryption_key(b"0123456789abcdef", "instance");
        for (seal, name) in [(None, PLAIN), (Some((&kek, Random)), SEALED)] {
            let folder = tempfile::tempdir().unwrap();
            let keys = folder.path().join("keys");
            assert!(read(&keys, &kek).unwrap().is_none());
            write(&keys, &key.to_jwk().unwrap(), seal, Existing::Kept).unwrap();
            assert_eq!(read(&keys, &kek).unwrap().unwrap().key_id(), key.key_id());
            assert_eq!(
                write(&keys, "{}", seal, Existing::Kept).unwrap(),
                Written::AnotherIsThere
            );
            assert_eq!(read(&keys, &kek).unwrap().unwrap().key_id(), key.key_id());
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
                assert_eq!((mode(&keys), mode(&keys.join(name))), (0o700, 0o600));
            }
            let other = key_encryption_key(b"fedcba9876543210", "instance");
            assert_eq!(read(&keys, &other).is_err(), seal.is_some());
        }
    }

    #[test]
    fn a_replaced_key_leaves_nothing_behind() {
        let kek = key_encryption_key(b"0123456789abcdef", "instance");
        for (old, new) in [
            (None, None),
            (None, Some((&kek, Random))),
            (Some((&kek, Random)), None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let keys = folder.path().join("keys");
            let [first, second] =
                [1, 2].map(|byte| PrivateKey::generate(Algorithm::EdDsa, [byte; 8]).unwrap());
            write(&keys, &first.to_jwk().unwrap(), old, Existing::Kept).unwrap();
            write(&keys, &second.to_jwk().unwrap(), new, Existing::Replaced).unwrap();
            assert_eq!(read(&keys, &kek).unwrap().unwrap().key_id(), second.key_id());
            assert_eq!(fs::read_dir(&keys).unwrap().count(), 1);
            remove(&keys).unwrap();
            assert_eq!(fs::read_dir(&keys).unwrap().count(), 0);
            remove(&keys).unwrap();
        }
    }
}
