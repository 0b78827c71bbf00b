//! Request objects: authorization requests as signed JWTs (RFC 9101, OIDC Core §6).

use serde_json::{Map, Value};

use crate::client::Demand;
use crate::client::{Client, Profile};
use crate::jose::{Algorithm, Jwk, UnverifiedJws, from_base64url};
use crate::parameters::Parameters;

/// Seconds clocks may differ.
const SKEW: i64 = 60;
/// Seconds a request object of a FAPI client may live (FAPI 2.0 Message Signing §5.3.1).
const LONGEST_FAPI_LIFE: i64 = 3600;

/// Whether a request came in a signed object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It did.
    Present,
    /// No object, or an unsigned one.
    Absent,
}

/// What request objects have for a signature (`request_object_signing_alg`, OIDC Registration §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectAlgorithm {
    /// None at all: signed objects are not accepted either.
    Unsigned,
    /// One of this algorithm.
    Signed(Algorithm),
}

impl ObjectAlgorithm {
    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsigned => "none",
            Self::Signed(algorithm) => algorithm.as_str(),
        }
    }
}

impl std::str::FromStr for ObjectAlgorithm {
    type Err = <Algorithm as std::str::FromStr>::Err;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "none" => Ok(Self::Unsigned),
            name => name.parse().map(Self::Signed),
        }
    }
}

/// A request with its object taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// The parameters that count.
    pub parameters: Parameters,
    /// Whether the client's key vouches for them.
    pub signature: Signature,
}

/// Why an object is not accepted; the text is for developers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadObject(pub &'static str);

/// It is signed, but says itself that it is something else.
const FOR_ANOTHER_PURPOSE: BadObject = BadObject("The request object is a token for another purpose.");

/// No key that was given fits; there may be newer ones.
pub const FOREIGN_SIGNATURE: BadObject =
    BadObject("The signature of the request object is not by a key of the client.");

/// Whether an object must be checked with the client's keys.
pub fn needs_keys(object: &str) -> bool {
    algorithm_name(object).is_some_and(|name| name != "none")
}

fn algorithm_name(object: &str) -> Option<String> {
    let header = from_base64url(object.split_once('.')?.0)?;
    let header: Map<String, Value> = serde_json::from_slice(&header).ok()?;
    header.get("alg").and_then(Value::as_str).map(str::to_owned)
}

/// Takes a request object apart, sent itself or by reference, and puts what it says in place of the other parameters.
///
/// A client that must sign gets only what it signed (RFC 9101 §6.3); for others parameters of the query stay where
/// the object does not speak of them (OIDC Core §6.1). Scopes are united if the object is not signed. `now` is in Unix seconds.
pub fn unpack(
    outer: &Parameters,
    object: &str,
    client: &Client,
    keys: &[Jwk],
    issuer: &str,
    now: i64,
) -> Result<Unpacked, BadObject> {
    let name = algorithm_name(object).ok_or(BadObject("The request object is not a JWT."))?;
    let (claims, signature) = if name == "none" {
        let unsigned_allowed = client.profile == Profile::OAuth
            && client.signed_requests() == Demand::Optional
            && matches!(client.request_object_alg, None | Some(ObjectAlgorithm::Unsigned));
        if !unsigned_allowed {
            return Err(BadObject("The request object must be signed."));
        }
        (unsigned_claims(object)?, Signature::Absent)
    } else {
        let jws = UnverifiedJws::parse(object).map_err(|_| BadObject("The request object is not a JWT."))?;
        check_algorithm(client, jws.algorithm)?;
        if !jws.may_be("oauth-authz-req+jwt") {
            return Err(FOR_ANOTHER_PURPOSE);
        }
        let claims = jws.verify(keys).map_err(|_| FOREIGN_SIGNATURE)?;
        (claims, Signature::Present)
    };
    check_claims(&claims, outer, client, signature, issuer, now)?;
    let only_signed = client.signed_requests() == Demand::Required;
    Ok(Unpacked {
        parameters: merge(outer, &claims, only_signed, signature)?,
        signature,
    })
}

fn check_algorithm(client: &Client, algorithm: Option<Algorithm>) -> Result<(), BadObject> {
    match (client.request_object_alg, algorithm) {
        (_, None) => Err(BadObject("The algorithm of the request object is not supported.")),
        (Some(expected), Some(found)) if expected != ObjectAlgorithm::Signed(found) => Err(BadObject(
            "The algorithm of the request object is not the client's.",
        )),
        (_, Some(found)) if !client.profile.takes(found) => Err(BadObject(
            "The algorithm of the request object is not one of FAPI 2.0 (PS256, ES256, EdDSA).",
        )),
        _ => Ok(()),
    }
}

