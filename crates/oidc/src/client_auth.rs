//! How clients prove who they are at the token endpoint (RFC 6749 §2.3, OIDC Core §9).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;

use crate::client::{Client, ClientKind, PendingClients, Profile};
use crate::error::{ErrorCode, OAuthError};
use crate::parameters::Parameters;

/// The assertion type of RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why a request does not say who it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresentedError {
    /// A client uses one way to authenticate per request (RFC 6749 §2.3).
    #[error("The request authenticates clients in more than one way.")]
    SeveralWays,
    /// Not a kind of assertion of ours.
    #[error("The client_assertion_type is not supported.")]
    AssertionType,
    /// This parameter would have to be there.
    #[error("The {0} parameter is missing.")]
    Missing(&'static str),
    /// It cannot be read.
    #[error("The Authorization header is malformed.")]
    Header,
}

impl From<PresentedError> for OAuthError {
    fn from(error: PresentedError) -> Self {
        let code = match error {
            PresentedError::Header => ErrorCode::InvalidClient,
            PresentedError::SeveralWays | PresentedError::AssertionType | PresentedError::Missing(_) => {
                ErrorCode::InvalidRequest
            }
        };
        Self::new(code, error.to_string())
    }
}

/// A way to authenticate at the token endpoint (OIDC Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the form.
    ClientSecretPost,
    /// An assertion authenticated with the secret.
    ClientSecretJwt,
    /// An assertion signed with the client's private key.
    PrivateKeyJwt,
    /// Nothing; public clients.
    None,
}

impl Method {
    /// Every method, in documentation order.
    pub const ALL: [Self; 5] = [
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::None,
    ];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }
}

/// A text that names no method of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a supported client authentication method")]
pub struct UnknownMethod;

impl std::str::FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or(UnknownMethod)
    }
}

/// How a request says who it is from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Presented {
    /// By name alone or with a secret.
    Credentials(Credentials),
    /// With a signed assertion (RFC 7523); see [`crate::client_auth`].
    Assertion(Assertion),
}

/// A client assertion that has not been looked at yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Assertion {
    /// The `client_id` parameter; the assertion's `sub` when there is none.
    pub client_id: Option<String>,
    /// The JWT.
    pub jwt: String,
}

impl std::fmt::Debug for Assertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assertion")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Presented {
    /// Reads an assertion, else the `Authorization` header, else the body. A secret beside an assertion is a second way
    /// to authenticate, whosever it is.
    pub fn read(authorization: Option<&str>, form: &Parameters) -> Result<Self, PresentedError> {
        match (form.get("client_assertion_type"), form.get("client_assertion")) {
            (Some(JWT_BEARER), Some(_))
                if basic(authorization).is_some() || form.get("client_secret").is_some() =>
            {
                Err(PresentedError::SeveralWays)
            }
            (Some(JWT_BEARER), Some(jwt)) => Ok(Self::Assertion(Assertion {
                client_id: form.get("client_id").map(str::to_owned),
                jwt: jwt.to_owned(),
            })),
            (Some(kind), _) if kind != JWT_BEARER => Err(PresentedError::AssertionType),
            (Some(_), None) => Err(PresentedError::Missing("client_assertion")),
            (None, Some(_)) => Err(PresentedError::Missing("client_assertion_type")),
            _ => Credentials::read(authorization, form).map(Self::Credentials),
        }
    }
}

/// Whether a client may authenticate by a method: the one it registered, if it did; FAPI 2.0 clients only with their
/// private key (FAPI 2.0 Security Profile §5.3.2.1).
///
/// # Errors
/// `invalid_client`.
pub fn check_method(client: &Client, method: Method) -> Result<(), OAuthError> {
    let registered = client.auth_method.is_none_or(|only| only == method);
    let profile = client.profile == Profile::OAuth || method == Method::PrivateKeyJwt;
    if registered && profile {
        return Ok(());
    }
    Err(OAuthError::new(
        ErrorCode::InvalidClient,
        "This client must authenticate in another way.",
    ))
}

/// Whether a client that said who it is may have tokens, or start a way to them: knowing its secret shows that it
/// registered, not that anybody stands behind it.
///
/// # Errors
/// `unauthorized_client`.
pub fn check_approval(client: &Client, pending_clients: PendingClients) -> Result<(), OAuthError> {
    if client.is_usable(pending_clients) {
        return Ok(());
    }
    Err(OAuthError::new(
        ErrorCode::UnauthorizedClient,
        "The client waits for approval.",
    ))
}

