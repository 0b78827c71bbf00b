//! Token-signing keys.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Order,
    QueryFilter, QueryOrder, QuerySelect,
};

use crate::connect::Tx;
pub use crate::entity::signing_key::Model as SigningKey;
use crate::entity::signing_key::{Column, Entity};
use crate::entity::{access_token, client_access_token, oidc_client};
use crate::error::StoreResult;
use crate::types::{SigningKeyRole, SigningKeyState, Timestamp};

/// Every key there is, the instance's active one first, then the other active ones, then the newest retired.
pub async fn all(connection: &impl ConnectionTrait) -> StoreResult<Vec<SigningKey>> {
    let mut rows = Entity::find()
        .order_by(Column::CreatedAt, Order::Desc)
        .order_by(Column::Kid, Order::Asc)
        .all(connection)
        .await?;
    rows.sort_by_key(|row| {
        (
            row.state != SigningKeyState::Active,
            row.role != SigningKeyRole::Instance,
        )
    });
    Ok(rows)
}

/// Adds an active key; whether it was added. It is not when there is an active one in its place already, or when
/// this very key is known.
pub async fn insert_active(tx: &Tx, key: SigningKey) -> StoreResult<bool> {
    let inserted = Entity::insert(key.into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Which active keys make room.
#[derive(Clone, Copy, Debug)]
pub enum Replaced<'k> {
    /// All.
    All,
    /// Those in the way of an instance key, unless they are that key.
    By {
        /// Its `kid`.
        kid: &'k str,
        /// Its algorithm.
        algorithm: &'k str,
    },
    /// That of clients with an algorithm.
    OfClients(&'k str),
}

/// Retires active keys: their private halves are gone, their public ones are published until `retires_at`.
pub async fn retire(tx: &Tx, replaced: Replaced<'_>, retires_at: Timestamp) -> StoreResult<u64> {
    let which = match replaced {
        Replaced::All => Condition::all(),
        Replaced::By { kid, algorithm } => Condition::all().add(Column::Kid.ne(kid)).add(
            Condition::any()
                .add(Column::Role.eq(SigningKeyRole::Instance))
                .add(Column::Algorithm.eq(algorithm)),
        ),
        Replaced::OfClients(algorithm) => Condition::all()
            .add(Column::Role.eq(SigningKeyRole::Client))
            .add(Column::Algorithm.eq(algorithm)),
    };
    Ok(Entity::update_many()
        .col_expr(Column::State, Expr::value(SigningKeyState::Retired))
        .col_expr(Column::RetiresAt, Expr::value(retires_at))
        .col_expr(Column::PrivateJwkEncrypted, Expr::value(None::<Vec<u8>>))
        .filter(Column::State.eq(SigningKeyState::Active))
        .filter(which)
        .exec(tx)
        .await?
        .rows_affected)
}

/// Forgets every key, so that nothing signed with any of them is accepted any more.
pub async fn delete_all(tx: &Tx) -> StoreResult<u64> {
    Ok(Entity::delete_many().exec(tx).await?.rows_affected)
}

/// Removes retired keys whose tokens have all expired.
pub async fn delete_retired(connection: &impl ConnectionTrait, now: Timestamp) -> StoreResult<u64> {
    Ok(Entity::delete_many()
        .filter(Column::State.eq(SigningKeyState::Retired))
        .filter(Column::RetiresAt.lte(now))
        .exec(connection)
        .await?
        .rows_affected)
}

/// The end of the access token that lasts longest, if there are any.
pub async fn last_access_token_ends_at(connection: &impl ConnectionTrait) -> StoreResult<Option<Timestamp>> {
    let of_users: Option<Option<Timestamp>> = access_token::Entity::find()
        .select_only()
        .column_as(access_token::Column::ExpiresAt.max(), "ends_at")
        .into_tuple()
        .one(connection)
        .await?;
    let of_clients: Option<Option<Timestamp>> = client_access_token::Entity::find()
        .select_only()
        .column_as(client_access_token::Column::ExpiresAt.max(), "ends_at")
        .into_tuple()
        .one(connection)
        .await?;
    Ok(of_users.flatten().max(of_clients.flatten()))
}

/// The longest access token lifetime of any client, in minutes.
pub async fn longest_access_token_minutes(connection: &impl ConnectionTrait) -> StoreResult<Option<i32>> {
    let longest: Option<Option<i32>> = oidc_client::Entity::find()
        .select_only()
        .column_as(oidc_client::Column::AccessTokenDurationMinutes.max(), "longest")
        .into_tuple()
        .one(connection)
        .await?;
    Ok(longest.flatten())
}

/// The algorithms clients ask for by name, each once.
pub async fn algorithms_clients_ask_for(connection: &impl ConnectionTrait) -> StoreResult<Vec<String>> {
    let mut names = Vec::new();
    for column in [
        oidc_client::Column::IdTokenSignedResponseAlg,
        oidc_client::Column::UserinfoSignedResponseAlg,
    ] {
        let found: Vec<String> = oidc_client::Entity::find()
            .select_only()
            .column(column)
            .filter(column.is_not_null())
            .distinct()
            .into_tuple()
            .all(connection)
            .await?;
        names.extend(found);
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
