//! The configuration the server runs with: typed, validated, read from nowhere.
//!
//! The program (`crates/pocket-id`) makes a [`Config`] out of the environment; tests make one with
//! [`Config::for_tests`]. Inside the server no environment variable is read.

mod app_url;
mod encryption_key;
mod network;
mod storage;
mod telemetry;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use ipnet::{IpNet, Ipv6Net};
use secrecy::SecretString;

pub use app_url::{AppUrl, AppUrlError};
pub use encryption_key::{EncryptionKey, KeyOrigin};
pub use network::{ListenConfig, TlsConfig, TrustedPeers};
pub use storage::{
    DatabaseConfig, FileBackendConfig, GeoLiteConfig, KeyStorage, KeysConfig, S3Config, S3PathStyle,
};
pub use telemetry::{LogConfig, LogFormat, LogLevel, MetricsExporter, OtlpExporter, TelemetryConfig};

/// A two-state choice whose field name says what is switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toggle {
    /// In force.
    On,
    /// Not in force.
    Off,
}

impl Toggle {
    /// Whether the choice is [`Toggle::On`].
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

impl From<bool> for Toggle {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

/// `APP_ENV`: which behaviours beside the product's own are switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppEnv {
    /// The default; the only one that sends the heartbeat.
    Production,
    /// A developer's machine.
    Development,
    /// Rate limits, cron jobs, GeoLite refresh, LDAP and SCIM schedules are off.
    Test,
    /// Any other word is accepted and means nothing in particular.
    Other(String),
}

/// Where settings that the admin UI can edit come from.
#[derive(Clone, PartialEq, Eq)]
pub enum UiConfigSource {
    /// The database; the UI may change them.
    Database,
    /// `UI_CONFIG_DISABLED=true`: the environment, raw values by variable name. A variable that is
    /// present and empty is in the map with an empty value; an absent one is not in it. Values are
    /// validated by the settings feature, which names every invalid variable.
    Environment(BTreeMap<String, String>),
}

impl std::fmt::Debug for UiConfigSource {
    // Values may be passwords, so only the names are shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database => f.write_str("Database"),
            Self::Environment(values) => f.debug_set().entries(values.keys()).finish(),
        }
    }
}

/// What makers say of their authenticators, as files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FidoMetadataConfig {
    /// The BLOB of the FIDO Metadata Service.
    pub file: PathBuf,
    /// The certificate its signature leads to.
    pub root: PathBuf,
}

/// Where the peer listener of the reference would be; accepted so that existing environments start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorsConfig {
    /// `ACTORS_HOST`.
    pub host: String,
    /// `ACTORS_PORT`.
    pub port: String,
}

