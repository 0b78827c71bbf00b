//! Stage one: every variable read into its type. What the values mean together is stage two.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;

use super::Environment;
use super::reader::{ParseError, Reader};

/// Variables of the admin UI's settings, which count only with `UI_CONFIG_DISABLED=true`.
const UI_VARIABLES: &[&str] = &[
    "APP_NAME",
    "SESSION_DURATION",
    "HOME_PAGE_URL",
    "ACCENT_COLOR",
    "ALLOW_USER_SIGNUPS",
    "SIGNUP_DEFAULT_USER_GROUP_IDS",
    "SIGNUP_DEFAULT_CUSTOM_CLAIMS",
    "ALLOW_OWN_ACCOUNT_EDIT",
    "REQUIRE_USER_EMAIL",
    "EMAILS_VERIFIED",
    "DISABLE_ANIMATIONS",
    "EMAIL_VERIFICATION_ENABLED",
    "EMAIL_LOGIN_NOTIFICATION_ENABLED",
    "EMAIL_ONE_TIME_ACCESS_AS_ADMIN_ENABLED",
    "EMAIL_ONE_TIME_ACCESS_AS_UNAUTHENTICATED_ENABLED",
    "EMAIL_API_KEY_EXPIRATION_ENABLED",
    "SMTP_SKIP_CERT_VERIFY",
    "SMTP_HOST",
    "SMTP_PORT",
    "SMTP_USER",
    "SMTP_FROM",
    "SMTP_TLS",
    "LDAP_ENABLED",
    "LDAP_SKIP_CERT_VERIFY",
    "LDAP_URL",
    "LDAP_BIND_DN",
    "LDAP_BASE",
    "LDAP_USER_SEARCH_FILTER",
    "LDAP_USER_GROUP_SEARCH_FILTER",
    "LDAP_SOFT_DELETE_USERS",
    "LDAP_ATTRIBUTE_USER_UNIQUE_IDENTIFIER",
    "LDAP_ATTRIBUTE_USER_USERNAME",
    "LDAP_ATTRIBUTE_USER_EMAIL",
    "LDAP_ATTRIBUTE_USER_FIRST_NAME",
    "LDAP_ATTRIBUTE_USER_LAST_NAME",
    "LDAP_ATTRIBUTE_USER_PROFILE_PICTURE",
    "LDAP_ATTRIBUTE_USER_DISPLAY_NAME",
    "LDAP_ATTRIBUTE_GROUP_UNIQUE_IDENTIFIER",
    "LDAP_ATTRIBUTE_GROUP_NAME",
    "LDAP_ATTRIBUTE_GROUP_MEMBER",
    "LDAP_ADMIN_GROUP_NAME",
    "WEBAUTHN_USER_VERIFICATION",
    "WEBAUTHN_ALLOW_SYNCED_PASSKEYS",
    "WEBAUTHN_AUTHENTICATOR_ATTACHMENT",
    "WEBAUTHN_ATTESTATION",
    "WEBAUTHN_ALLOWED_AUTHENTICATORS",
    "WEBAUTHN_DENIED_AUTHENTICATORS",
    "ALLOW_OWN_LOGIN_CODES",
    "ALLOW_RECOVERY_CODES",
    "SIGNUP_ALLOWED_EMAIL_DOMAINS",
    "DYNAMIC_CLIENT_REGISTRATION",
    "DYNAMIC_CLIENT_REGISTRATION_REQUIRES_APPROVAL",
    "CIMD_URL_ALLOWLIST",
];

/// Those of them that may come from a file.
const UI_SECRETS: &[&str] = &["SMTP_PASSWORD", "LDAP_BIND_PASSWORD"];

/// Names of 1.x, and what they have been called since 2.0.
const UI_RENAMED: [(&str, &str); 2] = [
    ("LDAP_ATTRIBUTE_ADMIN_GROUP", "LDAP_ADMIN_GROUP_NAME"),
    ("SIGNUP_DEFAULT_USER_GROUP_I_DS", "SIGNUP_DEFAULT_USER_GROUP_IDS"),
];

