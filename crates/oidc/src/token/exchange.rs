//! Exchanging a user's token for another one (RFC 8693): a client calls the next service as the user, alone
//! (impersonation) or with a note that it acts for them (delegation).

use serde_json::{Value, json};

use crate::access_token::client_subject;
use crate::acr::Acr;
use crate::client::{Client, ClientKind, Permission};
use crate::error::{ErrorCode, OAuthError};
use crate::parameters::Parameters;
use crate::passkey::MinimumPasskey;
use crate::scope::{STANDARD, Scopes};

/// The `grant_type`.
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// The only type of token taken and given.
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The same, by its format.
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// Actors within actors; more than this is a loop.
const DEEPEST_CHAIN: usize = 8;

/// What a client sends.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The token of the user.
    pub subject_token: String,
    /// The token of who acts; the client itself when there is none.
    pub actor_token: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
    /// `resource`.
    pub resource: Option<String>,
    /// `audience`.
    pub audience: Option<String>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").finish_non_exhaustive()
    }
}

fn invalid(description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, description)
}

/// Reads a request.
///
/// # Errors
/// `invalid_request`.
pub fn parse(form: &Parameters) -> Result<Request, OAuthError> {
    let typed = |token: &str, kind: &str| match (form.get(token), form.get(kind)) {
        (Some(value), Some(ACCESS_TOKEN | JWT)) => Ok(Some(value.to_owned())),
        (Some(_), Some(_)) => Err(invalid(&format!("The {kind} is not supported."))),
        (Some(_), None) => Err(invalid(&format!("The {kind} parameter is missing."))),
        (None, Some(_)) => Err(invalid(&format!("The {token} parameter is missing."))),
        (None, None) => Ok(None),
    };
    if form
        .get("requested_token_type")
        .is_some_and(|kind| kind != ACCESS_TOKEN && kind != JWT)
    {
        return Err(invalid("The requested_token_type is not supported."));
    }
    Ok(Request {
        subject_token: typed("subject_token", "subject_token_type")?
            .ok_or_else(|| invalid("The subject_token parameter is missing."))?,
        actor_token: typed("actor_token", "actor_token_type")?,
        scope: form.get("scope").map(str::to_owned),
        resource: form.get("resource").map(str::to_owned),
        audience: form.get("audience").map(str::to_owned),
    })
}

/// What is known of the user's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectToken {
    /// Whose it is.
    pub client_id: String,
    /// The API of its audience that the calling client is a server of.
    pub served_api: Option<String>,
    /// How sure we were of the user, if that was asked for.
    pub acr: Option<Acr>,
    /// Its scopes.
    pub scopes: Scopes,
    /// Who acts already.
    pub actor: Option<Value>,
    /// Thumbprint of the key it is bound to.
    pub key_thumbprint: Option<String>,
}

/// What is known of the actor's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorToken {
    /// Whose it is.
    pub client_id: String,
    /// Its `sub`.
    pub subject: String,
    /// Thumbprint of the key it is bound to.
    pub key_thumbprint: Option<String>,
}

/// What a client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Scopes of the new token.
    pub scopes: Scopes,
    /// Its `act` claim.
    pub actor: Option<Value>,
}

