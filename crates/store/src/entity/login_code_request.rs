//! Requests for mailed login codes.

use sea_orm::entity::prelude::*;

use crate::types::{LoginCodeRequestId, Timestamp, TokenHash};

/// Somebody asked for a login code to be mailed to an address. Whether anybody has that address is found out later, so
/// that asking takes the same time and leaves the same traces either way.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_code_requests")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoginCodeRequestId,
    /// The address as it was typed.
    pub email: String,
    /// Hash of the secret of the browser that asked: the code works in no other.
    pub device_token_hash: TokenHash,
    /// The page of ours the mailed link goes on to.
    pub redirect_path: Option<String>,
    /// Where it was asked from.
    pub ip_address: Option<String>,
    /// What it was asked with.
    pub user_agent: String,
    /// Row creation.
    pub created_at: Timestamp,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