/// Every server variable, typed, not yet judged. `None` = unset.
///
/// Deliberately without `Debug`: half of the fields may hold secrets.
#[derive(Default)]
pub struct Settings {
    pub(super) app_env: Option<String>,
    pub(super) app_url: Option<String>,
    pub(super) internal_app_url: Option<String>,
    pub(super) encryption_key: Option<Vec<u8>>,
    pub(super) db_provider: Option<String>,
    pub(super) db_connection_string: Option<String>,
    pub(super) keys_storage: Option<String>,
    pub(super) keys_path: Option<PathBuf>,
    pub(super) trust_proxy: Option<String>,
    pub(super) trusted_platform: Option<String>,
    pub(super) proxy_protocol: Option<String>,
    pub(super) host: Option<String>,
    pub(super) port: Option<String>,
    pub(super) unix_socket: Option<PathBuf>,
    pub(super) unix_socket_mode: Option<String>,
    pub(super) systemd_socket: Option<bool>,
    pub(super) tls_cert: Option<String>,
    pub(super) tls_key: Option<SecretString>,
    pub(super) tls_cert_file: Option<PathBuf>,
    pub(super) tls_key_file: Option<PathBuf>,
    pub(super) local_ipv6_ranges: Option<String>,
    pub(super) outbound_allowed_networks: Option<String>,
    pub(super) webauthn_related_origins: Option<String>,
    pub(super) fido_metadata_file: Option<PathBuf>,
    pub(super) fido_metadata_root: Option<PathBuf>,
    pub(super) audit_log_retention_days: Option<i32>,
    pub(super) analytics_disabled: Option<bool>,
    pub(super) version_check_disabled: Option<bool>,
    pub(super) version_check_url: Option<String>,
    pub(super) allow_downgrade: Option<bool>,
    pub(super) allow_insecure_callback_urls: Option<bool>,
    pub(super) disable_rate_limiting: Option<bool>,
    pub(super) static_api_key: Option<SecretString>,
    pub(super) file_backend: Option<String>,
    pub(super) upload_path: Option<String>,
    pub(super) s3_bucket: Option<String>,
    pub(super) s3_region: Option<String>,
    pub(super) s3_endpoint: Option<String>,
    pub(super) s3_access_key_id: Option<String>,
    pub(super) s3_secret_access_key: Option<SecretString>,
    pub(super) s3_force_path_style: Option<bool>,
    pub(super) s3_disable_default_integrity_checks: Option<bool>,
    pub(super) maxmind_license_key: Option<SecretString>,
    pub(super) geolite_db_path: Option<PathBuf>,
    pub(super) geolite_db_url: Option<String>,
    pub(super) actors_host: Option<String>,
    pub(super) actors_port: Option<String>,
    pub(super) log_level: Option<String>,
    pub(super) log_json: Option<bool>,
    pub(super) log_query_args: Option<bool>,
    pub(super) ui_config: Option<BTreeMap<String, String>>,
    pub(super) telemetry: TelemetrySettings,
}

/// The variables of metrics and tracing.
#[derive(Default)]
pub(super) struct TelemetrySettings {
    pub tracing_enabled: Option<bool>,
    pub metrics_enabled: Option<bool>,
    pub traces_exporter: Option<String>,
    pub metrics_exporter: Option<String>,
    pub logs_exporter: Option<String>,
    pub metrics_producers: Option<String>,
    /// `OTEL_EXPORTER_OTLP_PROTOCOL` and its three variants, by name.
    pub protocols: BTreeMap<&'static str, String>,
    pub prometheus_host: Option<String>,
    pub prometheus_port: Option<String>,
}

/// The variables that name an OTLP protocol.
const PROTOCOLS: &[&str] = &[
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
    "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
];