/// A `client_id`, perhaps with a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `client_id`.
    pub client_id: String,
    /// Where the secret was.
    method: Method,
    /// The secret, in each way it can be read; empty when none was sent.
    secrets: Vec<String>,
    /// Whether secrets in the body are not taken where they were sent.
    header_only: bool,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// A stored secret.
#[derive(Clone, PartialEq, Eq)]
pub enum StoredSecret {
    /// Hex SHA-256.
    Sha256(String),
    /// bcrypt, from older installations.
    Bcrypt(String),
}

impl Credentials {
    /// Reads them from the `Authorization` header, else from the body. The header wins, if both are about the same client.
    pub fn read(authorization: Option<&str>, form: &Parameters) -> Result<Self, PresentedError> {
        if let Some(encoded) = basic(authorization) {
            let credentials = Self::from_basic(encoded.trim())?;
            let about_another = form
                .get("client_id")
                .is_some_and(|id| id != credentials.client_id);
            if about_another || form.get("client_assertion").is_some() {
                return Err(PresentedError::SeveralWays);
            }
            return Ok(credentials);
        }
        let Some(client_id) = form.get("client_id") else {
            return Err(PresentedError::Missing("client_id"));
        };
        Ok(Self {
            client_id: client_id.to_owned(),
            method: if form.get("client_secret").is_some() {
                Method::ClientSecretPost
            } else {
                Method::None
            },
            secrets: form.get("client_secret").map(str::to_owned).into_iter().collect(),
            header_only: false,
        })
    }

    /// Id and secret are form-encoded before they are put together (RFC 6749 §2.3.1). Many clients do not do
    /// that, so a secret is tried as it stands too.
    fn from_basic(encoded: &str) -> Result<Self, PresentedError> {
        let malformed = PresentedError::Header;
        let bytes = STANDARD.decode(encoded).map_err(|_| malformed)?;
        let text = String::from_utf8(bytes).map_err(|_| malformed)?;
        let nul = text.contains('\0') || text.contains("%00");
        if nul {
            return Err(malformed);
        }
        let (id, secret) = text.split_once(':').ok_or(malformed)?;
        let decoded = form_decode(secret);
        let mut secrets = vec![secret.to_owned()];
        if decoded != secret {
            secrets.insert(0, decoded);
        }
        secrets.retain(|secret| !secret.is_empty());
        Ok(Self {
            client_id: form_decode(id),
            method: Method::ClientSecretBasic,
            secrets,
            header_only: false,
        })
    }

    /// For an endpoint that takes no secret in the body: the header then also serves clients that registered to send
    /// it there to the token endpoint.
    #[must_use]
    pub fn header_only(self) -> Self {
        Self {
            header_only: true,
            ..self
        }
    }

    /// Whether a check will have to run bcrypt, which takes a noticeable part of a second.
    pub fn needs_bcrypt(&self, stored: &[StoredSecret]) -> bool {
        !self.secrets.is_empty()
            && stored
                .iter()
                .any(|secret| matches!(secret, StoredSecret::Bcrypt(_)))
    }

    /// Checks them against the client and its usable secrets.
    pub fn verify(&self, client: Option<&Client>, stored: &[StoredSecret]) -> Result<(), OAuthError> {
        let failed = || OAuthError::new(ErrorCode::InvalidClient, "Client authentication failed.");
        let client = client.ok_or_else(failed)?;
        if client.kind == ClientKind::Public {
            // It has none; one sent all the same proves nothing and is ignored.
            return check_method(client, Method::None);
        }
        let stands_in = self.header_only && client.auth_method == Some(Method::ClientSecretPost);
        let method = if stands_in {
            Method::ClientSecretPost
        } else {
            self.method
        };
        check_method(client, method)?;
        let known = self
            .secrets
            .iter()
            .any(|sent| stored.iter().any(|secret| secret.is(sent)));
        if known { Ok(()) } else { Err(failed()) }
    }
}

/// Whether a text is one of some secrets, compared in constant time.
pub fn is_one_of(sent: &str, stored: &[StoredSecret]) -> bool {
    // All are looked at, so that the time does not tell which one it was.
    stored.iter().filter(|secret| secret.is(sent)).count() > 0
}

