//! Schemas where readers look for them: what a field means is said at the field, and what has a name goes by it.

use utoipa::openapi::schema::{ArrayItems, Object, Schema};
use utoipa::openapi::{Components, Ref, RefOr};

/// How the names of lists begin, before the name of what they list.
pub(super) const LIST: &str = "Paginated_";

/// Completes all schemas.
pub(super) fn complete(components: &mut Components) {
    let names: Vec<String> = components.schemas.keys().cloned().collect();
    for (name, schema) in &mut components.schemas {
        tidy(schema);
        if let Some(row) = name
            .strip_prefix(LIST)
            .filter(|row| names.iter().any(|known| known == row))
        {
            name_rows(schema, row);
        }
    }
}

/// utoipa describes a field that may be null at the reference inside.
fn tidy(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else {
        return;
    };
    match schema {
        Schema::Object(object) => object.properties.values_mut().for_each(tidy),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                tidy(items);
            }
        }
        Schema::OneOf(choice) => {
            for option in &mut choice.items {
                match option {
                    RefOr::Ref(named) if choice.description.is_none() && !named.description.is_empty() => {
                        choice.description = Some(std::mem::take(&mut named.description));
                    }
                    option => tidy(option),
                }
            }
        }
        Schema::AllOf(parts) => parts.items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// utoipa repeats the schema of a generic list's rows.
fn name_rows(list: &mut RefOr<Schema>, row: &str) {
    if let RefOr::T(Schema::Object(Object { properties, .. })) = list
        && let Some(RefOr::T(Schema::Array(rows))) = properties.get_mut("data")
    {
        rows.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(Ref::from_schema_name(row))));
    }
}
