//! Pages of the audit log: found in two queries whatever the number of entries.
//!
//! The first query gives the exact number of entries. By event and place that number is kept by the database for every
//! three days (`audit_log_counts`, see `docs/adr/0017-fast-lists.md`), which also tells in which days a page lies. The second
//! query finds the identifiers of the page in an index and reads their rows.

use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Query, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, Order, QueryFilter};

use super::{AuditLog, INTERNAL_NETWORK, Scope};
use crate::entity::audit_log::{Column, Entity};
use crate::error::StoreResult;
use crate::list::{self, ListRequest, Ordering, Page, Place};
use crate::types::UserId;

/// Entries are counted by the bits of their time above these: 2^28 milliseconds are three days.
const BUCKET_BITS: u32 = 28;

/// Of more values than these a list is not made of one index range each.
const MOST_RANGES: usize = 32;

/// What the filters of a request leave; none where there is no such filter.
struct Filters {
    users: Option<Vec<UserId>>,
    clients: Option<Vec<String>>,
    events: Option<Vec<String>>,
    internal: Option<Vec<bool>>,
}

/// The filter by whose index entries are found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    User,
    Client,
    Event,
    Place,
    /// All entries by time.
    Time,
}

/// How many entries there are, and since when how many if that is known: `(bucket, entries)`, ascending.
struct Counted {
    total: u64,
    buckets: Option<Vec<(i64, u64)>>,
}

impl Filters {
    fn of(scope: Scope, request: &ListRequest) -> Self {
        let everybody = scope == Scope::Everybody;
        let users: Option<Vec<UserId>> =
            super::whose(request).map(|ids| ids.iter().filter_map(|id| id.parse().ok()).collect());
        let users = match scope {
            Scope::Everybody => users,
            Scope::Of(user) => Some(match users {
                Some(users) if !users.contains(&user) => Vec::new(),
                _ => vec![user],
            }),
        };
        let internal = request.filter("location").filter(|_| everybody).map(|places| {
            places
                .iter()
                .filter_map(|place| match place.as_str() {
                    "internal" => Some(true),
                    "external" => Some(false),
                    _ => None,
                })
                .collect()
        });
        let text = |key| request.filter(key).map(<[String]>::to_vec);
        Self {
            users: users.map(distinct),
            clients: text("clientName").filter(|_| everybody).map(distinct),
            events: text("event").map(distinct),
            internal: internal.map(distinct).filter(|places| places.len() < 2),
        }
    }

    /// The filter that leaves the fewest entries as a rule.
    fn access(&self) -> Access {
        if self.users.is_some() {
            Access::User
        } else if self.clients.is_some() {
            Access::Client
        } else if self.events.is_some() {
            Access::Event
        } else if self.internal.is_some() {
            Access::Place
        } else {
            Access::Time
        }
    }

    /// The filters other than the one entries are found by. They are written so that no index is used for them: SQLite,
    /// which knows nothing of how many entries a value has, would take any.
    fn others(&self, access: Access) -> Condition {
        let mut all = Condition::all();
        if let Some(clients) = self.clients.as_ref().filter(|_| access != Access::Client) {
            all = all.add(Expr::col(Column::ClientName).if_null("").is_in(clients));
            // A name that is empty is not a name that is missing.
            if clients.iter().any(String::is_empty) {
                all = all.add(Column::ClientName.is_not_null());
            }
        }
        if let Some(events) = self.events.as_ref().filter(|_| access != Access::Event) {
            all = all.add(Expr::col(Column::Event).if_null("").is_in(events));
        }
        if let Some(places) = self.internal.as_ref().filter(|_| access != Access::Place) {
            let internal = Expr::col(Column::Country).if_null("").eq(INTERNAL_NETWORK);
            all = all.add(internal.is_in(places.iter().copied()));
        }
        all
    }

    /// One condition for each value of the filter entries are found by.
    fn ranges(&self, access: Access) -> Vec<SimpleExpr> {
        match access {
            Access::User => each(self.users.as_deref(), |user| Column::UserId.eq(*user)),
            Access::Client => each(self.clients.as_deref(), |name| Column::ClientName.eq(name)),
            Access::Event => each(self.events.as_deref(), |event| Column::Event.eq(event)),
            Access::Place => each(self.internal.as_deref(), |place| is_internal(*place)),
            Access::Time => Vec::new(),
        }
    }

