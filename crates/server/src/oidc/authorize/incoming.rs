//! An authorization request put together from what came through the browser: an interaction to go on with, a pushed
//! request, a request object, or plain parameters.

use std::sync::Arc;

use pocket_id_oidc::authorize::{self, Channel, PageError, PendingClients, Refusal};
use pocket_id_oidc::client::{self, Demand};
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::interaction::Progress;
use pocket_id_oidc::jose::Jwk;
use pocket_id_oidc::parameters::Parameters;
use pocket_id_oidc::pushed_request;
use pocket_id_oidc::request_object::{self, Signature, Unpacked};
use pocket_id_oidc::request_uri;
use pocket_id_oidc::scope::Scopes;
use pocket_id_store::clients::Client;
use pocket_id_store::interactions::{self, Interaction};
use pocket_id_store::types::{InteractionId, TokenHash};
use pocket_id_store::{StoreResult, commit, pushed_requests};

use super::policy;
use crate::clients::resolve;
use crate::http::error::ApiError;
use crate::oidc::client_keys::{self, Wanted};
use crate::oidc::{facts, request_uri as fetching};
use crate::state::AppState;

/// An interaction and what is left of it.
pub struct Resumed {
    /// As stored.
    pub row: Interaction,
    /// Its steps.
    pub progress: Progress,
}

/// A request whose parameters are known and whose client was looked up.
pub struct Incoming {
    /// What counts.
    pub parameters: Parameters,
    /// How it got here.
    pub channel: Channel,
    /// Its client, if there is one.
    pub client: Option<Client>,
    /// The interaction it comes from.
    pub resumed: Option<Resumed>,
}

