//! What tokens and userinfo say about a person, by scope (OIDC Core §5.4).

use serde_json::{Map, Value};

use crate::scope::Scopes;

/// A postal address (OIDC Core §5.1.1); parts that are not known are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// `street_address`.
    pub street_address: String,
    /// `locality`.
    pub locality: String,
    /// `region`.
    pub region: String,
    /// `postal_code`.
    pub postal_code: String,
    /// `country`.
    pub country: String,
}

impl Address {
    /// The claim: its known parts, and all of them as on a label.
    fn claim(&self) -> Map<String, Value> {
        let parts = [
            ("street_address", &self.street_address),
            ("locality", &self.locality),
            ("region", &self.region),
            ("postal_code", &self.postal_code),
            ("country", &self.country),
        ];
        let known = parts.into_iter().filter(|(_, text)| !text.is_empty());
        let mut claim: Map<String, Value> = known
            .clone()
            .map(|(name, text)| (name.to_owned(), text.clone().into()))
            .collect();
        if !claim.is_empty() {
            let lines: Vec<&str> = known.map(|(_, text)| text.as_str()).collect();
            claim.insert("formatted".to_owned(), lines.join("\n").into());
        }
        claim
    }
}

/// A person as claims describe them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// `sub`.
    pub subject: String,
    /// `preferred_username`.
    pub username: String,
    /// `email`.
    pub email: Option<String>,
    /// `email_verified`.
    pub email_verified: bool,
    /// `given_name`, may be empty.
    pub first_name: String,
    /// `family_name`, may be empty.
    pub last_name: String,
    /// `display_name`, may be empty.
    pub display_name: String,
    /// `picture`.
    pub picture: String,
    /// `phone_number`.
    pub phone_number: Option<String>,
    /// `phone_number_verified`.
    pub phone_number_verified: bool,
    /// `address`.
    pub address: Option<Address>,
    /// `groups`: group names.
    pub groups: Vec<String>,
    /// Claims of the groups in the order they count, then the person's own; later ones win.
    pub custom_claims: Vec<(String, String)>,
}

/// First and last name, else display name, else username.
pub fn full_name(first_name: &str, last_name: &str, display_name: &str, username: &str) -> String {
    let name = format!("{first_name} {last_name}");
    [name.trim(), display_name.trim(), username]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_default()
        .to_owned()
}

impl Person {
    /// See [`full_name`].
    pub fn full_name(&self) -> String {
        full_name(
            &self.first_name,
            &self.last_name,
            &self.display_name,
            &self.username,
        )
    }

    /// Whether a claim of another scope than `profile` says something of its own, which no custom claim of that name
    /// must stand in for.
    fn knows(&self, claim: &str) -> bool {
        match claim {
            "phone_number" | "phone_number_verified" => self.phone_number.is_some(),
            "address" => self
                .address
                .as_ref()
                .is_some_and(|address| !address.claim().is_empty()),
            _ => false,
        }
    }

    /// The claims some scopes give, `sub` always. Claims of the protocol win over custom ones.
    pub fn claims(&self, scopes: &Scopes) -> Map<String, Value> {
        let mut claims = Map::new();
        if scopes.contains("profile") {
            for (key, value) in &self.custom_claims {
                if !RESERVED.contains(&key.as_str()) && !self.knows(key) {
                    claims.insert(key.clone(), json_or_text(value));
                }
            }
            claims.insert("given_name".to_owned(), self.first_name.clone().into());
            claims.insert("family_name".to_owned(), self.last_name.clone().into());
            claims.insert("name".to_owned(), self.full_name().into());
            claims.insert("display_name".to_owned(), self.display_name.clone().into());
            claims.insert("preferred_username".to_owned(), self.username.clone().into());
            claims.insert("picture".to_owned(), self.picture.clone().into());
        }
        if scopes.contains("email")
            && let Some(email) = &self.email
        {
            claims.insert("email".to_owned(), email.clone().into());
            claims.insert("email_verified".to_owned(), self.email_verified.into());
        }
        if scopes.contains("phone")
            && let Some(number) = &self.phone_number
        {
            claims.insert("phone_number".to_owned(), number.clone().into());
            claims.insert(
                "phone_number_verified".to_owned(),
                self.phone_number_verified.into(),
            );
        }
        if scopes.contains("address")
            && let Some(claim) = self
                .address
                .as_ref()
                .map(Address::claim)
                .filter(|claim| !claim.is_empty())
        {
            claims.insert("address".to_owned(), claim.into());
        }
        if scopes.contains("groups") {
            claims.insert("groups".to_owned(), self.groups.clone().into());
        }
        claims.insert("sub".to_owned(), self.subject.clone().into());
        claims
    }
}

