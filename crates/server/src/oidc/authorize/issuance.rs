//! Writing down what a client gets, a code or tokens, and the grant it stands for.

use pocket_id_oidc::acr::Acr;
use pocket_id_oidc::authorize::AuthorizationRequest;
use pocket_id_oidc::client;
use pocket_id_oidc::grant;
use pocket_id_oidc::id_token;
use pocket_id_oidc::opaque::{Kind, OpaqueToken};
use pocket_id_oidc::redirect_uri::Proof;
use pocket_id_oidc::response_type::ResponseType;
use pocket_id_store::access_tokens::{self, AccessToken};
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
use crate::oidc::token::Unsigned;
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

/// What was written down and is for the client.
pub enum Issued {
    /// A code.
    Code(String),
    /// Tokens, still to be signed.
    Tokens(Box<Unsigned>),
}

/// A decision to give a client what it asked for.
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
    /// Adds consent, audit entry, grant and code or access token to a transaction.
    pub async fn issue(&self, state: &AppState, tx: &Tx, origin: &RequestOrigin) -> Result<Issued, ApiError> {
        let now = state.now();
        let Self { request, client, .. } = self;
        let user = &self.signed_in.user;
        let event = match consents::merge(tx, user.id, &client.id, &request.consent_keys(), now).await? {
            ConsentChange::New => Event::NewClientAuthorization,
            ConsentChange::Unchanged => Event::ClientAuthorization,
        };
        let data = [("clientName", client.name.clone())];
        audit::record(state, tx, event, user, origin, data).await?;

        let expires_at = match request.response_type {
            ResponseType::Code => now.plus_seconds(self.facts.code_lifetime()),
            ResponseType::IdToken => now.plus_seconds(id_token::LIFETIME),
            ResponseType::IdTokenToken => now.plus_minutes(client.access_token_duration_minutes.into()),
        };
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
        grants::insert(tx, grant.clone()).await?;
        match request.response_type {
            ResponseType::Code => self.code(state, tx, &grant, origin).await.map(Issued::Code),
            ResponseType::IdToken | ResponseType::IdTokenToken => {
                let tokens = self.tokens(state, tx, grant).await?;
                Ok(Issued::Tokens(Box::new(tokens)))
            }
        }
    }

    async fn code(
        &self,
        state: &AppState,
        tx: &Tx,
        grant: &Grant,
        origin: &RequestOrigin,
    ) -> Result<String, ApiError> {
        let Self { request, client, .. } = self;
        let code = OpaqueToken::new(Kind::AuthorizationCode, state.random.bytes());
        let challenge = request.challenge.clone();
        authorization_codes::insert(
            tx,
            AuthorizationCode {
                code_hash: TokenHash(code.hash().to_vec()),
                grant_id: grant.id,
                redirect_uri: request.sent_redirect_uri.clone(),
                code_challenge_method: challenge
                    .as_ref()
                    .map(|challenge| challenge.method.as_str().to_owned()),
                code_challenge: challenge.map(|challenge| challenge.value),
                created_at: grant.created_at,
                expires_at: grant.expires_at,
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
                let user = &self.signed_in.user;
                audit::record(state, tx, Event::CallbackUrlTrusted, user, origin, data).await?;
            }
        }
        Ok(code.expose().to_owned())
    }

    /// The access token is a row like those of codes, and ends with its grant: by sign-out, revocation and consent.
    async fn tokens(&self, state: &AppState, tx: &Tx, grant: Grant) -> Result<Unsigned, ApiError> {
        let jti = self
            .request
            .response_type
            .gives_access_token()
            .then(|| state.random.uuid());
        if let Some(jti) = jti {
            let row = AccessToken {
                jti,
                grant_id: grant.id,
                created_at: grant.created_at,
                expires_at: grant.expires_at,
                dpop_jkt: None,
                scope: None,
            };
            access_tokens::insert(tx, row).await?;
        }
        Ok(Unsigned {
            user: self.signed_in.user.clone(),
            access_token: jti.map(|jti| (jti, grant.expires_at)),
            grant,
            access_token_alg: self.facts.access_token_alg(),
            id_token_alg: self.facts.token_alg(),
        })
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
            parent_id: None,
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
