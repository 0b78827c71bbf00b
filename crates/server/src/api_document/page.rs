//! The API document as one page of HTML: no script, nothing to load.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::failures::CODES;
use super::oauth_failures;
use crate::http::error_codes;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:light-dark(#1c1c1f,#ececee);--soft:light-dark(#5b5b63,#a6a6ad);\
--line:light-dark(#dcdce0,#34343a);--ground:light-dark(#fff,#141416);--tint:light-dark(#f5f5f7,#1d1d21)}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:62rem;margin:0 auto;padding:2.5rem 1.25rem 5rem}h1{font-size:1.9rem;margin:0 0 .5rem}
h2{font-size:1.2rem;margin:2.5rem 0 .75rem}p{margin:.4rem 0}a{color:inherit}code,pre{font:.875em/1.5 ui-monospace,monospace}
.soft{color:var(--soft)}details{border:1px solid var(--line);border-radius:.6rem;margin:.5rem 0;background:var(--tint)}
summary{cursor:pointer;padding:.6rem .9rem;display:flex;gap:.75rem;flex-wrap:wrap;align-items:baseline}
summary:focus-visible{outline:2px solid currentColor;outline-offset:2px;border-radius:.6rem}
summary .method{font:700 .8rem ui-monospace,monospace;min-width:4rem}summary .what{color:var(--soft)}
details>div{padding:0 .9rem .9rem;overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.925rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-top:1px solid var(--line)}
th{font-weight:600;border-top:0}h3{font-size:.95rem;margin:1rem 0 .25rem}.schema{margin:.75rem 0}
";

/// The page of a document that programs read at `address`.
pub fn render(document: &OpenApi, address: &str) -> String {
    let document = serde_json::to_value(document).unwrap_or_default();
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = write_page(&mut page, &document, address);
    page
}

/// What a JSON pointer leads to, or null.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_default()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn write_page(page: &mut String, document: &Value, address: &str) -> std::fmt::Result {
    let title = text(at(document, "/info/title"));
    write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}: REST API</title>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style></head><body><main>\
         <h1>{title}: REST API</h1><p>{}</p><p class=\"soft\">For programs: <a href=\"{address}\"><code>{address}</code></a> \
         (OpenAPI {})</p>",
        text(at(document, "/info/description")),
        text(at(document, "/openapi")),
    )?;
    for (tag, operations) in by_tag(document) {
        write!(page, "<h2>{}</h2>", text(&Value::from(tag)))?;
        for (method, path, operation) in operations {
            write_operation(page, document, method, path, operation)?;
        }
    }
    write_codes(page, document)?;
    page.push_str("<h2>Schemas</h2>");
    let schemas = at(document, "/components/schemas").as_object();
    for (name, schema) in schemas.into_iter().flatten() {
        write!(
            page,
            "<details id=\"{name}\"><summary><code>{name}</code><span class=\"what\">{}</span></summary><div>",
            text(at(schema, "/description"))
        )?;
        write_fields(page, schema)?;
        page.push_str("</div></details>");
    }
    page.push_str("</main></body></html>");
    Ok(())
}

fn write_codes(page: &mut String, document: &Value) -> std::fmt::Result {
    page.push_str(
        "<h2 id=\"codes\">Error codes</h2><p>The <code>code</code> of a failed request, for programs. Codes stay; new ones \
         may come.</p><table><tr><th>Code</th><th>Status</th><th>Meaning</th></tr>",
    );
    for (code, status, meaning) in error_codes::ALL {
        write!(
            page,
            "<tr id=\"code-{code}\"><td><code>{code}</code></td><td>{status}</td><td>{}",
            prose(meaning)
        )?;
        let example = at(document, &format!("/components/examples/{code}/value"));
        write_example(page, "Example", example)?;
        page.push_str("</td></tr>");
    }
    page.push_str(
        "</table><h2 id=\"oauth\">Errors of OAuth</h2><p>The <code>error</code> of a request that an endpoint of the \
         protocol refused, with an explanation as it may come.</p><table><tr><th>Error</th><th>Explanation</th></tr>",
    );
    for (name, example) in at(document, "/components/examples")
        .as_object()
        .into_iter()
        .flatten()
    {
        if let Some(error) = name.strip_prefix(oauth_failures::NAMES) {
            write!(
                page,
                "<tr id=\"oauth-{error}\"><td><code>{error}</code></td><td>{}</td></tr>",
                text(at(example, "/value/error_description"))
            )?;
        }
    }
    page.push_str("</table>");
    Ok(())
}

/// Escaped text whose words between backquotes are code.
fn prose(words: &str) -> String {
    let words = text(&Value::from(words));
    let mut parts = words.split('`');
    let mut prose = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        prose.push_str(if index % 2 == 0 { "<code>" } else { "</code>" });
        prose.push_str(part);
    }
    prose
}

