//! What answers that went well are, where the route does not say it: what their schema says it is.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayItems, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Components, Ref, RefOr, Response};

use super::schemas::LIST;

/// The name a reference leads to.
pub(super) fn name(to: &Ref) -> &str {
    to.ref_location.rsplit('/').next().unwrap_or_default()
}

/// What the schema of a name is about, without the full stop.
fn about(components: &Components, name: &str) -> Option<String> {
    let description = match components.schemas.get(name)? {
        RefOr::T(Schema::Object(object)) => object.description.clone(),
        RefOr::T(Schema::AllOf(parts)) => parts.description.clone(),
        _ => None,
    }?;
    Some(description.trim_end_matches('.').to_owned())
}

fn text(status: &str, answer: &Response, components: &Components) -> String {
    match status {
        "204" => return "Done; the answer has no body.".to_owned(),
        "304" => return "What the caller has is current (`If-None-Match`, `If-Modified-Since`).".to_owned(),
        _ => {}
    }
    let content = answer.content.iter().next();
    let schema = content.and_then(|(media, content)| match content {
        RefOr::T(content) => Some((media, content.schema.as_ref()?)),
        RefOr::Ref(_) => None,
    });
    let said = match schema {
        Some((media, _)) if media.starts_with("image/") => Some("The picture.".to_owned()),
        Some((_, RefOr::Ref(to))) => match name(to).strip_prefix(LIST) {
            Some(row) => {
                about(components, row).map(|about| format!("One page of a list; each row: {about}."))
            }
            None => about(components, name(to)).map(|about| format!("{about}.")),
        },
        Some((_, RefOr::T(Schema::Array(list)))) => match &list.items {
            ArrayItems::RefOrSchema(row) => match &**row {
                RefOr::Ref(row) => {
                    about(components, name(row)).map(|about| format!("The whole list; each: {about}."))
                }
                RefOr::T(_) => Some("The whole list.".to_owned()),
            },
            ArrayItems::False => None,
        },
        _ => None,
    };
    said.unwrap_or_else(|| "Done.".to_owned())
}

/// A file, which utoipa takes for a list of numbers.
fn picture() -> Schema {
    let bytes = SchemaFormat::KnownFormat(KnownFormat::Binary);
    let picture = ObjectBuilder::new().schema_type(Type::String).format(Some(bytes));
    picture.description(Some("The bytes of the picture.")).into()
}

/// Describes the answers of a route that are not described.
pub(super) fn complete(operation: &mut Operation, components: &Components) {
    for (status, answer) in &mut operation.responses.responses {
        let RefOr::T(answer) = answer else {
            continue;
        };
        if answer.description.is_empty() {
            answer.description = text(status, answer, components);
        }
        for (media, content) in &mut answer.content {
            if let RefOr::T(content) = content
                && media.starts_with("image/")
            {
                content.schema = Some(RefOr::T(picture()));
            }
        }
    }
}