    /// The same as one condition.
    fn any_range(&self, access: Access) -> Option<SimpleExpr> {
        match access {
            Access::User => self
                .users
                .as_ref()
                .map(|users| Column::UserId.is_in(users.iter().copied())),
            Access::Client => self.clients.as_ref().map(|names| Column::ClientName.is_in(names)),
            Access::Event => self.events.as_ref().map(|events| Column::Event.is_in(events)),
            Access::Place | Access::Time => self.ranges(access).into_iter().next(),
        }
    }

    fn select(&self) -> sea_orm::Select<Entity> {
        let access = self.access();
        let select = Entity::find().filter(self.others(access));
        match self.any_range(access) {
            Some(condition) => select.filter(condition),
            None => select,
        }
    }

    /// Whether a filter has no value left.
    fn leave_nothing(&self) -> bool {
        let empty = |length: Option<usize>| length == Some(0);
        empty(self.users.as_ref().map(Vec::len))
            || empty(self.clients.as_ref().map(Vec::len))
            || empty(self.events.as_ref().map(Vec::len))
            || empty(self.internal.as_ref().map(Vec::len))
    }

    async fn count(&self, connection: &impl ConnectionTrait) -> StoreResult<Counted> {
        if self.leave_nothing() {
            return Ok(Counted {
                total: 0,
                buckets: None,
            });
        }
        if self.users.is_some() || self.clients.is_some() {
            return Ok(Counted {
                total: list::count(&self.select(), connection).await?,
                buckets: None,
            });
        }
        let mut query = Query::select();
        query
            .column("bucket")
            // PostgreSQL's sum is of a type of its own.
            .expr(Expr::col("entries").sum().cast_as("bigint"))
            .from("audit_log_counts")
            .group_by_col("bucket")
            .order_by("bucket", Order::Asc);
        if let Some(events) = &self.events {
            query.and_where(Expr::col("event").is_in(events));
        }
        if let Some(places) = &self.internal {
            query.and_where(Expr::col("internal").is_in(places.iter().copied()));
        }
        let mut buckets = Vec::new();
        for row in connection.query_all(&query).await? {
            let entries: i64 = row.try_get_by_index(1)?;
            buckets.push((row.try_get_by_index(0)?, u64::try_from(entries).unwrap_or(0)));
        }
        Ok(Counted {
            total: buckets.iter().map(|(_, entries)| entries).sum(),
            buckets: Some(buckets),
        })
    }
}

fn each<T>(values: Option<&[T]>, condition: impl Fn(&T) -> SimpleExpr) -> Vec<SimpleExpr> {
    values.unwrap_or_default().iter().map(condition).collect()
}

fn distinct<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    let mut kept = Vec::with_capacity(values.len());
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

/// The expression of the index `audit_logs_list_internal`, to the letter.
fn is_internal(internal: bool) -> SimpleExpr {
    Expr::cust("(country = 'Internal Network')").eq(internal)
}

/// The days a page lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Days {
    /// First moment.
    from: i64,
    /// First moment after.
    until: i64,
    /// Entries of these days that come before the page.
    before: u64,
}

/// Finds the days of a page by the numbers of entries, which are in the order of the list.
fn days_of(place: Place, buckets: impl Iterator<Item = (i64, u64)>) -> Option<Days> {
    let mut passed = 0;
    let mut days: Option<Days> = None;
    for (bucket, entries) in buckets {
        let end = passed + entries;
        if end > place.offset() {
            let from = bucket << BUCKET_BITS;
            let until = (bucket + 1) << BUCKET_BITS;
            days = Some(match days {
                None => Days {
                    from,
                    until,
                    before: place.offset() - passed,
                },
                Some(days) => Days {
                    from: Ord::min(days.from, from),
                    until: Ord::max(days.until, until),
                    before: days.before,
                },
            });
        }
        if end >= place.offset() + place.rows() {
            break;
        }
        passed = end;
    }
    days
}

