//! The checked-in API document is the one the program serves.
use std::path::Path;

/// `UPDATE_OPENAPI=1 cargo test -p pocket-id-server --test openapi` writes the document anew.
#[test]
fn the_checked_in_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let mut current = serde_json::to_string_pretty(&pocket_id_server::router::openapi()).unwrap();
    current.push('\n');
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == current,
        "docs/openapi.json is stale: run UPDATE_OPENAPI=1 cargo test -p pocket-id-server --test openapi"
    );
}
