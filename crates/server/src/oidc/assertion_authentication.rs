//! Clients that authenticate with an assertion (RFC 7523): of an issuer they trust, by their private key, or by their
//! secret. See [`pocket_id_oidc::client_assertion`] for the rules.

use pocket_id_oidc::client::{Client, ClientKind, Profile};
use pocket_id_oidc::client_assertion::{
    Accepted, Audiences, ClientAssertion, Fault, FederatedIssuer, Replay, Reuse, Strictness,
};
use pocket_id_oidc::client_auth::{Assertion, Method, check_method};
use pocket_id_oidc::error::{ErrorCode, OAuthError};
use pocket_id_oidc::jwk_set::JwkSet;
use pocket_id_store::types::{ClientId, FederatedIdentity, Timestamp};
use pocket_id_store::{clients, commit, jtis};
use secrecy::ExposeSecret as _;
use url::Url;

use super::client_authentication::AuthenticatedClient;
use super::client_keys::{self, KeySource};
use super::facts;
use super::replay;
use super::response::Failure;
use crate::encrypted_text::{EncryptedTextError, TextKey};
use crate::http::error::ApiError;
use crate::outbound::{FetchError, Trust};
use crate::state::AppState;

/// The endpoints clients authenticate at, any of which an assertion may be meant for.
const ENDPOINTS: [&str; 5] = [
    "/api/oidc/token",
    "/api/oidc/par",
    "/api/oidc/introspect",
    "/api/oidc/revoke",
    "/api/oidc/device/authorize",
];

fn failed(text: &str) -> Failure {
    OAuthError::new(ErrorCode::InvalidClient, text).into()
}

fn unknown() -> Failure {
    failed("Client authentication failed.")
}

/// Finds out whose assertion it is. Only clients in the database are looked at: those of metadata documents have no
/// keys we would believe.
pub async fn authenticate(state: &AppState, sent: &Assertion) -> Result<AuthenticatedClient, Failure> {
    let assertion = ClientAssertion::read(&sent.jwt).map_err(OAuthError::from)?;
    let id = sent.client_id.as_deref().or_else(|| assertion.subject());
    // PostgreSQL cannot be asked for a text with NUL, and no client has one.
    let id = id.filter(|id| !id.contains('\0')).ok_or_else(unknown)?;
    let row = clients::find(state.store.reader(), &ClientId(id.to_owned()))
        .await?
        .ok_or_else(unknown)?;
    let client = facts::client(&row);
    let federated = row
        .federated_identities
        .0
        .iter()
        .find(|identity| assertion.issuer() == Some(&identity.issuer));
    let accepted = if let Some(identity) = federated {
        by_federation(state, &client, &assertion, identity).await?
    } else if client.kind == ClientKind::Public {
        return Err(unknown());
    } else if assertion.is_symmetric() {
        check_method(&client, Method::ClientSecretJwt)?;
        assertion
            .check_algorithm(client.assertion_alg)
            .map_err(OAuthError::from)?;
        by_secret(state, &row, &assertion).await?
    } else {
        check_method(&client, Method::PrivateKeyJwt)?;
        assertion
            .check_algorithm(client.assertion_alg)
            .map_err(OAuthError::from)?;
        by_private_key(state, &client, &row, &assertion).await?
    };
    if let Some(replay) = accepted.replay {
        consume(state, replay).await?;
    }
    Ok(AuthenticatedClient { facts: client, row })
}

/// The gate: of any number of requests with this assertion one passes.
async fn consume(state: &AppState, replay: Replay) -> Result<(), Failure> {
    let tx = state.store.begin().await?;
    let first = jtis::consume(
        &tx,
        &replay::namespace(replay::Kind::ClientAssertion, &replay.namespace),
        replay::hash(&replay.jti),
        Timestamp(replay.until),
    )
    .await?;
    commit(tx).await?;
    if first {
        Ok(())
    } else {
        Err(failed("The client assertion has been used before."))
    }
}

