//! Dynamic client registration: what a client may say of itself (RFC 7591, RFC 7592, OpenID Connect Dynamic Client
//! Registration 1.0).

mod safeguards;

use std::str::FromStr;

use serde::Serialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::client::GRANT_TYPES;
use crate::client_assertion::AssertionAlgorithm;
use crate::client_auth;
use crate::jose::Algorithm;
use crate::jwk_set::{JwkSet, reveals_secrets};
use crate::request_object::ObjectAlgorithm;
use crate::request_uri;
use crate::response_type::{IMPLICIT, ResponseType};

pub use self::safeguards::Safeguards;

/// Longest text taken.
const LONGEST_TEXT: usize = 2000;
/// Most entries of a list.
const MOST_ENTRIES: usize = 50;

/// Which kind of app it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationType {
    /// It lives on a server or in a page.
    Web,
    /// It is installed on a device.
    Native,
}

impl ApplicationType {
    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Native => "native",
        }
    }
}

/// Why metadata is not accepted (RFC 7591 §3.2.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// A redirect URI.
    #[error("{0}")]
    RedirectUri(String),
    /// Anything else.
    #[error("{0}")]
    Metadata(String),
}

/// The body of an error answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    error: &'static str,
    error_description: String,
}

impl RegistrationError {
    /// The answer.
    pub fn body(&self) -> ErrorBody {
        ErrorBody {
            error: match self {
                Self::RedirectUri(_) => "invalid_redirect_uri",
                Self::Metadata(_) => "invalid_client_metadata",
            },
            error_description: self.to_string(),
        }
    }
}

fn metadata(text: impl Into<String>) -> RegistrationError {
    RegistrationError::Metadata(text.into())
}

/// What a client registers, checked.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the members are those of the specifications"
)]
pub struct ClientMetadata {
    /// `redirect_uris`.
    pub redirect_uris: Vec<String>,
    /// `post_logout_redirect_uris`.
    pub post_logout_redirect_uris: Vec<String>,
    /// `grant_types`.
    pub grant_types: Vec<String>,
    /// `response_types`.
    pub response_types: Vec<ResponseType>,
    /// `application_type`.
    pub application_type: ApplicationType,
    /// `client_name`.
    pub client_name: Option<String>,
    /// `token_endpoint_auth_method`.
    pub auth_method: client_auth::Method,
    /// `token_endpoint_auth_signing_alg`.
    pub assertion_alg: Option<AssertionAlgorithm>,
    /// `jwks`.
    pub jwks: Option<Value>,
    /// `jwks_uri`.
    pub jwks_uri: Option<String>,
    /// `request_uris`: where its request objects are.
    pub request_uris: Vec<String>,
    /// `sector_identifier_uri`: a document that must list the redirect URIs.
    pub sector_identifier_uri: Option<String>,
    /// `id_token_signed_response_alg`.
    pub id_token_alg: Option<Algorithm>,
    /// `userinfo_signed_response_alg`.
    pub userinfo_alg: Option<Algorithm>,
    /// `request_object_signing_alg`.
    pub request_object_alg: Option<ObjectAlgorithm>,
    /// `default_max_age`.
    pub default_max_age: Option<i32>,
    /// `require_pushed_authorization_requests`.
    pub pushed_requests: bool,
    /// `require_signed_request_object`.
    pub signed_requests: bool,
    /// `dpop_bound_access_tokens`.
    pub dpop_tokens: bool,
    /// `backchannel_logout_uri`.
    pub backchannel_logout_uri: Option<String>,
    /// `backchannel_logout_session_required`.
    pub backchannel_logout_session_required: bool,
    /// `frontchannel_logout_uri`.
    pub frontchannel_logout_uri: Option<String>,
    /// `frontchannel_logout_session_required`.
    pub frontchannel_logout_session_required: bool,
    /// What is only kept and shown: `client_uri`, `logo_uri`, `policy_uri`, `tos_uri`, `initiate_login_uri`, `contacts`,
    /// `software_id`, `software_version`, `require_auth_time`, and names in other languages.
    pub about: Map<String, Value>,
}