/// Why there is no request to look at.
pub enum Fault {
    /// The interaction is over; the text tells the person.
    Gone(&'static str),
    /// Handle or object are no good.
    Refused(Refusal),
}

const GONE: &str =
    "This sign-in request has expired or was completed before. Go back to the app and try again.";

/// Puts a request together.
pub async fn assemble(state: &AppState, parameters: Parameters) -> Result<Result<Incoming, Fault>, ApiError> {
    if let Some(id) = parameters.get("interaction") {
        return Ok(resume(state, id).await?.ok_or(Fault::Gone(GONE)));
    }
    if let Some(handle) = parameters.get("request_uri").and_then(pushed_request::secret) {
        return pushed(state, &parameters, handle).await;
    }
    let client = client(state, &parameters).await?;
    let Some(row) = &client else {
        return Ok(Err(Fault::Refused(Refusal::Page(PageError::UnknownClient))));
    };
    // For a client that may not be used yet nobody is asked anything.
    let refused_yet = !row.is_approved && policy(state).await?.pending_clients == PendingClients::Refused;
    if refused_yet && parameters.get("request_uri").is_some() {
        return Ok(Err(Fault::Refused(Refusal::Page(PageError::NotApproved))));
    }
    match unpack_object(state, row, &parameters).await {
        Ok(Unpacked {
            parameters,
            signature,
        }) => Ok(Ok(Incoming {
            parameters,
            channel: Channel::Browser(signature),
            client,
            resumed: None,
        })),
        Err(error) => {
            let refusal = authorize::refuse_request(&parameters, Some(&facts::client(row)), &error);
            Ok(Err(Fault::Refused(refusal)))
        }
    }
}

/// The client of a request, if there is one.
async fn client(state: &AppState, parameters: &Parameters) -> StoreResult<Option<Client>> {
    match parameters.get("client_id") {
        Some(id) => resolve(state, id).await,
        None => Ok(None),
    }
}

async fn resume(state: &AppState, id: &str) -> Result<Option<Incoming>, ApiError> {
    let Ok(id) = id.parse::<InteractionId>() else {
        return Ok(None);
    };
    let reader = state.store.reader();
    let Some(row) = interactions::find(reader, id, state.now()).await? else {
        return Ok(None);
    };
    let progress = serde_json::from_value(row.progress.0.clone()).map_err(ApiError::internal)?;
    let parameters = Parameters::from_pairs(row.parameters.0.clone());
    Ok(Some(Incoming {
        client: client(state, &parameters).await?,
        parameters,
        channel: Channel::Kept,
        resumed: Some(Resumed { row, progress }),
    }))
}

/// Takes a pushed request. What else the browser sent is ignored: it is not from the client (RFC 9126 §4).
async fn pushed(
    state: &AppState,
    sent: &Parameters,
    handle: &str,
) -> Result<Result<Incoming, Fault>, ApiError> {
    let tx = state.store.begin().await?;
    let hash = TokenHash(pushed_request::hash(handle).to_vec());
    let taken = pushed_requests::take(&tx, &hash, state.now()).await?;
    commit(tx).await?;
    let Some(taken) = taken else {
        let text = "The app's request has expired or was used before. Go back to the app and try again.";
        return Ok(Err(Fault::Gone(text)));
    };
    let parameters = Parameters::from_pairs(taken.parameters.0);
    let client = resolve(state, &taken.client_id.0).await?;
    if sent.get("client_id") != Some(&taken.client_id.0) {
        let error = OAuthError::new(
            ErrorCode::InvalidRequest,
            "The client_id is not the one that pushed the request.",
        );
        let facts = client.as_ref().map(facts::client);
        let refusal = authorize::refuse_request(&parameters, facts.as_ref(), &error);
        return Ok(Err(Fault::Refused(refusal)));
    }
    Ok(Ok(Incoming {
        parameters,
        channel: Channel::Kept,
        client,
        resumed: None,
    }))
}

/// Replaces the `request` parameter, or what `request_uri` refers to, by what it says. Without `openid` the first means
/// nothing (OIDC Core §6), unless the client must sign (RFC 9101). Must not be called while a transaction is open.
pub async fn unpack_object(
    state: &AppState,
    client: &Client,
    parameters: &Parameters,
) -> Result<Unpacked, OAuthError> {
    let facts = facts::client(client);
    let untouched = |parameters: &Parameters| Unpacked {
        parameters: parameters.clone(),
        signature: Signature::Absent,
    };
    let refused = |code, text: &str| OAuthError::new(code, text);
    if let Some(name) = parameters.first_repeated(&["request", "request_uri"]) {
        let text = format!("The {name} parameter was sent more than once.");
        return Err(refused(ErrorCode::InvalidRequest, &text));
    }
    let object: Arc<str> = match (parameters.get("request"), parameters.get("request_uri")) {
        (None, None) => return Ok(untouched(parameters)),
        (Some(_), Some(_)) => {
            return Err(refused(
                ErrorCode::InvalidRequest,
                "The parameters request and request_uri exclude each other.",
            ));
        }
        (Some(object), None) => {
            let scope = parameters.get("scope");
            let openid = scope.is_none_or(|scope| Scopes::requested(scope).has_openid());
            if !openid && facts.signed_requests() == Demand::Optional {
                return Ok(untouched(parameters));
            }
            object.into()
        }
        (None, Some(uri)) => referred_to(state, client, &facts, uri).await?,
    };
    let keys = async |wanted| {
        client_keys::of(state, client, wanted)
            .await
            .map_err(|error| refused(ErrorCode::InvalidRequestObject, &error.to_string()))
    };
    let issuer = state.config.app_url.as_str();
    let now = state.now().seconds();
    let unpack = |keys: &[Jwk]| request_object::unpack(parameters, &object, &facts, keys, issuer, now);
    let verdict = if request_object::needs_keys(&object) {
        match unpack(&keys(Wanted::Known).await?) {
            Err(request_object::FOREIGN_SIGNATURE) => unpack(&keys(Wanted::Newer).await?),
            verdict => verdict,
        }
    } else {
        unpack(&[])
    };
    verdict.map_err(|error| refused(ErrorCode::InvalidRequestObject, error.0))
}

/// The request object an address refers to. What went wrong with it is for the log: the error goes through the browser
/// of whoever chose the address.
async fn referred_to(
    state: &AppState,
    client: &Client,
    facts: &client::Client,
    uri: &str,
) -> Result<Arc<str>, OAuthError> {
    // It would be refused in any case, and nobody needs to be asked for it.
    if facts.requires_pushed_requests() {
        let text = "This client must push its authorization requests.";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, text));
    }
    let bad = |text: &str| OAuthError::new(ErrorCode::InvalidRequestUri, text);
    let reference = request_uri::registered(uri, &facts.request_uris)
        .ok_or_else(|| bad("The request_uri is not one the client has registered."))?;
    fetching::fetch(state, client, reference)
        .await
        .map_err(|_| bad("There is no request object at the request_uri."))
}