/// Custom claims of a person and their groups, oldest first, in the order [`Person::custom_claims`] needs: of groups the
/// oldest counts, and the person's own beat them all.
pub fn by_precedence<C>(oldest_first: Vec<C>, is_own: impl Fn(&C) -> bool) -> impl Iterator<Item = C> {
    let (own, of_groups): (Vec<C>, Vec<C>) = oldest_first.into_iter().partition(is_own);
    of_groups.into_iter().rev().chain(own)
}

/// The scope that stands for a claim about the user; custom claims come with `profile`. None for claims of the
/// protocol, which nobody has to consent to.
pub fn scope_of(claim: &str) -> Option<&'static str> {
    match claim {
        "email" | "email_verified" => Some("email"),
        "groups" => Some("groups"),
        "phone_number" | "phone_number_verified" => Some("phone"),
        "address" => Some("address"),
        "given_name" | "family_name" | "name" | "preferred_username" | "display_name" => Some("profile"),
        name if RESERVED.contains(&name) => None,
        "sid" | "c_hash" | "at_hash" | "rat" => None,
        _ => Some("profile"),
    }
}

/// Names custom claims cannot have: what they say is decided elsewhere.
pub const RESERVED: [&str; 22] = [
    "given_name",
    "family_name",
    "name",
    "email",
    "email_verified",
    "preferred_username",
    "display_name",
    "groups",
    "type",
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "client_id",
    "nbf",
    "jti",
];