/// Reads the body of a registration. Members nobody knows are ignored (RFC 7591 §2).
///
/// # Errors
/// [`RegistrationError`] for the first fault.
pub fn parse(document: &Value) -> Result<ClientMetadata, RegistrationError> {
    let document = document
        .as_object()
        .ok_or_else(|| metadata("The request body must be a JSON object."))?;
    let read = Reader(document);
    let application_type = match read.text("application_type")? {
        None | Some("web") => ApplicationType::Web,
        Some("native") => ApplicationType::Native,
        Some(_) => return Err(metadata("The application_type must be web or native.")),
    };
    let grant_types = grant_types(&read)?;
    let redirect_uris = read.texts("redirect_uris")?.unwrap_or_default();
    let response_types = response_types(&read, &grant_types)?;
    for uri in &redirect_uris {
        check_redirect_uri(uri, application_type)?;
        if application_type == ApplicationType::Web && response_types.iter().any(|kind| kind.is_implicit()) {
            check_implicit_web_uri(uri)?;
        }
    }
    if redirect_uris.is_empty() && !response_types.is_empty() {
        return Err(RegistrationError::RedirectUri(
            "The redirect_uris are missing.".to_owned(),
        ));
    }
    let dpop_tokens = read.flag("dpop_bound_access_tokens")?;
    check_binding(dpop_tokens, &response_types)?;
    if read.text("subject_type")?.is_some_and(|kind| kind != "public") {
        return Err(metadata("The only supported subject_type is public."));
    }
    for name in [
        "id_token_encrypted_response_alg",
        "id_token_encrypted_response_enc",
        "userinfo_encrypted_response_alg",
        "userinfo_encrypted_response_enc",
        "request_object_encryption_alg",
        "request_object_encryption_enc",
    ] {
        if read.text(name)?.is_some() {
            return Err(metadata(format!("Encryption is not supported ({name}).")));
        }
    }
    let post_logout_redirect_uris = read.texts("post_logout_redirect_uris")?.unwrap_or_default();
    for uri in &post_logout_redirect_uris {
        check_redirect_uri(uri, application_type).map_err(|error| metadata(error.to_string()))?;
    }
    let (jwks, jwks_uri) = keys(&read)?;
    let auth_method = match read.text("token_endpoint_auth_method")? {
        None => client_auth::Method::ClientSecretBasic,
        Some(name) => name
            .parse()
            .map_err(|_| metadata("The token_endpoint_auth_method is not supported."))?,
    };
    if auth_method == client_auth::Method::PrivateKeyJwt && jwks.is_none() && jwks_uri.is_none() {
        return Err(metadata("private_key_jwt needs jwks or jwks_uri."));
    }
    if auth_method == client_auth::Method::None
        && grant_types.iter().any(|grant| grant == "client_credentials")
    {
        return Err(metadata(
            "A client without authentication cannot use client_credentials.",
        ));
    }
    let assertion_alg: Option<AssertionAlgorithm> = one_of(&read, "token_endpoint_auth_signing_alg")?;
    if assertion_alg.is_some_and(|algorithm| !algorithm.fits(auth_method)) {
        return Err(metadata(
            "The token_endpoint_auth_signing_alg does not fit the token_endpoint_auth_method.",
        ));
    }
    let signed_requests = read.flag("require_signed_request_object")?;
    let request_object_alg = one_of(&read, "request_object_signing_alg")?;
    check_signing(signed_requests, request_object_alg)?;
    Ok(ClientMetadata {
        redirect_uris,
        post_logout_redirect_uris,
        grant_types,
        response_types,
        application_type,
        client_name: read.text("client_name")?.map(str::to_owned),
        auth_method,
        assertion_alg,
        jwks,
        jwks_uri,
        request_uris: request_uris(&read)?,
        sector_identifier_uri: read.address("sector_identifier_uri", &["https"])?,
        // OIDC Registration §2: who names none expects RS256, whatever this instance signs with otherwise.
        id_token_alg: algorithm(&read, "id_token_signed_response_alg", NoneMeans::Nothing)?
            .or(Some(Algorithm::Rs256)),
        userinfo_alg: algorithm(&read, "userinfo_signed_response_alg", NoneMeans::Unsigned)?,
        request_object_alg,
        default_max_age: match document.get("default_max_age") {
            None | Some(Value::Null) => None,
            Some(value) => Some(
                value
                    .as_i64()
                    .and_then(|seconds| i32::try_from(seconds).ok())
                    .filter(|seconds| *seconds >= 0)
                    .ok_or_else(|| metadata("The default_max_age must be a number of seconds."))?,
            ),
        },
        pushed_requests: read.flag("require_pushed_authorization_requests")?,
        signed_requests,
        dpop_tokens,
        backchannel_logout_uri: read.address("backchannel_logout_uri", &["https", "http"])?,
        backchannel_logout_session_required: read.flag("backchannel_logout_session_required")?,
        frontchannel_logout_uri: read.address("frontchannel_logout_uri", &["https", "http"])?,
        frontchannel_logout_session_required: read.flag("frontchannel_logout_session_required")?,
        about: about(&read)?,
    })
}

