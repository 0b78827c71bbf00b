//! The grammar of `.env` files, as existing installations use it.
//!
//! Ours and not a library's because the details are a compatibility promise: `KEY: value` beside
//! `KEY=value`, quoted values over several lines, which values expand which variables, and that one
//! bad line makes the whole file count for nothing.

use std::collections::BTreeMap;

use thiserror::Error;

/// Where and why a file is not a `.env` file.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct DotenvError {
    line: usize,
    reason: &'static str,
}

/// Parses `text`. `lookup` is the environment, for `$NAME` that no earlier line has set.
pub fn parse(
    text: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, DotenvError> {
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n");
    let mut parser = Parser {
        rest: &text,
        line: 1,
        variables: BTreeMap::new(),
        lookup,
    };
    while parser.skip_to_statement() {
        parser.statement()?;
    }
    Ok(parser.variables)
}

struct Parser<'a, L> {
    rest: &'a str,
    line: usize,
    variables: BTreeMap<String, String>,
    lookup: L,
}

impl<'a, L: Fn(&str) -> Option<String>> Parser<'a, L> {
    /// Moves past blank lines and comment lines; false at the end.
    fn skip_to_statement(&mut self) -> bool {
        loop {
            let trimmed = self.rest.trim_start();
            self.advance(self.rest.len() - trimmed.len());
            if !self.rest.starts_with('#') {
                return !self.rest.is_empty();
            }
            self.take_line();
        }
    }

    fn statement(&mut self) -> Result<(), DotenvError> {
        let key = self.key()?;
        self.take_while(is_blank);
        let value = match self.rest.chars().next() {
            Some('\'') => self.single_quoted()?,
            Some('"') => self.double_quoted()?,
            _ => {
                let line = self.take_line();
                self.expand(strip_comment(line), Escapes::DollarOnly)
            }
        };
        self.variables.insert(key, value);
        Ok(())
    }

    fn key(&mut self) -> Result<String, DotenvError> {
        if let Some(after) = self.rest.strip_prefix("export")
            && after.starts_with(is_blank)
        {
            self.advance("export".len());
            self.take_while(is_blank);
        }
        let key = self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if key.is_empty() {
            return Err(self.error("a variable name is expected"));
        }
        self.take_while(is_blank);
        if !self.rest.starts_with(['=', ':']) {
            return Err(self.error("\"=\" or \":\" is expected after the variable name"));
        }
        self.advance(1);
        Ok(key.to_owned())
    }

    fn single_quoted(&mut self) -> Result<String, DotenvError> {
        self.advance(1);
        let Some(end) = self.rest.find('\'') else {
            return Err(self.error("the single quote is never closed"));
        };
        let value = self.take(end).to_owned();
        self.advance(1);
        self.end_of_quoted()?;
        Ok(value)
    }

    fn double_quoted(&mut self) -> Result<String, DotenvError> {
        self.advance(1);
        let mut escaped = false;
        let end = self.rest.find(|c| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let Some(end) = end else {
            return Err(self.error("the double quote is never closed"));
        };
        let raw = self.take(end);
        self.advance(1);
        self.end_of_quoted()?;
        Ok(self.expand(raw, Escapes::All))
    }

    /// After a closing quote only a comment may follow on the line.
    fn end_of_quoted(&mut self) -> Result<(), DotenvError> {
        self.take_while(is_blank);
        match self.rest.chars().next() {
            None | Some('\n' | '\r' | '#') => {
                self.take_line();
                Ok(())
            }
            Some(_) => Err(self.error("there is text after the closing quote")),
        }
    }

    fn expand(&self, raw: &str, escapes: Escapes) -> String {
        let mut out = String::with_capacity(raw.len());
        let mut chars = raw.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match (c, chars.peek().map(|(_, next)| *next)) {
                ('\\', Some('$')) => {
                    chars.next();
                    out.push('$');
                }
                ('\\', Some(next)) if escapes == Escapes::All => {
                    chars.next();
                    out.push(match next {
                        'n' => '\n',
                        'r' => '\r',
                        other => other,
                    });
                }
                ('$', Some(_)) => {
                    let after = raw.get(at + 1..).unwrap_or_default();
                    let Some((name, length)) = variable(after) else {
                        out.push('$');
                        continue;
                    };
                    out.push_str(&self.value_of(name));
                    while chars.next_if(|(i, _)| *i < at + 1 + length).is_some() {}
                }
                _ => out.push(c),
            }
        }
        out
    }

