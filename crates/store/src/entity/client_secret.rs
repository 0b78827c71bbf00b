//! Client secrets.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, ClientSecretId, SecretAlgorithm, Timestamp};

/// One secret of a confidential client.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_client_secrets")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientSecretId,
    /// Whose.
    pub client_id: ClientId,
    /// What its administrator calls it.
    pub name: Option<String>,
    /// How it is hashed.
    pub algorithm: SecretAlgorithm,
    /// The hash as text.
    pub hash: String,
    /// The secret itself, encrypted; only for clients that authenticate with assertions made from it.
    pub sealed: Option<Vec<u8>>,
    /// First four characters, to tell secrets apart.
    pub prefix: String,
    /// Row creation.
    pub created_at: Timestamp,
    /// End of life; none means never.
    pub expires_at: Option<Timestamp>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
