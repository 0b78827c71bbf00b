//! Passkeys.

use sea_orm::entity::prelude::*;

use crate::types::{PasskeyId, StringList, Timestamp, UserId};

/// A registered WebAuthn credential.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkeys")]
pub struct Model {
    /// Identifier used in routes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PasskeyId,
    /// Owner.
    pub user_id: UserId,
    /// What the owner calls it.
    pub name: String,
    /// The authenticator's credential ID; unique.
    pub credential_id: Vec<u8>,
    /// COSE_Key as CBOR.
    pub public_key: Vec<u8>,
    /// Attestation type found at registration.
    pub attestation_type: String,
    /// Transports the browser reported.
    pub transports: StringList,
    /// Authenticator model, all zeroes or absent when unknown.
    pub aaguid: Option<Uuid>,
    /// Last signature counter seen.
    pub sign_count: i64,
    /// BE flag; must never change.
    pub backup_eligible: bool,
    /// BS flag as last seen.
    pub backup_state: bool,
    /// Row creation.
    pub created_at: Timestamp,
    /// Last successful use.
    pub last_used_at: Option<Timestamp>,
    /// When its signature counter last failed to rise: it may have been copied.
    pub counter_regressed_at: Option<Timestamp>,
    /// Whether the model is proven by the maker's certificate, not only told.
    pub model_verified: bool,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