fn grant_types(read: &Reader<'_>) -> Result<Vec<String>, RegistrationError> {
    let asked = read
        .texts("grant_types")?
        .unwrap_or_else(|| vec!["authorization_code".to_owned()]);
    // Token exchange is for administrators to give.
    let known =
        |grant: &String| GRANT_TYPES.contains(&grant.as_str()) && grant != crate::token::exchange::GRANT_TYPE;
    if asked.iter().all(known) && !asked.is_empty() {
        Ok(asked)
    } else {
        Err(metadata("The grant_types contain one that is not supported."))
    }
}

/// The response types, which must be those of the grant types (RFC 7591 §2.1): a client that says one thing here and
/// another there would find out only when it is refused.
fn response_types(read: &Reader<'_>, grant_types: &[String]) -> Result<Vec<ResponseType>, RegistrationError> {
    let has_grant = |name: &str| grant_types.iter().any(|grant| grant == name);
    let code_grant = ResponseType::Code.grant_type();
    let asked = match read.texts("response_types")? {
        Some(asked) => asked,
        None if has_grant(code_grant) => vec![ResponseType::Code.as_str().to_owned()],
        None => Vec::new(),
    };
    let mut types = Vec::new();
    for text in asked {
        let kind = text
            .parse::<ResponseType>()
            .map_err(|_| metadata("The response_types contain one that is not supported."))?;
        if !types.contains(&kind) {
            types.push(kind);
        }
    }
    for grant in [code_grant, IMPLICIT] {
        let is_asked_for = types.iter().any(|kind| kind.grant_type() == grant);
        match (is_asked_for, has_grant(grant)) {
            (true, false) => {
                return Err(metadata(format!(
                    "The response_types need the grant type {grant}."
                )));
            }
            (false, true) => {
                return Err(metadata(format!(
                    "The grant type {grant} needs one of its response_types."
                )));
            }
            _ => {}
        }
    }
    Ok(types)
}

fn request_uris(read: &Reader<'_>) -> Result<Vec<String>, RegistrationError> {
    let uris = read.texts("request_uris")?.unwrap_or_default();
    if uris.len() > request_uri::MOST {
        return Err(metadata(format!(
            "There must not be more than {} request_uris.",
            request_uri::MOST
        )));
    }
    for uri in &uris {
        request_uri::check(uri).map_err(|fault| metadata(format!("Each of the request_uris {fault}.")))?;
    }
    Ok(uris)
}

fn keys(read: &Reader<'_>) -> Result<(Option<Value>, Option<String>), RegistrationError> {
    let jwks = read.0.get("jwks").filter(|jwks| !jwks.is_null()).cloned();
    let jwks_uri = read.address("jwks_uri", &["https"])?;
    if jwks.is_some() && jwks_uri.is_some() {
        return Err(metadata("jwks and jwks_uri exclude each other."));
    }
    if let Some(jwks) = &jwks {
        if reveals_secrets(jwks) {
            return Err(metadata("The jwks contain a private or symmetric key."));
        }
        JwkSet::from_value(jwks).map_err(|error| metadata(format!("The jwks are unusable: {error}.")))?;
    }
    Ok((jwks, jwks_uri))
}

/// What the algorithm `none` stands for.
enum NoneMeans {
    /// An answer that is not signed.
    Unsigned,
    /// Nothing that is supported.
    Nothing,
}

fn algorithm(
    read: &Reader<'_>,
    name: &str,
    none_means: NoneMeans,
) -> Result<Option<Algorithm>, RegistrationError> {
    match (read.text(name)?, none_means) {
        (None, _) | (Some("none"), NoneMeans::Unsigned) => Ok(None),
        (Some(text), _) => text
            .parse()
            .map(Some)
            .map_err(|_| metadata(format!("The {name} is not supported."))),
    }
}

/// One of the values of a member, if it is there.
fn one_of<T: FromStr>(read: &Reader<'_>, name: &str) -> Result<Option<T>, RegistrationError> {
    let Some(text) = read.text(name)? else {
        return Ok(None);
    };
    let value = text.parse();
    value
        .map(Some)
        .map_err(|_| metadata(format!("The {name} is not supported.")))
}

