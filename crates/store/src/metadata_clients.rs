//! Clients that come from metadata documents.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::clients::Client;
use crate::connect::Tx;
use crate::entity::{client_allowed_group, client_api, consent, grant, oidc_client};
use crate::error::StoreResult;
use crate::types::{ClientId, ClientType};

/// One client, which nobody else changes until the transaction ends.
pub async fn lock(tx: &Tx, id: &ClientId) -> StoreResult<Option<Client>> {
    Ok(oidc_client::Entity::find_by_id(id.clone())
        .lock_exclusive()
        .one(tx)
        .await?)
}

/// Adds a client unless its id is taken; whether it was added.
pub async fn insert_if_absent(tx: &Tx, client: Client) -> StoreResult<bool> {
    let inserted = oidc_client::Entity::insert(client.into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(oidc_client::Column::Id)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Clients from metadata documents that nobody has used or edited.
fn unused() -> sea_orm::Select<oidc_client::Entity> {
    let id = || Expr::col((oidc_client::Entity, oidc_client::Column::Id));
    let mut select = oidc_client::Entity::find()
        .filter(oidc_client::Column::ClientType.eq(ClientType::MetadataDocument))
        .filter(oidc_client::Column::UpdatedAt.is_null());
    let consents = Query::select()
        .column(consent::Column::ClientId)
        .from(consent::Entity)
        .take();
    let grants = Query::select()
        .column(grant::Column::ClientId)
        .from(grant::Entity)
        .take();
    let groups = Query::select()
        .column(client_allowed_group::Column::ClientId)
        .from(client_allowed_group::Entity)
        .take();
    let apis = Query::select()
        .column(client_api::Column::ClientId)
        .from(client_api::Entity)
        .take();
    for known in [consents, grants, groups, apis] {
        select = select.filter(id().not_in_subquery(known));
    }
    select
}

/// Removes the oldest clients that nobody has used or edited until there are only so many of them.
pub async fn keep_unused(tx: &Tx, most: u64) -> StoreResult<()> {
    let surplus = unused().count(tx).await?.saturating_sub(most);
    if surplus == 0 {
        return Ok(());
    }
    let oldest: Vec<ClientId> = unused()
        .select_only()
        .column(oidc_client::Column::Id)
        .order_by(oidc_client::Column::CreatedAt, Order::Asc)
        .order_by(oidc_client::Column::Id, Order::Asc)
        .limit(surplus)
        .into_tuple()
        .all(tx)
        .await?;
    oidc_client::Entity::delete_many()
        .filter(oidc_client::Column::Id.is_in(oldest))
        .exec(tx)
        .await?;
    Ok(())
}
