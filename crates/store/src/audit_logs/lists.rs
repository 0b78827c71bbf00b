//! Pages of the audit log: found in two queries whatever the number of entries.
//!
//! The first query gives the exact number of entries. By event and place that number is kept by the database for every
//! three days (`audit_log_counts`, see `docs/adr/0017-fast-lists.md`), which also tells in which days a page lies; by person
//! it is kept too (`audit_log_people`). The second query finds the identifiers of the page in an index and reads their rows.

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

/// How many entries there are, and of what how many if that is known, ascending.
struct Counted {
    total: u64,
    slices: Option<Vec<Slice>>,
}

/// Entries of three days; of one event, where entries are sorted by that.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slice {
    event: Option<String>,
    bucket: i64,
    entries: u64,
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

    async fn count(&self, by_event: bool, connection: &impl ConnectionTrait) -> StoreResult<Counted> {
        if self.leave_nothing() {
            return Ok(Counted {
                total: 0,
                slices: None,
            });
        }
        if self.users.is_some() || self.clients.is_some() {
            let total = match &self.users {
                Some(users) if self.others(Access::User).is_empty() => {
                    entries_about(users, connection).await?
                }
                _ => list::count(&self.select(), connection).await?,
            };
            return Ok(Counted { total, slices: None });
        }
        let mut query = Query::select();
        query
            .column("bucket")
            .expr(all_entries())
            .from("audit_log_counts");
        if by_event {
            query
                .column("event")
                .group_by_col("event")
                .order_by("event", Order::Asc);
        }
        query.group_by_col("bucket").order_by("bucket", Order::Asc);
        if let Some(events) = &self.events {
            query.and_where(Expr::col("event").is_in(events));
        }
        if let Some(places) = &self.internal {
            query.and_where(Expr::col("internal").is_in(places.iter().copied()));
        }
        let mut slices = Vec::new();
        for row in connection.query_all(&query).await? {
            let entries: i64 = row.try_get_by_index(1)?;
            slices.push(Slice {
                event: if by_event {
                    Some(row.try_get_by_index(2)?)
                } else {
                    None
                },
                bucket: row.try_get_by_index(0)?,
                entries: u64::try_from(entries).unwrap_or(0),
            });
        }
        Ok(Counted {
            total: slices.iter().map(|slice| slice.entries).sum(),
            slices: Some(slices),
        })
    }
}

/// The sum of numbers the database noted. PostgreSQL's is of a type of its own.
fn all_entries() -> SimpleExpr {
    Expr::col("entries").sum().cast_as("bigint")
}

/// How many entries are about some people.
async fn entries_about(users: &[UserId], connection: &impl ConnectionTrait) -> StoreResult<u64> {
    let mut query = Query::select();
    query
        .expr(all_entries())
        .from("audit_log_people")
        .and_where(Expr::col("user_id").is_in(users.iter().copied()));
    let Some(row) = connection.query_one(&query).await? else {
        return Ok(0);
    };
    let entries: Option<i64> = row.try_get_by_index(0)?;
    Ok(entries
        .and_then(|entries| u64::try_from(entries).ok())
        .unwrap_or(0))
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

/// The days of one event a page lies in, or a part of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Days {
    /// The event; none where entries are sorted by time alone.
    event: Option<String>,
    /// First moment.
    from: i64,
    /// First moment after.
    until: i64,
    /// Entries of these days that come before the page.
    before: u64,
}

impl Days {
    fn condition(&self) -> Condition {
        Condition::all()
            .add(Column::CreatedAt.gte(self.from))
            .add(Column::CreatedAt.lt(self.until))
            .add_option(self.event.as_ref().map(|event| Column::Event.eq(event)))
    }
}

/// Finds the days of a page by the numbers of entries, which are in the order of the list: one after the other where
/// the page begins with the last entries of one event and goes on with the first of the next.
fn days_of<'a>(place: Place, slices: impl Iterator<Item = &'a Slice>) -> Vec<Days> {
    let mut passed = 0;
    let mut found: Vec<Days> = Vec::new();
    for slice in slices {
        let end = passed + slice.entries;
        if end > place.offset() && slice.entries > 0 {
            let from = slice.bucket << BUCKET_BITS;
            let until = (slice.bucket + 1) << BUCKET_BITS;
            match found.last_mut().filter(|days| days.event == slice.event) {
                Some(days) => {
                    days.from = Ord::min(days.from, from);
                    days.until = Ord::max(days.until, until);
                }
                None => found.push(Days {
                    event: slice.event.clone(),
                    from,
                    until,
                    before: place.offset().saturating_sub(passed),
                }),
            }
        }
        if end >= place.offset() + place.rows() {
            break;
        }
        passed = end;
    }
    found
}

