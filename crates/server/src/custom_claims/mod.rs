//! Claims administrators add to users and groups; tokens carry them with the scope `profile`.

mod routes;
pub mod rules;
mod service;

pub use routes::routes;
