//! Signing keys.

use sea_orm::entity::prelude::*;

use crate::types::{JsonDocument, SigningKeyId, SigningKeyRole, SigningKeyState, Timestamp};

/// A token-signing key; the private half is encrypted or lives in a file.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SigningKeyId,
    /// The `kid` header; unique.
    pub kid: String,
    /// JWS algorithm.
    pub algorithm: String,
    /// Public JWK.
    pub public_jwk: JsonDocument,
    /// Private JWK, AES-256-GCM; none when a file holds it.
    pub private_jwk_encrypted: Option<Vec<u8>>,
    /// What it is there for. Of the active keys one is the instance's, and each algorithm has at most one.
    pub role: SigningKeyRole,
    /// Where it is in its life.
    pub state: SigningKeyState,
    /// Row creation.
    pub created_at: Timestamp,
    /// When the public half leaves the key set.
    pub retires_at: Option<Timestamp>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