/// A page of entries.
pub(super) async fn page(
    connection: &impl ConnectionTrait,
    scope: Scope,
    request: &ListRequest,
) -> StoreResult<Page<AuditLog>> {
    let filters = Filters::of(scope, request);
    let counted = filters.count(connection).await?;
    let place = Place::of(request, counted.total);
    if place.rows() == 0 {
        return Ok(place.with(Vec::new()));
    }
    let (column, order) = match request.sort_key() {
        Some(("event", order)) => (Some(Column::Event), order),
        Some(("ipAddress", order)) => (Some(Column::IpAddress), order),
        Some(("country", order)) => (Some(Column::Country), order),
        Some(("city", order)) => (Some(Column::City), order),
        Some(("userAgent", order)) => (Some(Column::UserAgent), order),
        Some(("createdAt", order)) => (None, order),
        _ => (None, Order::Desc),
    };
    let mut ordering: Ordering = [Column::CreatedAt, Column::Id]
        .map(|column| (column.into_expr(), order.clone()))
        .into();
    let rows = if let Some(column) = column {
        ordering.insert(0, (column.into_expr(), order));
        let select = filters.select();
        list::rows_at(place, select, Column::Id, &ordering, &ordering, connection).await?
    } else {
        let identifiers = by_time(&filters, &counted, place, &order);
        list::rows_of::<Entity, _>(Column::Id, identifiers, &ordering, connection).await?
    };
    Ok(place.with(rows))
}

/// The identifiers of a page in the order of time.
fn by_time(filters: &Filters, counted: &Counted, place: Place, order: &Order) -> SelectStatement {
    let days = counted.buckets.as_ref().and_then(|buckets| match order {
        Order::Desc => days_of(place, buckets.iter().rev().copied()),
        _ => days_of(place, buckets.iter().copied()),
    });
    let backwards = days.is_none() && place.rest() < place.offset();
    let passed_over = match days {
        Some(days) => days.before,
        None if backwards => place.rest(),
        None => place.offset(),
    };
    let order = match (order, backwards) {
        (Order::Desc, false) | (Order::Asc, true) => Order::Desc,
        _ => Order::Asc,
    };

    let access = filters.access();
    let mut all = filters.others(access);
    if let Some(days) = days {
        all = all
            .add(Column::CreatedAt.gte(days.from))
            .add(Column::CreatedAt.lt(days.until));
    }
    let walk = |condition: Option<SimpleExpr>| {
        let mut walk = Query::select();
        walk.column(Column::Id)
            .from(Entity)
            .cond_where(all.clone())
            .and_where_option(condition)
            .order_by(Column::CreatedAt, order.clone())
            .order_by(Column::Id, order.clone());
        walk
    };
    let mut ranges = filters.ranges(access);
    if ranges.len() < 2 || ranges.len() > MOST_RANGES {
        let condition = if ranges.len() == 1 {
            ranges.pop()
        } else {
            filters.any_range(access)
        };
        return walk(condition).limit(place.rows()).offset(passed_over).take();
    }
    // Several values: the first entries of each in order, of which the page is a part.
    let mut parts = ranges.into_iter().map(|range| {
        Query::select()
            .column(Asterisk)
            .from_subquery(
                walk(Some(range))
                    .column(Column::CreatedAt)
                    .limit(passed_over + place.rows())
                    .take(),
                "part",
            )
            .take()
    });
    let mut union = parts.next().unwrap_or_default();
    union.unions(parts.map(|part| (UnionType::All, part)));
    Query::select()
        .column(Column::Id)
        .from_subquery(union, "parts")
        .order_by(Column::CreatedAt, order.clone())
        .order_by(Column::Id, order)
        .limit(place.rows())
        .offset(passed_over)
        .take()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(page: u64, limit: u64, total: u64) -> Place {
        let request = ListRequest {
            page,
            limit,
            ..ListRequest::default()
        };
        Place::of(&request, total)
    }

    fn days(from: i64, until: i64, before: u64) -> Days {
        Days {
            from: from << BUCKET_BITS,
            until: until << BUCKET_BITS,
            before,
        }
    }

    #[test]
    fn a_page_lies_in_the_days_that_hold_its_entries() {
        let buckets = [(3, 10), (4, 0), (7, 5), (9, 10)];
        let forward = |page, limit| days_of(place(page, limit, 25), buckets.into_iter()).unwrap();
        assert_eq!(forward(1, 10), days(3, 4, 0));
        assert_eq!(forward(2, 10), days(7, 10, 0));
        assert_eq!(forward(3, 10), days(9, 10, 5));
        assert_eq!(forward(3, 4), days(3, 8, 8));
        assert_eq!(forward(1, 100), days(3, 10, 0));
        let backward = days_of(place(2, 8, 25), buckets.into_iter().rev()).unwrap();
        assert_eq!(backward, days(3, 10, 8));
        assert_eq!(days_of(place(1, 8, 0), std::iter::empty()), None);
    }
}
