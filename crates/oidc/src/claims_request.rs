//! The `claims` parameter: claims asked for one by one (OIDC Core §5.5).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::{Person, scope_of};
use crate::scope::Scopes;

/// Longest parameter read, in bytes.
const LONGEST: usize = 16 * 1024;
/// Most claims asked for in one place.
const MOST: usize = 100;

/// What is asked about one claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Whether the client cannot do without it.
    pub essential: bool,
    /// The values it would take, best first; any when empty.
    pub values: Vec<Value>,
}

impl Demand {
    /// The text values it would take.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter_map(Value::as_str)
    }
}

/// Claims asked for, by where they are to appear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimsRequest {
    /// In the ID token.
    pub id_token: BTreeMap<String, Demand>,
    /// From the userinfo endpoint.
    pub userinfo: BTreeMap<String, Demand>,
}

/// Why the parameter cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The claims parameter is not a JSON object of the form OpenID Connect Core gives it.")]
pub struct MalformedClaimsRequest;

impl ClaimsRequest {
    /// Reads the parameter. Members it does not know are ignored (OIDC Core §5.5).
    pub fn parse(text: &str) -> Result<Self, MalformedClaimsRequest> {
        if text.len() > LONGEST {
            return Err(MalformedClaimsRequest);
        }
        let document: Map<String, Value> = serde_json::from_str(text).map_err(|_| MalformedClaimsRequest)?;
        let section = |name: &str| match document.get(name) {
            None | Some(Value::Null) => Ok(BTreeMap::new()),
            Some(Value::Object(claims)) if claims.len() <= MOST => claims
                .iter()
                .map(|(claim, demand)| Ok((claim.clone(), read_demand(demand)?)))
                .collect(),
            Some(_) => Err(MalformedClaimsRequest),
        };
        Ok(Self {
            id_token: section("id_token")?,
            userinfo: section("userinfo")?,
        })
    }

    /// The user it must be about, if it says.
    pub fn subject(&self) -> Option<&str> {
        [&self.id_token, &self.userinfo]
            .into_iter()
            .filter_map(|claims| claims.get("sub"))
            .find_map(|demand| demand.texts().next())
    }

    /// The scopes whose consent covers these claims.
    pub fn covering_scopes(&self) -> BTreeSet<&'static str> {
        self.id_token
            .keys()
            .chain(self.userinfo.keys())
            .filter_map(|claim| scope_of(claim))
            .collect()
    }

    /// What is kept of it with the grant.
    pub fn names(&self) -> RequestedClaims {
        let about_user = |claims: &BTreeMap<String, Demand>| {
            claims
                .keys()
                .filter(|claim| scope_of(claim).is_some())
                .cloned()
                .collect()
        };
        RequestedClaims {
            id_token: about_user(&self.id_token),
            userinfo: about_user(&self.userinfo),
        }
    }
}

fn read_demand(value: &Value) -> Result<Demand, MalformedClaimsRequest> {
    match value {
        Value::Null => Ok(Demand::default()),
        Value::Object(members) => {
            let essential = match members.get("essential") {
                None => false,
                Some(Value::Bool(essential)) => *essential,
                Some(_) => return Err(MalformedClaimsRequest),
            };
            let values = match (members.get("value"), members.get("values")) {
                (Some(value), _) => vec![value.clone()],
                (None, Some(Value::Array(values))) => values.clone(),
                (None, None) => Vec::new(),
                (None, Some(_)) => return Err(MalformedClaimsRequest),
            };
            Ok(Demand { essential, values })
        }
        _ => Err(MalformedClaimsRequest),
    }
}

/// The names of the claims about the user that were asked for, as a grant remembers them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedClaims {
    /// For the ID token.
    #[serde(default)]
    pub id_token: BTreeSet<String>,
    /// For the userinfo endpoint.
    #[serde(default)]
    pub userinfo: BTreeSet<String>,
}

