//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0).

use crate::client::Client;
use crate::id_token::Hint;
use crate::parameters::Parameters;
use crate::redirect_uri::{self, RedirectUri};

/// What is known about a logout request.
#[derive(Clone, Debug)]
pub struct Facts<'f> {
    /// The verified ID token hint, if it was one of ours.
    pub hint: Option<&'f Hint>,
    /// The hinted client; without a hint the one that names itself.
    pub client: Option<&'f Client>,
    /// Who is signed in in this browser, if anybody.
    pub signed_in: Option<&'f str>,
    /// Whether the hinted user ever used the hinted client.
    pub known_to_client: bool,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Signed out; the browser goes to the client's address, or to our own page without one.
    SignOut {
        /// Where to, `state` included.
        target: Option<String>,
    },
    /// The person is asked, on our own page.
    Confirm {
        /// Where to afterwards, `state` included, if they agree.
        target: Option<String>,
    },
}

/// Asked, and nothing more.
const ASK: Decision = Decision::Confirm { target: None };

/// Decides a logout request. Without a good hint nothing is done unasked, or any site could sign people out. A client
/// that has no hint and says who it is gets the browser back when the person agreed (RP-Initiated Logout 1.0 §2).
pub fn evaluate(parameters: &Parameters, facts: &Facts<'_>) -> Decision {
    let repeated =
        parameters.first_repeated(&["id_token_hint", "client_id", "post_logout_redirect_uri", "state"]);
    let (Some(client), None) = (facts.client, repeated) else {
        return ASK;
    };
    let claimed = parameters.get("client_id");
    let Some(hint) = facts.hint else {
        let named = parameters.get("id_token_hint").is_none() && claimed == Some(client.id.as_str());
        let target = named.then(|| target(parameters, client).ok()).flatten();
        return Decision::Confirm {
            target: target.flatten(),
        };
    };
    let same_client = claimed.is_none_or(|id| id == hint.client_id) && client.id == hint.client_id;
    let same_user = facts.signed_in.is_none_or(|user| user == hint.subject);
    match target(parameters, client) {
        Ok(target) if same_client && same_user && facts.known_to_client => Decision::SignOut { target },
        _ => ASK,
    }
}

/// The address in a request is not one of the client's.
struct NotRegistered;

