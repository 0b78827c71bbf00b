//! One file per command.

pub mod completion;
pub mod healthcheck;
pub mod server;
pub mod version;
