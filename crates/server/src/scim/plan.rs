//! What to do so that an app has what it is to have. Decides and touches nothing; what may be deleted is decided here
//! and nowhere else.
//!
//! What an app has falls into three kinds. Ours are resources of which we know that we made them: they are changed, and
//! deleted when nothing here stands for them any more. Found ones were there before and stand for something of ours now,
//! by its identifier or because they were taken over: they are changed, and left lifeless instead of deleted. All others
//! are somebody else's: nothing is ever done to them.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest;
use pocket_id_store::scim::ScimResource;
use pocket_id_store::types::{ScimKind, ScimOrigin};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Something an app has.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// What the app calls it.
    pub id: String,
    /// Whom it stands for, as whoever provisioned it says.
    external_id: Option<String>,
    /// The name: of a user `userName`, of a group `displayName`.
    name: String,
    /// Mail addresses.
    addresses: Vec<String>,
    /// All of it.
    content: Map<String, Value>,
}

impl Resource {
    /// Reads what an app sent. None when it has no identifier.
    pub fn read(kind: ScimKind, value: &Value) -> Option<Self> {
        let content = value.as_object()?.clone();
        let id = match content.get("id")? {
            Value::String(text) if !text.is_empty() => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let text = |key: &str| content.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = text(name_attribute(kind)).to_owned();
        let external_id = Some(text("externalId").to_owned()).filter(|text| !text.is_empty());
        Some(Self {
            id,
            external_id,
            name,
            addresses: values_of(content.get("emails")),
            content,
        })
    }

    fn stands_for(&self, id: Uuid) -> bool {
        let text = self.external_id.as_deref();
        text.and_then(|text| text.parse::<Uuid>().ok()) == Some(id)
    }

    fn is_named(&self, kind: ScimKind, name: &str) -> bool {
        match kind {
            // RFC 7643 §4.1.1: the case of letters does not count.
            ScimKind::User => self.name.to_lowercase() == name.to_lowercase(),
            ScimKind::Group => self.name == name,
        }
    }

    /// What it was as far as it can be compared with what it is later.
    fn hash(&self) -> Vec<u8> {
        let mut content = self.content.clone();
        content.remove("meta");
        hash(&Value::Object(content))
    }
}

fn name_attribute(kind: ScimKind) -> &'static str {
    match kind {
        ScimKind::User => "userName",
        ScimKind::Group => "displayName",
    }
}

/// The values of a multi-valued attribute.
fn values_of(attribute: Option<&Value>) -> Vec<String> {
    let elements = attribute.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    elements
        .iter()
        .filter_map(|element| element.get("value").and_then(Value::as_str))
        .map(str::to_owned)
        .collect()
}

fn hash(value: &Value) -> Vec<u8> {
    digest::digest(&digest::SHA256, value.to_string().as_bytes())
        .as_ref()
        .to_vec()
}

/// What proves that an account at the app is the one of somebody here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Whether the name does: they did not choose it themselves.
    pub by_name: bool,
    /// The address that does: it is known to be theirs.
    pub address: Option<String>,
}

impl Claim {
    /// Whether an account of the same name may be taken over. Who can choose a name would otherwise choose an account.
    fn covers(&self, resource: &Resource) -> bool {
        if resource.addresses.is_empty() {
            return self.by_name;
        }
        self.address.as_ref().is_some_and(|address| {
            let address = address.to_lowercase();
            resource
                .addresses
                .iter()
                .any(|known| known.to_lowercase() == address)
        })
    }
}

/// Something the app is to have.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Ours.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What is sent; if nothing can be, why. Then what the app has stays as it is.
    pub body: Result<Value, String>,
    /// What proves that something there is this one.
    pub claim: Claim,
}

/// Something to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Creation {
    /// Of ours.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What is sent.
    pub body: Value,
    /// What its hash is.
    pub sent_hash: Vec<u8>,
}

/// Something to be replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Replacement {
    /// What stands for it and how; what is to be remembered once it is done.
    pub remote_id: String,
    /// Of ours.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What is sent.
    pub body: Value,
    /// How it came to be ours.
    pub origin: ScimOrigin,
    /// Hash of what is sent.
    pub sent_hash: Vec<u8>,
    /// Hash of what the app has now.
    pub seen_hash: Vec<u8>,
}

/// Something that is not to be there any more.
#[derive(Clone, Debug, PartialEq)]
pub enum Removal {
    /// We made it: it is deleted.
    Delete {
        /// Of ours, which may be gone.
        id: Uuid,
        /// What the app calls it.
        remote_id: String,
        /// Its name.
        name: String,
    },
    /// It was there before: it is left without life, as this says.
    Release {
        /// What the app calls it.
        remote_id: String,
        /// Its name.
        name: String,
        /// What is sent.
        body: Value,
    },
}

/// Something that cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its name.
    pub name: String,
    /// Why; for administrators.
    pub reason: String,
}

