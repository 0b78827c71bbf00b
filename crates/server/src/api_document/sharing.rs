//! Failures several routes answer with are written once: most of the document would be repetition otherwise.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::path::{Operation, Paths};
use utoipa::openapi::{Components, Ref, RefOr, Response};

use super::failures::CODES;

/// A failure that names its codes, as text to compare.
fn text(status: &str, answer: &RefOr<Response>) -> Option<String> {
    match answer {
        RefOr::T(answer) if status >= "4" && answer.extensions.is_some() => {
            serde_json::to_string(answer).ok()
        }
        _ => None,
    }
}

/// What a failure is called: its status and its codes, and a number where others have the same.
fn name(status: &str, text: &str, taken: &BTreeMap<String, RefOr<Response>>) -> String {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let codes = answer.get(CODES).and_then(Value::as_array);
    let codes = codes.into_iter().flatten().filter_map(Value::as_str);
    let name = codes.fold(status.to_owned(), |name, code| name + "." + code);
    let numbered = (2..).map(|number| format!("{name}.{number}"));
    std::iter::once(name.clone())
        .chain(numbered)
        .find(|name| !taken.contains_key(name))
        .unwrap_or(name)
}

fn each(paths: &mut Paths) -> impl Iterator<Item = &mut Operation> {
    let items = paths.paths.values_mut();
    items.flat_map(|item| {
        super::operations(item)
            .into_iter()
            .map(|(_, operation)| operation)
    })
}

/// Moves what is there more than once to the shared answers.
pub(super) fn complete(paths: &mut Paths, components: &mut Components) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for operation in each(paths) {
        for (status, answer) in &operation.responses.responses {
            if let Some(text) = text(status, answer) {
                *seen.entry(text).or_default() += 1;
            }
        }
    }
    let shared = &mut components.responses;
    let known = shared
        .iter()
        .filter_map(|(name, answer)| Some((text("4", answer)?, name.clone())));
    let mut names: BTreeMap<String, String> = known.collect();
    for operation in each(paths) {
        for (status, answer) in &mut operation.responses.responses {
            let Some(text) = text(status, answer) else {
                continue;
            };
            let often = seen.get(&text).is_some_and(|times| *times > 1);
            if !often && !names.contains_key(&text) {
                continue;
            }
            let called = names.entry(text).or_insert_with_key(|text| {
                let called = name(status, text, shared);
                shared.insert(called.clone(), answer.clone());
                called
            });
            *answer = RefOr::Ref(Ref::from_response_name(called.clone()));
        }
    }
}
