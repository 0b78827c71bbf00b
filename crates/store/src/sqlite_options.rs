//! The SQLite connection string: every form the documentation has taught, as typed options.

use std::path::PathBuf;
use std::time::Duration;

/// A parsed SQLite connection string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Where the database is.
    pub location: SqliteLocation,
    /// No writes at all.
    pub read_only: bool,
    /// How long a statement waits for another process's lock.
    pub busy_timeout: Duration,
    /// The journal mode, upper case.
    pub journal_mode: String,
    /// Most connections used for reading; none means the default.
    pub max_connections: Option<u32>,
    /// Further pragmas run on each connection, in order.
    pub pragmas: Vec<(String, String)>,
    /// Things in the string that were accepted but mean nothing here; worth a warning.
    pub warnings: Vec<String>,
}

/// Where a SQLite database lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqliteLocation {
    /// A file; created when missing.
    File(PathBuf),
    /// Memory of this process; gone when it ends.
    Memory,
}

/// Why a SQLite connection string was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqliteOptionsError {
    /// `foreign_keys` is always on and not for the string to say.
    #[error("the SQLite connection string must not set foreign_keys: it is always on")]
    ForeignKeys,
    /// `_pragma` without `name(value)`.
    #[error("_pragma={0:?} in the SQLite connection string is not of the form name(value)")]
    Pragma(String),
    /// A number was expected.
    #[error("{name}={value:?} in the SQLite connection string is not a whole number")]
    Number {
        /// The parameter.
        name: String,
        /// What it was set to.
        value: String,
    },
    /// No path at all.
    #[error("the SQLite connection string names no file")]
    NoPath,
}

/// Aliases of pragmas as query parameters (any case).
const PRAGMA_ALIASES: &[(&str, &str)] = &[
    ("_auto_vacuum", "auto_vacuum"),
    ("_vacuum", "auto_vacuum"),
    ("_busy_timeout", "busy_timeout"),
    ("_timeout", "busy_timeout"),
    ("_case_sensitive_like", "case_sensitive_like"),
    ("_cslike", "case_sensitive_like"),
    ("_foreign_keys", "foreign_keys"),
    ("_fk", "foreign_keys"),
    ("_journal_mode", "journal_mode"),
    ("_journal", "journal_mode"),
    ("_locking_mode", "locking_mode"),
    ("_locking", "locking_mode"),
    ("_secure_delete", "secure_delete"),
    ("_synchronous", "synchronous"),
    ("_sync", "synchronous"),
];

impl SqliteOptions {
    /// Reads `path`, `file:path`, either with `?query`, `:memory:` and `file::memory:`.
    pub fn parse(connection_string: &str) -> Result<Self, SqliteOptionsError> {
        let (path, query) = connection_string
            .split_once('?')
            .unwrap_or((connection_string, ""));
        let path = path.strip_prefix("file:").unwrap_or(path);
        let mut memory = path == ":memory:";
        let mut read_only = false;
        let mut max_connections = None;
        let mut pragmas: Vec<(String, String)> = Vec::new();
        let mut warnings = Vec::new();

        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let name = key.to_ascii_lowercase();
            if let Some((_, pragma)) = PRAGMA_ALIASES.iter().find(|(alias, _)| *alias == name) {
                pragmas.push(((*pragma).to_owned(), value.into_owned()));
                continue;
            }
            match name.as_str() {
                "_pragma" => {
                    let (pragma, argument) = value
                        .split_once('(')
                        .and_then(|(pragma, rest)| Some((pragma, rest.strip_suffix(')')?)))
                        .or_else(|| value.split_once('='))
                        .ok_or_else(|| SqliteOptionsError::Pragma(value.to_string()))?;
                    pragmas.push((pragma.trim().to_ascii_lowercase(), argument.trim().to_owned()));
                }
                "mode" => match value.to_ascii_lowercase().as_str() {
                    "memory" => memory = true,
                    "ro" => read_only = true,
                    _ => {}
                },
                "immutable" => read_only |= matches!(value.to_ascii_lowercase().as_str(), "1" | "true"),
                "_maxconn" => {
                    let number: i64 = value.parse().map_err(|_| SqliteOptionsError::Number {
                        name: key.to_string(),
                        value: value.to_string(),
                    })?;
                    max_connections = u32::try_from(number).ok().filter(|number| *number > 0);
                }
                "_txlock" => {
                    if !value.eq_ignore_ascii_case("immediate") {
                        warnings.push(format!(
                            "_txlock={value}: write transactions are always immediate, the value is ignored"
                        ));
                    }
                }
                // Options of other drivers that change nothing for this one.
                "_texttotime" | "_inttotime" | "_time_format" | "cache" => {}
                other => warnings.push(format!("{other}: unknown parameter, ignored")),
            }
        }

