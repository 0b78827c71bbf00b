//! The program: reads the environment, understands the command line, listens.
//!
//! Everything an operator touches is here; what the product does is in `pocket-id-server`.

pub mod cli;
pub mod commands;
pub mod environment;
pub mod logging;
pub mod serve;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use cli::Command;
use commands::healthcheck::HealthcheckArgs;
use commands::key_rotate::KeyRotateArgs;
use commands::one_time_access_token::OneTimeAccessTokenArgs;
use environment::{Checked, DotenvOutcome, Environment, Settings, ValidationError};

/// The release this program is.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the program: `.env`, environment, command line, command.
pub fn run(mut environment: Environment, arguments: &[OsString]) -> ExitCode {
    let dotenv = environment.apply_dotenv(Path::new(".env"));
    let settings = match Settings::read(&environment) {
        Ok(settings) => settings,
        Err(errors) => return refuse(&errors),
    };
    let mut configuration = Configuration::Read(Box::new(settings));
    // Help and version must work on a machine that is not configured yet.
    if !cli::asks_for_help_or_version(arguments) {
        configuration = match configuration.check() {
            Ok(checked) => Configuration::Checked(checked),
            Err(errors) => return refuse(&errors),
        };
    }
    let command = match cli::parse(arguments) {
        Ok(Command::Version) => return commands::version::run(),
        Ok(Command::Completion(arguments)) => return commands::completion::run(&arguments),
        Ok(Command::Server) => ConfiguredCommand::Server,
        Ok(Command::Healthcheck(arguments)) => ConfiguredCommand::Healthcheck(arguments),
        Ok(Command::KeyRotate(arguments)) => ConfiguredCommand::KeyRotate(arguments),
        Ok(Command::OneTimeAccessToken(arguments)) => ConfiguredCommand::OneTimeAccessToken(arguments),
        Err(outcome) => return outcome.print(),
    };
    match configuration.check() {
        Ok(checked) => command.run(*checked, &dotenv),
        Err(errors) => refuse(&errors),
    }
}

/// The configuration, judged only when somebody needs it.
enum Configuration {
    Read(Box<Settings>),
    Checked(Box<Checked>),
}

impl Configuration {
    fn check(self) -> Result<Box<Checked>, Vec<ValidationError>> {
        match self {
            Self::Read(settings) => settings.validate().map(Box::new),
            Self::Checked(checked) => Ok(checked),
        }
    }
}

/// The commands that need a configuration.
enum ConfiguredCommand {
    Server,
    Healthcheck(HealthcheckArgs),
    KeyRotate(KeyRotateArgs),
    OneTimeAccessToken(OneTimeAccessTokenArgs),
}

impl ConfiguredCommand {
    fn run(self, checked: Checked, dotenv: &DotenvOutcome) -> ExitCode {
        let Checked { config, health } = checked;
        let logging = match &self {
            Self::Server => logging::init_server(config.log),
            Self::Healthcheck(_) | Self::KeyRotate(_) | Self::OneTimeAccessToken(_) => {
                logging::init_command(config.log)
            }
        };
        if let Err(error) = logging {
            return refuse(&[error]);
        }
        if let DotenvOutcome::Ignored(reason) = dotenv {
            tracing::warn!(reason, "Nothing of the file .env was applied");
        }
        match self {
            Self::Server => commands::server::run(config),
            Self::Healthcheck(arguments) => commands::healthcheck::run(&arguments, health),
            Self::KeyRotate(arguments) => commands::key_rotate::run(&arguments, config),
            Self::OneTimeAccessToken(arguments) => commands::one_time_access_token::run(&arguments, config),
        }
    }
}

fn refuse<E: std::fmt::Display>(errors: &[E]) -> ExitCode {
    for error in errors {
        eprintln!("{error}");
    }
    ExitCode::FAILURE
}
