//! Which release this is and which is the newest.
//!
//! A job looks the newest up where the operator says and puts it down in the database, from where it is read: asking
//! this server never makes it ask another one, and a failure leaves what was known.

mod checking;
mod routes;

pub use checking::{check, latest};
pub use routes::routes;
