//! Making one's own account: the first administrator at set-up, others openly or with a token, as the installation
//! says.

mod dto;
mod routes;
mod service;
mod tokens;

pub use routes::routes;
pub use service::setup_available;
