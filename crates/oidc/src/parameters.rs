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
