//! Request parameters: the first value of each, and which were sent more than once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Parameters of a request (query, form or both).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    values: BTreeMap<String, String>,
    repeated: BTreeSet<String>,
}

impl Parameters {
    /// Collects name–value pairs in the order they came.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut parameters = Self::default();
        for (name, value) in pairs {
            match parameters.values.entry(name.into()) {
                Entry::Occupied(known) => {
                    parameters.repeated.insert(known.key().clone());
                }
                Entry::Vacant(slot) => {
                    slot.insert(value.into());
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

    /// All values by name, first value of each.
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }
}
