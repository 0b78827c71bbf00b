//! Stage two: what the variables mean together, as the server's [`Config`].

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use ipnet::{IpNet, Ipv6Net};
use pocket_id_server::config::{
    ActorsConfig, AppEnv, AppUrl, Config, DEFAULT_AUDIT_LOG_RETENTION_DAYS, DatabaseConfig, EncryptionKey,
    FidoMetadataConfig, FileBackendConfig, GeoLiteConfig, KeyOrigin, KeyStorage, KeysConfig, ListenConfig,
    LogConfig, LogFormat, LogLevel, MetricsExporter, OtlpExporter, S3Config, S3PathStyle, TelemetryConfig,
    TlsConfig, Toggle, TrustedPeers, UiConfigSource, plain_https_url,
};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::reader::parse_bool;
use super::settings::{Settings, TelemetrySettings};
use crate::VERSION;

const DEFAULT_APP_URL: &str = "http://localhost:1411";
const DEFAULT_PORT: &str = "1411";
const DEFAULT_GEOLITE_URL: &str =
    "https://download.maxmind.com/app/geoip_download?edition_id=GeoLite2-City&license_key=%s&suffix=tar.gz";

/// A value that can be read but not used.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("config error: {0}")]
pub struct ValidationError(String);

/// A valid configuration, and what the health check needs to know of it.
pub struct Checked {
    /// The configuration; its encryption key is `None` if none was configured.
    pub config: Config,
    /// Where a server with this configuration answers.
    pub health: HealthTarget,
}

/// Where the health check looks for the server when it is not told.
#[derive(Debug, PartialEq, Eq)]
pub struct HealthTarget {
    /// `UNIX_SOCKET`.
    pub unix_socket: Option<PathBuf>,
    /// `PORT`.
    pub port: String,
    /// Whether the server speaks TLS.
    pub tls: Toggle,
}

/// Collects what is wrong, so that the operator sees all of it at once.
#[derive(Default)]
struct Problems(Vec<ValidationError>);

impl Problems {
    fn add(&mut self, message: impl Into<String>) {
        self.0.push(ValidationError(message.into()));
    }

    /// The value, or a stand-in that is never used because a problem was recorded.
    fn value_or<T>(&mut self, result: Result<T, String>, stand_in: T) -> T {
        match result {
            Ok(value) => value,
            Err(message) => {
                self.add(message);
                stand_in
            }
        }
    }
}

impl Settings {
    /// Judges the settings; the errors are all there are, not only the first.
    pub fn validate(self) -> Result<Checked, Vec<ValidationError>> {
        let mut problems = Problems::default();
        let app_url = app_url(&self, &mut problems);
        let internal_app_url = internal_app_url(&self, &mut problems);
        let Some(app_url) = app_url else {
            // Nothing can stand in for the issuer, so the rest is judged on the next start.
            return Err(problems.0);
        };
        let health = HealthTarget {
            unix_socket: self.unix_socket.clone(),
            port: self.port.clone().unwrap_or_else(|| DEFAULT_PORT.to_owned()),
            tls: Toggle::from(self.tls_cert.is_some() || self.tls_cert_file.is_some()),
        };
        let config = Config {
            app_env: match self.app_env.as_deref() {
                None | Some("production") => AppEnv::Production,
                Some("development") => AppEnv::Development,
                Some("test") => AppEnv::Test,
                Some(other) => AppEnv::Other(other.to_owned()),
            },
            internal_app_url: internal_app_url.unwrap_or_else(|| app_url.clone()),
            app_url,
            encryption_key: encryption_key(&self, &mut problems),
            database: database(&self, &mut problems),
            listen: listen(&self, &mut problems),
            tls: tls(&self, &mut problems),
            trust_proxy: peers("TRUST_PROXY", self.trust_proxy.as_deref(), &mut problems),
            trusted_platform: trusted_platform(&self, &mut problems),
            proxy_protocol: peers("PROXY_PROTOCOL", self.proxy_protocol.as_deref(), &mut problems),
            local_ipv6_ranges: local_ipv6_ranges(&self, &mut problems),
            outbound_allowed_networks: outbound_allowed_networks(&self, &mut problems),
            webauthn_related_origins: webauthn_related_origins(&self, &mut problems),
            mail_patience: pocket_id_server::config::MAIL_PATIENCE,
            fido_metadata: fido_metadata(&self, &mut problems),
            audit_log_retention_days: retention(&self, &mut problems),
            analytics: Toggle::from(!self.analytics_disabled.unwrap_or(false)),
            version_check: Toggle::from(!self.version_check_disabled.unwrap_or(false)),
            version_check_url: self.version_check_url.as_deref().and_then(|text| {
                let url = plain_https_url(text);
                if url.is_none() {
                    problems.add("VERSION_CHECK_URL must be an https URL without a user name");
                }
                url
            }),
            downgrade: Toggle::from(self.allow_downgrade.unwrap_or(false)),
            insecure_callback_urls: Toggle::from(self.allow_insecure_callback_urls.unwrap_or(true)),
            rate_limiting: Toggle::from(
                !self.disable_rate_limiting.unwrap_or(false) && self.app_env.as_deref() != Some("test"),
            ),
            static_api_key: static_api_key(&self, &mut problems),
            files: files(&self, &mut problems),
            keys: keys(&self, &mut problems),
            log: log(&self, &mut problems),
            telemetry: telemetry(&self.telemetry, &mut problems),
            ui_config: self
                .ui_config
                .map_or(UiConfigSource::Database, UiConfigSource::Environment),
            geolite: GeoLiteConfig {
                license_key: self.maxmind_license_key,
                path: self
                    .geolite_db_path
                    .unwrap_or_else(|| "data/GeoLite2-City.mmdb".into()),
                url: self
                    .geolite_db_url
                    .unwrap_or_else(|| DEFAULT_GEOLITE_URL.to_owned()),
            },
            actors: ActorsConfig {
                host: self.actors_host.unwrap_or_else(|| "0.0.0.0".to_owned()),
                port: self.actors_port.unwrap_or_else(|| "1414".to_owned()),
            },
            version: VERSION.to_owned(),
        };
        if problems.0.is_empty() {
            Ok(Checked { config, health })
        } else {
            Err(problems.0)
        }
    }
}

