//! `pocket-id completion`: scripts that let a shell complete commands and flags.

use std::io;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use clap_complete::Shell;

use crate::cli;

/// Arguments of `completion`.
#[derive(Args)]
pub struct CompletionArgs {
    /// The shell to complete in.
    shell: ShellName,
}

#[derive(Clone, Copy, ValueEnum)]
enum ShellName {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
}

/// Prints the script.
pub fn run(arguments: &CompletionArgs) -> ExitCode {
    let shell = match arguments.shell {
        ShellName::Bash => Shell::Bash,
        ShellName::Zsh => Shell::Zsh,
        ShellName::Fish => Shell::Fish,
        ShellName::PowerShell => Shell::PowerShell,
    };
    clap_complete::generate(shell, &mut cli::definition(), "pocket-id", &mut io::stdout());
    ExitCode::SUCCESS
}