/// Everything the server needs to know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// `APP_ENV`.
    pub app_env: AppEnv,
    /// `APP_URL`: issuer, base of every link, origin and (its host) relying-party id of passkeys.
    pub app_url: AppUrl,
    /// `INTERNAL_APP_URL`, else [`Config::app_url`].
    pub internal_app_url: AppUrl,
    /// `ENCRYPTION_KEY`, or the generated key of the data folder. `None` only where nothing is
    /// started (`pocket-id healthcheck`): the server command fills it in before the server sees it.
    pub encryption_key: Option<EncryptionKey>,
    /// `DB_CONNECTION_STRING` and the engine it means.
    pub database: DatabaseConfig,
    /// The socket to listen on.
    pub listen: ListenConfig,
    /// TLS on that socket.
    pub tls: Option<TlsConfig>,
    /// `TRUST_PROXY`: whose forwarding headers are believed.
    pub trust_proxy: TrustedPeers,
    /// `TRUSTED_PLATFORM`: the header whose raw value is the client's address.
    pub trusted_platform: Option<http::HeaderName>,
    /// `PROXY_PROTOCOL`: who must send a PROXY header.
    pub proxy_protocol: TrustedPeers,
    /// `LOCAL_IPV6_RANGES`: addresses that count as local network.
    pub local_ipv6_ranges: Vec<Ipv6Net>,
    /// `OUTBOUND_ALLOWED_NETWORKS`: not public, and still asked for what clients say of themselves.
    pub outbound_allowed_networks: Vec<IpNet>,
    /// `WEBAUTHN_RELATED_ORIGINS`: other addresses of this installation where its passkeys may be used.
    pub webauthn_related_origins: Vec<AppUrl>,
    /// How long a mail server may take for one mail; not for operators to change, but tests do not wait as long.
    pub mail_patience: std::time::Duration,
    /// `FIDO_METADATA_FILE` and `FIDO_METADATA_ROOT`.
    pub fido_metadata: Option<FidoMetadataConfig>,
    /// `AUDIT_LOG_RETENTION_DAYS`.
    pub audit_log_retention_days: NonZeroU32,
    /// The opposite of `ANALYTICS_DISABLED`.
    pub analytics: Toggle,
    /// The opposite of `VERSION_CHECK_DISABLED`.
    pub version_check: Toggle,
    /// `VERSION_CHECK_URL`: where the newest release is looked up; nowhere when absent.
    pub version_check_url: Option<url::Url>,
    /// `ALLOW_DOWNGRADE`.
    pub downgrade: Toggle,
    /// `ALLOW_INSECURE_CALLBACK_URLS`: redirect URIs with plain `http` on other hosts than localhost.
    pub insecure_callback_urls: Toggle,
    /// The opposite of `DISABLE_RATE_LIMITING`; also off with `APP_ENV=test`.
    pub rate_limiting: Toggle,
    /// `UI_CONFIG_DISABLED` and the values that then count.
    pub ui_config: UiConfigSource,
    /// `STATIC_API_KEY`, at least 16 bytes.
    pub static_api_key: Option<SecretString>,
    /// `FILE_BACKEND` and its settings.
    pub files: FileBackendConfig,
    /// `MAXMIND_LICENSE_KEY`, `GEOLITE_DB_PATH`, `GEOLITE_DB_URL`.
    pub geolite: GeoLiteConfig,
    /// `KEYS_STORAGE`, `KEYS_PATH`.
    pub keys: KeysConfig,
    /// `ACTORS_HOST`, `ACTORS_PORT`.
    pub actors: ActorsConfig,
    /// `LOG_LEVEL`, `LOG_JSON`, `LOG_QUERY_ARGS`.
    pub log: LogConfig,
    /// The OpenTelemetry exporters.
    pub telemetry: TelemetryConfig,
    /// The release this program is, for logs and `/api/version/current`.
    pub version: String,
}

impl Config {
    /// Whether schedules (cron jobs, GeoLite refresh, LDAP and SCIM sync) run.
    pub fn runs_schedules(&self) -> bool {
        self.app_env != AppEnv::Test
    }

    /// Where a new signing key goes when `KEYS_STORAGE` does not say: the database, where it is
    /// encrypted, if the operator supplied an encryption key; otherwise a file, as 1.x documents.
    pub fn storage_of_new_signing_key(&self) -> KeyStorage {
        match (self.keys.storage, &self.encryption_key) {
            (Some(chosen), _) => chosen,
            (None, Some(key)) if key.origin() == KeyOrigin::Configured => KeyStorage::Database,
            (None, _) => KeyStorage::File,
        }
    }

    /// A configuration for integration tests: `app_url` as given, every path inside `folder`, a
    /// fixed encryption key, SQLite, no phone-home, no rate limits (`APP_ENV=test`). Tests change
    /// the fields they are about.
    pub fn for_tests(app_url: AppUrl, folder: &Path) -> Self {
        let inside = |name: &str| folder.join(name);
        Self {
            app_env: AppEnv::Test,
            internal_app_url: app_url.clone(),
            app_url,
            encryption_key: Some(EncryptionKey::new(
                b"an encryption key for tests only".to_vec(),
                KeyOrigin::Configured,
            )),
            database: DatabaseConfig::Sqlite {
                connection_string: inside("pocket-id.db").to_string_lossy().into_owned(),
            },
            listen: ListenConfig::Tcp {
                host: "127.0.0.1".to_owned(),
                port: "0".to_owned(),
            },
            tls: None,
            trust_proxy: TrustedPeers::Nobody,
            trusted_platform: None,
            proxy_protocol: TrustedPeers::Nobody,
            local_ipv6_ranges: Vec::new(),
            outbound_allowed_networks: Vec::new(),
            webauthn_related_origins: Vec::new(),
            mail_patience: MAIL_PATIENCE,
            fido_metadata: None,
            audit_log_retention_days: DEFAULT_AUDIT_LOG_RETENTION_DAYS,
            analytics: Toggle::Off,
            version_check: Toggle::Off,
            version_check_url: None,
            downgrade: Toggle::Off,
            insecure_callback_urls: Toggle::On,
            rate_limiting: Toggle::Off,
            ui_config: UiConfigSource::Database,
            static_api_key: None,
            files: FileBackendConfig::Filesystem {
                path: inside("uploads"),
            },
            geolite: GeoLiteConfig {
                license_key: None,
                path: inside("GeoLite2-City.mmdb"),
                url: String::new(),
            },
            keys: KeysConfig {
                storage: None,
                path: inside("keys"),
            },
            actors: ActorsConfig {
                host: "127.0.0.1".to_owned(),
                port: "0".to_owned(),
            },
            log: LogConfig {
                level: LogLevel::Info,
                format: LogFormat::Text,
                query_args: Toggle::Off,
            },
            telemetry: TelemetryConfig::off(),
            version: "test".to_owned(),
        }
    }
}

