//! Reads single variables: types, `X_FILE`, and what is wrong with them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use secrecy::SecretString;
use thiserror::Error;

use super::Environment;

/// A variable whose value cannot be read, whatever it would mean. Reported for every command.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("Configuration error: {variable}: {reason}")]
pub struct ParseError {
    /// The variable's name.
    pub variable: String,
    /// What is wrong; never the value of a secret.
    pub reason: String,
}

/// Reads variables and collects every error, so that the operator sees all of them at once.
pub struct Reader<'a> {
    environment: &'a Environment,
    errors: Vec<ParseError>,
}

impl<'a> Reader<'a> {
    pub fn new(environment: &'a Environment) -> Self {
        Self {
            environment,
            errors: Vec::new(),
        }
    }

    pub fn into_errors(self) -> Vec<ParseError> {
        self.errors
    }

    /// The value; a set but empty variable is an unset one.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let value = self.raw(name)?;
        let text = value.to_str().map(str::to_owned);
        if text.is_none() {
            self.fail(name, "is not valid UTF-8");
        }
        text
    }

    /// The value in lower case.
    pub fn lower(&mut self, name: &str) -> Option<String> {
        self.text(name).map(|text| text.to_lowercase())
    }

    /// The value as a path, which need not be Unicode.
    pub fn path(&mut self, name: &str) -> Option<PathBuf> {
        self.raw(name).map(PathBuf::from)
    }

    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        let text = self.text(name)?;
        let value = parse_bool(&text);
        if value.is_none() {
            self.fail(name, format!("{text:?} is not a boolean (true or false)"));
        }
        value
    }

    pub fn integer(&mut self, name: &str) -> Option<i32> {
        let text = self.text(name)?;
        let value = text.parse::<i32>().ok();
        if value.is_none() {
            self.fail(name, format!("{text:?} is not a whole number of 32 bits"));
        }
        value
    }

    /// The value, or the trimmed content of the file that `<name>_FILE` names, which wins.
    pub fn text_or_file(&mut self, name: &str) -> Option<String> {
        if self.raw(&file_variable(name)).is_none() {
            return self.text(name);
        }
        let content = self.file(name)?;
        let Ok(text) = String::from_utf8(content) else {
            self.fail(&file_variable(name), "the file is not valid UTF-8");
            return None;
        };
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub fn secret_or_file(&mut self, name: &str) -> Option<SecretString> {
        self.text_or_file(name).map(SecretString::from)
    }

    /// Like [`Reader::text_or_file`], but an empty file is a mistake: falling back to the default
    /// because a secret was not mounted would start on the wrong data.
    pub fn text_or_full_file(&mut self, name: &str) -> Option<String> {
        let errors = self.errors.len();
        let value = self.text_or_file(name);
        let file = file_variable(name);
        if value.is_none() && self.raw(&file).is_some() && self.errors.len() == errors {
            self.fail(&file, "the file is empty");
        }
        value
    }

    /// The value's bytes, or the untouched content of the file that `<name>_FILE` names, which wins.
    pub fn bytes_or_file(&mut self, name: &str) -> Option<Vec<u8>> {
        if self.raw(&file_variable(name)).is_some() {
            return self.file(name);
        }
        self.raw(name).map(|value| value.as_bytes().to_vec())
    }

    /// The value even if empty; `None` only if the variable does not exist.
    pub fn present(&mut self, name: &str) -> Option<String> {
        let text = self.environment.get(name)?.to_str().map(str::to_owned);
        if text.is_none() {
            self.fail(name, "is not valid UTF-8");
        }
        text
    }

    /// Like [`Reader::present`]; what `<name>_FILE` names wins, without the white space around it.
    pub fn present_or_file(&mut self, name: &str) -> Option<String> {
        if self.raw(&file_variable(name)).is_none() {
            return self.present(name);
        }
        self.text_or_file(name)
    }

    fn file(&mut self, name: &str) -> Option<Vec<u8>> {
        let variable = file_variable(name);
        let path = PathBuf::from(self.raw(&variable)?);
        match std::fs::read(&path) {
            Ok(content) => Some(content),
            Err(error) => {
                self.fail(&variable, format!("cannot read {}: {error}", path.display()));
                None
            }
        }
    }

    fn raw(&self, name: &str) -> Option<&'a OsStr> {
        self.environment.get(name).filter(|value| !value.is_empty())
    }

    fn fail(&mut self, variable: &str, reason: impl Into<String>) {
        self.errors.push(ParseError {
            variable: variable.to_owned(),
            reason: reason.into(),
        });
    }
}

fn file_variable(name: &str) -> String {
    format!("{name}_FILE")
}

/// The spellings of a boolean.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
