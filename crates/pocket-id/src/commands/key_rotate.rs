//! `pocket-id key-rotate`: a new signing key, beside a running server or without one.

use std::io;
use std::process::ExitCode;

use clap::Args;
use pocket_id_oidc::jose::Algorithm;
use pocket_id_server::StartError;
use pocket_id_server::clock::Clock;
use pocket_id_server::config::Config;
use pocket_id_server::random::Random;
use pocket_id_server::signing_keys::{self, PreviousKeys, Rotated};

use super::prompt::{self, Answer};
use crate::environment::{KeyFileError, obtain_encryption_key};
use crate::serve;

/// Arguments of `key-rotate`.
#[derive(Args)]
pub struct KeyRotateArgs {
    /// Algorithm of the new key: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA
    #[arg(short, long, value_name = "ALGORITHM", default_value = "RS256")]
    alg: String,
    /// Curve of the new key; needed for EdDSA, whose only one is Ed25519
    #[arg(short, long, value_name = "CURVE")]
    crv: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Make everything signed before invalid at once, instead of when it expires
    #[arg(long)]
    revoke_immediately: bool,
}

#[derive(Debug, thiserror::Error)]
enum RotateError {
    #[error("invalid algorithm {0:?}; must be one of {names}", names = names())]
    Algorithm(String),
    #[error("EdDSA needs a curve: --crv Ed25519")]
    NoCurve,
    #[error("invalid curve {0:?}; EdDSA keys are on Ed25519")]
    Curve(String),
    #[error("{0} has no curve to choose; leave out --crv")]
    NoCurves(Algorithm),
    #[error("the curve of {0} is {1}")]
    OtherCurve(Algorithm, &'static str),
    #[error("no encryption key")]
    EncryptionKey(#[from] KeyFileError),
    #[error("cannot ask")]
    Prompt(#[source] io::Error),
    #[error("cannot start the asynchronous runtime")]
    Runtime(#[source] io::Error),
    #[error(transparent)]
    Rotation(#[from] StartError),
}

enum Outcome {
    Rotated(Rotated),
    Aborted,
}

/// Makes the key and says so.
pub fn run(arguments: &KeyRotateArgs, config: Config) -> ExitCode {
    match rotate(arguments, config) {
        Ok(Outcome::Rotated(rotated)) => {
            report(&rotated);
            ExitCode::SUCCESS
        }
        Ok(Outcome::Aborted) => {
            println!("Aborted");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("Error: {}", serve::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn rotate(arguments: &KeyRotateArgs, mut config: Config) -> Result<Outcome, RotateError> {
    let algorithm = algorithm(&arguments.alg, arguments.crv.as_deref())?;
    let previous = if arguments.revoke_immediately {
        PreviousKeys::Revoked
    } else {
        PreviousKeys::KeptUntilUnused
    };
    if !arguments.yes {
        println!("{}", warning(algorithm, previous));
        let answer = prompt::confirm("Confirm", &mut io::stdin().lock(), &mut io::stdout());
        if answer.map_err(RotateError::Prompt)? == Answer::Stop {
            return Ok(Outcome::Aborted);
        }
    }
    obtain_encryption_key(&mut config, || Random.bytes())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(RotateError::Runtime)?;
    let rotated = runtime.block_on(signing_keys::rotate(&config, &Clock::System, algorithm, previous))?;
    Ok(Outcome::Rotated(rotated))
}

fn algorithm(name: &str, curve: Option<&str>) -> Result<Algorithm, RotateError> {
    let algorithm = Algorithm::ALL
        .into_iter()
        .find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(name))
        .ok_or_else(|| RotateError::Algorithm(name.to_owned()))?;
    match (algorithm, algorithm.curve(), curve) {
        (Algorithm::EdDsa, _, None) => Err(RotateError::NoCurve),
        (_, _, None) => Ok(algorithm),
        (_, Some(own), Some(asked)) if own.eq_ignore_ascii_case(asked) => Ok(algorithm),
        (Algorithm::EdDsa, _, Some(asked)) => Err(RotateError::Curve(asked.to_owned())),
        (_, Some(own), Some(_)) => Err(RotateError::OtherCurve(algorithm, own)),
        (_, None, Some(_)) => Err(RotateError::NoCurves(algorithm)),
    }
}

fn names() -> String {
    Algorithm::ALL.map(Algorithm::as_str).join(", ")
}

fn warning(algorithm: Algorithm, previous: PreviousKeys) -> String {
    let consequence = match previous {
        PreviousKeys::KeptUntilUnused => {
            "Tokens signed with the present keys stay valid until they expire. Clients that never read the key set \
             again must be restarted."
        }
        PreviousKeys::Revoked => {
            "All ID tokens and access tokens issued so far become invalid at once; clients must get new ones, and \
             those that never read the key set again must be restarted."
        }
    };
    format!("WARNING: this replaces the keys that sign tokens by a new one ({algorithm}). {consequence}")
}

fn report(rotated: &Rotated) {
    println!("Key rotated successfully");
    println!("The new key is {} ({}).", rotated.kid, rotated.algorithm);
    println!("Running servers use it within a few seconds; they need not be restarted.");
    match rotated.previous_until {
        Some(until) => {
            let until = jiff::Timestamp::from_millisecond(until.0)
                .map(|moment| moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
                .unwrap_or_default();
            println!("The previous public keys stay in the key set until {until}.");
        }
        None if rotated.replaced == 0 => {
            println!("There was no key before. Are these the configuration and the folder of the server?");
        }
        None => println!("What the previous keys have signed is not accepted any more."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_and_curves_must_fit() {
        for (name, curve, expected) in [
            ("RS256", None, Algorithm::Rs256),
            ("rs512", None, Algorithm::Rs512),
            ("ps256", None, Algorithm::Ps256),
            ("Es384", None, Algorithm::Es384),
            ("ES256", Some("P-256"), Algorithm::Es256),
            ("EdDSA", Some("Ed25519"), Algorithm::EdDsa),
            ("eddsa", Some("ed25519"), Algorithm::EdDsa),
        ] {
            assert_eq!(algorithm(name, curve).unwrap(), expected, "{name} {curve:?}");
        }
        for (name, curve, message) in [
            (
                "HS256",
                None,
                "invalid algorithm \"HS256\"; must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA",
            ),
            ("EdDSA", None, "EdDSA needs a curve: --crv Ed25519"),
            (
                "EdDSA",
                Some("Ed448"),
                "invalid curve \"Ed448\"; EdDSA keys are on Ed25519",
            ),
            ("ES256", Some("P-384"), "the curve of ES256 is P-256"),
            (
                "RS256",
                Some("Ed25519"),
                "RS256 has no curve to choose; leave out --crv",
            ),
        ] {
            assert_eq!(algorithm(name, curve).unwrap_err().to_string(), message);
        }
    }
}