type Operations<'d> = Vec<(&'d str, &'d str, &'d Value)>;

fn by_tag(document: &Value) -> BTreeMap<&str, Operations<'_>> {
    let mut tags: BTreeMap<&str, Operations<'_>> = BTreeMap::new();
    for (path, item) in at(document, "/paths").as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let tag = at(operation, "/tags/0").as_str().unwrap_or("Other");
            tags.entry(tag).or_default().push((method, path, operation));
        }
    }
    tags
}

fn write_operation(
    page: &mut String,
    document: &Value,
    method: &str,
    path: &str,
    operation: &Value,
) -> std::fmt::Result {
    write!(
        page,
        "<details id=\"{}\"><summary><span class=\"method\">{}</span><code>{}</code><span class=\"what\">{}</span>\
         </summary><div>",
        text(at(operation, "/operationId")),
        method.to_uppercase(),
        text(&Value::from(path)),
        text(at(operation, "/summary")),
    )?;
    if at(operation, "/description").is_string() {
        write!(page, "<p>{}</p>", said(at(operation, "/description")))?;
    }
    write!(page, "<p class=\"soft\">{}</p>", who(operation))?;
    let parameters = at(operation, "/parameters").as_array();
    if let Some(parameters) = parameters.filter(|list| !list.is_empty()) {
        page.push_str(
            "<h3>Parameters</h3><table><tr><th>Name</th><th>In</th><th>Type</th><th>Meaning</th></tr>",
        );
        for parameter in parameters {
            let name = text(at(parameter, "/name"));
            let required = if at(parameter, "/required") == true {
                ", required"
            } else {
                ""
            };
            write!(
                page,
                "<tr><td><code>{name}</code></td><td>{}{required}</td><td>{}</td><td>{}</td></tr>",
                text(at(parameter, "/in")),
                type_of(at(parameter, "/schema")),
                said(at(parameter, "/description")),
            )?;
        }
        page.push_str("</table>");
    }
    for (media, content) in at(operation, "/requestBody/content")
        .as_object()
        .into_iter()
        .flatten()
    {
        write!(
            page,
            "<h3>Body</h3><p><code>{media}</code>: {}</p>",
            type_of(at(content, "/schema"))
        )?;
        write_examples(page, document, content)?;
    }
    page.push_str("<h3>Answers</h3><table><tr><th>Status</th><th>Body</th><th>Meaning</th></tr>");
    for (status, answer) in at(operation, "/responses").as_object().into_iter().flatten() {
        let answer = resolved(document, answer);
        let contents = at(answer, "/content").as_object().into_iter().flatten();
        let bodies: Vec<String> = contents.map(|(media, content)| body_of(media, content)).collect();
        write!(
            page,
            "<tr><td>{status}</td><td>{}</td><td>{}</td></tr>",
            bodies.join(" or "),
            meaning(answer)
        )?;
    }
    page.push_str("</table>");
    for (status, answer) in at(operation, "/responses").as_object().into_iter().flatten() {
        let contents = at(answer, "/content").as_object().into_iter().flatten();
        for (_, content) in contents.filter(|_| status.starts_with('2')) {
            write_examples(page, document, content)?;
        }
    }
    page.push_str("</div></details>");
    Ok(())
}

/// What a reference leads to; anything else is itself.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match at(value, "/$ref").as_str() {
        Some(to) => at(document, to.trim_start_matches('#')),
        None => value,
    }
}

/// A body in a few words.
fn body_of(media: &str, content: &Value) -> String {
    if media.ends_with("json") {
        type_of(at(content, "/schema"))
    } else {
        format!("<code>{media}</code>")
    }
}

/// What an answer means; its codes lead to what they mean.
fn meaning(answer: &Value) -> String {
    let mut meaning = said(at(answer, "/description"));
    let codes = at(answer, &format!("/{CODES}")).as_array();
    for code in codes.into_iter().flatten().filter_map(Value::as_str) {
        let (plain, linked) = (format!("<code>{code}</code>"), code_link(code));
        if meaning.contains(&plain) {
            meaning = meaning.replace(&plain, &linked);
        } else {
            meaning = format!("{meaning} {linked}");
        }
    }
    meaning
}

fn code_link(code: &str) -> String {
    let known = error_codes::ALL.iter().any(|(known, ..)| *known == code);
    let kind = if known { "code" } else { "oauth" };
    format!("<a href=\"#{kind}-{code}\"><code>{code}</code></a>")
}

fn said(description: &Value) -> String {
    prose(description.as_str().unwrap_or_default())
}

/// Examples, folded away.
fn write_examples(page: &mut String, document: &Value, content: &Value) -> std::fmt::Result {
    if let Some(example) = content.get("example") {
        write_example(page, "Example", example)?;
    }
    for (name, example) in at(content, "/examples").as_object().into_iter().flatten() {
        let example = resolved(document, example);
        write_example(page, &format!("Example: {name}"), at(example, "/value"))?;
    }
    Ok(())
}

