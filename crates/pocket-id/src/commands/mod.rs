//! One file per command.

pub mod completion;
pub mod healthcheck;
pub mod key_rotate;
pub mod one_time_access_token;
pub mod prompt;
pub mod server;
pub mod version;