/// A page of entries.
pub(super) async fn page(
    connection: &impl ConnectionTrait,
    scope: Scope,
    request: &ListRequest,
) -> StoreResult<Page<AuditLog>> {
    let filters = Filters::of(scope, request);
    let (column, order) = match request.sort_key() {
        Some(("event", order)) => (Some(Column::Event), order),
        Some(("ipAddress", order)) => (Some(Column::IpAddress), order),
        Some(("country", order)) => (Some(Column::Country), order),
        Some(("city", order)) => (Some(Column::City), order),
        Some(("userAgent", order)) => (Some(Column::UserAgent), order),
        Some(("createdAt", order)) => (None, order),
        _ => (None, Order::Desc),
    };
    let by_event = matches!(column, Some(Column::Event));
    let counted = filters.count(by_event, connection).await?;
    let place = Place::of(request, counted.total);
    if place.rows() == 0 {
        return Ok(place.with(Vec::new()));
    }
    let days = counted
        .slices
        .filter(|_| by_event || column.is_none())
        .map(|slices| match order {
            Order::Desc => days_of(place, slices.iter().rev()),
            _ => days_of(place, slices.iter()),
        });
    let mut ordering = by_age(&order);
    if let Some(column) = column {
        ordering.insert(0, (column.into_expr(), order.clone()));
    }
    let identifiers = match (days, column) {
        (Some(days), Some(_)) => by_event_and_time(&filters, &days, place, &order),
        (days, None) => by_time(
            &filters,
            days.as_ref().and_then(|days| days.first()),
            place,
            &order,
        ),
        (None, Some(_)) => {
            let select = filters.select();
            let rows = list::rows_at(place, select, Column::Id, &ordering, &ordering, connection).await?;
            return Ok(place.with(rows));
        }
    };
    let rows = list::rows_of::<Entity, _>(Column::Id, identifiers, &ordering, connection).await?;
    Ok(place.with(rows))
}

fn by_age(order: &Order) -> Ordering {
    [Column::CreatedAt, Column::Id]
        .map(|column| (column.into_expr(), order.clone()))
        .into()
}

/// The identifiers of entries for which a condition holds, in an order.
fn walk(condition: Condition, ordering: Ordering) -> SelectStatement {
    let mut walk = Query::select();
    walk.column(Column::Id).from(Entity).cond_where(condition);
    for (expression, order) in ordering {
        walk.order_by_expr(expression, order);
    }
    walk
}

/// Selections one after the other, as the rows of one.
fn together(parts: impl Iterator<Item = SelectStatement>) -> SelectStatement {
    let mut parts = parts.map(|part| {
        Query::select()
            .column(Asterisk)
            .from_subquery(part, "part")
            .take()
    });
    let mut union = parts.next().unwrap_or_default();
    union.unions(parts.map(|part| (UnionType::All, part)));
    union
}

/// The identifiers of a page in the order of events, and of time for each.
fn by_event_and_time(filters: &Filters, days: &[Days], place: Place, order: &Order) -> SelectStatement {
    let others = filters.others(Access::Event);
    let part = |days: &Days| {
        walk(others.clone().add(days.condition()), by_age(order))
            .limit(place.rows())
            .offset(days.before)
            .take()
    };
    if let [only] = days {
        return part(only);
    }
    let union = together(
        days.iter()
            .map(|days| part(days).column(Column::CreatedAt).column(Column::Event).take()),
    );
    Query::select()
        .column(Column::Id)
        .from_subquery(union, "parts")
        .order_by(Column::Event, order.clone())
        .order_by(Column::CreatedAt, order.clone())
        .order_by(Column::Id, order.clone())
        .limit(place.rows())
        .take()
}

/// The identifiers of a page in the order of time.
fn by_time(filters: &Filters, days: Option<&Days>, place: Place, order: &Order) -> SelectStatement {
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
        all = all.add(days.condition());
    }
    let walk = |condition: Option<SimpleExpr>| walk(all.clone().add_option(condition), by_age(&order));
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
    let union = together(ranges.into_iter().map(|range| {
        walk(Some(range))
            .column(Column::CreatedAt)
            .limit(passed_over + place.rows())
            .take()
    }));
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

    fn slice(event: Option<&str>, bucket: i64, entries: u64) -> Slice {
        Slice {
            event: event.map(str::to_owned),
            bucket,
            entries,
        }
    }

    fn days(event: Option<&str>, from: i64, until: i64, before: u64) -> Days {
        Days {
            event: event.map(str::to_owned),
            from: from << BUCKET_BITS,
            until: until << BUCKET_BITS,
            before,
        }
    }

    #[test]
    fn a_page_lies_in_the_days_that_hold_its_entries() {
        let slices = [(3, 10), (4, 0), (7, 5), (9, 10)].map(|(bucket, entries)| slice(None, bucket, entries));
        let forward = |page, limit| days_of(place(page, limit, 25), slices.iter());
        assert_eq!(forward(1, 10), [days(None, 3, 4, 0)]);
        assert_eq!(forward(2, 10), [days(None, 7, 10, 0)]);
        assert_eq!(forward(3, 10), [days(None, 9, 10, 5)]);
        assert_eq!(forward(3, 4), [days(None, 3, 8, 8)]);
        assert_eq!(forward(1, 100), [days(None, 3, 10, 0)]);
        let backward = days_of(place(2, 8, 25), slices.iter().rev());
        assert_eq!(backward, [days(None, 3, 10, 8)]);
        assert_eq!(days_of(place(1, 8, 0), std::iter::empty()), []);
    }

    #[test]
    fn a_page_sorted_by_event_may_lie_in_the_days_of_several() {
        let slices = [
            slice(Some("A"), 3, 10),
            slice(Some("A"), 4, 3),
            slice(Some("B"), 3, 2),
            slice(Some("C"), 3, 0),
            slice(Some("D"), 1, 20),
        ];
        let forward = |page, limit| days_of(place(page, limit, 35), slices.iter());
        assert_eq!(forward(1, 10), [days(Some("A"), 3, 4, 0)]);
        let over_three = [
            days(Some("A"), 4, 5, 1),
            days(Some("B"), 3, 4, 0),
            days(Some("D"), 1, 2, 0),
        ];
        assert_eq!(forward(2, 11)[..], over_three);
        let backward = days_of(place(2, 19, 35), slices.iter().rev());
        let over_three = [
            days(Some("D"), 1, 2, 19),
            days(Some("B"), 3, 4, 0),
            days(Some("A"), 3, 5, 0),
        ];
        assert_eq!(backward[..], over_three);
    }
}