/// What is kept to be shown.
fn about(read: &Reader<'_>) -> Result<Map<String, Value>, RegistrationError> {
    let mut about = Map::new();
    for name in [
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "initiate_login_uri",
    ] {
        let schemes: &[&str] = if name == "initiate_login_uri" {
            &["https"]
        } else {
            &["https", "http"]
        };
        if let Some(address) = read.address(name, schemes)? {
            about.insert(name.to_owned(), address.into());
        }
    }
    for name in ["software_id", "software_version"] {
        if let Some(text) = read.text(name)? {
            about.insert(name.to_owned(), text.into());
        }
    }
    if let Some(contacts) = read.texts("contacts")? {
        about.insert("contacts".to_owned(), contacts.into());
    }
    if read.flag("require_auth_time")? {
        about.insert("require_auth_time".to_owned(), true.into());
    }
    for (name, value) in read.0 {
        let localized = name.split_once('#').is_some_and(|(base, tag)| {
            ["client_name", "client_uri", "policy_uri", "tos_uri"].contains(&base) && tag.len() <= 35
        });
        if localized
            && let Some(text) = value.as_str().filter(|text| text.len() <= LONGEST_TEXT)
            && about.len() < MOST_ENTRIES
        {
            about.insert(name.clone(), text.into());
        }
    }
    Ok(about)
}

/// Whether a redirect URI may be registered by a client itself: an address, not a pattern, and on the web only by
/// https, or on the user's own machine (RFC 8252 §7.3).
fn check_redirect_uri(uri: &str, application_type: ApplicationType) -> Result<(), RegistrationError> {
    let refuse = |why: &str| Err(RegistrationError::RedirectUri(format!("The redirect URI {why}.")));
    if uri.contains('*') {
        return refuse("must not contain wildcards");
    }
    let Ok(url) = Url::parse(uri) else {
        return refuse("must be an absolute URL");
    };
    if url.fragment().is_some() {
        return refuse("must not have a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not have user information");
    }
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match (url.scheme(), application_type) {
        ("https", _) if url.has_host() => Ok(()),
        ("http", _) if local => Ok(()),
        ("http" | "https", _) => refuse("must use https"),
        ("javascript" | "data" | "file" | "blob" | "about" | "vbscript", _) => {
            refuse("has a scheme that is not allowed")
        }
        (_, ApplicationType::Native) if url.path().starts_with('/') || url.has_host() => Ok(()),
        (_, ApplicationType::Native) => refuse("must have a path after its scheme"),
        (_, ApplicationType::Web) => refuse("must use https; custom schemes are for native clients"),
    }
}

/// OIDC Registration §2 on web clients that get tokens without a code: https, and not on the user's own machine.
fn check_implicit_web_uri(uri: &str) -> Result<(), RegistrationError> {
    let elsewhere = Url::parse(uri).is_ok_and(|url| {
        url.scheme() == "https"
            && match url.host() {
                Some(url::Host::Domain(name)) => name != "localhost" && !name.ends_with(".localhost"),
                Some(url::Host::Ipv4(address)) => !address.is_loopback(),
                Some(url::Host::Ipv6(address)) => !address.is_loopback(),
                None => false,
            }
    });
    if elsewhere {
        return Ok(());
    }
    Err(RegistrationError::RedirectUri(
        "The redirect URI of a web client with an implicit response type must use https and another host than \
         localhost."
            .to_owned(),
    ))
}

struct Reader<'d>(&'d Map<String, Value>);

impl<'d> Reader<'d> {
    fn text(&self, name: &str) -> Result<Option<&'d str>, RegistrationError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) if text.len() > LONGEST_TEXT || text.contains('\0') => {
                Err(metadata(format!("The {name} is too long or malformed.")))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(metadata(format!("The {name} must be a string."))),
        }
    }

    fn flag(&self, name: &str) -> Result<bool, RegistrationError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(metadata(format!("The {name} must be true or false."))),
        }
    }

    fn texts(&self, name: &str) -> Result<Option<Vec<String>>, RegistrationError> {
        let malformed = || metadata(format!("The {name} must be an array of strings."));
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(items)) if items.len() <= MOST_ENTRIES => items
                .iter()
                .map(|item| {
                    item.as_str()
                        .filter(|text| text.len() <= LONGEST_TEXT && !text.contains('\0'))
                        .map(str::to_owned)
                        .ok_or_else(malformed)
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(malformed()),
        }
    }

    fn address(&self, name: &str, schemes: &[&str]) -> Result<Option<String>, RegistrationError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let fine = Url::parse(text).is_ok_and(|url| {
            schemes.contains(&url.scheme())
                && url.has_host()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
        });
        if fine {
            Ok(Some(text.to_owned()))
        } else {
            Err(metadata(format!(
                "The {name} must be a URL ({}).",
                schemes.join(" or ")
            )))
        }
    }
}