async fn by_federation(
    state: &AppState,
    client: &Client,
    assertion: &ClientAssertion,
    identity: &FederatedIdentity,
) -> Result<Accepted, Failure> {
    // Somebody else vouches for the client, which is neither its own key nor what FAPI allows.
    let usual = client.profile == Profile::OAuth
        && matches!(
            client.auth_method,
            None | Some(Method::PrivateKeyJwt | Method::None)
        );
    if !usual {
        return Err(failed("This client must authenticate in another way."));
    }
    let reuse = if identity.replay_protection {
        Reuse::Refused
    } else {
        Reuse::Allowed
    };
    let issuer = FederatedIssuer::new(
        (
            &identity.issuer,
            &identity.subject,
            &identity.audience,
            &identity.jwks,
        ),
        reuse,
        &client.id,
        state.config.app_url.as_str(),
    );
    let url = Url::parse(&issuer.jwks_url).map_err(|_| unavailable(&FetchError::Url))?;
    let now = state.now().0;
    with_keys(state, KeySource::At(url, Trust::Admin), |keys| {
        assertion.verify_federated(&issuer, &client.id, keys, now)
    })
    .await
}

async fn by_private_key(
    state: &AppState,
    client: &Client,
    row: &clients::Client,
    assertion: &ClientAssertion,
) -> Result<Accepted, Failure> {
    let source = client_keys::source(row).map_err(|error| failed(&error.to_string()))?;
    let strictness = match client.profile {
        Profile::OAuth => Strictness::Usual,
        Profile::Fapi2 => Strictness::Fapi2,
    };
    let (audiences, now) = (audiences(state), state.now().0);
    with_keys(state, source, |keys| {
        assertion.verify_private_key(&client.id, keys, &audiences, strictness, now)
    })
    .await
}

async fn by_secret(
    state: &AppState,
    row: &clients::Client,
    assertion: &ClientAssertion,
) -> Result<Accepted, Failure> {
    let now = state.now();
    let stored = clients::secrets(state.store.reader(), &row.id).await?;
    let sealed: Vec<&Vec<u8>> = stored
        .iter()
        .filter(|secret| clients::secret_is_active(secret, now))
        .filter_map(|secret| secret.sealed.as_ref())
        .collect();
    if sealed.is_empty() {
        return Err(failed(
            "The client has no secret made for assertions; create a new one after choosing client_secret_jwt.",
        ));
    }
    let key = TextKey::of(&state.config).map_err(broken)?;
    let secrets = sealed
        .into_iter()
        .map(|blob| key.open(blob))
        .collect::<Result<Vec<_>, _>>()
        .map_err(broken)?;
    let bytes = secrets.iter().map(|secret| secret.expose_secret().as_bytes());
    let accepted = assertion.verify_secret(&row.id.0, bytes, &audiences(state), now.0);
    Ok(accepted.map_err(OAuthError::from)?)
}

fn broken(error: EncryptedTextError) -> Failure {
    Failure::Internal(ApiError::internal(error))
}

fn unavailable(error: &FetchError) -> Failure {
    failed(&format!("The keys of the client cannot be fetched: {error}."))
}

/// Checks with the keys that are known, and once more with new ones if it could be for want of a key.
async fn with_keys(
    state: &AppState,
    source: KeySource,
    check: impl Fn(&JwkSet) -> Result<Accepted, Fault>,
) -> Result<Accepted, Failure> {
    let verdict = match source {
        KeySource::Listed(keys) => check(&keys),
        KeySource::At(url, trust) => {
            let outbound = &state.outbound;
            let known = outbound
                .jwks(&url, trust)
                .await
                .map_err(|error| unavailable(&error))?;
            match check(&known) {
                Err(Fault::Signature) => {
                    let newer = outbound
                        .jwks_refreshed(&url, trust)
                        .await
                        .map_err(|error| unavailable(&error))?;
                    check(&newer)
                }
                verdict => verdict,
            }
        }
    };
    Ok(verdict.map_err(OAuthError::from)?)
}

fn audiences(state: &AppState) -> Audiences {
    let bases = [
        state.config.app_url.as_str(),
        state.config.internal_app_url.as_str(),
    ];
    Audiences {
        issuer: state.config.app_url.as_str().to_owned(),
        endpoints: bases
            .iter()
            .flat_map(|base| ENDPOINTS.map(|path| format!("{base}{path}")))
            .collect(),
    }
}