/// Where the browser goes, if anywhere. Who names no address is sent to none (RP-Initiated Logout 1.0 §2, §3; ADR 18).
fn target(parameters: &Parameters, client: &Client) -> Result<Option<String>, NotRegistered> {
    let registered = &client.post_logout_redirect_uris;
    let Some(sent) = parameters
        .get("post_logout_redirect_uri")
        .filter(|_| !registered.is_empty())
    else {
        return Ok(None);
    };
    let uri = RedirectUri::parse(sent).map_err(|_| NotRegistered)?;
    if !registered
        .iter()
        .any(|pattern| redirect_uri::matches(pattern, &uri))
    {
        return Err(NotRegistered);
    }
    let mut url = uri.url().clone();
    if let Some(state) = parameters.get("state") {
        url.query_pairs_mut().append_pair("state", state);
    }
    Ok(Some(url.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_good_hint_signs_out_unasked() {
        let client = Client {
            post_logout_redirect_uris: vec![
                "https://app.example/bye".to_owned(),
                "https://app.example/x/*".to_owned(),
            ],
            ..Client::example()
        };
        let bare = Client {
            post_logout_redirect_uris: Vec::new(),
            ..client.clone()
        };
        let anywhere = Client {
            post_logout_redirect_uris: vec!["*".to_owned()],
            ..client.clone()
        };
        let hint = Hint {
            subject: "u1".to_owned(),
            client_id: "app".to_owned(),
            sid: None,
        };
        let to = |url: &str| Decision::SignOut {
            target: Some(url.to_owned()),
        };
        let own_page = Decision::SignOut { target: None };
        for (pairs, hint, client, signed_in, known, expected) in [
            (
                &[("post_logout_redirect_uri", "https://app.example/bye")][..],
                Some(&hint),
                Some(&client),
                Some("u1"),
                true,
                to("https://app.example/bye"),
            ),
            (
                &[
                    ("post_logout_redirect_uri", "https://app.example/bye"),
                    ("state", "s"),
                ],
                Some(&hint),
                Some(&client),
                None,
                true,
                to("https://app.example/bye?state=s"),
            ),
            // Without an address the only registered one is still nowhere anybody asked to go.
            (
                &[],
                Some(&hint),
                Some(&client),
                Some("u1"),
                true,
                own_page.clone(),
            ),
            (
                &[("state", "s"), ("client_id", "app")],
                Some(&hint),
                Some(&client),
                None,
                true,
                own_page.clone(),
            ),
            (
                &[
                    ("post_logout_redirect_uri", "https://app.example/x/y?a=1"),
                    ("client_id", "app"),
                ],
                Some(&hint),
                Some(&client),
                None,
                true,
                ASK,
            ),
            (
                &[("post_logout_redirect_uri", "https://app.example/x/y")],
                Some(&hint),
                Some(&client),
                None,
                true,
                to("https://app.example/x/y"),
            ),
            (&[], Some(&hint), Some(&bare), None, true, own_page.clone()),
            (
                &[("post_logout_redirect_uri", "https://app.example/bye")],
                Some(&hint),
                Some(&bare),
                None,
                true,
                own_page,
            ),
            (&[], None, None, Some("u1"), true, ASK),
            (&[], Some(&hint), None, Some("u1"), true, ASK),
            (&[], Some(&hint), Some(&client), Some("u2"), true, ASK),
            (&[], Some(&hint), Some(&client), Some("u1"), false, ASK),
            (
                &[("client_id", "other")],
                Some(&hint),
                Some(&client),
                Some("u1"),
                true,
                ASK,
            ),
            (
                &[("post_logout_redirect_uri", "https://evil.example/")],
                Some(&hint),
                Some(&client),
                Some("u1"),
                true,
                ASK,
            ),
            (
                &[("post_logout_redirect_uri", "https://a.example/bye")],
                Some(&hint),
                Some(&anywhere),
                Some("u1"),
                true,
                to("https://a.example/bye"),
            ),
            (
                &[(
                    "post_logout_redirect_uri",
                    "https://bank.example@evil.example/bye",
                )],
                Some(&hint),
                Some(&anywhere),
                Some("u1"),
                true,
                ASK,
            ),
            (
                &[("state", "a"), ("state", "b")],
                Some(&hint),
                Some(&client),
                Some("u1"),
                true,
                ASK,
            ),
        ] {
            let facts = Facts {
                hint,
                client,
                signed_in,
                known_to_client: known,
            };
            let parameters = Parameters::from_pairs(pairs.iter().copied());
            assert_eq!(evaluate(&parameters, &facts), expected, "{pairs:?} {facts:?}");
        }
    }

    #[test]
    fn without_a_hint_a_client_that_says_who_it_is_gets_people_back_who_agree() {
        let client = Client {
            post_logout_redirect_uris: vec!["https://app.example/bye".to_owned()],
            ..Client::example()
        };
        let bye = ("post_logout_redirect_uri", "https://app.example/bye");
        for (pairs, expected) in [
            (&[("client_id", "app"), bye][..], Some("https://app.example/bye")),
            (
                &[("client_id", "app"), bye, ("state", "s")],
                Some("https://app.example/bye?state=s"),
            ),
            (&[("client_id", "app")], None),
            (&[bye, ("state", "s")], None),
            (&[("client_id", "other"), bye], None),
            (&[("client_id", "app"), bye, bye], None),
            // A hint that is none of ours is no good sign.
            (&[("client_id", "app"), bye, ("id_token_hint", "forged")], None),
            (
                &[
                    ("client_id", "app"),
                    ("post_logout_redirect_uri", "https://evil.example/"),
                ],
                None,
            ),
        ] {
            let facts = Facts {
                hint: None,
                client: Some(&client),
                signed_in: Some("u1"),
                known_to_client: false,
            };
            let expected = Decision::Confirm {
                target: expected.map(str::to_owned),
            };
            let parameters = Parameters::from_pairs(pairs.iter().copied());
            assert_eq!(evaluate(&parameters, &facts), expected, "{pairs:?}");
        }
    }
}