impl Settings {
    /// Reads everything; the errors are all there are, not only the first.
    pub fn read(environment: &Environment) -> Result<Self, Vec<ParseError>> {
        let mut reader = Reader::new(environment);
        let r = &mut reader;
        let settings = Self {
            app_env: r.lower("APP_ENV"),
            app_url: r.lower("APP_URL"),
            internal_app_url: r.text("INTERNAL_APP_URL"),
            encryption_key: r.bytes_or_file("ENCRYPTION_KEY"),
            db_provider: r.lower("DB_PROVIDER"),
            db_connection_string: r.text_or_full_file("DB_CONNECTION_STRING"),
            keys_storage: r.lower("KEYS_STORAGE"),
            keys_path: r.path("KEYS_PATH"),
            trust_proxy: r.text("TRUST_PROXY"),
            trusted_platform: r.text("TRUSTED_PLATFORM"),
            proxy_protocol: r.text("PROXY_PROTOCOL"),
            host: r.lower("HOST"),
            port: r.text("PORT"),
            unix_socket: r.path("UNIX_SOCKET"),
            unix_socket_mode: r.text("UNIX_SOCKET_MODE"),
            systemd_socket: r.boolean("SYSTEMD_SOCKET"),
            tls_cert: r.text("TLS_CERT"),
            tls_key: r.text("TLS_KEY").map(SecretString::from),
            tls_cert_file: r.path("TLS_CERT_FILE"),
            tls_key_file: r.path("TLS_KEY_FILE"),
            local_ipv6_ranges: r.text("LOCAL_IPV6_RANGES"),
            outbound_allowed_networks: r.text("OUTBOUND_ALLOWED_NETWORKS"),
            webauthn_related_origins: r.text("WEBAUTHN_RELATED_ORIGINS"),
            fido_metadata_file: r.path("FIDO_METADATA_FILE"),
            fido_metadata_root: r.path("FIDO_METADATA_ROOT"),
            audit_log_retention_days: r.integer("AUDIT_LOG_RETENTION_DAYS"),
            analytics_disabled: r.boolean("ANALYTICS_DISABLED"),
            version_check_disabled: r.boolean("VERSION_CHECK_DISABLED"),
            version_check_url: r.text("VERSION_CHECK_URL"),
            allow_downgrade: r.boolean("ALLOW_DOWNGRADE"),
            allow_insecure_callback_urls: r.boolean("ALLOW_INSECURE_CALLBACK_URLS"),
            disable_rate_limiting: r.boolean("DISABLE_RATE_LIMITING"),
            static_api_key: r.secret_or_file("STATIC_API_KEY"),
            file_backend: r.lower("FILE_BACKEND"),
            upload_path: r.text("UPLOAD_PATH"),
            s3_bucket: r.text("S3_BUCKET"),
            s3_region: r.text("S3_REGION"),
            s3_endpoint: r.text("S3_ENDPOINT"),
            s3_access_key_id: r.text("S3_ACCESS_KEY_ID"),
            s3_secret_access_key: r.secret_or_file("S3_SECRET_ACCESS_KEY"),
            s3_force_path_style: r.boolean("S3_FORCE_PATH_STYLE"),
            s3_disable_default_integrity_checks: r.boolean("S3_DISABLE_DEFAULT_INTEGRITY_CHECKS"),
            maxmind_license_key: r.secret_or_file("MAXMIND_LICENSE_KEY"),
            geolite_db_path: r.path("GEOLITE_DB_PATH"),
            geolite_db_url: r.text("GEOLITE_DB_URL"),
            actors_host: r.lower("ACTORS_HOST"),
            actors_port: r.text("ACTORS_PORT"),
            log_level: r.lower("LOG_LEVEL"),
            log_json: r.boolean("LOG_JSON"),
            log_query_args: r.boolean("LOG_QUERY_ARGS"),
            ui_config: match r.boolean("UI_CONFIG_DISABLED") {
                Some(true) => Some(ui_config(r)),
                Some(false) | None => None,
            },
            telemetry: TelemetrySettings {
                tracing_enabled: r.boolean("TRACING_ENABLED"),
                metrics_enabled: r.boolean("METRICS_ENABLED"),
                traces_exporter: r.text("OTEL_TRACES_EXPORTER"),
                metrics_exporter: r.text("OTEL_METRICS_EXPORTER"),
                logs_exporter: r.text("OTEL_LOGS_EXPORTER"),
                metrics_producers: r.text("OTEL_METRICS_PRODUCERS"),
                protocols: PROTOCOLS
                    .iter()
                    .filter_map(|name| Some((*name, r.text(name)?)))
                    .collect(),
                prometheus_host: r.text("OTEL_EXPORTER_PROMETHEUS_HOST"),
                prometheus_port: r.text("OTEL_EXPORTER_PROMETHEUS_PORT"),
            },
        };
        match reader.into_errors() {
            errors if errors.is_empty() => Ok(settings),
            errors => Err(errors),
        }
    }
}

fn ui_config(reader: &mut Reader<'_>) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for name in UI_VARIABLES {
        if let Some(value) = reader.present(name) {
            values.insert((*name).to_owned(), value);
        }
    }
    for name in UI_SECRETS {
        if let Some(value) = reader.present_or_file(name) {
            values.insert((*name).to_owned(), value);
        }
    }
    for (old, new) in UI_RENAMED {
        if !values.contains_key(new)
            && let Some(value) = reader.present(old)
        {
            values.insert(new.to_owned(), value);
        }
    }
    values
}