fn write_example(page: &mut String, called: &str, example: &Value) -> std::fmt::Result {
    let example = match example.as_str() {
        Some(lines) => lines.to_owned(),
        None => serde_json::to_string_pretty(example).unwrap_or_default(),
    };
    write!(
        page,
        "<details><summary>{called}</summary><div><pre>{}</pre></div></details>",
        text(&Value::from(example))
    )
}

/// Who may call, in words.
fn who(operation: &Value) -> &'static str {
    let schemes: Vec<&str> = at(operation, "/security")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|requirement| requirement.as_object()?.keys().next().map(String::as_str))
        .collect();
    match schemes.as_slice() {
        [] => "Anybody may call this.",
        ["session"] => "For a signed-in browser; API keys are refused.",
        ["client", ..] => "For OAuth clients.",
        ["bearer", ..] => "With a bearer token.",
        _ => "For a signed-in browser or with an API key.",
    }
}

fn link(name: &str) -> String {
    format!("<a href=\"#{name}\"><code>{name}</code></a>")
}

/// A schema in a few words.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = at(schema, "/$ref").as_str() {
        return link(reference.rsplit('/').next().unwrap_or_default());
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(options) = schema[choice].as_array() {
            return options.iter().map(type_of).collect::<Vec<_>>().join(" or ");
        }
    }
    let mut kinds: Vec<String> = match at(schema, "/type") {
        Value::Array(kinds) => kinds.iter().map(text).collect(),
        kind => vec![text(kind)],
    };
    for kind in &mut kinds {
        if kind == "array" {
            *kind = format!("array of {}", type_of(at(schema, "/items")));
        }
    }
    let words = at(schema, "/enum").as_array().map(|words| {
        let words: Vec<String> = words
            .iter()
            .filter(|word| word.is_string())
            .map(|word| format!("<code>{}</code>", text(word)))
            .collect();
        format!(": {}", words.join(", "))
    });
    kinds.join(" or ") + &words.unwrap_or_default()
}

/// What a field is without being said, and how long or large it may be.
fn limits(field: &Value) -> String {
    let mut limits = String::new();
    for (keyword, word) in [
        ("default", "default"),
        ("minLength", "fewest characters"),
        ("maxLength", "most characters"),
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("maxItems", "most entries"),
    ] {
        match field.get(keyword) {
            None | Some(Value::Null) => {}
            Some(value) => {
                let value = text(&Value::from(value.to_string()));
                // Writing to a string does not fail.
                let _ = write!(limits, " <span class=\"soft\">{word}</span> <code>{value}</code>");
            }
        }
    }
    limits
}

fn write_fields(page: &mut String, schema: &Value) -> std::fmt::Result {
    let own = at(schema, "/properties").as_object();
    let parts = at(schema, "/allOf").as_array();
    let Some(fields) = own else {
        if let Some(parts) = parts {
            for part in parts {
                if at(part, "/$ref").is_string() {
                    write!(page, "<p>All of {}, and:</p>", type_of(part))?;
                } else {
                    write_fields(page, part)?;
                }
            }
            return Ok(());
        }
        return write!(page, "<p>{}</p>", type_of(schema));
    };
    let required: Vec<&str> = at(schema, "/required")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    page.push_str("<table class=\"schema\"><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>");
    for (name, field) in fields {
        let optional = if required.contains(&name.as_str()) {
            ""
        } else {
            " <span class=\"soft\">optional</span>"
        };
        let example = match at(field, "/example") {
            Value::Null => String::new(),
            example => format!(
                " <span class=\"soft\">e.g.</span> <code>{}</code>",
                text(&Value::from(example.to_string()))
            ),
        };
        write!(
            page,
            "<tr><td><code>{}</code>{optional}</td><td>{}</td><td>{}{}{example}</td></tr>",
            text(&Value::from(name.as_str())),
            type_of(field),
            said(at(field, "/description")),
            limits(field),
        )?;
    }
    page.push_str("</table>");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_names_every_route_and_schema() {
        let document = crate::router::openapi();
        let page = super::render(&document, "/api/openapi.json");
        for path in document.paths.paths.keys() {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        }
        for name in document.components.unwrap().schemas.keys() {
            assert!(page.contains(&format!("<details id=\"{name}\">")), "{name}");
        }
        for (code, ..) in super::error_codes::ALL {
            assert!(page.contains(&format!("<tr id=\"code-{code}\">")), "{code}");
        }
        let anchors = page.split("href=\"#").skip(1);
        for anchor in anchors.map(|rest| rest.split('"').next().unwrap()) {
            assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
        }
        assert!(!page.contains("<script"), "nothing runs");
    }
}
