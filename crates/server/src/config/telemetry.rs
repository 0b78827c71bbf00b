//! Logging, tracing and metrics.

use super::Toggle;

/// `LOG_LEVEL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything, every SQL statement included.
    Debug,
    /// The default.
    Info,
    /// Warnings and errors.
    Warn,
    /// Errors only.
    Error,
}

/// `LOG_JSON`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line per record.
    Text,
    /// One JSON object per record.
    Json,
}

/// What is logged and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// The least level that is written.
    pub level: LogLevel,
    /// The shape of a record.
    pub format: LogFormat,
    /// `LOG_QUERY_ARGS`: SQL parameter values in traces and debug logs.
    pub query_args: Toggle,
}

/// An exporter of traces or log records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtlpExporter {
    /// Nothing is exported.
    None,
    /// Standard output.
    Console,
    /// A collector, over the protocol the `OTEL_*` variables name.
    Otlp,
}

/// An exporter of metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricsExporter {
    /// Nothing is exported.
    None,
    /// Standard output.
    Console,
    /// A collector.
    Otlp,
    /// A second HTTP server with `/metrics`.
    Prometheus {
        /// `OTEL_EXPORTER_PROMETHEUS_HOST`.
        host: String,
        /// `OTEL_EXPORTER_PROMETHEUS_PORT`.
        port: u16,
    },
}

/// Which telemetry leaves the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryConfig {
    /// `OTEL_TRACES_EXPORTER`.
    pub traces: OtlpExporter,
    /// `OTEL_METRICS_EXPORTER`.
    pub metrics: MetricsExporter,
    /// `OTEL_LOGS_EXPORTER`.
    pub logs: OtlpExporter,
}

impl TelemetryConfig {
    /// No telemetry at all.
    pub fn off() -> Self {
        Self {
            traces: OtlpExporter::None,
            metrics: MetricsExporter::None,
            logs: OtlpExporter::None,
        }
    }
}
