//! What is here, in the words of SCIM (RFC 7643 §4).

use std::collections::{BTreeMap, HashMap};

use pocket_id_store::groups::UserGroup;
use pocket_id_store::scim::Scope;
use pocket_id_store::types::UserId;
use pocket_id_store::users::User;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::plan::{Claim, Wanted};
use crate::app_config::{Settings, SignupMode};

const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// Whether a person's name and address were chosen by administrators, or by their directory, and by nobody else.
fn is_administered(user: &User, settings: &Settings) -> bool {
    let by_directory = user.ldap_id.is_some() && settings.ldap_enabled();
    let by_administrators =
        matches!(settings.signup_mode(), SignupMode::Disabled) && !settings.allow_own_account_edit();
    by_directory || by_administrators
}

/// The people an app is to know.
pub fn users(scope: &Scope, settings: &Settings) -> Vec<Wanted> {
    let wanted = |user: &User| {
        let administered = is_administered(user, settings);
        Wanted {
            id: user.id.0,
            name: user.username.clone(),
            body: Ok(user_body(user)),
            claim: Claim {
                by_name: administered,
                address: user.email.clone().filter(|_| user.email_verified || administered),
            },
        }
    };
    scope.users.iter().map(wanted).collect()
}

fn user_body(user: &User) -> Value {
    let mut name = Map::new();
    for (key, text) in [("givenName", &user.first_name), ("familyName", &user.last_name)] {
        if !text.is_empty() {
            name.insert(key.to_owned(), json!(text));
        }
    }
    let mut body = json!({
        "schemas": [USER_SCHEMA],
        "externalId": user.id,
        "userName": user.username,
        "name": name,
        "active": !user.disabled,
    });
    if let Value::Object(body) = &mut body {
        if !user.display_name.is_empty() {
            body.insert("displayName".to_owned(), json!(user.display_name));
        }
        if let Some(email) = &user.email {
            body.insert("emails".to_owned(), json!([{"value": email, "primary": true}]));
        }
    }
    body
}

/// The groups an app is to know, given what it calls the people. A group with a member it does not have cannot be told
/// of: it would be another group.
pub fn groups(scope: &Scope, at_app: &HashMap<Uuid, String>) -> Vec<Wanted> {
    let names: HashMap<UserId, &str> = scope
        .users
        .iter()
        .map(|user| (user.id, user.username.as_str()))
        .collect();
    let mut members: BTreeMap<Uuid, Vec<UserId>> = BTreeMap::new();
    for (group, user) in &scope.members {
        members.entry(group.0).or_default().push(*user);
    }
    let wanted = |group: &UserGroup| {
        let mut ids = Vec::new();
        let mut missing = Vec::new();
        for user in members.get(&group.id.0).map_or(&[][..], Vec::as_slice) {
            match at_app.get(&user.0) {
                Some(id) => ids.push(id.as_str()),
                None => missing.push(names.get(user).copied().unwrap_or("?")),
            }
        }
        ids.sort_unstable();
        Wanted {
            id: group.id.0,
            name: group.friendly_name.clone(),
            body: if missing.is_empty() {
                Ok(group_body(group, &ids))
            } else {
                Err(format!(
                    "the app has no account for its members {}",
                    missing.join(", ")
                ))
            },
            // Groups are named by administrators.
            claim: Claim {
                by_name: true,
                address: None,
            },
        }
    };
    scope.groups.iter().map(wanted).collect()
}

fn group_body(group: &UserGroup, members: &[&str]) -> Value {
    let mut body = json!({
        "schemas": [GROUP_SCHEMA],
        "externalId": group.id,
        "displayName": group.friendly_name,
    });
    if let (Value::Object(body), false) = (&mut body, members.is_empty()) {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        body.insert("members".to_owned(), Value::Array(members));
    }
    body
}
