//! Wildcards inside one component of a URL.

/// One element of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// One character.
    Literal(char),
    /// Any run of any characters, also none.
    Any,
    /// One or more characters other than `/`.
    Segment,
    /// One or more characters of any kind.
    Rest,
    /// Any run of characters other than `/`, also none.
    Run,
    /// One character other than `/`.
    One,
    /// One character of a class.
    OneOf(Class),
}

/// A pattern for one component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<Token>);

impl Glob {
    /// Scheme, user, host and port: `*` is any run.
    pub fn flat(pattern: &str) -> Self {
        Self(
            pattern
                .chars()
                .map(|c| if c == '*' { Token::Any } else { Token::Literal(c) })
                .collect(),
        )
    }

    /// Path: `**` is any run, `*` one or more characters within a segment; a trailing `/*` reaches deeper.
    pub fn path(pattern: &str) -> Self {
        let mut tokens = Vec::new();
        let mut characters = pattern.chars().peekable();
        let mut previous = None;
        while let Some(character) = characters.next() {
            if character != '*' {
                tokens.push(Token::Literal(character));
            } else if characters.next_if_eq(&'*').is_some() {
                tokens.push(Token::Any);
            } else if previous == Some('/') && characters.peek().is_none() {
                // Version 1 let `*` cross slashes, and guides register `https://app/*` for deeper callbacks.
                tokens.push(Token::Rest);
            } else {
                tokens.push(Token::Segment);
            }
            previous = Some(character);
        }
        Self(tokens)
    }

    /// Query value, as a shell would read it: `*` a run without `/`, `?` one character other than `/`,
    /// `[a-z]` one of a class, `\` takes the next character literally. None when a class never ends.
    pub fn shell(pattern: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut rest = pattern;
        while let Some(character) = rest.chars().next() {
            rest = rest.get(character.len_utf8()..)?;
            tokens.push(match character {
                '*' => Token::Run,
                '?' => Token::One,
                '[' => {
                    let (class, after) = class(rest)?;
                    rest = after;
                    Token::OneOf(class)
                }
                '\\' => {
                    let literal = rest.chars().next()?;
                    rest = rest.get(literal.len_utf8()..)?;
                    Token::Literal(literal)
                }
                literal => Token::Literal(literal),
            });
        }
        Some(Self(tokens))
    }

    /// Whether it matches one text only.
    pub fn is_literal(&self) -> bool {
        self.0.iter().all(|token| matches!(token, Token::Literal(_)))
    }

    /// Whether the whole text matches. Takes time proportional to pattern times text, whatever the pattern.
    pub fn matches(&self, text: &str) -> bool {
        // `reached[i]`: the tokens so far can have consumed exactly the first i characters.
        let characters: Vec<char> = text.chars().collect();
        let mut reached = vec![false; characters.len() + 1];
        if let Some(first) = reached.first_mut() {
            *first = true;
        }
        for token in &self.0 {
            let mut next = vec![false; reached.len()];
            let mut open = false;
            for (index, slot) in next.iter_mut().enumerate() {
                let before = index.checked_sub(1);
                let consumed = before.and_then(|index| characters.get(index)).copied();
                let from_before = before
                    .and_then(|index| reached.get(index))
                    .copied()
                    .unwrap_or(false);
                match token {
                    Token::Literal(literal) => *slot = from_before && consumed == Some(*literal),
                    Token::Any => {
                        open |= reached.get(index).copied().unwrap_or(false);
                        *slot = open;
                    }
                    Token::Segment => {
                        open = (open || from_before) && consumed.is_some_and(|c| c != '/');
                        *slot = open;
                    }
                    Token::Rest => {
                        open |= from_before;
                        *slot = open;
                    }
                    Token::Run => {
                        let here = reached.get(index).copied().unwrap_or(false);
                        open = here || (open && consumed.is_some_and(|c| c != '/'));
                        *slot = open;
                    }
                    Token::One => *slot = from_before && consumed.is_some_and(|c| c != '/'),
                    Token::OneOf(class) => *slot = from_before && consumed.is_some_and(|c| class.contains(c)),
                }
            }
            reached = next;
        }
        reached.last().copied().unwrap_or(false)
    }
}

/// The parts of a bracket class; `after` is what follows it.
fn class(pattern: &str) -> Option<(Class, &str)> {
    let (inside, after) = pattern.split_once(']')?;
    let negated = inside.starts_with(['^', '!']);
    let mut inside = inside.chars().skip(usize::from(negated)).peekable();
    let mut ranges = Vec::new();
    while let Some(from) = inside.next() {
        let mut ahead = inside.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(to)) => {
                ranges.push((from, to));
                inside = ahead;
            }
            _ => ranges.push((from, from)),
        }
    }
    (!ranges.is_empty()).then_some((Class { negated, ranges }, after))
}

/// A bracket class.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Class {
    fn contains(&self, character: char) -> bool {
        self.ranges
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&character))
            != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_match_as_a_shell_would() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("*", "abc", true),
            ("*", "a/b", false),
            ("a*c", "ac", true),
            ("a*c", "abbc", true),
            ("a*c", "a/c", false),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[a-c]x", "dx", false),
            ("[!a-c]x", "dx", true),
            ("[^a-c]x", "ax", false),
            ("[xyz]", "y", true),
            (r"\*", "*", true),
            (r"\*", "a", false),
            ("", "", true),
            ("", "a", false),
        ] {
            let glob = Glob::shell(pattern).unwrap();
            assert_eq!(glob.matches(text), matches, "{pattern} {text}");
        }
        for broken in ["[a", "[]", r"a\"] {
            assert_eq!(Glob::shell(broken), None, "{broken}");
        }
    }
}