        if pragmas.iter().any(|(name, _)| name == "foreign_keys") {
            return Err(SqliteOptionsError::ForeignKeys);
        }
        let busy_timeout = match take_last(&mut pragmas, "busy_timeout") {
            None => Duration::from_millis(2500),
            Some(value) => Duration::from_millis(value.parse().map_err(|_| SqliteOptionsError::Number {
                name: "busy_timeout".to_owned(),
                value,
            })?),
        };
        let journal_mode = take_last(&mut pragmas, "journal_mode").map_or_else(
            || {
                match (memory, read_only) {
                    (true, _) => "MEMORY",
                    (false, true) => "DELETE",
                    (false, false) => "WAL",
                }
                .to_owned()
            },
            |mode| mode.to_ascii_uppercase(),
        );
        if !memory && !read_only && !pragmas.iter().any(|(name, _)| name == "temp_store") {
            pragmas.push(("temp_store".to_owned(), "MEMORY".to_owned()));
        }

        let location = if memory {
            SqliteLocation::Memory
        } else if path.is_empty() {
            return Err(SqliteOptionsError::NoPath);
        } else {
            SqliteLocation::File(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
        };
        Ok(Self {
            location,
            read_only,
            busy_timeout,
            journal_mode,
            max_connections,
            pragmas,
            warnings,
        })
    }
}

fn take_last(pragmas: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let last = pragmas
        .iter()
        .rev()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.clone());
    pragmas.retain(|(key, _)| key != name);
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> SqliteLocation {
        SqliteLocation::File(PathBuf::from(path))
    }

    #[test]
    fn defaults_are_safe_for_a_plain_path() {
        let options = SqliteOptions::parse("data/pocket-id.db").unwrap();
        assert_eq!(options.location, file("data/pocket-id.db"));
        assert_eq!(options.journal_mode, "WAL");
        assert_eq!(options.busy_timeout, Duration::from_millis(2500));
        assert!(!options.read_only);
        assert_eq!(options.pragmas, [("temp_store".to_owned(), "MEMORY".to_owned())]);
        assert!(options.warnings.is_empty());
    }

    #[test]
    fn the_documented_string_of_older_versions_works() {
        let options = SqliteOptions::parse(
            "file:data/pocket-id.db?_pragma=journal_mode(WAL)&_pragma=busy_timeout(2500)&_txlock=immediate",
        )
        .unwrap();
        assert_eq!(options.location, file("data/pocket-id.db"));
        assert_eq!(options.journal_mode, "WAL");
        assert!(options.warnings.is_empty());
    }

    #[test]
    fn every_accepted_form_is_understood() {
        for (text, location, journal, read_only) in [
            (":memory:", SqliteLocation::Memory, "MEMORY", false),
            ("file::memory:", SqliteLocation::Memory, "MEMORY", false),
            ("file:x.db?mode=memory", SqliteLocation::Memory, "MEMORY", false),
            ("x.db?mode=RO", file("x.db"), "DELETE", true),
            ("x.db?immutable=1", file("x.db"), "DELETE", true),
            ("x.db?_journal_mode=delete", file("x.db"), "DELETE", false),
            ("x.db?_JOURNAL=truncate", file("x.db"), "TRUNCATE", false),
            ("file:/srv/x.db", file("/srv/x.db"), "WAL", false),
            ("file:///srv/x.db", file("/srv/x.db"), "WAL", false),
        ] {
            let options = SqliteOptions::parse(text).unwrap();
            assert_eq!(options.location, location, "{text}");
            assert_eq!(options.journal_mode, journal, "{text}");
            assert_eq!(options.read_only, read_only, "{text}");
        }
    }

    #[test]
    fn pragmas_and_pool_size_are_read() {
        let options =
            SqliteOptions::parse("x.db?_sync=FULL&_maxconn=3&_timeout=100&_pragma=cache_size(-2000)")
                .unwrap();
        assert_eq!(options.max_connections, Some(3));
        assert_eq!(options.busy_timeout, Duration::from_millis(100));
        assert!(
            options
                .pragmas
                .contains(&("synchronous".to_owned(), "FULL".to_owned()))
        );
        assert!(
            options
                .pragmas
                .contains(&("cache_size".to_owned(), "-2000".to_owned()))
        );
    }

    #[test]
    fn each_fault_has_its_error() {
        for text in [
            "x.db?_fk=0",
            "x.db?_foreign_keys=on",
            "x.db?_pragma=foreign_keys(0)",
        ] {
            assert_eq!(
                SqliteOptions::parse(text),
                Err(SqliteOptionsError::ForeignKeys),
                "{text}"
            );
        }
        assert!(matches!(
            SqliteOptions::parse("x.db?_maxconn=many"),
            Err(SqliteOptionsError::Number { .. })
        ));
        assert!(matches!(
            SqliteOptions::parse("x.db?_timeout=soon"),
            Err(SqliteOptionsError::Number { .. })
        ));
        assert!(matches!(
            SqliteOptions::parse("x.db?_pragma=wal"),
            Err(SqliteOptionsError::Pragma(_))
        ));
        assert_eq!(SqliteOptions::parse(""), Err(SqliteOptionsError::NoPath));
    }

    #[test]
    fn what_means_nothing_here_is_reported() {
        let options = SqliteOptions::parse("x.db?_txlock=deferred&colour=blue").unwrap();
        assert_eq!(options.warnings.len(), 2);
    }
}
