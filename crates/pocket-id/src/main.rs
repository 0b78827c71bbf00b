//! The program.

use std::process::ExitCode;

use pocket_id::environment::Environment;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    pocket_id::run(Environment::of_process(), &arguments)
}