/// What to do about all resources of a kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What goes, first of all: it may have names that are wanted.
    pub removals: Vec<Removal>,
    /// What is changed.
    pub replacements: Vec<Replacement>,
    /// What is made.
    pub creations: Vec<Creation>,
    /// What cannot be done.
    pub refusals: Vec<Refusal>,
    /// What the app has for ours, before anything is made.
    pub at_app: HashMap<Uuid, String>,
    /// Ours of which nothing is to be remembered.
    pub forgotten: Vec<Uuid>,
}

/// Compares what the app is to have with what it has and what is known of it.
pub fn plan(kind: ScimKind, wanted: &[Wanted], remote: &[Resource], known: &[ScimResource]) -> Plan {
    let mut planner = Planner::new(kind, wanted, remote, known);
    planner.match_identified();
    planner.match_names();
    planner.change_and_create();
    planner.remove();
    planner.plan
}

struct Planner<'a> {
    kind: ScimKind,
    wanted: &'a [Wanted],
    /// What of ours the app is to have.
    wanted_ids: HashSet<Uuid>,
    remote: &'a [Resource],
    known: HashMap<Uuid, &'a ScimResource>,
    /// Resources that stand for one of ours, which may be gone.
    ours: HashMap<Uuid, (&'a Resource, ScimOrigin)>,
    /// Resources that stand for something already.
    taken: HashSet<&'a str>,
    refused: HashSet<Uuid>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn new(kind: ScimKind, wanted: &'a [Wanted], remote: &'a [Resource], known: &'a [ScimResource]) -> Self {
        Self {
            kind,
            wanted,
            wanted_ids: wanted.iter().map(|wanted| wanted.id).collect(),
            remote,
            known: known
                .iter()
                .filter(|row| row.kind == kind)
                .map(|row| (row.local_id, row))
                .collect(),
            ours: HashMap::new(),
            taken: HashSet::new(),
            refused: HashSet::new(),
            plan: Plan::default(),
        }
    }

    /// By what was remembered, and by identifiers.
    fn match_identified(&mut self) {
        let by_id: HashMap<&str, &Resource> = self
            .remote
            .iter()
            .map(|resource| (resource.id.as_str(), resource))
            .collect();
        for (id, row) in &self.known {
            let Some(resource) = row.remote_id.as_deref().and_then(|id| by_id.get(id)) else {
                continue;
            };
            // Apps may give an identifier to something else, and people may give the account to somebody else.
            let unchanged = match resource.external_id {
                Some(_) => resource.stands_for(*id),
                None => resource.is_named(self.kind, &row.remote_name),
            };
            if unchanged {
                self.ours.insert(*id, (resource, row.origin));
                self.taken.insert(&resource.id);
            }
        }
        let by_external_id: HashMap<Uuid, &Resource> = self
            .remote
            .iter()
            .rev()
            .filter_map(|resource| {
                let id = resource.external_id.as_deref()?.parse().ok()?;
                Some((id, resource))
            })
            .collect();
        let pending = self.known.values().filter(|row| row.remote_id.is_none());
        let ids: Vec<Uuid> = self
            .wanted
            .iter()
            .map(|wanted| wanted.id)
            .chain(pending.map(|row| row.local_id))
            .collect();
        for id in ids {
            let Some(resource) = by_external_id.get(&id) else {
                continue;
            };
            if self.ours.contains_key(&id) || self.taken.contains(resource.id.as_str()) {
                continue;
            }
            // It was not there when we began to make it, so this is what came of that.
            let began = self.known.get(&id).is_some_and(|row| row.remote_id.is_none());
            let origin = if began {
                ScimOrigin::Created
            } else {
                ScimOrigin::Found
            };
            self.ours.insert(id, (resource, origin));
            self.taken.insert(&resource.id);
        }
    }

    /// By names, where that is proof enough.
    fn match_names(&mut self) {
        let leaving: HashSet<&str> = self
            .ours
            .iter()
            .filter(|(id, (_, origin))| !self.wanted_ids.contains(id) && *origin == ScimOrigin::Created)
            .map(|(_, (resource, _))| resource.id.as_str())
            .collect();
        for wanted in self.wanted {
            if self.ours.contains_key(&wanted.id) {
                continue;
            }
            let mut adoptable = Vec::new();
            let mut of_others = 0_usize;
            for resource in self.remote {
                if !resource.is_named(self.kind, &wanted.name) || leaving.contains(resource.id.as_str()) {
                    continue;
                }
                if resource.external_id.is_some() || self.taken.contains(resource.id.as_str()) {
                    of_others += 1;
                } else {
                    adoptable.push(resource);
                }
            }
            match adoptable[..] {
                [one] if wanted.claim.covers(one) => {
                    self.ours.insert(wanted.id, (one, ScimOrigin::Found));
                    self.taken.insert(&one.id);
                }
                // User names are unique (RFC 7643 §4.1.1): the app could only refuse. Groups may share theirs.
                [] if of_others > 0 && self.kind == ScimKind::User => self.refuse(
                    wanted,
                    "the app has an account of this name that belongs to somebody else (another externalId)",
                ),
                [] => {}
                [_] => self.refuse(
                    wanted,
                    "the app has an account of this name, and nothing proves that it is theirs: it is taken over once it \
                     has the same e-mail address and that is verified here, or once its externalId is their user ID",
                ),
                _ => self.refuse(wanted, "the app has several of this name"),
            }
        }
    }

    fn refuse(&mut self, wanted: &Wanted, reason: &str) {
        self.refused.insert(wanted.id);
        self.plan.refusals.push(Refusal {
            name: wanted.name.clone(),
            reason: reason.to_owned(),
        });
    }

    fn change_and_create(&mut self) {
        for wanted in self.wanted {
            let found = self.ours.get(&wanted.id).copied();
            if let Some((resource, _)) = found {
                self.plan.at_app.insert(wanted.id, resource.id.clone());
            }
            if self.refused.contains(&wanted.id) {
                continue;
            }
            let body = match &wanted.body {
                Ok(body) => body.clone(),
                Err(reason) => {
                    self.refuse(wanted, reason);
                    continue;
                }
            };
            let sent_hash = hash(&body);
            let Some((resource, origin)) = found else {
                self.plan.creations.push(Creation {
                    id: wanted.id,
                    name: wanted.name.clone(),
                    body,
                    sent_hash,
                });
                continue;
            };
            let seen_hash = resource.hash();
            let row = self.known.get(&wanted.id);
            let told = row.is_some_and(|row| {
                row.remote_id.as_deref() == Some(&resource.id)
                    && row.sent_hash.as_deref() == Some(&sent_hash)
                    // What the app made of it last time is what it would make of it now.
                    && (!contradicts(&resource.content, &body)
                        || row.seen_hash.as_deref() == Some(&seen_hash))
            });
            if !told {
                self.plan.replacements.push(Replacement {
                    remote_id: resource.id.clone(),
                    id: wanted.id,
                    name: wanted.name.clone(),
                    body,
                    origin,
                    sent_hash,
                    seen_hash,
                });
            }
        }
    }

    fn remove(&mut self) {
        for (id, (resource, origin)) in &self.ours {
            if self.wanted_ids.contains(id) {
                continue;
            }
            let removal = match origin {
                ScimOrigin::Created => Some(Removal::Delete {
                    id: *id,
                    remote_id: resource.id.clone(),
                    name: resource.name.clone(),
                }),
                ScimOrigin::Found => lifeless(self.kind, resource).map(|body| Removal::Release {
                    remote_id: resource.id.clone(),
                    name: resource.name.clone(),
                    body,
                }),
            };
            self.plan.removals.extend(removal);
        }
        self.plan
            .removals
            .sort_by(|one, other| one.name().cmp(other.name()));
        let gone = self.known.keys().filter(|id| !self.ours.contains_key(id));
        self.plan.forgotten = gone.copied().collect();
        self.plan.forgotten.sort_unstable();
    }
}

