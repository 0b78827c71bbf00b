//! Names under which single-use tokens of others are remembered; see [`pocket_id_store::jtis`].

use aws_lc_rs::digest;
use pocket_id_store::types::TokenHash;

/// What kind of token a `jti` is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A client's, or about a client (RFC 7523).
    ClientAssertion,
    /// A proof of possession, unique for its key (RFC 9449).
    DpopProof,
}

/// The namespace of a kind's `jti` values within `scope`, which says who they are unique for. Scopes may be long and
/// chosen by others, so only their hash is stored.
pub fn namespace(kind: Kind, scope: &str) -> String {
    let kind = match kind {
        Kind::ClientAssertion => "assertion",
        Kind::DpopProof => "dpop",
    };
    let scope = digest::digest(&digest::SHA256, scope.as_bytes());
    format!("{kind}:{}", hex::encode(scope))
}

/// What is stored of a `jti`.
pub fn hash(jti: &str) -> TokenHash {
    TokenHash(digest::digest(&digest::SHA256, jti.as_bytes()).as_ref().to_vec())
}
