//! Scopes (RFC 6749 §3.3) and which of them stand for the user's identity.

/// The scopes every client may request, in documentation order.
pub const STANDARD: [&str; 7] = [
    "openid",
    "profile",
    "email",
    "groups",
    "phone",
    "address",
    "offline_access",
];

/// Scopes whose tokens may be used at the userinfo endpoint.
const IDENTITY: [&str; 6] = ["openid", "profile", "email", "groups", "phone", "address"];

/// A set of scopes in the order they were asked for, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// Reads a space-separated list and keeps what may be requested; anything else is dropped silently, so
    /// that clients asking for more than there is still work.
    pub fn requested(text: &str) -> Self {
        let mut scopes = Vec::new();
        for scope in text.split_ascii_whitespace() {
            if STANDARD.contains(&scope) && !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        Self(scopes)
    }

    /// Scopes granted before.
    pub fn from_granted(scopes: Vec<String>) -> Self {
        Self(scopes)
    }

    /// Whether a scope is among them.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|known| known == scope)
    }

    /// All but one.
    #[must_use]
    pub fn without(mut self, scope: &str) -> Self {
        self.0.retain(|known| known != scope);
        self
    }

    /// Whether an ID token is due.
    pub fn has_openid(&self) -> bool {
        self.contains("openid")
    }

    /// Whether any of them stands for the user's identity.
    pub fn has_identity(&self) -> bool {
        IDENTITY.iter().any(|scope| self.contains(scope))
    }

    /// The scopes one by one.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Whether all of them are among some others.
    pub fn is_covered_by(&self, others: &[String]) -> bool {
        self.0.iter().all(|scope| others.contains(scope))
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unknown_scopes_are_dropped_and_known_ones_kept_once() {
        for (text, kept) in [
            ("openid profile email", "openid profile email"),
            ("email openid email", "email openid"),
            ("openid name sub email_verified groups", "openid groups"),
            ("", ""),
            ("OPENID", ""),
        ] {
            assert_eq!(Scopes::requested(text).to_string(), kept, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_was_asked_for_and_known(text in "[a-z_ ]{0,60}") {
            for scope in Scopes::requested(&text).as_slice() {
                prop_assert!(STANDARD.contains(&scope.as_str()));
                prop_assert!(text.split(' ').any(|word| word == scope));
            }
        }
    }
}
