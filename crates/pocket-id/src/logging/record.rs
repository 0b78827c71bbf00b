//! The shape of a log record, as text and as JSON.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use jiff::Zoned;
use pocket_id_server::config::LogFormat;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::Colours;
use crate::VERSION;

/// Writes each event as one line.
pub struct RecordLayer<W> {
    format: LogFormat,
    colours: Colours,
    clock: fn() -> Zoned,
    writer: W,
}

impl<W> RecordLayer<W> {
    pub fn new(format: LogFormat, colours: Colours, clock: fn() -> Zoned, writer: W) -> Self {
        Self {
            format,
            colours,
            clock,
            writer,
        }
    }

    fn line(&self, level: Level, fields: &Fields) -> String {
        let now = (self.clock)();
        match self.format {
            LogFormat::Text => text(&now, level, self.colours, fields),
            LogFormat::Json => json(&now, level, fields),
        }
    }
}

impl<S, W> Layer<S> for RecordLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.add_missing(of_span);
            }
        }
        event.record(&mut fields);
        let mut line = self.line(*event.metadata().level(), &fields);
        line.push('\n');
        // A log that cannot be written is nothing a log record could report.
        let _ = self
            .writer
            .make_writer_for(event.metadata())
            .write_all(line.as_bytes());
    }
}

/// The fields of an event or span, in the order they came.
#[derive(Default)]
struct Fields {
    message: String,
    attributes: Vec<(&'static str, Value)>,
}

impl Fields {
    fn set(&mut self, field: &Field, value: Value) {
        match self.attributes.iter_mut().find(|(name, _)| *name == field.name()) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((field.name(), value)),
        }
    }

    fn add_missing(&mut self, other: &Self) {
        for (name, value) in &other.attributes {
            if !self.attributes.iter().any(|(present, _)| present == name) {
                self.attributes.push((name, value.clone()));
            }
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.set(field, format!("{value:?}").into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.set(field, value.into());
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.set(field, value.to_string().into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }
}

fn text(now: &Zoned, level: Level, colours: Colours, fields: &Fields) -> String {
    let (name, colour) = match level {
        Level::TRACE | Level::DEBUG => ("DBG", "90"),
        Level::INFO => ("INF", "32"),
        Level::WARN => ("WRN", "33"),
        Level::ERROR => ("ERR", "31"),
    };
    let mut line = now.strftime("%b %e %H:%M:%S ").to_string();
    match colours {
        Colours::Yes => line.extend(["\u{1b}[", colour, "m", name, "\u{1b}[0m "]),
        Colours::No => line.extend([name, " "]),
    }
    for c in fields.message.chars() {
        // One record is one line, whatever a message quotes.
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line.extend([" app=pocket-id version=", VERSION]);
    for (name, value) in &fields.attributes {
        // Writing into a string cannot fail.
        let _ = match value {
            Value::String(text) if needs_quotes(text) => write!(line, " {name}={text:?}"),
            Value::String(text) => write!(line, " {name}={text}"),
            other => write!(line, " {name}={other}"),
        };
    }
    line
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty()
        || text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '='))
}

fn json(now: &Zoned, level: Level, fields: &Fields) -> String {
    let level = match level {
        Level::TRACE | Level::DEBUG => "DEBUG",
        Level::INFO => "INFO",
        Level::WARN => "WARN",
        Level::ERROR => "ERROR",
    };
    let time = now.strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string();
    let mut line = String::from("{");
    let mut used = Map::new();
    let fixed = [
        ("time", Value::from(time)),
        ("level", level.into()),
        ("msg", fields.message.as_str().into()),
        ("app", "pocket-id".into()),
        ("version", VERSION.into()),
    ];
    for (name, value) in fixed.into_iter().chain(fields.attributes.iter().cloned()) {
        if used.contains_key(name) {
            continue;
        }
        if !used.is_empty() {
            line.push(',');
        }
        let _ = write!(line, "{}:{value}", Value::from(name));
        used.insert(name.to_owned(), Value::Null);
    }
    line.push('}');
    line
}
