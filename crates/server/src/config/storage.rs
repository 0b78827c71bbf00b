//! Where data, keys and files are kept.

use std::path::PathBuf;

use secrecy::SecretString;

use super::Toggle;

/// The database engine and its connection string, which the store parses.
#[derive(Clone, Debug)]
pub enum DatabaseConfig {
    /// A SQLite path or `file:` string.
    Sqlite {
        /// As configured.
        connection_string: String,
    },
    /// A PostgreSQL URL or `key=value` string.
    Postgres {
        /// As configured; holds the password.
        connection_string: SecretString,
    },
}

/// Where the private signing key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStorage {
    /// A file under [`KeysConfig::path`].
    File,
    /// The database, encrypted with the encryption key.
    Database,
}

/// `KEYS_STORAGE` and `KEYS_PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysConfig {
    /// Where the operator wants the key; `None` = not said, see
    /// [`Config::storage_of_new_signing_key`](super::Config::storage_of_new_signing_key).
    pub storage: Option<KeyStorage>,
    /// Folder of key files.
    pub path: PathBuf,
}

/// `FILE_BACKEND`: where images are kept.
#[derive(Clone, Debug)]
pub enum FileBackendConfig {
    /// A folder.
    Filesystem {
        /// `UPLOAD_PATH`.
        path: PathBuf,
    },
    /// A table of the database.
    Database,
    /// A bucket.
    S3(S3Config),
}

/// How objects are addressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum S3PathStyle {
    /// `https://bucket.host/key`
    #[default]
    VirtualHost,
    /// `https://host/bucket/key`
    Path,
}

/// The `S3_*` variables; none is validated at start.
#[derive(Clone, Debug)]
pub struct S3Config {
    /// `S3_BUCKET`.
    pub bucket: String,
    /// `S3_REGION`.
    pub region: String,
    /// `S3_ENDPOINT`; `None` = AWS.
    pub endpoint: Option<String>,
    /// `S3_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `S3_SECRET_ACCESS_KEY`.
    pub secret_access_key: SecretString,
    /// `S3_FORCE_PATH_STYLE`.
    pub path_style: S3PathStyle,
    /// The opposite of `S3_DISABLE_DEFAULT_INTEGRITY_CHECKS`.
    pub default_integrity_checks: Toggle,
    /// `UPLOAD_PATH`: prefix of every key, without slashes at either end.
    pub key_prefix: String,
}

impl Default for S3Config {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            region: String::new(),
            endpoint: None,
            access_key_id: String::new(),
            secret_access_key: SecretString::default(),
            path_style: S3PathStyle::VirtualHost,
            default_integrity_checks: Toggle::On,
            key_prefix: String::new(),
        }
    }
}

/// The geographic database that names the place of a sign-in.
#[derive(Clone, Debug)]
pub struct GeoLiteConfig {
    /// `MAXMIND_LICENSE_KEY`.
    pub license_key: Option<SecretString>,
    /// `GEOLITE_DB_PATH`.
    pub path: PathBuf,
    /// `GEOLITE_DB_URL`, with `%s` where the license key goes.
    pub url: String,
}
