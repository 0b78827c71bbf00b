//! Application images: the ones that come with the program.

mod routes;

pub use routes::routes;
