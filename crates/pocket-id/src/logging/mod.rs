//! Log records: one line each, on stdout for the server and on stderr for every other command.

mod record;

use std::io::IsTerminal;

use jiff::Zoned;
use pocket_id_server::config::{LogConfig, LogFormat, LogLevel};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use record::RecordLayer;

/// Whether level names are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// On a terminal.
    Yes,
    /// In a file, a pipe, a journal.
    No,
}

/// The server's log: stdout, as configured. Panics go there too, as records.
pub fn init_server(config: LogConfig) -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
    let colours = if std::io::stdout().is_terminal() {
        Colours::Yes
    } else {
        Colours::No
    };
    let layer = layer(config, colours, Zoned::now, std::io::stdout);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic = message, location, "A bug made a task panic");
    }));
    Ok(())
}

/// The log of other commands: stderr, plain text, so that stdout carries results only.
pub fn init_command(config: LogConfig) -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
    let config = LogConfig {
        format: LogFormat::Text,
        ..config
    };
    let layer = layer(config, Colours::No, Zoned::now, std::io::stderr);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))
}

fn layer<S, W>(config: LogConfig, colours: Colours, clock: fn() -> Zoned, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    RecordLayer::new(config.format, colours, clock, writer).with_filter(filter(config.level))
}

/// Our crates and SQL statements at the configured level; other libraries only from warnings on.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    };
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("pocket_id", level)
        .with_target("sqlx::query", level)
        // A client that is too slow or goes away is nothing the operator can act on.
        .with_target("hyper", level.min(LevelFilter::ERROR))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use pocket_id_server::config::Toggle;

    use super::*;
    use crate::VERSION;

    fn clock() -> Zoned {
        let time: Timestamp = "2026-03-05T07:08:09.123456Z".parse().unwrap();
        time.to_zoned(TimeZone::fixed(jiff::tz::offset(2)))
    }

    fn logged(level: LogLevel, format: LogFormat, colours: Colours, scene: impl FnOnce()) -> String {
        #[derive(Clone, Default)]
        struct Sink(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Sink {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let sink = Sink::default();
        let writer = sink.clone();
        let config = LogConfig {
            level,
            format,
            query_args: Toggle::Off,
        };
        let layer = layer(config, colours, clock, move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), scene);
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn text_records_are_one_readable_line() {
        let text = logged(LogLevel::Debug, LogFormat::Text, Colours::No, || {
            tracing::info!(addr = "0.0.0.0:1411", tls = false, "Server listening");
            tracing::debug!(
                path = "a b",
                empty = "",
                quote = "say \"x\"",
                n = -1,
                f = 1.5,
                "Details"
            );
            tracing::warn!(error = ?Some("x"), "two\nlines");
            tracing::error!("Failed");
        });
        assert_eq!(
            text,
            format!(
                "Mar  5 09:08:09 INF Server listening app=pocket-id version={VERSION} addr=0.0.0.0:1411 tls=false\n\
                 Mar  5 09:08:09 DBG Details app=pocket-id version={VERSION} path=\"a b\" empty=\"\" quote=\"say \\\"x\\\"\" n=-1 f=1.5\n\
                 Mar  5 09:08:09 WRN two\\nlines app=pocket-id version={VERSION} error=\"Some(\\\"x\\\")\"\n\
                 Mar  5 09:08:09 ERR Failed app=pocket-id version={VERSION}\n"
            )
        );
    }

    #[test]
    fn json_records_are_one_object() {
        let text = logged(LogLevel::Info, LogFormat::Json, Colours::Yes, || {
            tracing::warn!(addr = "[::]:1411", tls = true, n = 3_u64, "two\nlines");
        });
        assert_eq!(text.lines().count(), 1);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            serde_json::json!({
                "time": "2026-03-05T09:08:09.123456+02:00",
                "level": "WARN",
                "msg": "two\nlines",
                "app": "pocket-id",
                "version": VERSION,
                "addr": "[::]:1411",
                "tls": true,
                "n": 3
            })
        );
        assert!(text.starts_with(r#"{"time":"#), "readable order: {text}");
    }

    #[test]
    fn records_carry_what_their_spans_know_unless_they_know_better() {
        let text = logged(LogLevel::Info, LogFormat::Json, Colours::No, || {
            let span = tracing::info_span!("request", request_id = "r", status = tracing::field::Empty);
            let _inside = span.enter();
            span.record("status", 200);
            tracing::info!(status = 500, "done");
        });
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&record["request_id"], &record["status"]),
            (&"r".into(), &500.into())
        );
    }

    #[test]
    fn colours_appear_only_when_wanted() {
        let scene = || tracing::error!("Failed");
        assert!(logged(LogLevel::Info, LogFormat::Text, Colours::Yes, scene).contains("\u{1b}["));
        assert!(!logged(LogLevel::Info, LogFormat::Text, Colours::No, scene).contains('\u{1b}'));
    }

    #[test]
    fn levels_count_for_us_and_libraries_are_quiet() {
        let scene = || {
            tracing::debug!(target: "pocket_id_server::http", "our debug");
            tracing::info!(target: "pocket_id_store", "our info");
            tracing::debug!(target: "sqlx::query", "a statement");
            tracing::info!(target: "rustls", "library info");
            tracing::warn!(target: "sqlx::pool", "library warning");
            tracing::warn!(target: "hyper::proto", "slow client");
            tracing::error!("our error");
        };
        let count = |level, word| {
            logged(level, LogFormat::Text, Colours::No, scene)
                .lines()
                .filter(|line| line.contains(word))
                .count()
        };
        assert_eq!(count(LogLevel::Debug, "our"), 3);
        assert_eq!(count(LogLevel::Info, "our"), 2);
        assert_eq!(count(LogLevel::Warn, "our"), 1);
        assert_eq!(count(LogLevel::Error, ""), 1);
        assert_eq!(count(LogLevel::Debug, "statement"), 1);
        assert_eq!(count(LogLevel::Info, "statement"), 0);
        assert_eq!(count(LogLevel::Debug, "library"), 1);
        assert_eq!(count(LogLevel::Debug, "slow"), 0);
    }
}