fn app_url(settings: &Settings, problems: &mut Problems) -> Option<AppUrl> {
    let text = settings
        .app_url
        .as_deref()
        .unwrap_or(DEFAULT_APP_URL)
        .trim_end_matches('/');
    parse_url("APP_URL", text, problems)
}

fn internal_app_url(settings: &Settings, problems: &mut Problems) -> Option<AppUrl> {
    parse_url(
        "INTERNAL_APP_URL",
        settings.internal_app_url.as_deref()?,
        problems,
    )
}

fn parse_url(name: &str, text: &str, problems: &mut Problems) -> Option<AppUrl> {
    match AppUrl::parse(text) {
        Ok(url) => Some(url),
        Err(error) => {
            problems.add(format!("{name} {error}"));
            None
        }
    }
}

fn encryption_key(settings: &Settings, problems: &mut Problems) -> Option<EncryptionKey> {
    let bytes = settings.encryption_key.clone()?;
    if bytes.len() < EncryptionKey::MIN_BYTES {
        problems.add("ENCRYPTION_KEY must be at least 16 bytes long");
    }
    Some(EncryptionKey::new(bytes, KeyOrigin::Configured))
}

fn database(settings: &Settings, problems: &mut Problems) -> DatabaseConfig {
    let connection_string = settings.db_connection_string.as_deref();
    let is_postgres_url = |text: &str| text.starts_with("postgres://") || text.starts_with("postgresql://");
    match (settings.db_provider.as_deref(), connection_string) {
        (Some("postgres"), None) => {
            problems.add("DB_CONNECTION_STRING must be set when DB_PROVIDER is postgres");
        }
        (Some("postgres"), Some(text)) => return postgres(text),
        (Some("sqlite") | None, Some(text)) if is_postgres_url(text) => return postgres(text),
        (Some("sqlite") | None, _) => {}
        (Some(other), _) => problems.add(format!("DB_PROVIDER must be sqlite or postgres, not {other:?}")),
    }
    DatabaseConfig::Sqlite {
        connection_string: connection_string.unwrap_or("data/pocket-id.db").to_owned(),
    }
}

fn postgres(connection_string: &str) -> DatabaseConfig {
    DatabaseConfig::Postgres {
        connection_string: SecretString::from(connection_string),
    }
}

fn keys(settings: &Settings, problems: &mut Problems) -> KeysConfig {
    let storage = match settings.keys_storage.as_deref() {
        None => None,
        Some("file") => Some(KeyStorage::File),
        Some("database") => Some(KeyStorage::Database),
        Some(other) => {
            problems.add(format!("KEYS_STORAGE must be file or database, not {other:?}"));
            None
        }
    };
    KeysConfig {
        storage,
        path: settings.keys_path.clone().unwrap_or_else(|| "data/keys".into()),
    }
}