impl RequestedClaims {
    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.id_token.is_empty() && self.userinfo.is_empty()
    }

    /// Some scopes and those whose facts are needed to answer some names.
    pub fn scopes_needed(scopes: &Scopes, names: &BTreeSet<String>) -> Scopes {
        let mut all = scopes.as_slice().to_vec();
        for scope in names.iter().filter_map(|name| scope_of(name)) {
            if !scopes.contains(scope) && !all.iter().any(|known| known == scope) {
                all.push(scope.to_owned());
            }
        }
        Scopes::from_granted(all)
    }

    /// The claims of some scopes, and the named ones besides.
    pub fn fill(person: &Person, scopes: &Scopes, names: &BTreeSet<String>) -> Map<String, Value> {
        let mut claims = person.claims(scopes);
        if names.is_empty() {
            return claims;
        }
        let everything = person.claims(&Self::scopes_needed(scopes, names));
        for (name, value) in everything {
            if names.contains(&name) {
                claims.entry(name).or_insert(value);
            }
        }
        claims
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::claims::{Address, RESERVED};
    use crate::grant::Grant;
    use crate::id_token::{self, Issuance, Occasion};
    use crate::scope::STANDARD;

    #[test]
    fn each_form_of_a_demand_is_read() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo":{"email":{"essential":true},"picture":null,"custom":{"x":1}},
                "id_token":{"auth_time":{"essential":true},"acr":{"values":["phr","0"]},"sub":{"value":"u1"}},
                "other":{"ignored":5}}"#,
        )
        .unwrap();
        assert!(request.userinfo["email"].essential);
        assert_eq!(request.userinfo["picture"], Demand::default());
        assert_eq!(request.id_token["acr"].texts().collect::<Vec<_>>(), ["phr", "0"]);
        assert_eq!(request.subject(), Some("u1"));
        assert_eq!(
            request.covering_scopes().into_iter().collect::<Vec<_>>(),
            ["email", "profile"]
        );
        let names = request.names();
        assert!(
            names.id_token.is_empty(),
            "protocol claims are not about the user"
        );
        assert_eq!(names.userinfo.len(), 3);
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("{{\"userinfo\":{{\"{}\":null}}}}", "x".repeat(LONGEST));
        for text in [
            "",
            "[]",
            "null",
            "{",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"email":true}}"#,
            r#"{"id_token":{"email":{"essential":"yes"}}}"#,
            r#"{"id_token":{"acr":{"values":"phr"}}}"#,
            &long,
        ] {
            assert_eq!(ClaimsRequest::parse(text), Err(MalformedClaimsRequest), "{text}");
        }
    }

    #[test]
    fn named_claims_come_without_their_scope() {
        let person = Person {
            subject: "u1".to_owned(),
            username: "tim".to_owned(),
            email: Some("tim@example.com".to_owned()),
            groups: vec!["admins".to_owned()],
            ..Person::default()
        };
        let names = BTreeSet::from(["email".to_owned(), "name".to_owned(), "sub".to_owned()]);
        let claims = RequestedClaims::fill(&person, &Scopes::requested("openid"), &names);
        assert_eq!(
            claims.keys().map(String::as_str).collect::<Vec<_>>(),
            ["email", "name", "sub"]
        );
    }

    const OTHER_NAMES: [&str; 14] = [
        "picture",
        "phone_number",
        "phone_number_verified",
        "address",
        "sid",
        "at_hash",
        "c_hash",
        "rat",
        "act",
        "cnf",
        "quota",
        "role",
        "constructor",
        "",
    ];

    fn name() -> impl Strategy<Value = String> {
        let known = [&RESERVED[..], &OTHER_NAMES[..]].concat();
        prop_oneof![
            8 => proptest::sample::select(known).prop_map(str::to_owned),
            1 => "[a-z_]{1,8}",
        ]
    }

    fn demand() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(|essential| json!({ "essential": essential })),
            Just(json!({"value": "forged", "essential": true})),
            Just(json!({"values": ["forged"]})),
        ]
    }

    fn section() -> impl Strategy<Value = BTreeMap<String, Value>> {
        proptest::collection::btree_map(name(), demand(), 0..6)
    }

    prop_compose! {
        fn person()(
            email in any::<bool>(),
            phone in any::<bool>(),
            address in 0_u8..3,
            custom in proptest::collection::vec((name(), prop_oneof![Just("forged"), Just("{\"a\":1}")]), 0..6),
        ) -> Person {
            let own = |text: &str| text.to_owned();
            Person {
                subject: own("u1"),
                username: own("tim"),
                email: email.then(|| own("tim@example.com")),
                phone_number: phone.then(|| own("+49 30 1")),
                address: (address > 0).then(|| Address {
                    locality: own(if address == 1 { "" } else { "Berlin" }),
                    ..Address::default()
                }),
                picture: own("https://id.example/picture"),
                groups: vec![own("admins")],
                custom_claims: custom.into_iter().map(|(key, value)| (key, own(value))).collect(),
                ..Person::default()
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_comes_out_that_was_not_permitted_and_nothing_of_ours_is_replaced(
            person in person(),
            scopes in proptest::sample::subsequence(STANDARD.to_vec(), 0..=STANDARD.len()),
            id_token in section(),
            userinfo in section(),
        ) {
            let scopes = Scopes::requested(&scopes.join(" "));
            let text = json!({"id_token": id_token, "userinfo": userinfo}).to_string();
            let names = ClaimsRequest::parse(&text).unwrap().names();
            let plain = Person { custom_claims: Vec::new(), ..person.clone() };
            let own = plain.claims(&Scopes::requested(&STANDARD.join(" ")));
            for (asked, kept) in [(&id_token, &names.id_token), (&userinfo, &names.userinfo)] {
                let told = RequestedClaims::fill(&person, &scopes, kept);
                prop_assert_eq!(told.get("sub"), Some(&json!("u1")));
                for (name, value) in &told {
                    let custom = person.custom_claims.iter().any(|(key, _)| key == name)
                        && !RESERVED.contains(&name.as_str());
                    let by_scope = own.contains_key(name) && scope_of(name).is_some_and(|scope| scopes.contains(scope));
                    let by_profile = custom && scopes.contains("profile");
                    let by_name = asked.contains_key(name) && (own.contains_key(name) || custom);
                    prop_assert!(name == "sub" || by_scope || by_profile || by_name, "{}: {}", name, value);
                    if let Some(ours) = own.get(name) {
                        prop_assert_eq!(value, ours, "{}", name);
                    }
                }
                // Whether it is essential or not, and whatever value is asked for: who may have it gets what is known.
                for name in asked.keys().filter(|name| scope_of(name).is_some()) {
                    if let Some(ours) = own.get(name) {
                        prop_assert_eq!(told.get(name), Some(ours), "{}", name);
                    }
                }

                let grant = Grant { scopes: scopes.clone(), ..Grant::example() };
                let at = Issuance { jti: "jti", occasion: Occasion::Refresh, now: 1 };
                let bare = id_token::claims("https://id.example", &grant, Map::new(), at);
                let mut token = id_token::claims("https://id.example", &grant, told.clone(), at);
                for (name, value) in bare {
                    prop_assert_eq!(token.remove(&name), Some(value), "{}", name);
                }
                for name in ["nonce", "acr", "at_hash", "c_hash", "nbf"] {
                    prop_assert!(!token.contains_key(name), "{}", name);
                }
            }
        }
    }
}
