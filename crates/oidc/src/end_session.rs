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
    /// The hinted client.
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
    Confirm,
}

/// Decides a logout request. Without a good hint nothing is done unasked, or any site could sign people out.
pub fn evaluate(parameters: &Parameters, facts: &Facts<'_>) -> Decision {
    let (Some(hint), Some(client)) = (facts.hint, facts.client) else {
        return Decision::Confirm;
    };
    let same_client = parameters.get("client_id").is_none_or(|id| id == hint.client_id);
    let same_user = facts.signed_in.is_none_or(|user| user == hint.subject);
    let repeated =
        parameters.first_repeated(&["id_token_hint", "client_id", "post_logout_redirect_uri", "state"]);
    if !same_client
        || !same_user
        || !facts.known_to_client
        || client.id != hint.client_id
        || repeated.is_some()
    {
        return Decision::Confirm;
    }
    let registered = &client.post_logout_redirect_uris;
    let target = match parameters.get("post_logout_redirect_uri") {
        // Who names no address is sent to none (RP-Initiated Logout 1.0 §2, §3; ADR 18).
        None => None,
        Some(_) if registered.is_empty() => None,
        Some(sent) => match RedirectUri::parse(sent) {
            Ok(uri)
                if registered
                    .iter()
                    .any(|pattern| redirect_uri::matches(pattern, &uri)) =>
            {
                Some(uri)
            }
            _ => return Decision::Confirm,
        },
    };
    Decision::SignOut {
        target: target.map(|uri| {
            let mut url = uri.url().clone();
            if let Some(state) = parameters.get("state") {
                url.query_pairs_mut().append_pair("state", state);
            }
            url.into()
        }),
    }
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
                Decision::Confirm,
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
            (&[], None, None, Some("u1"), true, Decision::Confirm),
            (&[], Some(&hint), None, Some("u1"), true, Decision::Confirm),
            (
                &[],
                Some(&hint),
                Some(&client),
                Some("u2"),
                true,
                Decision::Confirm,
            ),
            (
                &[],
                Some(&hint),
                Some(&client),
                Some("u1"),
                false,
                Decision::Confirm,
            ),
            (
                &[("client_id", "other")],
                Some(&hint),
                Some(&client),
                Some("u1"),
                true,
                Decision::Confirm,
            ),
            (
                &[("post_logout_redirect_uri", "https://evil.example/")],
                Some(&hint),
                Some(&client),
                Some("u1"),
                true,
                Decision::Confirm,
            ),
            (
                &[("state", "a"), ("state", "b")],
                Some(&hint),
                Some(&client),
                Some("u1"),
                true,
                Decision::Confirm,
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
}