fn json_or_text(value: &str) -> Value {
    serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn tim() -> Person {
        Person {
            subject: "u1".to_owned(),
            username: "tim".to_owned(),
            email: Some("tim@example.com".to_owned()),
            email_verified: true,
            first_name: "Tim".to_owned(),
            last_name: String::new(),
            display_name: "Timmy".to_owned(),
            picture: "https://id.example/api/users/u1/profile-picture.png".to_owned(),
            groups: vec!["admins".to_owned()],
            ..Person::default()
        }
    }

    fn claims(person: &Person, scopes: &str) -> Value {
        person.claims(&Scopes::requested(scopes)).into()
    }

    #[test]
    fn phone_and_address_come_with_their_scopes_and_only_if_known() {
        assert_eq!(claims(&tim(), "phone address"), json!({"sub": "u1"}));
        let reachable = Person {
            phone_number: Some("+49 30 1".to_owned()),
            address: Some(Address {
                locality: "Berlin".to_owned(),
                country: "DE".to_owned(),
                ..Address::default()
            }),
            ..tim()
        };
        assert_eq!(
            claims(&reachable, "phone address"),
            json!({
                "sub": "u1", "phone_number": "+49 30 1", "phone_number_verified": false,
                "address": {"locality": "Berlin", "country": "DE", "formatted": "Berlin\nDE"}
            })
        );
        assert_eq!(
            claims(&reachable, "email"),
            json!({"sub": "u1", "email": "tim@example.com", "email_verified": true})
        );
        let nowhere = Person {
            address: Some(Address::default()),
            ..tim()
        };
        assert_eq!(claims(&nowhere, "address"), json!({"sub": "u1"}));
    }

    #[test]
    fn each_scope_gives_its_claims() {
        assert_eq!(claims(&tim(), "openid"), json!({"sub": "u1"}));
        assert_eq!(
            claims(&tim(), "openid email groups"),
            json!({"sub": "u1", "email": "tim@example.com", "email_verified": true, "groups": ["admins"]})
        );
        assert_eq!(
            claims(&tim(), "profile"),
            json!({
                "sub": "u1", "given_name": "Tim", "family_name": "", "name": "Tim", "display_name": "Timmy",
                "preferred_username": "tim", "picture": "https://id.example/api/users/u1/profile-picture.png"
            })
        );
        let nobody = Person { email: None, ..tim() };
        assert_eq!(claims(&nobody, "email"), json!({"sub": "u1"}));
    }

    #[test]
    fn names_fall_back() {
        let mut person = tim();
        assert_eq!(person.full_name(), "Tim");
        person.first_name.clear();
        assert_eq!(person.full_name(), "Timmy");
        person.display_name.clear();
        assert_eq!(person.full_name(), "tim");
    }

    #[test]
    fn custom_claims_are_json_where_they_can_be_and_never_pass_for_ours() {
        let person = Person {
            custom_claims: [
                ("quota", "10"),
                ("role", "from group"),
                ("role", "own"),
                ("perms", r#"{"a":[true]}"#),
                ("text", "not json"),
                ("sub", "forged"),
                ("picture", "forged"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .to_vec(),
            ..tim()
        };
        let claims = claims(&person, "profile");
        assert_eq!(claims["quota"], 10);
        assert_eq!(claims["role"], "own");
        assert_eq!(claims["perms"], json!({"a": [true]}));
        assert_eq!(claims["text"], "not json");
        assert_eq!(claims["sub"], "u1");
        assert_eq!(claims["picture"], tim().picture);
    }

    #[test]
    fn what_is_known_is_not_replaced_by_a_custom_claim_of_the_same_name() {
        let custom = |person| Person {
            custom_claims: vec![("phone_number".to_owned(), "custom".to_owned())],
            ..person
        };
        let reachable = custom(Person {
            phone_number: Some("+49 30 1".to_owned()),
            ..tim()
        });
        assert!(claims(&reachable, "profile").get("phone_number").is_none());
        assert_eq!(claims(&reachable, "profile phone")["phone_number"], "+49 30 1");
        assert_eq!(claims(&custom(tim()), "profile phone")["phone_number"], "custom");
    }

    proptest! {
        #[test]
        fn of_custom_claims_the_persons_own_count_then_those_of_the_oldest_group(
            // Whose (0: the person's own), what, in the order they were made.
            made in proptest::collection::btree_set((0_u8..4, "[ab]"), 0..8)
                .prop_map(|made| made.into_iter().collect::<Vec<_>>())
                .prop_shuffle()
        ) {
            let ordered = by_precedence(made.clone(), |(owner, _)| *owner == 0);
            let person = Person {
                custom_claims: ordered.map(|(owner, key)| (key, format!("of {owner}"))).collect(),
                ..tim()
            };
            let claims = person.claims(&Scopes::requested("profile"));
            for key in ["a", "b"] {
                let owners: Vec<u8> = made.iter().filter(|(_, name)| name == key).map(|(owner, _)| *owner).collect();
                let counts = if owners.contains(&0) { Some(&0) } else { owners.first() };
                let expected = counts.map(|owner| Value::from(format!("of {owner}")));
                prop_assert_eq!(claims.get(key), expected.as_ref());
            }
        }

        #[test]
        fn no_custom_claim_changes_the_subject(key in "[a-z_]{1,12}", value in ".{0,20}") {
            let person = Person { custom_claims: vec![(key, value)], ..tim() };
            let claims = person.claims(&Scopes::requested("openid profile email groups"));
            prop_assert_eq!(claims["sub"].as_str(), Some("u1"));
            prop_assert_eq!(claims["email"].as_str(), Some("tim@example.com"));
            prop_assert_eq!(claims["preferred_username"].as_str(), Some("tim"));
        }
    }
}
