//! Speed measurements of a running Pocket ID.
fn main() {}
