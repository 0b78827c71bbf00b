//! Settings administrators change at run time: their keys, defaults and rules, where their values come from,
//! and the typed view of them the rest of the server reads.

mod catalog;
mod changing;
mod dto;
mod routes;
mod sealed;
mod service;
mod settings;

pub use catalog::{HIDDEN, SETTINGS, Setting};
pub use changing::ChangeError;
pub use dto::ConfigEntry;
pub use routes::routes;
pub use service::{SettingsCache, SettingsError, public_entries};
pub use settings::{Settings, SignupMode};
