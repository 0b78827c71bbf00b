//! `pocket-id version`

use std::process::ExitCode;

use crate::VERSION;

/// Prints name and version.
pub fn run() -> ExitCode {
    println!("pocket-id {VERSION}");
    ExitCode::SUCCESS
}