/// What goes with access tokens that come without a code cannot be bound to a key.
fn check_binding(dpop_tokens: bool, response_types: &[ResponseType]) -> Result<(), RegistrationError> {
    if dpop_tokens && response_types.iter().any(|kind| kind.gives_access_token()) {
        return Err(metadata(
            "Access tokens that come without a code cannot be bound to a key: dpop_bound_access_tokens excludes the \
             response type id_token token.",
        ));
    }
    Ok(())
}

fn check_signing(signed_requests: bool, algorithm: Option<ObjectAlgorithm>) -> Result<(), RegistrationError> {
    if signed_requests && algorithm == Some(ObjectAlgorithm::Unsigned) {
        return Err(metadata(
            "The request_object_signing_alg none contradicts require_signed_request_object.",
        ));
    }
    Ok(())
}

impl ClientMetadata {
    /// Those asked for.
    pub fn safeguards(&self) -> Safeguards {
        Safeguards {
            pushed_requests: self.pushed_requests,
            signed_requests: self.signed_requests,
            dpop_tokens: self.dpop_tokens,
            default_max_age: self.default_max_age,
        }
    }

    /// The same with others' safeguards on top: of each the stricter one.
    ///
    /// # Errors
    /// [`RegistrationError`] when they exclude something else that is asked for.
    pub fn with(mut self, imposed: Safeguards) -> Result<Self, RegistrationError> {
        self.pushed_requests |= imposed.pushed_requests;
        self.signed_requests |= imposed.signed_requests;
        self.dpop_tokens |= imposed.dpop_tokens;
        self.default_max_age = [self.default_max_age, imposed.default_max_age]
            .into_iter()
            .flatten()
            .min();
        check_binding(self.dpop_tokens, &self.response_types)?;
        check_signing(self.signed_requests, self.request_object_alg)?;
        Ok(self)
    }

    /// The metadata as registered, defaults filled in (RFC 7591 §3.2.1).
    pub fn to_json(&self) -> Map<String, Value> {
        let mut members = self.about.clone();
        let mut set = |name: &str, value: Value| {
            if !value.is_null() {
                members.insert(name.to_owned(), value);
            }
        };
        set("redirect_uris", json!(self.redirect_uris));
        if !self.post_logout_redirect_uris.is_empty() {
            set("post_logout_redirect_uris", json!(self.post_logout_redirect_uris));
        }
        set("grant_types", json!(self.grant_types));
        if !self.response_types.is_empty() {
            let types: Vec<&str> = self.response_types.iter().map(|kind| kind.as_str()).collect();
            set("response_types", json!(types));
        }
        if !self.request_uris.is_empty() {
            set("request_uris", json!(self.request_uris));
        }
        set("application_type", self.application_type.as_str().into());
        set("client_name", json!(self.client_name));
        set("token_endpoint_auth_method", self.auth_method.as_str().into());
        set("subject_type", "public".into());
        set("jwks", json!(self.jwks));
        set("jwks_uri", json!(self.jwks_uri));
        set("sector_identifier_uri", json!(self.sector_identifier_uri));
        for (name, algorithm) in [
            ("id_token_signed_response_alg", self.id_token_alg),
            ("userinfo_signed_response_alg", self.userinfo_alg),
        ] {
            set(name, json!(algorithm.map(Algorithm::as_str)));
        }
        set(
            "request_object_signing_alg",
            json!(self.request_object_alg.map(ObjectAlgorithm::as_str)),
        );
        set(
            "token_endpoint_auth_signing_alg",
            json!(self.assertion_alg.map(AssertionAlgorithm::as_str)),
        );
        set("default_max_age", json!(self.default_max_age));
        set("backchannel_logout_uri", json!(self.backchannel_logout_uri));
        set("frontchannel_logout_uri", json!(self.frontchannel_logout_uri));
        for (name, flag) in [
            ("require_pushed_authorization_requests", self.pushed_requests),
            ("require_signed_request_object", self.signed_requests),
            ("dpop_bound_access_tokens", self.dpop_tokens),
            (
                "backchannel_logout_session_required",
                self.backchannel_logout_session_required,
            ),
            (
                "frontchannel_logout_session_required",
                self.frontchannel_logout_session_required,
            ),
        ] {
            if flag {
                set(name, true.into());
            }
        }
        members
    }
}

