//! Periodic jobs.

use sea_orm::entity::prelude::*;

use crate::types::Timestamp;

/// A periodic job and who runs it now.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    /// Job name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// When it should run next.
    pub next_run_at: Timestamp,
    /// The process holding it, if any.
    pub lease_owner: Option<String>,
    /// When that hold lapses.
    pub lease_until: Option<Timestamp>,
    /// Last completed run.
    pub last_run_at: Option<Timestamp>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
