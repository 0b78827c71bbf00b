//! The command line: what can be asked for, and how a mistake is answered.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::completion::CompletionArgs;
use crate::commands::healthcheck::HealthcheckArgs;
use crate::commands::key_rotate::KeyRotateArgs;
use crate::commands::one_time_access_token::OneTimeAccessTokenArgs;

/// Without a command, Pocket ID starts its server.
#[derive(Parser)]
#[command(
    name = "pocket-id",
    about = "An OpenID Connect provider with passkeys only",
    disable_version_flag = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

/// What the program is to do.
#[derive(Subcommand)]
pub enum Command {
    /// Start the server (the default).
    #[command(skip)]
    Server,
    /// Print the version.
    Version,
    /// Ask the running server whether it is well.
    Healthcheck(HealthcheckArgs),
    /// Replace the key that signs tokens.
    KeyRotate(KeyRotateArgs),
    /// Make a link that signs somebody in once, without a passkey.
    OneTimeAccessToken(OneTimeAccessTokenArgs),
    /// Print a completion script for a shell.
    Completion(CompletionArgs),
}

/// The command line was not a command to run.
pub enum Outcome {
    /// The answer to a question (`help`), for stdout.
    Answer(String),
    /// A mistake, for stderr.
    Mistake(String),
}

impl Outcome {
    /// Prints it and says how the program ends.
    pub fn print(self) -> ExitCode {
        match self {
            Self::Answer(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Self::Mistake(message) => {
                eprintln!("Error: {message}");
                ExitCode::FAILURE
            }
        }
    }
}

/// Whether any argument is one of the words that switch validation of the configuration off.
pub fn asks_for_help_or_version(arguments: &[OsString]) -> bool {
    let words = ["-h", "--help", "help", "version"];
    arguments
        .iter()
        .skip(1)
        .any(|argument| words.iter().any(|word| argument == word))
}

/// Understands `arguments`, the program's name first.
pub fn parse(arguments: &[OsString]) -> Result<Command, Outcome> {
    match Cli::try_parse_from(arguments) {
        Ok(cli) => Ok(cli.command.unwrap_or(Command::Server)),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp) => {
            Err(Outcome::Answer(error.render().to_string()))
        }
        Err(error) => Err(Outcome::Mistake(message(&error))),
    }
}

/// The command line's definition, for completion scripts.
pub fn definition() -> clap::Command {
    Cli::command()
}

/// One line that says what is wrong; no usage text, which would bury it.
fn message(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let argument = context(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!(
                "unknown command {:?} for \"pocket-id\"",
                context(ContextKind::InvalidSubcommand)
            )
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => format!("unknown flag: {argument}"),
        ErrorKind::UnknownArgument => format!("unexpected argument {argument:?}"),
        ErrorKind::ArgumentConflict => format!("{argument} is given more than once"),
        ErrorKind::MissingRequiredArgument => format!("missing argument: {argument}"),
        ErrorKind::InvalidValue if context(ContextKind::InvalidValue).is_empty() => {
            format!("flag needs a value: {argument}")
        }
        ErrorKind::InvalidValue => format!(
            "invalid value {:?} for {argument}; possible values: {}",
            context(ContextKind::InvalidValue),
            context(ContextKind::ValidValue),
        ),
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Vec<OsString> {
        std::iter::once("pocket-id")
            .chain(line.split_whitespace())
            .map(OsString::from)
            .collect()
    }

    #[test]
    fn the_definition_is_consistent() {
        definition().debug_assert();
    }

    #[test]
    fn mistakes_are_one_line() {
        for (line, expected) in [
            ("serve", r#"unknown command "serve" for "pocket-id""#),
            ("--port 80", "unknown flag: --port"),
            ("-x", "unknown flag: -x"),
            ("--version", "unknown flag: --version"),
            ("healthcheck --endpoints", "unknown flag: --endpoints"),
            ("healthcheck x", r#"unexpected argument "x""#),
            ("healthcheck -e", "flag needs a value: --endpoint <URL>"),
            ("healthcheck -v -v", "--verbose is given more than once"),
            ("key-rotate -a", "flag needs a value: --alg <ALGORITHM>"),
            ("key-rotate RS256", r#"unexpected argument "RS256""#),
            ("completion", "missing argument: <SHELL>"),
            (
                "completion tcsh",
                r#"invalid value "tcsh" for <SHELL>; possible values: bash, zsh, fish, powershell"#,
            ),
            ("version x", r#"unexpected argument "x""#),
            ("help serve", r#"unknown command "serve" for "pocket-id""#),
        ] {
            match parse(&arguments(line)) {
                Err(Outcome::Mistake(message)) => assert_eq!(message, expected, "{line}"),
                Err(Outcome::Answer(text)) => panic!("{line}: {text}"),
                Ok(_) => panic!("{line} was understood"),
            }
        }
    }

    #[test]
    fn commands_are_understood() {
        assert!(matches!(parse(&arguments("")), Ok(Command::Server)));
        assert!(matches!(parse(&arguments("version")), Ok(Command::Version)));
        assert!(matches!(
            parse(&arguments("completion fish")),
            Ok(Command::Completion(_))
        ));
        assert!(matches!(
            parse(&arguments(
                "key-rotate -a eddsa -c Ed25519 -y --revoke-immediately"
            )),
            Ok(Command::KeyRotate(_))
        ));
        assert!(matches!(
            parse(&arguments("healthcheck -v -e http://x")),
            Ok(Command::Healthcheck(_))
        ));
        assert!(matches!(
            parse(&arguments("healthcheck --unix-socket /s --verbose")),
            Ok(Command::Healthcheck(_))
        ));
    }

    #[test]
    fn help_is_an_answer() {
        for line in ["--help", "-h", "help", "help healthcheck", "healthcheck -h"] {
            let answer = parse(&arguments(line));
            assert!(
                matches!(&answer, Err(Outcome::Answer(text)) if text.contains("Usage:")),
                "{line}"
            );
        }
    }

    #[test]
    fn validation_is_skipped_for_four_words_anywhere() {
        for line in [
            "-h",
            "--help",
            "help",
            "version",
            "healthcheck -h",
            "completion help",
        ] {
            assert!(asks_for_help_or_version(&arguments(line)), "{line}");
        }
        for line in ["", "healthcheck", "--version", "completion bash"] {
            assert!(!asks_for_help_or_version(&arguments(line)), "{line}");
        }
    }
}
