//! Settings administrators change at run time: their keys, defaults and rules, where their values come from,
//! and the typed view of them the rest of the server reads.

mod dto;
mod routes;
mod service;
mod settings;

pub use dto::ConfigEntry;
pub use routes::routes;
pub use service::{SettingsCache, SettingsError, public_entries};
pub use settings::{SETTINGS, Setting, Settings, SignupMode};
