//! Periodic work: of all replicas one runs a job at a time, by a lease in the database.

pub mod attempts;
mod cleanup;
mod scheduler;

pub use scheduler::{Scheduler, mail_due, start};
