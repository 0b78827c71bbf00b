//! Images of the application: logos, background, favicon, the picture of people without one. What an administrator
//! uploaded, else what comes with the program.

mod name;
mod routes;
mod service;

pub use name::Name;
pub use routes::routes;
pub use service::{find, not_found, versions};