fn unsigned_claims(object: &str) -> Result<Map<String, Value>, BadObject> {
    let malformed = BadObject("The request object is not a JWT.");
    let mut parts = object.split('.');
    let (Some(_), Some(payload), Some(""), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed);
    };
    let payload = from_base64url(payload).ok_or(malformed)?;
    serde_json::from_slice(&payload).map_err(|_| malformed)
}

fn check_claims(
    claims: &Map<String, Value>,
    outer: &Parameters,
    client: &Client,
    signature: Signature,
    issuer: &str,
    now: i64,
) -> Result<(), BadObject> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_f64()
            .filter(|seconds| seconds.is_finite())
            .map(|seconds| {
                #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970, rounded down")]
                let seconds = seconds.floor() as i64;
                Some(seconds)
            })
            .ok_or(BadObject("A time in the request object is not a number.")),
    };
    let (expires, not_before, issued) = (time("exp")?, time("nbf")?, time("iat")?);
    if expires.is_some_and(|at| at.saturating_add(SKEW) <= now) {
        return Err(BadObject("The request object has expired."));
    }
    if [not_before, issued]
        .into_iter()
        .flatten()
        .any(|at| at.saturating_sub(SKEW) > now)
    {
        return Err(BadObject("The request object is not valid yet."));
    }
    if client.profile == Profile::Fapi2 {
        let short = match (not_before, expires) {
            (Some(start), Some(end)) => end.saturating_sub(start) <= LONGEST_FAPI_LIFE,
            _ => false,
        };
        if !short {
            return Err(BadObject(
                "The request object needs nbf and exp that are at most an hour apart.",
            ));
        }
    }
    match claims.get("client_id") {
        None => {}
        Some(Value::String(id)) if *id == client.id && outer.get("client_id") == Some(id) => {}
        Some(_) => {
            return Err(BadObject(
                "The client_id in the request object is not the one sent.",
            ));
        }
    }
    // A client's assertion has the same issuer, audience and key, and is not to be taken for a request (RFC 9101 §10.8).
    let subject = claims.get("sub");
    if subject.and_then(Value::as_str) == Some(&client.id)
        || (subject.is_some() && claims.contains_key("jti"))
    {
        return Err(FOR_ANOTHER_PURPOSE);
    }
    if signature == Signature::Present {
        if claims
            .get("iss")
            .is_some_and(|iss| iss.as_str() != Some(&client.id))
        {
            return Err(BadObject("The iss of the request object is not the client."));
        }
        let for_us = match claims.get("aud") {
            None => client.profile != Profile::Fapi2,
            Some(Value::String(aud)) => aud == issuer,
            Some(Value::Array(all)) => all.iter().any(|aud| aud.as_str() == Some(issuer)),
            Some(_) => false,
        };
        if !for_us {
            return Err(BadObject("The aud of the request object is not this provider."));
        }
    }
    Ok(())
}

fn merge(
    outer: &Parameters,
    claims: &Map<String, Value>,
    only_signed: bool,
    signature: Signature,
) -> Result<Parameters, BadObject> {
    const ABOUT_THE_OBJECT: [&str; 8] = ["iss", "aud", "exp", "nbf", "iat", "jti", "request", "request_uri"];
    let mut inner = Parameters::default();
    for (name, value) in claims {
        if ABOUT_THE_OBJECT.contains(&name.as_str()) {
            continue;
        }
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Array(items) if name == "resource" && items.len() > 1 => {
                return Err(BadObject("The request object names more than one resource."));
            }
            Value::Array(items) if name == "resource" => match items.first() {
                Some(Value::String(text)) => text.clone(),
                _ => continue,
            },
            other => other.to_string(),
        };
        inner.set(name, text);
    }
    if only_signed {
        if let Some(id) = outer.get("client_id") {
            inner.set("client_id", id.to_owned());
        }
        return Ok(inner);
    }
    let mut merged = outer.clone();
    merged.remove("request");
    merged.remove("request_uri");
    // What is signed is not widened by what anybody can write beside it (RFC 9101 §6.3).
    let scopes = match (outer.get("scope"), inner.get("scope")) {
        (Some(outer), Some(inner)) if signature == Signature::Absent => Some(format!("{inner} {outer}")),
        _ => None,
    };
    for (name, value) in inner.values() {
        merged.set(name, value.clone());
    }
    if let Some(scopes) = scopes {
        merged.set("scope", scopes);
    }
    Ok(merged)
}

#[cfg(test)]
mod tests;
