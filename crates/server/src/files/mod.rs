//! Files people upload: pictures and logos, in a folder or in the database, and the checks they pass on the way in.

mod bmff;
mod gif;
pub mod image_file;
mod store;
pub mod upload;

pub use store::{FileError, FileStore};