/// Whether a client gets a token for its user's.
///
/// The user's token must be the client's own or for an API the client is a server of, so that nobody trades in a token
/// they came by. Of standard scopes the new token never has more than the old one; what it allows at an API is what
/// the client was given on behalf of users there.
///
/// # Errors
/// `unauthorized_client`, `invalid_request` for unusable tokens (RFC 8693 §2.2.2), `invalid_scope`, `invalid_target`.
pub fn evaluate(
    request: &Request,
    client: &Client,
    subject: Option<&SubjectToken>,
    actor: Option<&ActorToken>,
    proven_key: Option<&str>,
) -> Result<Exchange, OAuthError> {
    let subject = subject.ok_or_else(|| invalid("The subject_token is not a valid access token."))?;
    if subject.client_id != client.id {
        check_foreign(client, subject)?;
    }
    let is_unproven = |bound_to: &Option<String>| {
        bound_to
            .as_deref()
            .is_some_and(|bound_to| proven_key != Some(bound_to))
    };
    if is_unproven(&subject.key_thumbprint) {
        return Err(invalid(
            "The subject_token is bound to a key that was not proven.",
        ));
    }
    if request
        .audience
        .as_ref()
        .is_some_and(|audience| *audience != client.id)
    {
        return Err(OAuthError::new(
            ErrorCode::InvalidTarget,
            "The audience is not available; name an API with the resource parameter.",
        ));
    }
    let acting = match (&request.actor_token, actor) {
        (None, _) if client.impersonation == Permission::Granted => None,
        (None, _) => Some(client_subject(&client.id)),
        (Some(_), _) if client.delegation == Permission::Refused => {
            return Err(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                "This client may not name an actor.",
            ));
        }
        (Some(_), Some(actor)) if actor.client_id == client.id => {
            if is_unproven(&actor.key_thumbprint) {
                return Err(invalid("The actor_token is bound to a key that was not proven."));
            }
            Some(actor.subject.clone())
        }
        (Some(_), _) => {
            return Err(invalid(
                "The actor_token is not a valid access token of this client.",
            ));
        }
    };
    let actor = match acting {
        None => subject.actor.clone(),
        Some(sub) => {
            if depth(subject.actor.as_ref()) >= DEEPEST_CHAIN {
                return Err(invalid("The subject_token has been passed on too often."));
            }
            let mut act = json!({"sub": sub});
            if let (Some(members), Some(before)) = (act.as_object_mut(), &subject.actor) {
                members.insert("act".to_owned(), before.clone());
            }
            Some(act)
        }
    };
    Ok(Exchange {
        scopes: narrowed(request.scope.as_deref(), &subject.scopes)?,
        actor,
    })
}

/// A token of another client, which its API's server was sent.
///
/// Whoever knows a public client's name can be it, so none is a server of anything. Nor did the user sign in to this
/// client, so what it insists on at a sign-in is held against the token.
fn check_foreign(client: &Client, subject: &SubjectToken) -> Result<(), OAuthError> {
    if client.kind == ClientKind::Public || subject.served_api.is_none() {
        return Err(invalid("The subject_token was not issued for this client."));
    }
    if client.minimum_acr.is_some_and(|least| subject.acr < Some(least)) {
        return Err(OAuthError::new(
            ErrorCode::AccessDenied,
            "The user signed in to the other client in a weaker way than this client asks for.",
        ));
    }
    if client.minimum_passkey != MinimumPasskey::Any {
        return Err(OAuthError::new(
            ErrorCode::AccessDenied,
            "This client asks for a certain kind of passkey, of which a token of another client says nothing.",
        ));
    }
    Ok(())
}

fn depth(actor: Option<&Value>) -> usize {
    std::iter::successors(actor, |actor| actor.get("act")).count()
}