fn listen(settings: &Settings, problems: &mut Problems) -> ListenConfig {
    let systemd = settings.systemd_socket.unwrap_or(false);
    if systemd && !cfg!(target_os = "linux") {
        problems.add("SYSTEMD_SOCKET is only available on Linux");
    }
    if systemd && settings.unix_socket.is_some() {
        problems.add("SYSTEMD_SOCKET and UNIX_SOCKET cannot be used together");
    }
    let proxy_protocol = settings
        .proxy_protocol
        .as_deref()
        .is_some_and(|text| parse_bool(text) != Some(false));
    if proxy_protocol && settings.unix_socket.is_some() {
        problems.add("PROXY_PROTOCOL and UNIX_SOCKET cannot be used together");
    }
    let mode = settings.unix_socket_mode.as_deref().and_then(|text| {
        let mode = parse_mode(text);
        if mode.is_none() {
            problems.add(format!(
                "UNIX_SOCKET_MODE must be an octal file mode such as 0660, not {text:?}"
            ));
        }
        mode
    });
    match &settings.unix_socket {
        _ if systemd => ListenConfig::Systemd,
        Some(path) => ListenConfig::Unix {
            path: path.clone(),
            mode,
        },
        None => ListenConfig::Tcp {
            host: settings.host.clone().unwrap_or_else(|| "0.0.0.0".to_owned()),
            port: settings.port.clone().unwrap_or_else(|| DEFAULT_PORT.to_owned()),
        },
    }
}

fn parse_mode(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    u32::from_str_radix(digits, 8).ok().filter(|mode| *mode <= 0o7777)
}

fn tls(settings: &Settings, problems: &mut Problems) -> Option<TlsConfig> {
    let inline = (settings.tls_cert.as_deref(), settings.tls_key.as_ref());
    let files = (
        settings.tls_cert_file.as_deref(),
        settings.tls_key_file.as_deref(),
    );
    match (inline, files) {
        ((None, None), (None, None)) => None,
        ((Some(_), _) | (_, Some(_)), (Some(_), _) | (_, Some(_))) => {
            problems.add("TLS_CERT and TLS_KEY cannot be used together with TLS_CERT_FILE and TLS_KEY_FILE");
            None
        }
        ((Some(certificate), Some(key)), _) => inline_tls(certificate, key, problems),
        (_, (Some(certificate), Some(key))) => Some(files_tls(
            ("TLS_CERT_FILE", certificate),
            ("TLS_KEY_FILE", key),
            problems,
        )),
        ((_, _), (None, None)) => {
            problems.add("TLS_CERT and TLS_KEY must be set together");
            None
        }
        ((_, _), (_, _)) => {
            problems.add("TLS_CERT_FILE and TLS_KEY_FILE must be set together");
            None
        }
    }
}

/// `TLS_CERT` and `TLS_KEY`: PEM text, or paths as in 2.6 to 2.12.
fn inline_tls(certificate: &str, key: &SecretString, problems: &mut Problems) -> Option<TlsConfig> {
    let is_pem = |text: &str| text.contains("-----BEGIN");
    match (is_pem(certificate), is_pem(key.expose_secret())) {
        (true, true) => Some(TlsConfig::Inline {
            certificate: certificate.to_owned(),
            key: key.clone(),
        }),
        (false, false) => Some(files_tls(
            ("TLS_CERT", Path::new(certificate)),
            ("TLS_KEY", Path::new(key.expose_secret())),
            problems,
        )),
        _ => {
            problems.add("TLS_CERT and TLS_KEY must both be PEM or both be paths");
            None
        }
    }
}

fn files_tls(certificate: (&str, &Path), key: (&str, &Path), problems: &mut Problems) -> TlsConfig {
    for (name, path) in [certificate, key] {
        if !path.is_file() {
            problems.add(format!("{name} must be PEM text or the path of an existing file"));
        }
    }
    TlsConfig::Files {
        certificate: certificate.1.to_owned(),
        key: key.1.to_owned(),
    }
}

fn peers(name: &str, text: Option<&str>, problems: &mut Problems) -> TrustedPeers {
    let Some(text) = text else {
        return TrustedPeers::Nobody;
    };
    match parse_bool(text.trim()) {
        Some(true) => return TrustedPeers::Everybody,
        Some(false) => return TrustedPeers::Nobody,
        None => {}
    }
    let mut networks = Vec::new();
    for entry in list(text) {
        match parse_network(entry) {
            Some(network) => networks.push(network),
            None => problems.add(format!(
                "{name} must be true, false or a list of IP addresses and CIDR ranges; {entry:?} is none"
            )),
        }
    }
    TrustedPeers::Listed(networks)
}