    fn value_of(&self, name: &str) -> String {
        match self.variables.get(name) {
            Some(value) => value.clone(),
            None => (self.lookup)(name).unwrap_or_default(),
        }
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !accept(c)).unwrap_or(self.rest.len());
        self.take(end)
    }

    fn take_line(&mut self) -> &'a str {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        self.take(end)
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn advance(&mut self, bytes: usize) {
        self.take(bytes);
    }

    fn error(&self, reason: &'static str) -> DotenvError {
        DotenvError {
            line: self.line,
            reason,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// Unquoted: a backslash means something only before `$`.
    DollarOnly,
    /// Double-quoted.
    All,
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() && c != '\n'
}

/// The value of an unquoted line: up to a `#` that starts it or follows a blank.
fn strip_comment(line: &str) -> &str {
    let mut blank_before = true;
    let end = line.find(|c| {
        let comment = c == '#' && blank_before;
        blank_before = is_blank(c);
        comment
    });
    line.get(..end.unwrap_or(line.len())).unwrap_or(line).trim()
}

/// The name at the start of `text`, as `NAME` or `{NAME}`, and how many bytes it takes.
fn variable(text: &str) -> Option<(&str, usize)> {
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let (body, braces) = match text.strip_prefix('{') {
        Some(body) => (body, 2),
        None => (text, 0),
    };
    let end = body.find(|c| !is_name(c)).unwrap_or(body.len());
    let name = body.get(..end).filter(|name| !name.is_empty())?;
    let closed = braces == 0 || body.get(end..).is_some_and(|after| after.starts_with('}'));
    closed.then_some((name, end + braces))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        (name == "HOME").then(|| "/home/x".to_owned())
    }

    #[test]
    fn values_are_read_as_existing_files_mean_them() {
        for (text, expected) in [
            ("A=1", "1"),
            ("A = 1 ", "1"),
            ("A: 1", "1"),
            ("A:1", "1"),
            ("\u{feff}A=1", "1"),
            ("export A=1", "1"),
            ("export\tA=1", "1"),
            ("  A=1", "1"),
            ("A=", ""),
            ("A=\r\n", ""),
            ("A=1\r\n", "1"),
            ("A=a b", "a b"),
            ("A=a=b:c", "a=b:c"),
            ("A=1 # note", "1"),
            ("A=1\t# note", "1"),
            ("A=1#2", "1#2"),
            ("A= # note", ""),
            ("A=it's", "it's"),
            ("A='1 # not a note'", "1 # not a note"),
            ("A='1' # note", "1"),
            (r"A='$HOME\n'", r"$HOME\n"),
            ("A='two\nlines'", "two\nlines"),
            ("A=\"two\nlines\" # note", "two\nlines"),
            (r#"A="a\nb\rc\td\"e\\f""#, "a\nb\rctd\"e\\f"),
            (r#"A="\\""#, "\\"),
            (r"A=a\nb", r"a\nb"),
            ("A=$HOME/x", "/home/x/x"),
            ("A=${HOME}x", "/home/xx"),
            ("A=\"${HOME}\"", "/home/x"),
            ("A=$UNKNOWN.", "."),
            (r"A=\$HOME", "$HOME"),
            ("A=\"\\$HOME\"", "$HOME"),
            ("A=$(HOME)", "$(HOME)"),
            ("A=$home ${home} $", "$home ${home} $"),
            ("A=${HOME", "${HOME"),
            ("B=1\nA=$B$B", "11"),
            ("HOME=file\nA=$HOME", "file"),
            ("A=1\nA=2", "2"),
            ("# A=0\n\n#\nA=1", "1"),
            ("A=äö", "äö"),
        ] {
            let parsed = parse(text, environment);
            assert_eq!(
                parsed.as_ref().ok().and_then(|v| v.get("A")).map(String::as_str),
                Some(expected),
                "{text:?}: {parsed:?}"
            );
        }
    }

    #[test]
    fn keys_are_letters_digits_and_three_signs() {
        let parsed = parse("a.B-c_9=1\nÄ=2", environment).unwrap();
        assert_eq!(parsed.keys().collect::<Vec<_>>(), ["a.B-c_9", "Ä"]);
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, line) in [
            ("A=1\nnonsense\n", 2),
            ("A=1\n=2", 2),
            ("A B=1", 1),
            ("A$=1", 1),
            ("A='x", 1),
            ("A=\"x\\\"", 1),
            ("A='two\nlines' B=1", 2),
            ("\n\nA=\"x\"y", 3),
            ("export", 1),
        ] {
            let error = parse(text, environment).expect_err(text);
            assert_eq!(error.line, line, "{text:?}: {error}");
        }
    }
}
