//! Profile pictures: what somebody uploaded, else the installation's default, else a drawing of their initials.

mod drawing;
mod initials;
mod routes;
mod service;

pub(crate) use routes::UploadForm;
pub use routes::routes;
pub use service::remove;
