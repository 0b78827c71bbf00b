//! Rebuilds the crate when the embedded UI changes.
fn main() {
    println!("cargo:rerun-if-changed=../../web/build");
}
