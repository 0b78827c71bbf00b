//! Where public addresses are, by a GeoLite2 City database in a file.
//!
//! The file is read into memory whole, for mapping it would need `unsafe`. This process looks every few seconds whether
//! the file is another one, and keeps it fresh by downloading it if the operator gave a license key or an address that
//! needs none. Whatever goes wrong, the worst answer is "unknown": nothing here fails a request.

mod download;
mod keeping_fresh;
mod places;
mod unpacking;

pub use download::{DownloadError, download, remove_unfinished};
pub use keeping_fresh::{due_in, keep_fresh, watch};
pub use places::Places;

/// Largest database, in bytes.
const LARGEST: u64 = 300 * 1024 * 1024;