/// The scopes asked for, all of which the user's token must have; `offline_access` never passes on, nor do
/// permissions at the API the old token was for: at another audience they would mean something else.
fn narrowed(asked: Option<&str>, had: &Scopes) -> Result<Scopes, OAuthError> {
    let passes_on =
        |scope: &&String| scope.as_str() != "offline_access" && STANDARD.contains(&scope.as_str());
    let Some(asked) = asked else {
        return Ok(Scopes::from_granted(
            had.as_slice().iter().filter(passes_on).cloned().collect(),
        ));
    };
    let mut scopes: Vec<String> = Vec::new();
    for scope in asked.split_ascii_whitespace() {
        if !had.contains(scope) || !passes_on(&&scope.to_owned()) {
            return Err(OAuthError::new(
                ErrorCode::InvalidScope,
                "A scope is not among those of the subject_token.",
            ));
        }
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    Ok(Scopes::from_granted(scopes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request {
            subject_token: "s".to_owned(),
            actor_token: None,
            scope: None,
            resource: None,
            audience: None,
        }
    }

    fn subject() -> SubjectToken {
        SubjectToken {
            client_id: "app".to_owned(),
            served_api: None,
            acr: None,
            scopes: Scopes::requested("openid email offline_access"),
            actor: None,
            key_thumbprint: None,
        }
    }

    fn client() -> Client {
        Client {
            impersonation: Permission::Granted,
            delegation: Permission::Granted,
            ..Client::example()
        }
    }

    fn own_actor() -> ActorToken {
        ActorToken {
            client_id: "app".to_owned(),
            subject: "client-app".to_owned(),
            key_thumbprint: None,
        }
    }

    #[test]
    fn impersonation_shows_nobody_and_delegation_the_actor() {
        let plain = evaluate(&request(), &client(), Some(&subject()), None, None).unwrap();
        assert_eq!(plain.actor, None);
        assert_eq!(plain.scopes.to_string(), "openid email");

        let only_delegation = Client {
            impersonation: Permission::Refused,
            ..client()
        };
        let noted = evaluate(&request(), &only_delegation, Some(&subject()), None, None).unwrap();
        assert_eq!(noted.actor, Some(json!({"sub": "client-app"})));

        let passed_on = SubjectToken {
            actor: Some(json!({"sub": "client-first"})),
            ..subject()
        };
        let named = Request {
            actor_token: Some("a".to_owned()),
            scope: Some("email".to_owned()),
            ..request()
        };
        let chain = evaluate(&named, &client(), Some(&passed_on), Some(&own_actor()), None).unwrap();
        assert_eq!(
            chain.actor,
            Some(json!({"sub": "client-app", "act": {"sub": "client-first"}}))
        );
        assert_eq!(chain.scopes.to_string(), "email");
        let bound = ActorToken {
            key_thumbprint: Some("k1".to_owned()),
            ..own_actor()
        };
        let proven = evaluate(&named, &client(), Some(&subject()), Some(&bound), Some("k1")).unwrap();
        assert_eq!(proven.actor, Some(json!({"sub": "client-app"})));
    }

    #[test]
    fn each_fault_by_code() {
        use ErrorCode::*;
        let foreign = SubjectToken {
            client_id: "other".to_owned(),
            ..subject()
        };
        let bound = SubjectToken {
            key_thumbprint: Some("k1".to_owned()),
            ..subject()
        };
        let mut endless = json!({"sub": "x"});
        for _ in 0..DEEPEST_CHAIN {
            endless = json!({"sub": "x", "act": endless});
        }
        let looping = SubjectToken {
            actor: Some(endless),
            ..subject()
        };
        let with_actor = Request {
            actor_token: Some("a".to_owned()),
            ..request()
        };
        let more = Request {
            scope: Some("email groups".to_owned()),
            ..request()
        };
        let offline = Request {
            scope: Some("offline_access".to_owned()),
            ..request()
        };
        let elsewhere = Request {
            audience: Some("other".to_owned()),
            ..request()
        };
        let impersonating = Client {
            delegation: Permission::Refused,
            ..client()
        };
        let bound_actor = ActorToken {
            key_thumbprint: Some("k1".to_owned()),
            ..own_actor()
        };
        let stranger = ActorToken {
            client_id: "other".to_owned(),
            ..own_actor()
        };
        for (request, client, subject, actor, key, code) in [
            (request(), client(), None, None, None, InvalidRequest),
            (request(), client(), Some(foreign), None, None, InvalidRequest),
            (
                request(),
                client(),
                Some(bound.clone()),
                None,
                None,
                InvalidRequest,
            ),
            (request(), client(), Some(bound), None, Some("k2"), InvalidRequest),
            (
                with_actor.clone(),
                client(),
                Some(subject()),
                None,
                None,
                InvalidRequest,
            ),
            (
                with_actor.clone(),
                client(),
                Some(subject()),
                Some(stranger),
                None,
                InvalidRequest,
            ),
            (
                with_actor.clone(),
                client(),
                Some(subject()),
                Some(bound_actor.clone()),
                None,
                InvalidRequest,
            ),
            (
                with_actor.clone(),
                client(),
                Some(subject()),
                Some(bound_actor),
                Some("k2"),
                InvalidRequest,
            ),
            (
                with_actor.clone(),
                impersonating,
                Some(subject()),
                Some(own_actor()),
                None,
                UnauthorizedClient,
            ),
            (
                with_actor,
                client(),
                Some(looping),
                Some(own_actor()),
                None,
                InvalidRequest,
            ),
            (more, client(), Some(subject()), None, None, InvalidScope),
            (offline, client(), Some(subject()), None, None, InvalidScope),
            (elsewhere, client(), Some(subject()), None, None, InvalidTarget),
        ] {
            let answer = evaluate(&request, &client, subject.as_ref(), actor.as_ref(), key);
            assert_eq!(answer.unwrap_err().code, code, "{request:?}");
        }
    }

    #[test]
    fn a_server_of_the_api_may_trade_in_what_it_was_sent() {
        let sent = SubjectToken {
            client_id: "other".to_owned(),
            served_api: Some("https://api.example".to_owned()),
            ..subject()
        };
        let strong = SubjectToken {
            acr: Some(Acr::FreshPasskey),
            ..sent.clone()
        };
        let weak = SubjectToken {
            acr: Some(Acr::Remembered),
            ..sent.clone()
        };
        let bound = SubjectToken {
            key_thumbprint: Some("k1".to_owned()),
            ..sent.clone()
        };
        let public = Client {
            kind: ClientKind::Public,
            ..client()
        };
        let demanding = Client {
            minimum_acr: Some(Acr::FreshPasskey),
            ..client()
        };
        let choosy = Client {
            minimum_passkey: MinimumPasskey::DeviceBound,
            ..client()
        };
        for (client, subject, refused) in [
            (client(), sent.clone(), None),
            (client(), bound, Some(ErrorCode::InvalidRequest)),
            (public, sent.clone(), Some(ErrorCode::InvalidRequest)),
            (demanding.clone(), strong.clone(), None),
            (demanding.clone(), weak, Some(ErrorCode::AccessDenied)),
            (demanding, sent, Some(ErrorCode::AccessDenied)),
            (choosy, strong, Some(ErrorCode::AccessDenied)),
        ] {
            let answer = evaluate(&request(), &client, Some(&subject), None, None);
            assert_eq!(answer.err().map(|error| error.code), refused, "{subject:?}");
        }
    }

    #[test]
    fn permissions_stay_at_their_api() {
        let of_an_api = SubjectToken {
            scopes: Scopes::from_granted(vec!["email".to_owned(), "read".to_owned()]),
            ..subject()
        };
        let all = evaluate(&request(), &client(), Some(&of_an_api), None, None).unwrap();
        assert_eq!(all.scopes.to_string(), "email");
        let named = Request {
            scope: Some("email read".to_owned()),
            ..request()
        };
        let refused = evaluate(&named, &client(), Some(&of_an_api), None, None);
        assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidScope);
    }

    #[test]
    fn tokens_come_with_their_types() {
        for pairs in [
            &[("subject_token", "s")][..],
            &[("subject_token_type", ACCESS_TOKEN)],
            &[
                ("subject_token", "s"),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:saml2"),
            ],
            &[
                ("subject_token", "s"),
                ("subject_token_type", ACCESS_TOKEN),
                ("actor_token", "a"),
            ],
            &[
                ("subject_token", "s"),
                ("subject_token_type", ACCESS_TOKEN),
                (
                    "requested_token_type",
                    "urn:ietf:params:oauth:token-type:refresh_token",
                ),
            ],
        ] {
            let form = Parameters::from_pairs(pairs.iter().copied());
            assert_eq!(
                parse(&form).unwrap_err().code,
                ErrorCode::InvalidRequest,
                "{pairs:?}"
            );
        }
    }
}
