//! Pages of clients, as administrators and as people see them.

use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, Order, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};

use crate::entity::oidc_client::Model as Client;
use crate::entity::{client_allowed_group, consent, group_member, oidc_client};
use crate::error::StoreResult;
use crate::list::{Direction, ListRequest, Page, contains, page};
use crate::types::UserId;

/// A page of clients. Sort keys and filters are those of the REST API.
pub async fn list(connection: &impl ConnectionTrait, request: &ListRequest) -> StoreResult<Page<Client>> {
    let select = ordered(
        narrowed(
            connection.get_database_backend(),
            oidc_client::Entity::find(),
            request,
        ),
        request,
    );
    page(by_age(select), request, connection).await
}

/// A page of the clients a user may sign in to. Besides the keys of other lists there is `lastUsedAt`, under which
/// those never used come last.
pub async fn accessible(
    connection: &impl ConnectionTrait,
    user: UserId,
    request: &ListRequest,
) -> StoreResult<Page<Client>> {
    use oidc_client::Column;

    let groups = group_member::Entity::find()
        .select_only()
        .column(group_member::Column::UserGroupId)
        .filter(group_member::Column::UserId.eq(user))
        .into_query();
    let allowed = client_allowed_group::Entity::find()
        .select_only()
        .column(client_allowed_group::Column::ClientId)
        .filter(client_allowed_group::Column::UserGroupId.in_subquery(groups))
        .into_query();
    let mut select = narrowed(
        connection.get_database_backend(),
        oidc_client::Entity::find(),
        request,
    )
    .filter(
        Condition::any()
            .add(Column::IsGroupRestricted.eq(false))
            .add(Column::Id.in_subquery(allowed)),
    );
    // Of several values the first counts.
    let launchable = request
        .flag_filter("hasLaunchURL")
        .and_then(|values| values.first().copied());
    if let Some(launchable) = launchable {
        select = select.filter(if launchable {
            Column::LaunchUrl.is_not_null()
        } else {
            Column::LaunchUrl.is_null()
        });
    }
    select = match request.sort_key() {
        Some(("lastUsedAt", order)) => select
            .order_by(last_use(user).is_null(), Order::Asc)
            .order_by(last_use(user), order),
        _ => ordered(select, request),
    };
    page(by_age(select), request, connection).await
}

/// A page of some clients, by name unless another order is asked for. Sort keys and filters are those of [`list`].
pub(crate) async fn by_name_of(
    select: Select<oidc_client::Entity>,
    request: &ListRequest,
    connection: &impl ConnectionTrait,
) -> StoreResult<Page<Client>> {
    let mut request = request.clone();
    request
        .sort
        .take_if(|(key, _)| !SORT_KEYS.contains(&key.as_str()));
    request
        .sort
        .get_or_insert_with(|| ("name".to_owned(), Direction::Ascending));
    let select = ordered(
        narrowed(connection.get_database_backend(), select, &request),
        &request,
    );
    page(by_age(select), &request, connection).await
}

/// What [`ordered`] knows.
const SORT_KEYS: [&str; 11] = [
    "name",
    "createdAt",
    "pkceEnabled",
    "pkceSupported",
    "requiresReauthentication",
    "requiresPushedAuthorizationRequests",
    "skipConsent",
    "isGroupRestricted",
    "clientType",
    "isPublic",
    "allowedUserGroupsCount",
];

/// When a user last signed in to the client of a row.
fn last_use(user: UserId) -> SimpleExpr {
    let used = consent::Entity::find()
        .select_only()
        .column(consent::Column::LastUsedAt)
        .filter(consent::Column::UserId.eq(user))
        .filter(
            Expr::col((consent::Entity, consent::Column::ClientId))
                .eq(Expr::col((oidc_client::Entity, oidc_client::Column::Id))),
        )
        .into_query();
    Expr::SubQuery(None, Box::new(used.into()))
}

fn narrowed(
    engine: DbBackend,
    mut select: Select<oidc_client::Entity>,
    request: &ListRequest,
) -> Select<oidc_client::Entity> {
    use oidc_client::Column;

    if let Some(text) = &request.search {
        select = select.filter(contains(engine, Column::Name, text));
    }
    for (key, column) in [
        ("pkceEnabled", Column::PkceEnabled),
        ("pkceSupported", Column::PkceSupported),
        ("requiresReauthentication", Column::RequiresReauthentication),
        (
            "requiresPushedAuthorizationRequests",
            Column::RequiresPushedAuthorizationRequests,
        ),
        ("skipConsent", Column::SkipConsent),
        ("isGroupRestricted", Column::IsGroupRestricted),
    ] {
        if let Some(values) = request.flag_filter(key) {
            select = select.filter(column.is_in(values));
        }
    }
    if let Some(values) = request.filter("clientType") {
        select = select.filter(Column::ClientType.is_in(values.iter().map(String::as_str)));
    }
    select
}

fn ordered(select: Select<oidc_client::Entity>, request: &ListRequest) -> Select<oidc_client::Entity> {
    use oidc_client::Column;

    let Some((key, order)) = request.sort_key() else {
        return select;
    };
    match key {
        "name" => select.order_by(Expr::expr(Func::lower(Expr::col(Column::Name))), order),
        "createdAt" => select.order_by(Column::CreatedAt, order),
        "pkceEnabled" => select.order_by(Column::PkceEnabled, order),
        "pkceSupported" => select.order_by(Column::PkceSupported, order),
        "requiresReauthentication" => select.order_by(Column::RequiresReauthentication, order),
        "requiresPushedAuthorizationRequests" => {
            select.order_by(Column::RequiresPushedAuthorizationRequests, order)
        }
        "skipConsent" => select.order_by(Column::SkipConsent, order),
        "isGroupRestricted" => select.order_by(Column::IsGroupRestricted, order),
        "clientType" => select.order_by(Column::ClientType, order),
        "isPublic" => select.order_by(Column::IsPublic, order),
        "allowedUserGroupsCount" => {
            let count = client_allowed_group::Entity::find()
                .select_only()
                .expr(
                    Expr::col((
                        client_allowed_group::Entity,
                        client_allowed_group::Column::ClientId,
                    ))
                    .count(),
                )
                .filter(
                    Expr::col((
                        client_allowed_group::Entity,
                        client_allowed_group::Column::ClientId,
                    ))
                    .eq(Expr::col((oidc_client::Entity, Column::Id))),
                )
                .into_query();
            select.order_by(Expr::SubQuery(None, Box::new(count.into())), order)
        }
        _ => select,
    }
}

/// What is left to decide is decided by age, so that pages do not overlap.
fn by_age(select: Select<oidc_client::Entity>) -> Select<oidc_client::Entity> {
    select
        .order_by(oidc_client::Column::CreatedAt, Order::Asc)
        .order_by(oidc_client::Column::Id, Order::Asc)
}
