//! One file per command.

pub mod completion;
pub mod healthcheck;
pub mod key_rotate;
pub mod prompt;
pub mod server;
pub mod version;
