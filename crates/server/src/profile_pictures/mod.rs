//! Profile pictures: for now everybody's is drawn from their initials.

mod drawing;
mod initials;
mod routes;

pub use routes::routes;