impl Removal {
    /// The name of what goes.
    pub fn name(&self) -> &str {
        match self {
            Self::Delete { name, .. } | Self::Release { name, .. } => name,
        }
    }
}

/// A resource that gives nobody anything any more: an account nobody can use, a group nobody is in. None if it is
/// already.
fn lifeless(kind: ScimKind, resource: &Resource) -> Option<Value> {
    let mut content = resource.content.clone();
    // What only the app may say (RFC 7643 §3.1, §4.1.2).
    for key in ["id", "meta", "groups"] {
        content.remove(key);
    }
    match kind {
        ScimKind::User => {
            let before = content.insert("active".to_owned(), Value::Bool(false));
            (before != Some(Value::Bool(false))).then_some(Value::Object(content))
        }
        ScimKind::Group => {
            let before = values_of(content.get("members"));
            content.remove("members");
            (!before.is_empty()).then_some(Value::Object(content))
        }
    }
}

/// Whether an app has something else than what it was sent. What it does not show does not count.
fn contradicts(has: &Map<String, Value>, sent: &Value) -> bool {
    let Some(sent) = sent.as_object() else {
        return false;
    };
    let text =
        |from: &Map<String, Value>, key: &str| from.get(key).and_then(Value::as_str).map(str::to_lowercase);
    let differs = |has: &Map<String, Value>, sent: &Map<String, Value>, key: &str| {
        text(has, key).is_some_and(|shown| Some(shown) != text(sent, key))
    };
    let nothing = Map::new();
    let name = |from: &'_ Map<String, Value>| from.get("name").and_then(Value::as_object).cloned();
    let (has_name, sent_name) = (name(has).unwrap_or_default(), name(sent).unwrap_or(nothing));
    let sorted = |from: &Map<String, Value>, key: &str| {
        let mut values: Vec<String> = values_of(from.get(key))
            .iter()
            .map(|value| value.to_lowercase())
            .collect();
        values.sort_unstable();
        values
    };
    let lists = ["emails", "members"];
    ["externalId", "userName", "displayName"]
        .iter()
        .any(|key| differs(has, sent, key))
        || ["givenName", "familyName"]
            .iter()
            .any(|key| differs(&has_name, &sent_name, key))
        || has
            .get("active")
            .is_some_and(|shown| sent.get("active").is_some_and(|active| active != shown))
        || lists
            .iter()
            .any(|key| has.contains_key(*key) && sorted(has, key) != sorted(sent, key))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