impl StoredSecret {
    fn is(&self, sent: &str) -> bool {
        match self {
            Self::Sha256(hash) => {
                let sent = hex::encode(digest::digest(&digest::SHA256, sent.as_bytes()));
                sent.as_bytes().ct_eq(hash.as_bytes()).into()
            }
            Self::Bcrypt(hash) => bcrypt::verify(sent, hash).unwrap_or(false),
        }
    }
}

/// The credentials of a `Basic` header, still encoded.
pub fn basic(authorization: Option<&str>) -> Option<&str> {
    authorization
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .map(|(_, encoded)| encoded)
}

fn form_decode(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={}", text.replace('&', "%26")).as_bytes())
        .next()
        .map_or_else(|| text.to_owned(), |(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(kind: ClientKind) -> Client {
        Client {
            kind,
            ..Client::example()
        }
    }

    fn sha256(secret: &str) -> StoredSecret {
        StoredSecret::Sha256(hex::encode(digest::digest(&digest::SHA256, secret.as_bytes())))
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn each_way_to_send_a_secret() {
        let stored = [sha256("s3cret+%/ü"), sha256("other")];
        let confidential = client(ClientKind::Confidential);
        for (header, form, ok) in [
            (Some(basic("app:s3cret%2B%25%2F%C3%BC")), vec![], true),
            (Some(basic("app:s3cret+%/ü")), vec![], true),
            (Some(basic("app:other").replace("Basic", "bAsIc")), vec![], true),
            (
                None,
                vec![("client_id", "app"), ("client_secret", "s3cret+%/ü")],
                true,
            ),
            (None, vec![("client_id", "app"), ("client_secret", "other")], true),
            (
                Some(basic("app:other")),
                vec![("client_id", "app"), ("client_secret", "wrong")],
                true,
            ),
            (
                Some(basic("app:wrong")),
                vec![("client_id", "app"), ("client_secret", "other")],
                false,
            ),
            (Some(basic("app:")), vec![], false),
            (None, vec![("client_id", "app")], false),
            (None, vec![("client_id", "app"), ("client_secret", "")], false),
            (
                None,
                vec![("client_id", "app"), ("client_secret", "Other")],
                false,
            ),
        ] {
            let form = Parameters::from_pairs(form);
            let credentials = Credentials::read(header.as_deref(), &form).unwrap();
            assert_eq!(credentials.client_id, "app");
            let result = credentials.verify(Some(&confidential), &stored);
            assert_eq!(result.is_ok(), ok, "{header:?} {form:?}");
            if let Err(error) = result {
                assert_eq!(error.code, ErrorCode::InvalidClient);
            }
        }
    }

    #[test]
    fn malformed_attempts_are_told_apart() {
        for (header, form, code) in [
            (None, vec![], ErrorCode::InvalidRequest),
            (Some("Bearer x"), vec![], ErrorCode::InvalidRequest),
            (Some("Basic !!!"), vec![], ErrorCode::InvalidClient),
            (Some("Basic YXBw"), vec![], ErrorCode::InvalidClient),
            (Some("Basic YSUwMDpi"), vec![], ErrorCode::InvalidClient),
            (Some("Basic YQA6Yg=="), vec![], ErrorCode::InvalidClient),
            (None, vec![("client_id", "a\0pp")], ErrorCode::InvalidRequest),
            (
                None,
                vec![("client_assertion_type", "urn:other"), ("client_assertion", "x")],
                ErrorCode::InvalidRequest,
            ),
            (
                None,
                vec![("client_assertion_type", JWT_BEARER), ("client_id", "app")],
                ErrorCode::InvalidRequest,
            ),
            (
                None,
                vec![("client_id", "app"), ("client_assertion", "x")],
                ErrorCode::InvalidRequest,
            ),
        ] {
            let error = Presented::read(header, &Parameters::from_pairs(form)).unwrap_err();
            assert_eq!(OAuthError::from(error).code, code, "{header:?}");
        }
    }

    #[test]
    fn unknown_and_public_clients() {
        let form = Parameters::from_pairs([("client_id", "app"), ("client_secret", "x")]);
        let credentials = Credentials::read(None, &form).unwrap();
        assert_eq!(
            credentials.verify(None, &[]).unwrap_err().code,
            ErrorCode::InvalidClient
        );
        assert!(credentials.verify(Some(&client(ClientKind::Public)), &[]).is_ok());
        assert!(
            credentials
                .verify(Some(&client(ClientKind::Confidential)), &[])
                .is_err()
        );
    }

    #[test]
    fn hashes_of_older_installations_work() {
        let hash = bcrypt::hash("old secret", 4).unwrap();
        let stored = [StoredSecret::Bcrypt(hash.replace("$2b$", "$2y$"))];
        for (secret, ok) in [("old secret", true), ("new secret", false)] {
            let form = Parameters::from_pairs([("client_id", "app"), ("client_secret", secret)]);
            let credentials = Credentials::read(None, &form).unwrap();
            assert!(credentials.needs_bcrypt(&stored));
            assert_eq!(
                credentials
                    .verify(Some(&client(ClientKind::Confidential)), &stored)
                    .is_ok(),
                ok
            );
        }
    }

    #[test]
    fn a_printed_attempt_shows_no_secret() {
        let credentials = Credentials::read(Some(&basic("app:hunter2")), &Parameters::default()).unwrap();
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }

    #[test]
    fn who_waits_for_approval_gets_nothing_where_it_is_asked_for() {
        use crate::client::Approval;
        for (approval, pending_clients, fault) in [
            (Approval::Given, PendingClients::Refused, None),
            (Approval::Given, PendingClients::Allowed, None),
            (Approval::Pending, PendingClients::Allowed, None),
            (
                Approval::Pending,
                PendingClients::Refused,
                Some(ErrorCode::UnauthorizedClient),
            ),
        ] {
            let client = Client {
                approval,
                ..Client::example()
            };
            let verdict = check_approval(&client, pending_clients);
            assert_eq!(
                verdict.err().map(|error| error.code),
                fault,
                "{approval:?} {pending_clients:?}"
            );
        }
    }

    #[test]
    fn one_way_to_authenticate_per_request() {
        let assertion = [
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", "a.b.c"),
        ];
        let (own, other) = (basic("app:other"), basic("b:other"));
        for (header, more, fine) in [
            (None, vec![assertion[0], assertion[1]], true),
            (None, vec![assertion[0], assertion[1], ("client_id", "app")], true),
            (Some("DPoP x"), vec![assertion[0], assertion[1]], true),
            (Some(own.as_str()), vec![assertion[0], assertion[1]], false),
            (Some(other.as_str()), vec![assertion[0], assertion[1]], false),
            (
                None,
                vec![assertion[0], assertion[1], ("client_secret", "x")],
                false,
            ),
            (Some(own.as_str()), vec![("client_id", "app")], true),
            (
                Some(own.as_str()),
                vec![("client_id", "app"), ("client_secret", "x")],
                true,
            ),
            (Some(own.as_str()), vec![("client_id", "b")], false),
            (
                Some(own.as_str()),
                vec![("client_id", "b"), ("client_secret", "other")],
                false,
            ),
        ] {
            let form = Parameters::from_pairs(more.clone());
            let read = Presented::read(header, &form);
            let fault = read.err();
            let expected = (!fine).then_some(PresentedError::SeveralWays);
            assert_eq!(fault, expected, "{header:?} {more:?}");
        }
    }

    #[test]
    fn who_registered_a_method_uses_that_one() {
        let stored = [sha256("other")];
        let only = |method| Client {
            auth_method: Some(method),
            ..Client::example()
        };
        let fapi = Client {
            profile: Profile::Fapi2,
            ..Client::example()
        };
        let in_header = (Some(basic("app:other")), Parameters::default());
        let in_form = (
            None,
            Parameters::from_pairs([("client_id", "app"), ("client_secret", "other")]),
        );
        for (client, (header, form), ok) in [
            (only(Method::ClientSecretBasic), &in_header, true),
            (only(Method::ClientSecretBasic), &in_form, false),
            (only(Method::ClientSecretPost), &in_header, false),
            (only(Method::ClientSecretPost), &in_form, true),
            (only(Method::PrivateKeyJwt), &in_header, false),
            (fapi, &in_header, false),
        ] {
            let credentials = Credentials::read(header.as_deref(), form).unwrap();
            assert_eq!(
                credentials.verify(Some(&client), &stored).is_ok(),
                ok,
                "{client:?}"
            );
        }
    }
}
