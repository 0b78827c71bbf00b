//! Files kept in the database.

use sea_orm::entity::prelude::*;

use crate::types::Timestamp;

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stored_files")]
pub struct Model {
    /// Its name, with folders: `profile-pictures/….png`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// What is in it.
    pub content: Vec<u8>,
    /// When it was written.
    pub updated_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
