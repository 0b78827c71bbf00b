//! Request parameters: the first value of each, which were sent more than once, and which cannot be used.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Characters nothing can be done with.
const UNUSABLE: [char; 2] = ['\0', char::REPLACEMENT_CHARACTER];

/// Parameters of a request (query, form or both).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    values: BTreeMap<String, String>,
    repeated: BTreeSet<String>,
    unusable: BTreeSet<String>,
}

impl Parameters {
    /// Collects name–value pairs in the order they came. A value with a NUL character means nothing in any
    /// protocol of ours, and databases choke on it; one that was no UTF-8 has a replacement character in it and could not
    /// be given back as it came: both are noted as unusable and count as not sent.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut parameters = Self::default();
        for (name, value) in pairs {
            let (name, value) = (name.into(), value.into());
            if name.contains(UNUSABLE) || value.contains(UNUSABLE) {
                parameters.unusable.insert(name);
                continue;
            }
            match parameters.values.entry(name) {
                Entry::Occupied(known) => {
                    parameters.repeated.insert(known.key().clone());
                }
                Entry::Vacant(slot) => {
                    slot.insert(value);
                }
            }
        }
        parameters
    }

    /// A parameter's value; an empty one counts as not sent (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// A parameter's value even if it is empty.
    pub fn get_sent(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The first of some parameters that was sent more than once, which RFC 6749 §3.1 and §3.2 forbid.
    pub fn first_repeated<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().find(|name| self.repeated.contains(**name)).copied()
    }

    /// The first of some parameters that was sent with characters nothing can be done with.
    pub fn first_unusable<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().find(|name| self.unusable.contains(**name)).copied()
    }

    /// Gives a parameter one value, whatever was sent.
    pub fn set(&mut self, name: &str, value: String) {
        self.remove(name);
        if value.contains(UNUSABLE) {
            self.unusable.insert(name.to_owned());
        } else {
            self.values.insert(name.to_owned(), value);
        }
    }

    /// Forgets a parameter.
    pub fn remove(&mut self, name: &str) {
        self.values.remove(name);
        self.repeated.remove(name);
        self.unusable.remove(name);
    }

    /// All values by name, first value of each.
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_the_first_value_counts_and_the_rest_is_noted() {
        let sent = Parameters::from_pairs([
            ("a", "1"),
            ("empty", ""),
            ("a", "2"),
            ("same", "x"),
            ("same", "x"),
            ("empty_first", ""),
            ("empty_first", "late"),
        ]);
        for (name, value, as_sent, repeated) in [
            ("a", Some("1"), Some("1"), true),
            ("empty", None, Some(""), false),
            ("same", Some("x"), Some("x"), true),
            ("empty_first", None, Some(""), true),
            ("missing", None, None, false),
        ] {
            assert_eq!(sent.get(name), value, "{name}");
            assert_eq!(sent.get_sent(name), as_sent, "{name}");
            assert_eq!(sent.first_repeated(&[name]).is_some(), repeated, "{name}");
            assert_eq!(sent.first_unusable(&[name]), None, "{name}");
        }
        assert_eq!(sent.first_repeated(&["missing", "same", "a"]), Some("same"));
        assert_eq!(sent.values().len(), 4);
    }

    #[test]
    fn what_cannot_be_used_counts_as_not_sent() {
        let sent = Parameters::from_pairs([
            ("nul", "a\0b"),
            ("no_utf8", "a\u{fffd}"),
            ("mixed", "\0"),
            ("mixed", "good"),
            ("n\0ame", "x"),
            ("fine", "a\u{1f511}b"),
        ]);
        for (name, value, unusable) in [
            ("nul", None, true),
            ("no_utf8", None, true),
            ("mixed", Some("good"), true),
            ("n\0ame", None, true),
            ("fine", Some("a\u{1f511}b"), false),
        ] {
            assert_eq!(sent.get(name), value, "{name:?}");
            assert_eq!(sent.first_unusable(&[name]).is_some(), unusable, "{name:?}");
            assert_eq!(sent.first_repeated(&[name]), None, "{name:?}");
        }
    }

    #[test]
    fn setting_a_value_forgets_what_was_sent() {
        let mut sent = Parameters::from_pairs([("a", "1"), ("a", "2"), ("b", "\0"), ("c", "1"), ("c", "2")]);
        sent.set("a", "3".to_owned());
        sent.set("b", "4".to_owned());
        sent.remove("c");
        assert_eq!(
            (sent.get("a"), sent.get("b"), sent.get("c")),
            (Some("3"), Some("4"), None)
        );
        let names = ["a", "b", "c"];
        assert_eq!(
            (sent.first_repeated(&names), sent.first_unusable(&names)),
            (None, None)
        );
        sent.set("a", "x\0".to_owned());
        assert_eq!((sent.get("a"), sent.first_unusable(&names)), (None, Some("a")));
    }
}
