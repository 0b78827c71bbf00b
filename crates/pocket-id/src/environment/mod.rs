//! What the operator configured: environment variables, `.env`, and files named by `X_FILE`.

mod dotenv;
mod encryption_key;
mod reader;
mod settings;
mod validate;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

pub use encryption_key::{KeyFileError, KeyFileOutcome, obtain as obtain_encryption_key};
pub use reader::ParseError;
pub use settings::Settings;
pub use validate::{Checked, HealthTarget, ValidationError};

/// The environment as data, so that loading can be tested without touching the process.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
}

/// What became of `.env`.
#[derive(Debug, PartialEq, Eq)]
pub enum DotenvOutcome {
    /// There is none.
    Absent,
    /// Its variables count where the environment has none of that name.
    Applied,
    /// It is unreadable or malformed and nothing of it was applied. Not an error, but worth a
    /// warning: the operator believes it counts.
    Ignored(String),
}

impl Environment {
    /// The environment of this process. A name that is not Unicode is nobody's variable.
    pub fn of_process() -> Self {
        Self {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .collect(),
        }
    }

    /// An environment with exactly these variables.
    pub fn of<K: Into<String>, V: Into<OsString>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }

    /// The value of a variable, also when empty.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }

    /// Adds what the `.env` file at `path` says. A variable that is present already, even empty,
    /// stays; one bad line means that nothing of the file counts.
    pub fn apply_dotenv(&mut self, path: &Path) -> DotenvOutcome {
        let content = match std::fs::read(path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return DotenvOutcome::Absent,
            Err(error) => return DotenvOutcome::Ignored(error.to_string()),
        };
        let Ok(text) = String::from_utf8(content) else {
            return DotenvOutcome::Ignored("it is not valid UTF-8".to_owned());
        };
        let lookup = |name: &str| self.get(name).map(|value| value.to_string_lossy().into_owned());
        match dotenv::parse(&text, lookup) {
            Ok(variables) => {
                for (name, value) in variables {
                    self.variables.entry(name).or_insert_with(|| value.into());
                }
                DotenvOutcome::Applied
            }
            Err(error) => DotenvOutcome::Ignored(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotenv_never_overrides_and_applies_all_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        let mut environment = Environment::of([("PRESENT", "kept"), ("EMPTY", "")]);

        assert_eq!(environment.apply_dotenv(&file), DotenvOutcome::Absent);

        std::fs::write(&file, "PORT=1\nbad line\n").unwrap();
        assert!(matches!(
            environment.apply_dotenv(&file),
            DotenvOutcome::Ignored(_)
        ));
        assert_eq!(environment.get("PORT"), None);

        std::fs::write(&file, b"PORT=\xff").unwrap();
        assert!(matches!(
            environment.apply_dotenv(&file),
            DotenvOutcome::Ignored(_)
        ));

        std::fs::write(&file, "PRESENT=lost\nEMPTY=lost\nPORT=${PRESENT}\n").unwrap();
        assert_eq!(environment.apply_dotenv(&file), DotenvOutcome::Applied);
        assert_eq!(environment.get("PRESENT"), Some(OsStr::new("kept")));
        assert_eq!(environment.get("EMPTY"), Some(OsStr::new("")));
        // Earlier lines of the file come before the environment.
        assert_eq!(environment.get("PORT"), Some(OsStr::new("lost")));
    }
}