/// Whether the document at a `sector_identifier_uri` lists every redirect URI (OIDC Registration §5).
pub fn sector_lists_all(document: &Value, redirect_uris: &[String]) -> bool {
    document.as_array().is_some_and(|listed| {
        redirect_uris
            .iter()
            .all(|uri| listed.iter().any(|known| known.as_str() == Some(uri)))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn good() -> Value {
        json!({"redirect_uris": ["https://app.example/cb"], "client_name": "App"})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut document = good();
        document[name] = value;
        document
    }

    /// A client that may ask for tokens too.
    fn implicit(name: &str, value: Value) -> Value {
        let mut document = good();
        document["grant_types"] = json!(["authorization_code", "implicit"]);
        document["response_types"] = json!(["code", "token id_token"]);
        document[name] = value;
        document
    }

    #[test]
    fn what_was_imposed_stays_and_what_was_asked_for_may_go() {
        let safeguards = |flags: [bool; 3], default_max_age| {
            let [pushed_requests, signed_requests, dpop_tokens] = flags;
            Safeguards {
                pushed_requests,
                signed_requests,
                dpop_tokens,
                default_max_age,
            }
        };
        let (yes, no) = ([true; 3], [false; 3]);
        for (asked_before, holds, asks, then_holds) in [
            // Its own, and given back.
            ((yes, Some(60)), (yes, Some(60)), (no, None), (no, None)),
            ((no, Some(60)), (no, Some(60)), (no, Some(90)), (no, Some(90))),
            // Somebody else's.
            ((no, None), (yes, Some(60)), (no, None), (yes, Some(60))),
            ((no, None), (yes, Some(60)), (yes, Some(90)), (yes, Some(60))),
            ((no, None), (yes, Some(60)), (no, Some(30)), (yes, Some(30))),
            ((no, Some(90)), (no, Some(60)), (no, Some(90)), (no, Some(60))),
            // What somebody took off, it may ask for again.
            ((yes, Some(60)), (no, None), (yes, Some(60)), (yes, Some(60))),
            ((yes, Some(60)), (no, Some(90)), (no, None), (no, None)),
        ] {
            let of = |(flags, max_age): ([bool; 3], Option<i32>)| safeguards(flags, max_age);
            let mut document = good().as_object().unwrap().clone();
            of(asks).write_into(&mut document);
            let imposed = of(holds).beyond(of(asked_before));
            let now = parse(&document.into()).unwrap().with(imposed).unwrap();
            assert_eq!(
                now.safeguards(),
                of(then_holds),
                "{asked_before:?} {holds:?} {asks:?}"
            );
            let members = now.to_json();
            assert_eq!(Safeguards::registered(&members), of(then_holds));
        }
        let imposed = safeguards(yes, None);
        for document in [
            with("request_object_signing_alg", json!("none")),
            implicit("client_name", json!("App")),
        ] {
            assert!(parse(&document).unwrap().with(imposed).is_err(), "{document}");
        }
    }

    #[test]
    fn implicit_response_types_come_with_their_grant_type() {
        let read = parse(&implicit("client_name", json!("App"))).unwrap();
        assert_eq!(
            read.response_types,
            [ResponseType::Code, ResponseType::IdTokenToken]
        );
        assert_eq!(
            read.to_json()["response_types"],
            json!(["code", "id_token token"])
        );
        assert_eq!(
            read.to_json()["grant_types"],
            json!(["authorization_code", "implicit"])
        );
        let alone = json!({
            "redirect_uris": ["https://app.example/cb"], "grant_types": ["implicit"], "response_types": ["id_token"],
            "dpop_bound_access_tokens": true
        });
        assert_eq!(parse(&alone).unwrap().response_types, [ResponseType::IdToken]);
        let mut native = implicit("application_type", json!("native"));
        native["redirect_uris"] = json!([
            "http://localhost/cb",
            "com.example.app:/cb",
            "http://127.0.0.1:9/cb"
        ]);
        parse(&native).unwrap();
        let itself = parse(&json!({"grant_types": ["client_credentials"]})).unwrap();
        assert_eq!(itself.to_json().get("response_types"), None);
    }

    #[test]
    fn defaults_are_those_of_the_specification() {
        let read = parse(&good()).unwrap();
        assert_eq!(
            Value::from(read.to_json()),
            json!({
                "redirect_uris": ["https://app.example/cb"], "client_name": "App", "grant_types": ["authorization_code"],
                "response_types": ["code"], "application_type": "web", "subject_type": "public",
                "token_endpoint_auth_method": "client_secret_basic", "id_token_signed_response_alg": "RS256"
            })
        );
    }

    #[test]
    fn what_is_registered_is_told_back() {
        let document = json!({
            "redirect_uris": ["https://app.example/cb", "http://localhost:5000/cb"], "application_type": "web",
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "subject_type": "public",
            "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/jwks",
            "token_endpoint_auth_signing_alg": "PS256", "request_object_signing_alg": "none",
            "id_token_signed_response_alg": "ES256", "userinfo_signed_response_alg": "RS256", "default_max_age": 60,
            "require_auth_time": true, "contacts": ["a@app.example"], "logo_uri": "https://app.example/logo.png",
            "policy_uri": "https://app.example/policy", "tos_uri": "https://app.example/tos", "client_name": "App",
            "client_name#de": "Anwendung", "backchannel_logout_uri": "https://app.example/bye",
            "request_uris": ["https://app.example/r#GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM"],
            "backchannel_logout_session_required": true, "post_logout_redirect_uris": ["https://app.example/"]
        });
        assert_eq!(Value::from(parse(&document).unwrap().to_json()), document);
    }

    #[test]
    fn unknown_members_are_ignored_and_native_apps_have_schemes_of_their_own() {
        parse(&with("unheard_of", json!({"x": [1]}))).unwrap();
        for uri in [
            "com.example.app:/cb",
            "com.example.app://cb",
            "http://127.0.0.1/cb",
            "http://[::1]:8/cb",
        ] {
            let document = json!({"redirect_uris": [uri], "application_type": "native"});
            parse(&document).unwrap_or_else(|error| panic!("{uri}: {error}"));
        }
        parse(&json!({"grant_types": ["client_credentials"]})).unwrap();
        assert_eq!(
            parse(&with("userinfo_signed_response_alg", json!("none")))
                .unwrap()
                .userinfo_alg,
            None
        );
    }

    #[test]
    fn each_fault_is_named_by_its_code() {
        let redirect = |uri: &str| with("redirect_uris", json!([uri]));
        for (document, code) in [
            (json!([]), "invalid_client_metadata"),
            (json!({}), "invalid_redirect_uri"),
            (redirect("https://app.example/#x"), "invalid_redirect_uri"),
            (redirect("https://app.example/*"), "invalid_redirect_uri"),
            (redirect("https://u:p@app.example/"), "invalid_redirect_uri"),
            (redirect("http://app.example/cb"), "invalid_redirect_uri"),
            (redirect("javascript:alert(1)"), "invalid_redirect_uri"),
            (redirect("com.example.app:/cb"), "invalid_redirect_uri"),
            (redirect("cb"), "invalid_redirect_uri"),
            (
                json!({"redirect_uris": ["urn:ietf:wg:oauth:2.0:oob"], "application_type": "native"}),
                "invalid_redirect_uri",
            ),
            (
                json!({"redirect_uris": ["data:text/html,x"], "application_type": "native"}),
                "invalid_redirect_uri",
            ),
            (
                with("redirect_uris", json!("https://app.example/cb")),
                "invalid_client_metadata",
            ),
            (
                with("response_types", json!(["code", "id_token"])),
                "invalid_client_metadata",
            ),
            (
                with("response_types", json!(["id_token"])),
                "invalid_client_metadata",
            ),
            (with("response_types", json!([])), "invalid_client_metadata"),
            (with("response_types", json!("code")), "invalid_client_metadata"),
            (
                with("response_types", json!(["code id_token"])),
                "invalid_client_metadata",
            ),
            (
                with("response_types", json!(["code", "token"])),
                "invalid_client_metadata",
            ),
            (
                with("grant_types", json!(["implicit"])),
                "invalid_client_metadata",
            ),
            (
                with("grant_types", json!(["authorization_code", "implicit"])),
                "invalid_client_metadata",
            ),
            (
                implicit("response_types", json!(["id_token"])),
                "invalid_client_metadata",
            ),
            (
                implicit("grant_types", json!(["implicit"])),
                "invalid_client_metadata",
            ),
            (implicit("redirect_uris", json!([])), "invalid_redirect_uri"),
            (
                implicit("redirect_uris", json!(["http://localhost/cb"])),
                "invalid_redirect_uri",
            ),
            (
                implicit("redirect_uris", json!(["https://localhost/cb"])),
                "invalid_redirect_uri",
            ),
            (
                implicit("redirect_uris", json!(["https://127.0.0.1/cb"])),
                "invalid_redirect_uri",
            ),
            (
                implicit("dpop_bound_access_tokens", json!(true)),
                "invalid_client_metadata",
            ),
            (
                with("request_uris", json!("https://app.example/r")),
                "invalid_client_metadata",
            ),
            (
                with("request_uris", json!(["http://app.example/r"])),
                "invalid_client_metadata",
            ),
            (
                with(
                    "request_uris",
                    json!(vec!["https://app.example/r"; request_uri::MOST + 1]),
                ),
                "invalid_client_metadata",
            ),
            (
                with("id_token_encrypted_response_enc", json!("A128GCM")),
                "invalid_client_metadata",
            ),
            (
                with("token_endpoint_auth_signing_alg", json!("none")),
                "invalid_client_metadata",
            ),
            (
                with("token_endpoint_auth_signing_alg", json!("XX")),
                "invalid_client_metadata",
            ),
            (
                json!({
                    "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "client_secret_jwt",
                    "token_endpoint_auth_signing_alg": "RS256"
                }),
                "invalid_client_metadata",
            ),
            (
                json!({
                    "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "private_key_jwt",
                    "jwks_uri": "https://app.example/jwks", "token_endpoint_auth_signing_alg": "HS256"
                }),
                "invalid_client_metadata",
            ),
            (
                with("request_object_signing_alg", json!("HS256")),
                "invalid_client_metadata",
            ),
            (
                json!({
                    "redirect_uris": ["https://app.example/cb"], "require_signed_request_object": true,
                    "request_object_signing_alg": "none"
                }),
                "invalid_client_metadata",
            ),
            (
                with("initiate_login_uri", json!("http://app.example/login")),
                "invalid_client_metadata",
            ),
            (
                with("grant_types", json!(["password"])),
                "invalid_client_metadata",
            ),
            (with("grant_types", json!([])), "invalid_client_metadata"),
            (
                with(
                    "grant_types",
                    json!(["urn:ietf:params:oauth:grant-type:token-exchange"]),
                ),
                "invalid_client_metadata",
            ),
            (
                with("application_type", json!("desktop")),
                "invalid_client_metadata",
            ),
            (with("subject_type", json!("pairwise")), "invalid_client_metadata"),
            (
                with("token_endpoint_auth_method", json!("tls_client_auth")),
                "invalid_client_metadata",
            ),
            (
                with("token_endpoint_auth_method", json!("private_key_jwt")),
                "invalid_client_metadata",
            ),
            (
                with("id_token_signed_response_alg", json!("none")),
                "invalid_client_metadata",
            ),
            (
                with("id_token_signed_response_alg", json!("HS256")),
                "invalid_client_metadata",
            ),
            (
                with("id_token_encrypted_response_alg", json!("RSA-OAEP")),
                "invalid_client_metadata",
            ),
            (
                with("jwks_uri", json!("http://app.example/jwks")),
                "invalid_client_metadata",
            ),
            (
                with("jwks_uri", json!("file:///etc/passwd")),
                "invalid_client_metadata",
            ),
            (
                with(
                    "jwks",
                    json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "c"}]}),
                ),
                "invalid_client_metadata",
            ),
            (with("jwks", json!("keys")), "invalid_client_metadata"),
            (
                with("sector_identifier_uri", json!("http://app.example/s")),
                "invalid_client_metadata",
            ),
            (with("default_max_age", json!(-1)), "invalid_client_metadata"),
            (with("default_max_age", json!("60")), "invalid_client_metadata"),
            (
                with("require_pushed_authorization_requests", json!("yes")),
                "invalid_client_metadata",
            ),
            (
                with("logo_uri", json!("javascript:alert(1)")),
                "invalid_client_metadata",
            ),
            (with("client_name", json!(["x"])), "invalid_client_metadata"),
            (
                with("client_name", json!("x".repeat(LONGEST_TEXT + 1))),
                "invalid_client_metadata",
            ),
            (
                with("post_logout_redirect_uris", json!(["http://app.example/"])),
                "invalid_client_metadata",
            ),
            (
                with("backchannel_logout_uri", json!("https://app.example/#x")),
                "invalid_client_metadata",
            ),
        ] {
            let error = parse(&document).expect_err(&document.to_string());
            assert_eq!(error.body().error, code, "{document}");
        }
        let both = json!({
            "redirect_uris": ["https://app.example/cb"], "jwks": {"keys": []}, "jwks_uri": "https://app.example/jwks"
        });
        assert!(parse(&both).is_err());
    }

    #[test]
    fn a_sector_speaks_for_all_or_none() {
        let uris = vec!["https://a.example/".to_owned(), "https://b.example/".to_owned()];
        assert!(sector_lists_all(
            &json!(["https://b.example/", "https://a.example/", "x"]),
            &uris
        ));
        for document in [json!(["https://a.example/"]), json!({}), json!(null)] {
            assert!(!sector_lists_all(&document, &uris));
        }
    }

    proptest! {
        #[test]
        fn nothing_a_client_says_of_its_addresses_escapes_the_rules(uri in "[a-z:/.@#*0-9]{0,30}") {
            if let Ok(read) = parse(&json!({"redirect_uris": [uri], "application_type": "native"})) {
                for uri in read.redirect_uris {
                    prop_assert!(!uri.contains('*') && !uri.contains('#') && !uri.contains('@') || !uri.contains("//"));
                }
            }
        }
    }
}