/// How long a mail server may take for one mail: less than a request of ours, which would end without a word.
pub const MAIL_PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// `AUDIT_LOG_RETENTION_DAYS` when unset.
pub const DEFAULT_AUDIT_LOG_RETENTION_DAYS: NonZeroU32 = match NonZeroU32::new(90) {
    Some(days) => days,
    None => NonZeroU32::MIN,
};

/// An `https` URL that holds no credentials.
pub fn plain_https_url(text: &str) -> Option<url::Url> {
    url::Url::parse(text)
        .ok()
        .filter(|url| url.scheme() == "https" && url.username().is_empty() && url.password().is_none())
}

/// The folder everything lives in unless the database says otherwise.
pub const DEFAULT_DATA_FOLDER: &str = "data";

/// The folder where an encryption key nobody configured is created: beside the SQLite file, else
/// [`DEFAULT_DATA_FOLDER`].
pub fn data_folder(sqlite_file: Option<&Path>) -> PathBuf {
    match sqlite_file.and_then(Path::parent) {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        Some(_) => PathBuf::from("."),
        None => PathBuf::from(DEFAULT_DATA_FOLDER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::for_tests(
            AppUrl::parse("https://id.example.com").unwrap(),
            Path::new("/tmp/x"),
        )
    }

    #[test]
    fn a_new_signing_key_is_encrypted_in_the_database_only_if_the_key_was_configured() {
        let mut config = config();
        assert_eq!(config.storage_of_new_signing_key(), KeyStorage::Database);
        config.encryption_key = Some(EncryptionKey::new(vec![7; 32], KeyOrigin::Generated));
        assert_eq!(config.storage_of_new_signing_key(), KeyStorage::File);
        config.keys.storage = Some(KeyStorage::Database);
        assert_eq!(config.storage_of_new_signing_key(), KeyStorage::Database);
    }

    #[test]
    fn debug_output_of_a_configuration_shows_no_secret() {
        let mut config = config();
        config.encryption_key = Some(EncryptionKey::new(
            b"squeamish-ossifrage".to_vec(),
            KeyOrigin::Configured,
        ));
        config.static_api_key = Some("squeamish-ossifrage".into());
        config.geolite.license_key = Some("squeamish-ossifrage".into());
        config.database = DatabaseConfig::Postgres {
            connection_string: "postgres://u:squeamish-ossifrage@h/d".into(),
        };
        config.tls = Some(TlsConfig::Inline {
            certificate: "c".to_owned(),
            key: "squeamish-ossifrage".into(),
        });
        config.files = FileBackendConfig::S3(S3Config {
            secret_access_key: "squeamish-ossifrage".into(),
            ..S3Config::default()
        });
        config.ui_config = UiConfigSource::Environment(
            [("SMTP_PASSWORD".to_owned(), "squeamish-ossifrage".to_owned())].into(),
        );
        let printed = format!("{config:?}");
        assert!(!printed.contains("squeamish"), "{printed}");
        assert!(printed.contains("SMTP_PASSWORD"), "{printed}");
    }

    #[test]
    fn the_data_folder_is_where_the_sqlite_file_is() {
        assert_eq!(
            data_folder(Some(Path::new("data/pocket-id.db"))),
            Path::new("data")
        );
        assert_eq!(data_folder(Some(Path::new("/srv/id/x.db"))), Path::new("/srv/id"));
        assert_eq!(data_folder(Some(Path::new("x.db"))), Path::new("."));
        assert_eq!(data_folder(None), Path::new("data"));
    }
}
