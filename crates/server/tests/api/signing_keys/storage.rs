//! Where the instance's key lies, and what a start makes of what it finds there.

use std::path::PathBuf;

use pocket_id_oidc::jose::{Algorithm, PrivateKey};
use pocket_id_server::clock::Clock;
use pocket_id_server::config::{AppUrl, Config, DatabaseConfig, EncryptionKey, KeyOrigin, KeyStorage};
use pocket_id_server::random::Random;
use pocket_id_server::signing_keys::{PreviousKeys, SigningKeys, SigningKeysError, rotate};
use pocket_id_store::types::Timestamp;
use pocket_id_store::{Engine, Store};

/// An installation's folder, without its server.
struct Installation {
    config: Config,
    clock: Clock,
    folder: tempfile::TempDir,
}

impl Installation {
    fn new(storage: Option<KeyStorage>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::for_tests(AppUrl::parse("https://id.example").unwrap(), folder.path());
        config.keys.path = folder.path().join("keys");
        config.keys.storage = storage;
        Self {
            config,
            clock: Clock::manual(Timestamp(1_767_225_600_000)),
            folder,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.config.keys.path.join(name)
    }

    fn files(&self) -> usize {
        std::fs::read_dir(&self.config.keys.path).map_or(0, Iterator::count)
    }

    async fn store(&self) -> Store {
        let DatabaseConfig::Sqlite { connection_string } = &self.config.database else {
            panic!("not SQLite")
        };
        Store::open(Engine::Sqlite, connection_string).await.unwrap()
    }

    /// What a start finds: the signing key and the published ones.
    async fn start(&self) -> Result<(String, Vec<String>), SigningKeysError> {
        let store = self.store().await;
        let keys = SigningKeys::load_or_create(&self.config, &store, &self.clock, Random).await?;
        let published = keys.published().await?;
        let kid = |key: &pocket_id_oidc::jose::Jwk| key.kid.clone().unwrap();
        let found = (
            kid(&keys.signer(None).await?.public_jwk()),
            published.iter().map(kid).collect(),
        );
        store.close().await.unwrap();
        Ok(found)
    }

    async fn rotate(&self, previous: PreviousKeys) -> Result<String, String> {
        self.clock.advance_millis(1000);
        rotate(&self.config, &self.clock, Algorithm::Es256, previous)
            .await
            .map(|rotated| rotated.kid)
            .map_err(|error| error.to_string())
    }
}

const SEALED: &str = "jwt_private_key.json.enc";
const PLAIN: &str = "jwt_private_key.json";

fn some_key(byte: u8) -> (String, String) {
    let key = PrivateKey::generate(Algorithm::Es256, [byte; 8]).unwrap();
    (key.to_jwk().unwrap().to_string(), key.public_jwk().kid.unwrap())
}

#[tokio::test]
async fn a_key_stays_where_it_is_and_a_new_one_goes_there_too() {
    for storage in [None, Some(KeyStorage::Database), Some(KeyStorage::File)] {
        let installation = Installation::new(storage);
        let first = installation.start().await.unwrap();
        assert_eq!(first.1, std::slice::from_ref(&first.0));
        assert_eq!(installation.start().await.unwrap(), first, "{storage:?}");
        let in_file = usize::from(storage == Some(KeyStorage::File));
        assert_eq!(installation.files(), in_file, "{storage:?}");
        assert_eq!(installation.file(SEALED).exists(), in_file == 1);

        let new = installation.rotate(PreviousKeys::KeptUntilUnused).await.unwrap();
        assert_eq!(
            installation.start().await.unwrap(),
            (new.clone(), vec![new.clone(), first.0.clone()]),
            "{storage:?}"
        );
        assert_eq!(installation.files(), in_file, "{storage:?}");
        let last = installation.rotate(PreviousKeys::Revoked).await.unwrap();
        assert_eq!(
            installation.start().await.unwrap(),
            (last.clone(), vec![last]),
            "{storage:?}"
        );
    }
}

#[tokio::test]
async fn the_key_file_of_version_1_is_taken_over() {
    let (jwk, kid) = some_key(1);
    let installation = Installation::new(None);
    std::fs::create_dir_all(&installation.config.keys.path).unwrap();
    std::fs::write(installation.file(PLAIN), format!("{jwk}\n")).unwrap();
    let found = (kid.clone(), vec![kid.clone()]);
    assert_eq!(installation.start().await.unwrap(), found);
    assert_eq!(installation.start().await.unwrap(), found);

    // Its replacement is sealed, and the old private key is gone.
    let new = installation.rotate(PreviousKeys::KeptUntilUnused).await.unwrap();
    assert!(!installation.file(PLAIN).exists() && installation.file(SEALED).exists());
    assert_eq!(installation.start().await.unwrap(), (new.clone(), vec![new, kid]));
}

#[tokio::test]
async fn an_operator_may_replace_the_file_but_not_bring_back_a_replaced_key() {
    let installation = Installation::new(Some(KeyStorage::File));
    let (first, _) = installation.start().await.unwrap();
    let backup = std::fs::read(installation.file(SEALED)).unwrap();

    let (jwk, kid) = some_key(2);
    std::fs::remove_file(installation.file(SEALED)).unwrap();
    std::fs::write(installation.file(PLAIN), &jwk).unwrap();
    assert_eq!(
        installation.start().await.unwrap(),
        (kid.clone(), vec![kid.clone(), first.clone()])
    );

    std::fs::write(installation.file(SEALED), backup).unwrap();
    let (third, published) = installation.start().await.unwrap();
    assert!(third != first && third != kid);
    assert_eq!(published.len(), 3);
    assert_eq!(installation.start().await.unwrap().0, third);
}

#[tokio::test]
async fn a_lost_file_means_a_new_key() {
    let installation = Installation::new(Some(KeyStorage::File));
    let (first, _) = installation.start().await.unwrap();
    std::fs::remove_file(installation.file(SEALED)).unwrap();
    let error = installation
        .rotate(PreviousKeys::KeptUntilUnused)
        .await
        .unwrap_err();
    assert!(
        error.contains("is kept in a file, and that file is not in"),
        "{error}"
    );
    let (second, published) = installation.start().await.unwrap();
    assert_ne!(second, first);
    assert_eq!(published, [second, first]);
}

#[tokio::test]
async fn a_rotation_moves_the_key_where_the_configuration_says() {
    let mut installation = Installation::new(Some(KeyStorage::File));
    let (first, _) = installation.start().await.unwrap();
    installation.config.keys.storage = Some(KeyStorage::Database);
    assert_eq!(installation.start().await.unwrap().0, first);
    let second = installation.rotate(PreviousKeys::KeptUntilUnused).await.unwrap();
    assert_eq!(installation.files(), 0);
    assert_eq!(installation.start().await.unwrap().0, second);

    installation.config.keys.storage = Some(KeyStorage::File);
    assert_eq!(installation.start().await.unwrap().0, second);
    let third = installation.rotate(PreviousKeys::KeptUntilUnused).await.unwrap();
    assert!(installation.file(SEALED).exists());
    assert_eq!(
        installation.start().await.unwrap(),
        (third.clone(), vec![third, second, first])
    );
}

#[tokio::test]
async fn a_crash_between_file_and_database_costs_nothing() {
    let installation = Installation::new(Some(KeyStorage::File));
    let (first, _) = installation.start().await.unwrap();
    // The database as it was before the rotation that wrote the file.
    let database = installation.folder.path().join("pocket-id.db");
    let before = std::fs::read(&database).unwrap();
    let second = installation.rotate(PreviousKeys::KeptUntilUnused).await.unwrap();
    for name in ["pocket-id.db-wal", "pocket-id.db-shm"] {
        let _ = std::fs::remove_file(installation.folder.path().join(name));
    }
    std::fs::write(&database, before).unwrap();
    assert_eq!(
        installation.start().await.unwrap(),
        (second.clone(), vec![second, first])
    );
}

#[tokio::test]
async fn another_encryption_key_is_no_reason_to_make_a_key() {
    for storage in [None, Some(KeyStorage::File)] {
        let mut installation = Installation::new(storage);
        let (first, _) = installation.start().await.unwrap();
        let right = installation.config.encryption_key.clone();
        installation.config.encryption_key = Some(EncryptionKey::new(
            b"another encryption key".to_vec(),
            KeyOrigin::Configured,
        ));
        assert!(matches!(
            installation.start().await,
            Err(SigningKeysError::WrongEncryptionKey)
        ));
        let error = installation
            .rotate(PreviousKeys::KeptUntilUnused)
            .await
            .unwrap_err();
        assert!(error.contains("ENCRYPTION_KEY is not the one"), "{error}");
        installation.config.encryption_key = right;
        assert_eq!(installation.start().await.unwrap().0, first);
    }
}