fn parse_network(entry: &str) -> Option<IpNet> {
    let network = match entry.parse::<std::net::IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => entry.parse::<IpNet>().ok()?,
    };
    Some(network.trunc())
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

fn trusted_platform(settings: &Settings, problems: &mut Problems) -> Option<http::HeaderName> {
    let text = settings.trusted_platform.as_deref()?;
    let header = text.parse().ok();
    if header.is_none() {
        problems.add(format!(
            "TRUSTED_PLATFORM must be the name of a header, not {text:?}"
        ));
    }
    header
}

fn local_ipv6_ranges(settings: &Settings, problems: &mut Problems) -> Vec<Ipv6Net> {
    let mut ranges = Vec::new();
    for entry in list(settings.local_ipv6_ranges.as_deref().unwrap_or_default()) {
        match entry.parse::<Ipv6Net>() {
            Ok(range) => ranges.push(range.trunc()),
            Err(_) => problems.add(format!(
                "LOCAL_IPV6_RANGES must list IPv6 CIDR ranges; {entry:?} is none"
            )),
        }
    }
    ranges
}

fn outbound_allowed_networks(settings: &Settings, problems: &mut Problems) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for entry in list(settings.outbound_allowed_networks.as_deref().unwrap_or_default()) {
        // An address alone is a network of one.
        match entry
            .parse::<IpNet>()
            .or_else(|_| entry.parse::<IpAddr>().map(IpNet::from))
        {
            Ok(network) => networks.push(network.trunc()),
            Err(_) => problems.add(format!(
                "OUTBOUND_ALLOWED_NETWORKS must list addresses or CIDR ranges; {entry:?} is neither"
            )),
        }
    }
    networks
}

fn webauthn_related_origins(settings: &Settings, problems: &mut Problems) -> Vec<AppUrl> {
    let mut origins = Vec::new();
    for entry in list(settings.webauthn_related_origins.as_deref().unwrap_or_default()) {
        // Browsers know passkeys over https, and on the machine itself.
        match AppUrl::parse(entry) {
            Ok(origin) if origin.is_https() || origin.host() == "localhost" => origins.push(origin),
            _ => problems.add(format!(
                "WEBAUTHN_RELATED_ORIGINS must list https origins without a path; {entry:?} is none"
            )),
        }
    }
    origins
}

fn fido_metadata(settings: &Settings, problems: &mut Problems) -> Option<FidoMetadataConfig> {
    match (&settings.fido_metadata_file, &settings.fido_metadata_root) {
        (Some(file), Some(root)) => Some(FidoMetadataConfig {
            file: file.clone(),
            root: root.clone(),
        }),
        (None, None) => None,
        _ => {
            problems.add("FIDO_METADATA_FILE and FIDO_METADATA_ROOT must be set together".to_owned());
            None
        }
    }
}

fn retention(settings: &Settings, problems: &mut Problems) -> NonZeroU32 {
    let Some(days) = settings.audit_log_retention_days else {
        return DEFAULT_AUDIT_LOG_RETENTION_DAYS;
    };
    let days = u32::try_from(days).ok().and_then(NonZeroU32::new);
    problems.value_or(
        days.ok_or_else(|| "AUDIT_LOG_RETENTION_DAYS must be greater than 0".to_owned()),
        DEFAULT_AUDIT_LOG_RETENTION_DAYS,
    )
}

fn static_api_key(settings: &Settings, problems: &mut Problems) -> Option<SecretString> {
    let key = settings.static_api_key.clone()?;
    if key.expose_secret().len() < 16 {
        problems.add("STATIC_API_KEY must be at least 16 bytes long");
    }
    Some(key)
}

