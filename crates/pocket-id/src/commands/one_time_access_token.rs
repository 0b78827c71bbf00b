//! `pocket-id one-time-access-token`: a way in for whoever lost their passkey, also the last administrator.

use std::io;
use std::process::ExitCode;

use clap::Args;
use pocket_id_server::clock::Clock;
use pocket_id_server::config::Config;
use pocket_id_server::login_codes::{self, Issued, NewCodeError};
use pocket_id_server::random::Random;
use secrecy::ExposeSecret as _;

use crate::environment::{KeyFileError, obtain_encryption_key};
use crate::serve;

/// Arguments of `one-time-access-token`.
#[derive(Args)]
pub struct OneTimeAccessTokenArgs {
    /// Username or e-mail address
    #[arg(value_name = "USERNAME OR EMAIL")]
    user: String,
}

#[derive(Debug, thiserror::Error)]
enum AccessError {
    #[error("no encryption key")]
    EncryptionKey(#[from] KeyFileError),
    #[error("cannot start the asynchronous runtime")]
    Runtime(#[source] io::Error),
    #[error(transparent)]
    Code(#[from] NewCodeError),
}

/// Makes the code and prints where to use it.
pub fn run(arguments: &OneTimeAccessTokenArgs, config: Config) -> ExitCode {
    match issue(&arguments.user, config) {
        Ok(issued) => {
            println!(
                "A one-time access token valid for 1 hour has been created for \"{}\".",
                arguments.user
            );
            println!(
                "Use the following URL to sign in once: {}",
                issued.url.expose_secret()
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("Error: {}", serve::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn issue(user: &str, mut config: Config) -> Result<Issued, AccessError> {
    obtain_encryption_key(&mut config, || Random.bytes())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(AccessError::Runtime)?;
    Ok(runtime.block_on(login_codes::for_command(&config, &Clock::System, user))?)
}
