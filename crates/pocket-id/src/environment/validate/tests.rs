use std::path::Path;

use pocket_id_server::config::*;
use secrecy::ExposeSecret;

use crate::environment::{Environment, Settings};

use super::{Checked, HealthTarget};

fn load(variables: &[(&str, &str)]) -> Result<Checked, Vec<String>> {
    let environment = Environment::of(variables.iter().copied());
    Settings::read(&environment)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?
        .validate()
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn config(variables: &[(&str, &str)]) -> Config {
    load(variables)
        .unwrap_or_else(|errors| panic!("{variables:?}: {errors:?}"))
        .config
}

fn errors(variables: &[(&str, &str)]) -> Vec<String> {
    match load(variables) {
        Ok(_) => Vec::new(),
        Err(errors) => errors,
    }
}

fn sqlite(config: &Config) -> Option<&str> {
    match &config.database {
        DatabaseConfig::Sqlite { connection_string } => Some(connection_string),
        DatabaseConfig::Postgres { .. } => None,
    }
}

fn postgres(config: &Config) -> Option<&str> {
    match &config.database {
        DatabaseConfig::Sqlite { .. } => None,
        DatabaseConfig::Postgres { connection_string } => Some(connection_string.expose_secret()),
    }
}

#[test]
fn an_empty_environment_starts_with_the_documented_defaults() {
    let checked = load(&[]).unwrap_or_else(|errors| panic!("{errors:?}"));
    let config = checked.config;
    assert_eq!(config.app_env, AppEnv::Production);
    assert_eq!(config.app_url.as_str(), "http://localhost:1411");
    assert_eq!(config.internal_app_url, config.app_url);
    assert!(config.encryption_key.is_none());
    assert_eq!(sqlite(&config), Some("data/pocket-id.db"));
    assert_eq!(
        config.listen,
        ListenConfig::Tcp {
            host: "0.0.0.0".to_owned(),
            port: "1411".to_owned()
        }
    );
    assert!(config.tls.is_none());
    assert_eq!(config.trust_proxy, TrustedPeers::Nobody);
    assert_eq!(config.trusted_platform, None);
    assert_eq!(config.proxy_protocol, TrustedPeers::Nobody);
    assert!(config.local_ipv6_ranges.is_empty());
    assert!(config.outbound_allowed_networks.is_empty());
    assert_eq!(config.audit_log_retention_days.get(), 90);
    assert_eq!(config.analytics, Toggle::On);
    assert_eq!(config.version_check, Toggle::On);
    assert_eq!(config.version_check_url, None);
    assert_eq!(config.downgrade, Toggle::Off);
    assert_eq!(config.insecure_callback_urls, Toggle::On);
    assert_eq!(config.rate_limiting, Toggle::On);
    assert_eq!(config.ui_config, UiConfigSource::Database);
    assert!(config.static_api_key.is_none());
    assert!(
        matches!(&config.files, FileBackendConfig::Filesystem { path } if path == Path::new("data/uploads"))
    );
    assert!(config.geolite.license_key.is_none());
    assert_eq!(config.geolite.path, Path::new("data/GeoLite2-City.mmdb"));
    assert!(config.geolite.url.contains("license_key=%s&suffix=tar.gz"));
    assert_eq!(
        config.keys,
        KeysConfig {
            storage: None,
            path: "data/keys".into()
        }
    );
    assert_eq!(
        (config.actors.host.as_str(), config.actors.port.as_str()),
        ("0.0.0.0", "1414")
    );
    assert_eq!(
        config.log,
        LogConfig {
            level: LogLevel::Info,
            format: LogFormat::Text,
            query_args: Toggle::Off
        }
    );
    assert_eq!(config.telemetry, TelemetryConfig::off());
    assert_eq!(
        checked.health,
        HealthTarget {
            unix_socket: None,
            port: "1411".to_owned(),
            tls: Toggle::Off
        }
    );
}

#[test]
fn a_set_but_empty_variable_is_an_unset_one() {
    for name in [
        "APP_ENV",
        "APP_URL",
        "INTERNAL_APP_URL",
        "ENCRYPTION_KEY",
        "ENCRYPTION_KEY_FILE",
        "DB_PROVIDER",
        "DB_CONNECTION_STRING",
        "DB_CONNECTION_STRING_FILE",
        "KEYS_STORAGE",
        "KEYS_PATH",
        "TRUST_PROXY",
        "TRUSTED_PLATFORM",
        "PROXY_PROTOCOL",
        "HOST",
        "PORT",
        "UNIX_SOCKET",
        "UNIX_SOCKET_MODE",
        "SYSTEMD_SOCKET",
        "TLS_CERT",
        "TLS_KEY",
        "TLS_CERT_FILE",
        "TLS_KEY_FILE",
        "LOCAL_IPV6_RANGES",
        "OUTBOUND_ALLOWED_NETWORKS",
        "WEBAUTHN_RELATED_ORIGINS",
        "FIDO_METADATA_FILE",
        "FIDO_METADATA_ROOT",
        "AUDIT_LOG_RETENTION_DAYS",
        "ANALYTICS_DISABLED",
        "ALLOW_INSECURE_CALLBACK_URLS",
        "UI_CONFIG_DISABLED",
        "STATIC_API_KEY",
        "STATIC_API_KEY_FILE",
        "FILE_BACKEND",
        "UPLOAD_PATH",
        "GEOLITE_DB_PATH",
        "GEOLITE_DB_URL",
        "ACTORS_HOST",
        "ACTORS_PORT",
        "LOG_LEVEL",
        "LOG_JSON",
        "OTEL_TRACES_EXPORTER",
        "OTEL_METRICS_EXPORTER",
        "OTEL_LOGS_EXPORTER",
        "METRICS_ENABLED",
        "TRACING_ENABLED",
    ] {
        assert_eq!(
            format!("{:?}", config(&[(name, "")])),
            format!("{:?}", config(&[])),
            "{name}"
        );
    }
}

#[test]
fn every_variable_reaches_its_field() {
    type Check = fn(&Config) -> bool;
    let rows: &[(&[(&str, &str)], Check)] = &[
        (&[("APP_ENV", "Test")], |c| {
            c.app_env == AppEnv::Test && c.rate_limiting == Toggle::Off
        }),
        (&[("APP_ENV", "development")], |c| {
            c.app_env == AppEnv::Development
        }),
        (&[("APP_ENV", "staging")], |c| {
            c.app_env == AppEnv::Other("staging".to_owned())
        }),
        (&[("APP_URL", "HTTPS://ID.Example.com//")], |c| {
            c.app_url.as_str() == "https://id.example.com" && c.internal_app_url == c.app_url
        }),
        (&[("INTERNAL_APP_URL", "http://Pocket:80")], |c| {
            c.internal_app_url.as_str() == "http://Pocket:80"
        }),
        (&[("ENCRYPTION_KEY", "0123456789abcde ")], |c| {
            let key = c.encryption_key.as_ref().unwrap();
            key.expose() == b"0123456789abcde " && key.origin() == KeyOrigin::Configured
        }),
        (&[("DB_CONNECTION_STRING", "file:x.db?_txlock=immediate")], |c| {
            sqlite(c) == Some("file:x.db?_txlock=immediate")
        }),
        (&[("DB_CONNECTION_STRING", "postgres://h/d")], |c| {
            postgres(c) == Some("postgres://h/d")
        }),
        (&[("DB_CONNECTION_STRING", "postgresql://h/d")], |c| {
            postgres(c) == Some("postgresql://h/d")
        }),
        (&[("DB_CONNECTION_STRING", "host=h dbname=d")], |c| {
            sqlite(c) == Some("host=h dbname=d")
        }),
        (
            &[
                ("DB_PROVIDER", "Postgres"),
                ("DB_CONNECTION_STRING", "host=h dbname=d"),
            ],
            |c| postgres(c) == Some("host=h dbname=d"),
        ),
        (&[("DB_PROVIDER", "sqlite")], |c| {
            sqlite(c) == Some("data/pocket-id.db")
        }),
        (
            &[
                ("DB_PROVIDER", "sqlite"),
                ("DB_CONNECTION_STRING", "postgres://h/d"),
            ],
            |c| postgres(c).is_some(),
        ),
        (&[("KEYS_STORAGE", "File"), ("KEYS_PATH", "/k")], |c| {
            c.keys.storage == Some(KeyStorage::File) && c.keys.path == Path::new("/k")
        }),
        (&[("KEYS_STORAGE", "database")], |c| {
            c.keys.storage == Some(KeyStorage::Database)
        }),
        (&[("TRUST_PROXY", "true")], |c| {
            c.trust_proxy == TrustedPeers::Everybody
        }),
        (&[("TRUST_PROXY", "F")], |c| c.trust_proxy == TrustedPeers::Nobody),
        (
            &[("TRUST_PROXY", " 10.0.0.0/8 , 192.0.2.1,fd00::1/8, ::1,")],
            |c| {
                let networks = ["10.0.0.0/8", "192.0.2.1/32", "fd00::/8", "::1/128"];
                c.trust_proxy == TrustedPeers::Listed(networks.iter().map(|n| n.parse().unwrap()).collect())
            },
        ),
        (&[("TRUSTED_PLATFORM", "CF-Connecting-IP")], |c| {
            c.trusted_platform.as_ref().unwrap().as_str() == "cf-connecting-ip"
        }),
        (&[("PROXY_PROTOCOL", "1")], |c| {
            c.proxy_protocol == TrustedPeers::Everybody
        }),
        (&[("PROXY_PROTOCOL", "10.1.2.3")], |c| {
            c.proxy_protocol == TrustedPeers::Listed(vec!["10.1.2.3/32".parse().unwrap()])
        }),
        (&[("PROXY_PROTOCOL", "false"), ("UNIX_SOCKET", "/s")], |c| {
            c.proxy_protocol == TrustedPeers::Nobody
        }),
        (&[("HOST", "LOCALHOST"), ("PORT", "x")], |c| {
            c.listen
                == ListenConfig::Tcp {
                    host: "localhost".to_owned(),
                    port: "x".to_owned(),
                }
        }),
        (&[("UNIX_SOCKET", "/Run/S"), ("UNIX_SOCKET_MODE", "0660")], |c| {
            c.listen
                == ListenConfig::Unix {
                    path: "/Run/S".into(),
                    mode: Some(0o660),
                }
        }),
        (
            &[("UNIX_SOCKET", "/s"), ("UNIX_SOCKET_MODE", "777"), ("HOST", "::")],
            |c| {
                matches!(
                    c.listen,
                    ListenConfig::Unix {
                        mode: Some(0o777),
                        ..
                    }
                )
            },
        ),
        (&[("SYSTEMD_SOCKET", "T"), ("PORT", "80")], |c| {
            c.listen == ListenConfig::Systemd
        }),
        (
            &[
                ("TLS_CERT", "-----BEGIN CERTIFICATE-----"),
                ("TLS_KEY", "-----BEGIN PRIVATE KEY-----"),
            ],
            |c| matches!(c.tls, Some(TlsConfig::Inline { .. })),
        ),
        (
            &[("TLS_CERT_FILE", "Cargo.toml"), ("TLS_KEY_FILE", "src/main.rs")],
            |c| {
                matches!(&c.tls, Some(TlsConfig::Files { certificate, key })
                if certificate == Path::new("Cargo.toml") && key == Path::new("src/main.rs"))
            },
        ),
        (
            &[("TLS_CERT", "Cargo.toml"), ("TLS_KEY", "src/main.rs")],
            |c| matches!(&c.tls, Some(TlsConfig::Files { certificate, .. }) if certificate == Path::new("Cargo.toml")),
        ),
        (&[("LOCAL_IPV6_RANGES", "2001:db8::/32, 2001:db9::1/64")], |c| {
            c.local_ipv6_ranges == ["2001:db8::/32".parse().unwrap(), "2001:db9::/64".parse().unwrap()]
        }),
        (&[("OUTBOUND_ALLOWED_NETWORKS", "10.1.2.3/8, ::1")], |c| {
            c.outbound_allowed_networks == ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]
        }),
        (
            &[(
                "WEBAUTHN_RELATED_ORIGINS",
                "https://id.example.net, https://id.example.org:8443",
            )],
            |c| {
                let origins: Vec<_> = c.webauthn_related_origins.iter().map(AppUrl::as_str).collect();
                origins == ["https://id.example.net", "https://id.example.org:8443"]
            },
        ),
        (&[("AUDIT_LOG_RETENTION_DAYS", "1")], |c| {
            c.audit_log_retention_days.get() == 1
        }),
        (&[("ANALYTICS_DISABLED", "true")], |c| c.analytics == Toggle::Off),
        (&[("VERSION_CHECK_DISABLED", "True")], |c| {
            c.version_check == Toggle::Off
        }),
        (&[("ALLOW_DOWNGRADE", "TRUE")], |c| c.downgrade == Toggle::On),
        (&[("ALLOW_INSECURE_CALLBACK_URLS", "0")], |c| {
            c.insecure_callback_urls == Toggle::Off
        }),
        (&[("DISABLE_RATE_LIMITING", "t")], |c| {
            c.rate_limiting == Toggle::Off
        }),
        (&[("STATIC_API_KEY", "0123456789abcdef")], |c| {
            c.static_api_key.as_ref().unwrap().expose_secret() == "0123456789abcdef"
        }),
        (&[("FILE_BACKEND", "DATABASE")], |c| {
            matches!(c.files, FileBackendConfig::Database)
        }),
        (
            &[("UPLOAD_PATH", "/U")],
            |c| matches!(&c.files, FileBackendConfig::Filesystem { path } if path == Path::new("/U")),
        ),
        (
            &[
                ("FILE_BACKEND", "s3"),
                ("KEYS_STORAGE", "file"),
                ("UPLOAD_PATH", "/a/b/"),
                ("S3_BUCKET", "B"),
                ("S3_REGION", "R"),
                ("S3_ENDPOINT", "http://e"),
                ("S3_ACCESS_KEY_ID", "I"),
                ("S3_SECRET_ACCESS_KEY", "S"),
                ("S3_FORCE_PATH_STYLE", "true"),
                ("S3_DISABLE_DEFAULT_INTEGRITY_CHECKS", "true"),
            ],
            |c| {
                let FileBackendConfig::S3(s3) = &c.files else {
                    return false;
                };
                (s3.bucket.as_str(), s3.region.as_str(), s3.endpoint.as_deref())
                    == ("B", "R", Some("http://e"))
                    && (s3.access_key_id.as_str(), s3.secret_access_key.expose_secret()) == ("I", "S")
                    && (s3.path_style, s3.default_integrity_checks) == (S3PathStyle::Path, Toggle::Off)
                    && s3.key_prefix == "a/b"
            },
        ),
        (&[("FILE_BACKEND", "s3")], |c| {
            let FileBackendConfig::S3(s3) = &c.files else {
                return false;
            };
            s3.endpoint.is_none() && s3.key_prefix.is_empty() && s3.path_style == S3PathStyle::VirtualHost
        }),
        (
            &[
                ("MAXMIND_LICENSE_KEY", "k"),
                ("GEOLITE_DB_PATH", "/g"),
                ("GEOLITE_DB_URL", "http://g"),
            ],
            |c| {
                c.geolite.license_key.as_ref().unwrap().expose_secret() == "k"
                    && (c.geolite.path.as_path(), c.geolite.url.as_str()) == (Path::new("/g"), "http://g")
            },
        ),
        (&[("ACTORS_HOST", "H"), ("ACTORS_PORT", "x")], |c| {
            (c.actors.host.as_str(), c.actors.port.as_str()) == ("h", "x")
        }),
        (
            &[
                ("LOG_LEVEL", "DEBUG"),
                ("LOG_JSON", "1"),
                ("LOG_QUERY_ARGS", "true"),
            ],
            |c| {
                (c.log.level, c.log.format, c.log.query_args)
                    == (LogLevel::Debug, LogFormat::Json, Toggle::On)
            },
        ),
        (&[("LOG_LEVEL", "warning")], |c| c.log.level == LogLevel::Warn),
        (&[("LOG_LEVEL", "warn")], |c| c.log.level == LogLevel::Warn),
        (&[("LOG_LEVEL", "error")], |c| c.log.level == LogLevel::Error),
        (
            &[
                ("OTEL_TRACES_EXPORTER", "otlp"),
                ("OTEL_LOGS_EXPORTER", "console"),
            ],
            |c| (c.telemetry.traces, c.telemetry.logs) == (OtlpExporter::Otlp, OtlpExporter::Console),
        ),
        (&[("TRACING_ENABLED", "true")], |c| {
            c.telemetry.traces == OtlpExporter::Otlp
        }),
        (
            &[("TRACING_ENABLED", "false"), ("OTEL_TRACES_EXPORTER", "otlp")],
            |c| c.telemetry.traces == OtlpExporter::None,
        ),
        (&[("METRICS_ENABLED", "true")], |c| {
            c.telemetry.metrics == MetricsExporter::Otlp
        }),
        (
            &[
                ("METRICS_ENABLED", "false"),
                ("OTEL_METRICS_EXPORTER", "prometheus"),
            ],
            |c| c.telemetry.metrics == MetricsExporter::None,
        ),
        (
            &[
                ("METRICS_ENABLED", "true"),
                ("OTEL_METRICS_EXPORTER", "prometheus"),
            ],
            |c| {
                c.telemetry.metrics
                    == MetricsExporter::Prometheus {
                        host: "localhost".to_owned(),
                        port: 9464,
                    }
            },
        ),
        (
            &[
                ("OTEL_METRICS_EXPORTER", "prometheus"),
                ("OTEL_EXPORTER_PROMETHEUS_HOST", "0.0.0.0"),
                ("OTEL_EXPORTER_PROMETHEUS_PORT", "9000"),
                ("OTEL_METRICS_PRODUCERS", "none"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ],
            |c| {
                c.telemetry.metrics
                    == MetricsExporter::Prometheus {
                        host: "0.0.0.0".to_owned(),
                        port: 9000,
                    }
            },
        ),
        (&[("OTEL_METRICS_EXPORTER", "console")], |c| {
            c.telemetry.metrics == MetricsExporter::Console
        }),
        // Names of other eras and strangers are ignored without notice.
        (
            &[
                ("SQLITE_DB_PATH", "x"),
                ("PUBLIC_APP_URL", "x"),
                ("CADDY_PORT", "x"),
            ],
            |c| sqlite(c) == Some("data/pocket-id.db"),
        ),
    ];
    for (variables, check) in rows {
        assert!(check(&config(variables)), "{variables:?}");
    }
}

#[test]
fn every_mistake_has_its_message() {
    let pem = ("TLS_CERT", "-----BEGIN CERTIFICATE-----");
    let rows: &[(&[(&str, &str)], &str)] = &[
        (
            &[("APP_URL", "id.example.com")],
            "config error: APP_URL is not a valid URL",
        ),
        (
            &[("APP_URL", "https://id.example.com/auth")],
            "config error: APP_URL must not contain a path",
        ),
        (
            &[("INTERNAL_APP_URL", "pocket")],
            "config error: INTERNAL_APP_URL is not a valid URL",
        ),
        (
            &[("INTERNAL_APP_URL", "http://pocket/")],
            "config error: INTERNAL_APP_URL must not contain a path",
        ),
        (
            &[("ENCRYPTION_KEY", "0123456789abcde")],
            "config error: ENCRYPTION_KEY must be at least 16 bytes long",
        ),
        (
            &[("STATIC_API_KEY", "0123456789abcde")],
            "config error: STATIC_API_KEY must be at least 16 bytes long",
        ),
        (
            &[("DB_PROVIDER", "mysql")],
            r#"config error: DB_PROVIDER must be sqlite or postgres, not "mysql""#,
        ),
        (
            &[("DB_PROVIDER", "postgres")],
            "config error: DB_CONNECTION_STRING must be set when DB_PROVIDER is postgres",
        ),
        (
            &[("KEYS_STORAGE", "vault")],
            r#"config error: KEYS_STORAGE must be file or database, not "vault""#,
        ),
        (
            &[("TRUST_PROXY", "10.0.0.1, proxy")],
            "config error: TRUST_PROXY must be true, false or a list of IP addresses and CIDR ranges; \"proxy\" is none",
        ),
        (
            &[("PROXY_PROTOCOL", "10.0.0.0/33")],
            "config error: PROXY_PROTOCOL must be true, false or a list of IP addresses and CIDR ranges; \"10.0.0.0/33\" is none",
        ),
        (
            &[("PROXY_PROTOCOL", "true"), ("UNIX_SOCKET", "/s")],
            "config error: PROXY_PROTOCOL and UNIX_SOCKET cannot be used together",
        ),
        (
            &[("SYSTEMD_SOCKET", "true"), ("UNIX_SOCKET", "/s")],
            "config error: SYSTEMD_SOCKET and UNIX_SOCKET cannot be used together",
        ),
        (
            &[("TRUSTED_PLATFORM", "a b")],
            r#"config error: TRUSTED_PLATFORM must be the name of a header, not "a b""#,
        ),
        (
            &[("UNIX_SOCKET", "/s"), ("UNIX_SOCKET_MODE", "0680")],
            r#"config error: UNIX_SOCKET_MODE must be an octal file mode such as 0660, not "0680""#,
        ),
        (
            &[("UNIX_SOCKET_MODE", "+7")],
            r#"config error: UNIX_SOCKET_MODE must be an octal file mode such as 0660, not "+7""#,
        ),
        (&[pem], "config error: TLS_CERT and TLS_KEY must be set together"),
        (
            &[("TLS_KEY", "x")],
            "config error: TLS_CERT and TLS_KEY must be set together",
        ),
        (
            &[("TLS_CERT_FILE", "Cargo.toml")],
            "config error: TLS_CERT_FILE and TLS_KEY_FILE must be set together",
        ),
        (
            &[("TLS_KEY_FILE", "Cargo.toml")],
            "config error: TLS_CERT_FILE and TLS_KEY_FILE must be set together",
        ),
        (
            &[pem, ("TLS_KEY", "/k")],
            "config error: TLS_CERT and TLS_KEY must both be PEM or both be paths",
        ),
        (
            &[pem, ("TLS_KEY", "-----BEGIN"), ("TLS_CERT_FILE", "Cargo.toml")],
            "config error: TLS_CERT and TLS_KEY cannot be used together with TLS_CERT_FILE and TLS_KEY_FILE",
        ),
        (
            &[("TLS_CERT_FILE", "Cargo.toml"), ("TLS_KEY_FILE", "/no/such")],
            "config error: TLS_KEY_FILE must be PEM text or the path of an existing file",
        ),
        (
            &[("LOCAL_IPV6_RANGES", "10.0.0.0/8")],
            r#"config error: LOCAL_IPV6_RANGES must list IPv6 CIDR ranges; "10.0.0.0/8" is none"#,
        ),
        (
            &[("OUTBOUND_ALLOWED_NETWORKS", "10.0.0.0/8, lan")],
            r#"config error: OUTBOUND_ALLOWED_NETWORKS must list addresses or CIDR ranges; "lan" is neither"#,
        ),
        (
            &[("WEBAUTHN_RELATED_ORIGINS", "https://id.example.net/login")],
            r#"config error: WEBAUTHN_RELATED_ORIGINS must list https origins without a path; "https://id.example.net/login" is none"#,
        ),
        (
            &[("WEBAUTHN_RELATED_ORIGINS", "http://id.example.net")],
            r#"config error: WEBAUTHN_RELATED_ORIGINS must list https origins without a path; "http://id.example.net" is none"#,
        ),
        (
            &[("FIDO_METADATA_FILE", "blob.jwt")],
            "config error: FIDO_METADATA_FILE and FIDO_METADATA_ROOT must be set together",
        ),
        (
            &[("LOCAL_IPV6_RANGES", "2001:db8::1")],
            r#"config error: LOCAL_IPV6_RANGES must list IPv6 CIDR ranges; "2001:db8::1" is none"#,
        ),
        (
            &[("AUDIT_LOG_RETENTION_DAYS", "0")],
            "config error: AUDIT_LOG_RETENTION_DAYS must be greater than 0",
        ),
        (
            &[("AUDIT_LOG_RETENTION_DAYS", "-1")],
            "config error: AUDIT_LOG_RETENTION_DAYS must be greater than 0",
        ),
        (
            &[("FILE_BACKEND", "ftp")],
            r#"config error: FILE_BACKEND must be filesystem, database or s3, not "ftp""#,
        ),
        (
            &[("LOG_LEVEL", "loud")],
            r#"config error: LOG_LEVEL must be debug, info, warn or error, not "loud""#,
        ),
        (
            &[("OTEL_TRACES_EXPORTER", "jaeger")],
            r#"config error: OTEL_TRACES_EXPORTER must be otlp, console or none, not "jaeger""#,
        ),
        (
            &[("OTEL_METRICS_EXPORTER", "otlp,console")],
            r#"config error: OTEL_METRICS_EXPORTER must be otlp, prometheus, console or none, not "otlp,console""#,
        ),
        (
            &[("OTEL_LOGS_EXPORTER", "x")],
            r#"config error: OTEL_LOGS_EXPORTER must be otlp, console or none, not "x""#,
        ),
        (
            &[("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json")],
            r#"config error: OTEL_EXPORTER_OTLP_TRACES_PROTOCOL must be http/protobuf or grpc, not "http/json""#,
        ),
        (
            &[("OTEL_METRICS_PRODUCERS", "x")],
            r#"config error: OTEL_METRICS_PRODUCERS must be prometheus or none, not "x""#,
        ),
        (
            &[
                ("OTEL_METRICS_EXPORTER", "prometheus"),
                ("OTEL_EXPORTER_PROMETHEUS_PORT", "x"),
            ],
            r#"config error: OTEL_EXPORTER_PROMETHEUS_PORT must be a port number, not "x""#,
        ),
        // Stage one.
        (
            &[("AUDIT_LOG_RETENTION_DAYS", "1.5")],
            r#"Configuration error: AUDIT_LOG_RETENTION_DAYS: "1.5" is not a whole number of 32 bits"#,
        ),
        (
            &[("AUDIT_LOG_RETENTION_DAYS", "2147483648")],
            r#"Configuration error: AUDIT_LOG_RETENTION_DAYS: "2147483648" is not a whole number of 32 bits"#,
        ),
    ];
    for (variables, message) in rows {
        assert_eq!(errors(variables), [*message], "{variables:?}");
    }
}

#[test]
fn booleans_know_twelve_spellings() {
    for name in [
        "SYSTEMD_SOCKET",
        "ANALYTICS_DISABLED",
        "VERSION_CHECK_DISABLED",
        "ALLOW_DOWNGRADE",
        "ALLOW_INSECURE_CALLBACK_URLS",
        "DISABLE_RATE_LIMITING",
        "S3_FORCE_PATH_STYLE",
        "S3_DISABLE_DEFAULT_INTEGRITY_CHECKS",
        "LOG_JSON",
        "LOG_QUERY_ARGS",
        "UI_CONFIG_DISABLED",
        "TRACING_ENABLED",
        "METRICS_ENABLED",
    ] {
        for good in [
            "1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False",
        ] {
            assert_eq!(errors(&[(name, good)]), [""; 0], "{name}={good}");
        }
        for bad in ["yes", "on", "tRUE", " true", "2"] {
            let expected = format!("Configuration error: {name}: {bad:?} is not a boolean (true or false)");
            assert_eq!(errors(&[(name, bad)]), [expected]);
        }
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    assert_eq!(
        errors(&[("LOG_LEVEL", "x"), ("FILE_BACKEND", "x"), ("STATIC_API_KEY", "x")]).len(),
        3
    );
    assert_eq!(errors(&[("LOG_JSON", "x"), ("ALLOW_DOWNGRADE", "x")]).len(), 2);
}

#[test]
fn files_win_over_variables_and_are_trimmed_except_the_encryption_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (key, text, blank) = (
        path("key", b"\xff 0123456789abcdef\n"),
        path("text", b" \tpostgres://h/d\n\n"),
        path("blank", b" \n"),
    );
    let missing = folder.path().join("missing").to_str().unwrap().to_owned();

    let loaded = config(&[
        ("ENCRYPTION_KEY", "fedcba9876543210"),
        ("ENCRYPTION_KEY_FILE", &key),
    ]);
    assert_eq!(
        loaded.encryption_key.unwrap().expose(),
        b"\xff 0123456789abcdef\n"
    );
    let loaded = config(&[
        ("DB_CONNECTION_STRING", "x.db"),
        ("DB_CONNECTION_STRING_FILE", &text),
    ]);
    assert_eq!(postgres(&loaded), Some("postgres://h/d"));
    let loaded = config(&[("FILE_BACKEND", "s3"), ("S3_SECRET_ACCESS_KEY_FILE", &text)]);
    assert!(matches!(&loaded.files, FileBackendConfig::S3(s3)
        if s3.secret_access_key.expose_secret() == "postgres://h/d"));
    let loaded = config(&[("STATIC_API_KEY_FILE", &path("api", b"0123456789abcdef\n"))]);
    assert_eq!(loaded.static_api_key.unwrap().expose_secret(), "0123456789abcdef");
    let loaded = config(&[
        ("MAXMIND_LICENSE_KEY", "lost"),
        ("MAXMIND_LICENSE_KEY_FILE", &text),
    ]);
    assert_eq!(
        loaded.geolite.license_key.unwrap().expose_secret(),
        "postgres://h/d"
    );
    // An empty file is an unset value, except where that would start on other data.
    assert!(
        config(&[("MAXMIND_LICENSE_KEY_FILE", &blank)])
            .geolite
            .license_key
            .is_none()
    );
    assert_eq!(
        errors(&[("DB_CONNECTION_STRING_FILE", &blank)]),
        ["Configuration error: DB_CONNECTION_STRING_FILE: the file is empty"]
    );
    assert_eq!(
        errors(&[("ENCRYPTION_KEY_FILE", &blank)]),
        ["config error: ENCRYPTION_KEY must be at least 16 bytes long"]
    );

    for name in [
        "ENCRYPTION_KEY",
        "DB_CONNECTION_STRING",
        "STATIC_API_KEY",
        "S3_SECRET_ACCESS_KEY",
        "MAXMIND_LICENSE_KEY",
    ] {
        let variable = format!("{name}_FILE");
        let found = errors(&[(&variable, &missing)]);
        let expected = format!("Configuration error: {variable}: cannot read {missing}: ");
        assert!(
            found.len() == 1 && found[0].starts_with(&expected),
            "{name}: {found:?}"
        );
    }
    let found = errors(&[("STATIC_API_KEY_FILE", &key)]);
    assert_eq!(
        found,
        ["Configuration error: STATIC_API_KEY_FILE: the file is not valid UTF-8"]
    );
    // No such mechanism for other variables.
    assert_eq!(
        config(&[("APP_URL_FILE", &missing)]).app_url.as_str(),
        "http://localhost:1411"
    );
}

#[test]
fn settings_of_the_ui_count_only_when_its_configuration_is_disabled() {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, " p\n").unwrap();
    let password = password.to_str().unwrap();

    assert_eq!(config(&[("APP_NAME", "x")]).ui_config, UiConfigSource::Database);
    assert_eq!(
        config(&[
            ("UI_CONFIG_DISABLED", "true"),
            ("APP_NAME", "My ID"),
            ("SMTP_TLS", ""),
            ("SMTP_PASSWORD_FILE", password),
            ("LDAP_BIND_PASSWORD", "of the variable"),
            ("LDAP_BIND_PASSWORD_FILE", password),
            ("LDAP_ATTRIBUTE_ADMIN_GROUP", "admins"),
            ("SIGNUP_DEFAULT_USER_GROUP_I_DS", "[]"),
            ("APP_URL", "http://localhost"),
        ])
        .ui_config,
        UiConfigSource::Environment(
            [
                ("APP_NAME", "My ID"),
                ("SMTP_TLS", ""),
                ("SMTP_PASSWORD", "p"),
                ("LDAP_BIND_PASSWORD", "p"),
                ("LDAP_ADMIN_GROUP_NAME", "admins"),
                ("SIGNUP_DEFAULT_USER_GROUP_IDS", "[]"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
        )
    );
    // The old name alone says it; beside the new one it says nothing, and it never appears itself.
    for (old, new) in [
        ("LDAP_ATTRIBUTE_ADMIN_GROUP", "LDAP_ADMIN_GROUP_NAME"),
        ("SIGNUP_DEFAULT_USER_GROUP_I_DS", "SIGNUP_DEFAULT_USER_GROUP_IDS"),
    ] {
        for (variables, expected) in [
            (vec![(old, "[]")], "[]"),
            (vec![(new, "[]")], "[]"),
            (vec![(old, "[1]"), (new, "[]")], "[]"),
            (vec![(old, "[1]"), (new, "")], ""),
        ] {
            let mut all = vec![("UI_CONFIG_DISABLED", "true")];
            all.extend(variables);
            let only = [(new.to_owned(), expected.to_owned())];
            assert_eq!(
                config(&all).ui_config,
                UiConfigSource::Environment(only.into()),
                "{all:?}"
            );
        }
    }
}

#[test]
fn the_health_check_learns_where_the_server_is() {
    let health = |variables: &[(&str, &str)]| load(variables).map(|checked| checked.health).unwrap();
    assert_eq!(
        health(&[
            ("UNIX_SOCKET", "/s"),
            ("PORT", "80"),
            ("TLS_CERT", "Cargo.toml"),
            ("TLS_KEY", "Cargo.toml")
        ]),
        HealthTarget {
            unix_socket: Some("/s".into()),
            port: "80".to_owned(),
            tls: Toggle::On
        }
    );
}