fn files(settings: &Settings, problems: &mut Problems) -> FileBackendConfig {
    let upload_path = settings.upload_path.clone();
    let filesystem = || FileBackendConfig::Filesystem {
        path: upload_path
            .clone()
            .unwrap_or_else(|| "data/uploads".to_owned())
            .into(),
    };
    match settings.file_backend.as_deref() {
        None | Some("filesystem") => filesystem(),
        Some("database") => FileBackendConfig::Database,
        Some("s3") => FileBackendConfig::S3(S3Config {
            bucket: settings.s3_bucket.clone().unwrap_or_default(),
            region: settings.s3_region.clone().unwrap_or_default(),
            endpoint: settings.s3_endpoint.clone(),
            access_key_id: settings.s3_access_key_id.clone().unwrap_or_default(),
            secret_access_key: settings.s3_secret_access_key.clone().unwrap_or_default(),
            path_style: if settings.s3_force_path_style.unwrap_or(false) {
                S3PathStyle::Path
            } else {
                S3PathStyle::VirtualHost
            },
            default_integrity_checks: Toggle::from(
                !settings.s3_disable_default_integrity_checks.unwrap_or(false),
            ),
            key_prefix: upload_path.unwrap_or_default().trim_matches('/').to_owned(),
        }),
        Some(other) => {
            problems.add(format!(
                "FILE_BACKEND must be filesystem, database or s3, not {other:?}"
            ));
            filesystem()
        }
    }
}

fn log(settings: &Settings, problems: &mut Problems) -> LogConfig {
    let level = match settings.log_level.as_deref() {
        Some("debug") => LogLevel::Debug,
        None | Some("info") => LogLevel::Info,
        Some("warn" | "warning") => LogLevel::Warn,
        Some("error") => LogLevel::Error,
        Some(other) => {
            problems.add(format!(
                "LOG_LEVEL must be debug, info, warn or error, not {other:?}"
            ));
            LogLevel::Info
        }
    };
    LogConfig {
        level,
        format: if settings.log_json.unwrap_or(false) {
            LogFormat::Json
        } else {
            LogFormat::Text
        },
        query_args: Toggle::from(settings.log_query_args.unwrap_or(false)),
    }
}

fn telemetry(settings: &TelemetrySettings, problems: &mut Problems) -> TelemetryConfig {
    let (traces, logs) = (
        settings.traces_exporter.as_deref(),
        settings.logs_exporter.as_deref(),
    );
    let traces = gated(settings.tracing_enabled, traces);
    let metrics = gated(settings.metrics_enabled, settings.metrics_exporter.as_deref());
    for (name, protocol) in &settings.protocols {
        if !matches!(protocol.as_str(), "http/protobuf" | "grpc") {
            problems.add(format!("{name} must be http/protobuf or grpc, not {protocol:?}"));
        }
    }
    if let Some(producer) = settings.metrics_producers.as_deref()
        && !matches!(producer, "prometheus" | "none")
    {
        problems.add(format!(
            "OTEL_METRICS_PRODUCERS must be prometheus or none, not {producer:?}"
        ));
    }
    TelemetryConfig {
        traces: otlp_exporter("OTEL_TRACES_EXPORTER", traces, problems),
        metrics: match metrics {
            "prometheus" => prometheus(settings, problems),
            "none" => MetricsExporter::None,
            "console" => MetricsExporter::Console,
            "otlp" => MetricsExporter::Otlp,
            other => {
                problems.add(format!(
                    "OTEL_METRICS_EXPORTER must be otlp, prometheus, console or none, not {other:?}"
                ));
                MetricsExporter::None
            }
        },
        logs: otlp_exporter("OTEL_LOGS_EXPORTER", logs.unwrap_or("none"), problems),
    }
}

/// The exporter, given the gate that 1.x had: set and false is off, true without exporter is
/// `otlp`, and without the gate the exporter alone decides, as since 2.10.
fn gated(gate: Option<bool>, exporter: Option<&str>) -> &str {
    match (gate, exporter) {
        (Some(false), _) | (None, None) => "none",
        (Some(true), None) => "otlp",
        (Some(true) | None, Some(exporter)) => exporter,
    }
}

fn otlp_exporter(name: &str, value: &str, problems: &mut Problems) -> OtlpExporter {
    match value {
        "none" => OtlpExporter::None,
        "console" => OtlpExporter::Console,
        "otlp" => OtlpExporter::Otlp,
        other => {
            problems.add(format!("{name} must be otlp, console or none, not {other:?}"));
            OtlpExporter::None
        }
    }
}

fn prometheus(settings: &TelemetrySettings, problems: &mut Problems) -> MetricsExporter {
    let port = settings.prometheus_port.as_deref().unwrap_or("9464");
    MetricsExporter::Prometheus {
        host: settings
            .prometheus_host
            .clone()
            .unwrap_or_else(|| "localhost".to_owned()),
        port: problems.value_or(
            port.parse()
                .map_err(|_| format!("OTEL_EXPORTER_PROMETHEUS_PORT must be a port number, not {port:?}")),
            9464,
        ),
    }
}

#[cfg(test)]
mod tests;
