//! Writing down a code and the grant it stands for.

use pocket_id_oidc::acr::Acr;
use pocket_id_oidc::authorize::AuthorizationRequest;
use pocket_id_oidc::client;
use pocket_id_oidc::grant;
use pocket_id_oidc::opaque::{Kind, OpaqueToken};
use pocket_id_oidc::redirect_uri::Proof;
use pocket_id_store::authorization_codes::{self, AuthorizationCode};
use pocket_id_store::client_sessions::{self, ClientSession};
use pocket_id_store::clients::Client;
use pocket_id_store::consents::ConsentChange;
use pocket_id_store::grants::Grant;
use pocket_id_store::sessions::Session;
use pocket_id_store::types::{ClientSessionId, GrantId, JsonDocument, StringList, Timestamp, TokenHash};
use pocket_id_store::{Tx, clients, consents, grants};

use crate::audit::{self, Event};
use crate::http::access::SignedIn;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::state::AppState;

/// How and when the user authenticated for a request.
pub struct Authentication {
    /// When.
    pub time: Timestamp,
    /// When the request came in.
    pub requested_at: Timestamp,
    /// How strongly.
    pub acr: Acr,
}

/// A decision to issue a code.
pub struct Issuance<'i> {
    /// The request.
    pub request: &'i AuthorizationRequest,
    /// Its client.
    pub client: &'i Client,
    /// The same as the protocol sees it.
    pub facts: &'i client::Client,
    /// Who agreed.
    pub signed_in: &'i SignedIn,
    /// How they proved who they are.
    pub authentication: Authentication,
}

impl Issuance<'_> {
    /// Adds consent, audit entry, grant and code to a transaction, and gives the code.
    pub async fn issue(&self, state: &AppState, tx: &Tx, origin: &RequestOrigin) -> Result<String, ApiError> {
        let now = state.now();
        let Self { request, client, .. } = self;
        let user = &self.signed_in.user;
        let event = match consents::merge(tx, user.id, &client.id, &request.consent_keys(), now).await? {
            ConsentChange::New => Event::NewClientAuthorization,
            ConsentChange::Unchanged => Event::ClientAuthorization,
        };
        let data = [("clientName", client.name.clone())];
        audit::record(state, tx, event, user, origin, data).await?;

        let expires_at = now.plus_seconds(self.facts.code_lifetime());
        let mut grant = self.grant(state, now, expires_at)?;
        let client_session = ClientSession {
            id: ClientSessionId(state.random.uuid()),
            session_id: self.signed_in.session.id,
            user_id: user.id,
            client_id: client.id.clone(),
            created_at: now,
            last_used_at: now,
        };
        grant.client_session_id = Some(client_sessions::get_or_insert(tx, client_session).await?);
        let grant_id = grant.id;
        grants::insert(tx, grant).await?;
        let code = OpaqueToken::new(Kind::AuthorizationCode, state.random.bytes());
        let challenge = request.challenge.clone();
        authorization_codes::insert(
            tx,
            AuthorizationCode {
                code_hash: TokenHash(code.hash().to_vec()),
                grant_id,
                redirect_uri: request.sent_redirect_uri.clone(),
                code_challenge_method: challenge
                    .as_ref()
                    .map(|challenge| challenge.method.as_str().to_owned()),
                code_challenge: challenge.map(|challenge| challenge.value),
                created_at: now,
                expires_at,
                used_at: None,
            },
        )
        .await?;
        if request.challenge.is_some() && !client.pkce_enabled && !client.pkce_supported {
            clients::mark_pkce_supported(tx, &client.id).await?;
        }
        if request.proof == Proof::FirstUse {
            let url = request.redirect_uri.as_str();
            if clients::trust_first_callback(tx, &client.id, url).await? {
                let data = [
                    ("clientName", client.name.clone()),
                    ("callbackURL", url.to_owned()),
                ];
                audit::record(state, tx, Event::CallbackUrlTrusted, user, origin, data).await?;
            }
        }
        Ok(code.expose().to_owned())
    }

    fn grant(&self, state: &AppState, now: Timestamp, expires_at: Timestamp) -> Result<Grant, ApiError> {
        let Self { request, client, .. } = self;
        let session = &self.signed_in.session;
        let claims = request.claims.names();
        let claims = if claims.is_empty() {
            None
        } else {
            Some(JsonDocument(
                serde_json::to_value(&claims).map_err(ApiError::internal)?,
            ))
        };
        let acr = self.authentication.acr;
        let tells_acr = pocket_id_oidc::authorize::wants_acr(request, self.facts);
        Ok(Grant {
            id: GrantId(state.random.uuid()),
            user_id: session.user_id,
            client_id: client.id.clone(),
            session_id: Some(session.id),
            scope: StringList(request.scopes.as_slice().to_vec()),
            audience: StringList(grant::audience(
                request.resource.as_deref().unwrap_or(&client.id.0),
                &request.scopes,
                state.config.app_url.as_str(),
            )),
            auth_time: self.authentication.time,
            amr: StringList(amr(session, acr)),
            acr: tells_acr.then(|| acr.as_str().to_owned()),
            nonce: request.nonce.clone(),
            requested_at: self.authentication.requested_at,
            created_at: now,
            expires_at,
            revoked_at: None,
            claims,
            dpop_jkt: request.dpop_jkt.clone(),
            actor: None,
            client_session_id: None,
        })
    }
}

/// The `amr` values (RFC 8176): those of the sign-in, unless a passkey was used since.
pub fn amr(session: &Session, acr: Acr) -> Vec<String> {
    let own = match &session.amr {
        Some(amr) => amr.0.clone(),
        None => session.method.amr().map(str::to_owned).into_iter().collect(),
    };
    if acr == Acr::FreshPasskey && !own.iter().any(|value| value == "phr") {
        return ["phr", "user", "mfa"].map(str::to_owned).to_vec();
    }
    own
}
