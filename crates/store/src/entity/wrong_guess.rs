//! Counters of wrong guesses.

use sea_orm::entity::prelude::*;

use crate::types::Timestamp;

/// How often somebody guessed wrong.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wrong_guesses")]
pub struct Model {
    /// Who guessed at what.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// How often.
    pub count: i32,
    /// When it is forgotten.
    pub forgotten_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
