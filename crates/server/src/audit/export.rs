//! The log as a file, read and sent piece by piece: millions of entries fit into no memory.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header;
use pocket_id_store::audit_logs::{self, AuditLog, Scope};
use pocket_id_store::list::ListRequest;
use pocket_id_store::types::{AuditLogId, Timestamp};

use super::dto::AuditLogDto;
use super::routes::Format;
use crate::http::time_format::rfc3339;
use crate::state::AppState;

/// Entries read at once.
const PIECE: u64 = 1000;

const HEADING: [&str; 11] = [
    "createdAt",
    "event",
    "username",
    "actorUsername",
    "country",
    "city",
    "ipAddress",
    "device",
    "clientName",
    "data",
    "id",
];

/// Why a file ends early. The connection then breaks, so that nobody takes half a log for a whole one.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Store(#[from] pocket_id_store::StoreError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Csv(#[from] csv::Error),
}

/// How far the file has come.
enum Position {
    Start,
    After(Timestamp, AuditLogId),
    End,
}

/// The answer that carries the file.
pub fn download(state: AppState, scope: Scope, request: ListRequest, format: Format) -> Response {
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "audit-log.csv"),
        Format::Jsonl => ("application/jsonl", "audit-log.jsonl"),
    };
    let pieces = stream::try_unfold(Position::Start, move |position| {
        let (state, request) = (state.clone(), request.clone());
        async move {
            let piece = next(&state, scope, &request, format, position).await;
            if let Err(error) = &piece {
                tracing::error!(%error, "an export of the audit log broke off");
            }
            piece
        }
    });
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

async fn next(
    state: &AppState,
    scope: Scope,
    request: &ListRequest,
    format: Format,
    position: Position,
) -> Result<Option<(Bytes, Position)>, ExportError> {
    let (last, first) = match position {
        Position::Start => (None, true),
        Position::After(moment, id) => (Some((moment, id)), false),
        Position::End => return Ok(None),
    };
    let entries = audit_logs::before(state.store.reader(), scope, request, last, PIECE).await?;
    let position = match entries.last() {
        Some(last) if entries.len() as u64 == PIECE => Position::After(last.created_at, last.id),
        _ => Position::End,
    };
    let bytes = match format {
        Format::Csv => csv_rows(entries, first)?,
        Format::Jsonl => json_lines(entries)?,
    };
    Ok(Some((bytes.into(), position)))
}

fn json_lines(entries: Vec<AuditLog>) -> Result<Vec<u8>, ExportError> {
    let mut bytes = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut bytes, &AuditLogDto::from(entry))?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// A cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn csv_rows(entries: Vec<AuditLog>, with_heading: bool) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        // Some spreadsheets part cells at other marks than commas.
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    if with_heading {
        writer.write_record(HEADING)?;
    }
    for entry in entries {
        let client = entry.client_name.clone().unwrap_or_default();
        let entry = AuditLogDto::from(entry);
        let data = serde_json::to_string(&entry.data)?;
        let row = [
            rfc3339(entry.created_at),
            entry.event,
            entry.username,
            entry.actor_username,
            entry.country,
            entry.city,
            entry.ip_address,
            entry.device,
            client,
            data,
            entry.id.to_string(),
        ];
        writer.write_record(row.iter().map(|text| cell(text)))?;
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()).into())
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("\t=1", "'\t=1"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
