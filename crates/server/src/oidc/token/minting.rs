//! Writing new tokens down, and signing them afterwards.

use pocket_id_oidc::access_token::{self, Content, Validity};
use pocket_id_oidc::authorize::FrontChannelTokens;
use pocket_id_oidc::claims_request::RequestedClaims;
use pocket_id_oidc::error::OAuthError;
use pocket_id_oidc::grant;
use pocket_id_oidc::id_token::{self, Issuance, Occasion};
use pocket_id_oidc::jose::Algorithm;
use pocket_id_oidc::opaque::{Kind, OpaqueToken};
use pocket_id_oidc::scope::Scopes;
use pocket_id_oidc::token::{Denial, TokenResponse, UserStanding};
use pocket_id_store::access_tokens::AccessToken;
use pocket_id_store::grants::Grant;
use pocket_id_store::refresh_tokens::RefreshToken;
use pocket_id_store::types::{GrantId, StringList, Timestamp, TokenHash};
use pocket_id_store::users::User;
use pocket_id_store::{
    StoreResult, Tx, access_tokens, client_sessions, clients, commit, grants, refresh_tokens, users,
};
use uuid::Uuid;

use super::Caller;
use crate::http::error::ApiError;
use crate::oidc::facts;
use crate::oidc::response::Failure;
use crate::state::AppState;

/// How often at most the last use of a client's session is written.
const CLIENT_SEEN_EVERY_SECONDS: i64 = 5 * 60;

/// What the database now knows and is still to be signed.
pub struct Minted {
    /// What the tokens stand for.
    pub grant: Grant,
    /// Whose they are.
    pub user: User,
    /// Identifier of the access token.
    pub jti: Uuid,
    /// Its end.
    pub access_expires_at: Timestamp,
    /// Thumbprint of the key it is bound to.
    pub key_thumbprint: Option<String>,
    /// The algorithm it is to be signed with; the instance's when none.
    pub algorithm: Option<Algorithm>,
    /// The new refresh token, if there is one.
    pub refresh_token: Option<OpaqueToken>,
    /// The ID token that goes with it, if there is to be one.
    pub id_token: Option<IdTokenPlan>,
}

/// How the ID token is to be made.
#[derive(Clone, Copy, Debug)]
pub struct IdTokenPlan {
    /// For a code or at a refresh.
    pub occasion: Occasion,
    /// The client's algorithm; the instance's when none.
    pub algorithm: Option<Algorithm>,
}

/// What a user's account and groups say about their tokens.
pub struct Standing {
    /// The verdict.
    pub verdict: UserStanding,
    /// The user, if they still exist.
    pub user: Option<User>,
}

/// Whether a grant's user may still use its client.
pub async fn standing(tx: &Tx, client: &clients::Client, grant: &Grant) -> StoreResult<Standing> {
    let user = users::find(tx, grant.user_id).await?;
    let verdict = match &user {
        None => UserStanding::Disabled,
        Some(user) if user.disabled => UserStanding::Disabled,
        Some(user) if facts::may_use(tx, client, user.id).await? => UserStanding::Good,
        Some(_) => UserStanding::NotAllowed,
    };
    Ok(Standing { verdict, user })
}

/// Ends the grant behind a replayed artefact, or leaves all as it is; either way the client gets the error.
pub async fn deny(
    state: &AppState,
    tx: Tx,
    grant: Option<GrantId>,
    denial: Denial,
) -> Result<Minted, Failure> {
    if let (Denial::RevokeGrant(_), Some(grant)) = (&denial, grant) {
        grants::revoke(&tx, grant, state.now()).await?;
        commit(tx).await?;
        tracing::warn!(grant = %grant, "a used code or refresh token was presented again; its grant has been revoked");
    }
    Err(denial.error().clone().into())
}

/// Which artefacts a grant gets now.
pub enum Artefacts {
    /// An access token and a refresh token.
    Both,
    /// An access token; the refresh token stays.
    AccessToken {
        /// The end of the refresh token.
        usable_until: Timestamp,
    },
}

/// What a grant gets, and why.
pub struct Plan {
    /// Which artefacts.
    pub artefacts: Artefacts,
    /// For a code or at a refresh.
    pub occasion: Occasion,
    /// The scopes of the access token and the ID token, if they are fewer than the grant's.
    pub narrowed: Option<StringList>,
}

impl Plan {
    /// Everything, for a code or a device.
    pub fn first() -> Self {
        Self {
            artefacts: Artefacts::Both,
            occasion: Occasion::Code,
            narrowed: None,
        }
    }
}

/// Uses up the proof of the request, writes down the new tokens and commits. Signing comes after: it takes longer than all of this together and
/// must not hold the database.
pub async fn mint(
    state: &AppState,
    tx: Tx,
    caller: &Caller,
    mut grant: Grant,
    user: User,
    Plan {
        artefacts,
        occasion,
        narrowed,
    }: Plan,
) -> Result<Minted, Failure> {
    caller.use_proof(state, &tx).await?;
    let now = state.now();
    let client = &caller.client;
    let access_expires_at = now.plus_minutes(client.row.access_token_duration_minutes.into());
    let jti = state.random.uuid();
    access_tokens::insert(
        &tx,
        AccessToken {
            jti,
            grant_id: grant.id,
            created_at: now,
            expires_at: access_expires_at,
            dpop_jkt: caller.key_thumbprint(),
            scope: narrowed.clone(),
        },
    )
    .await?;
    let mut ends_at = match artefacts {
        Artefacts::Both => access_expires_at,
        Artefacts::AccessToken { usable_until } => access_expires_at.max(usable_until),
    };
    let mut refresh_token = None;
    if matches!(artefacts, Artefacts::Both) && client.facts.may_use_grant("refresh_token") {
        let token = OpaqueToken::new(Kind::RefreshToken, state.random.bytes());
        let expires_at = now.plus_minutes(client.row.refresh_token_duration_minutes.into());
        refresh_tokens::insert(
            &tx,
            RefreshToken {
                token_hash: TokenHash(token.hash().to_vec()),
                grant_id: grant.id,
                created_at: now,
                expires_at,
                used_at: None,
            },
        )
        .await?;
        ends_at = ends_at.max(expires_at);
        refresh_token = Some(token);
    }
    if let Some(session) = grant.client_session_id {
        let lately = now.plus_seconds(-CLIENT_SEEN_EVERY_SECONDS);
        client_sessions::touch(&tx, session, lately, now).await?;
    }
    grants::extend(&tx, grant.id, ends_at).await?;
    commit(tx).await?;
    // For what is signed now, and not for the grant, which keeps all of them for the next refresh.
    grant.scope = narrowed.unwrap_or(grant.scope);
    Ok(Minted {
        grant,
        user,
        jti,
        access_expires_at,
        key_thumbprint: caller.key_thumbprint(),
        algorithm: client.facts.access_token_alg(),
        refresh_token,
        id_token: Some(IdTokenPlan {
            occasion,
            algorithm: client.facts.token_alg(),
        }),
    })
}

/// Signs what was minted.
pub async fn sign(state: &AppState, minted: Minted) -> Result<TokenResponse, Failure> {
    let grant = facts::grant(&minted.grant)?;
    let planned = PlannedAccessToken {
        jti: minted.jti,
        expires_at: minted.access_expires_at,
        key_thumbprint: minted.key_thumbprint.as_deref(),
        algorithm: minted.algorithm,
    };
    let (access_token, expires_in) = planned.sign(state, &grant).await?;
    let id_token = match minted.id_token.filter(|_| grant.scopes.has_openid()) {
        Some(plan) => {
            let told = (minted.user, &grant.scopes);
            Some(sign_id_token(state, &grant, told, plan, Some(&access_token)).await?)
        }
        None => None,
    };
    Ok(TokenResponse {
        access_token,
        token_type: token_type(minted.key_thumbprint.as_deref()),
        expires_in,
        scope: grant.scopes.to_string(),
        refresh_token: minted.refresh_token.map(|token| token.expose().to_owned()),
        id_token,
        issued_token_type: None,
    })
}

/// An access token the database knows.
struct PlannedAccessToken<'t> {
    jti: Uuid,
    expires_at: Timestamp,
    key_thumbprint: Option<&'t str>,
    algorithm: Option<Algorithm>,
}

impl PlannedAccessToken<'_> {
    /// The token and the seconds it lives.
    async fn sign(&self, state: &AppState, grant: &grant::Grant) -> Result<(String, i64), ApiError> {
        let now = state.now().seconds();
        let signer = state.signing_keys.signer(self.algorithm).await?;
        let issuer = state.config.app_url.as_str();
        let content = Content::of_grant(grant, self.key_thumbprint);
        let jti = self.jti.to_string();
        let expires_at = self.expires_at.seconds();
        let validity = Validity {
            jti: &jti,
            issued_at: now,
            expires_at,
        };
        let token = access_token::issue(&signer, issuer, &content, validity).map_err(ApiError::internal)?;
        Ok((token, expires_at - now))
    }
}

/// Signs an ID token with the claims of some scopes and those asked for one by one.
async fn sign_id_token(
    state: &AppState,
    grant: &grant::Grant,
    (user, scopes): (User, &Scopes),
    plan: IdTokenPlan,
    access_token: Option<&str>,
) -> Result<String, ApiError> {
    let names = &grant.claims.id_token;
    let needed = RequestedClaims::scopes_needed(scopes, names);
    let person = facts::person(state, state.store.reader(), user, &needed).await?;
    let jti = state.random.uuid().to_string();
    let issuance = Issuance {
        jti: &jti,
        occasion: plan.occasion,
        now: state.now().seconds(),
    };
    let claims = RequestedClaims::fill(&person, scopes, names);
    let signer = state.signing_keys.signer(plan.algorithm).await?;
    let issuer = state.config.app_url.as_str();
    id_token::issue(&signer, issuer, grant, claims, access_token, issuance).map_err(ApiError::internal)
}

/// What the authorization endpoint wrote down and is still to be signed: tokens without a code.
pub struct Unsigned {
    /// What they stand for.
    pub grant: Grant,
    /// Whose they are.
    pub user: User,
    /// Identifier and end of the access token, if one was asked for.
    pub access_token: Option<(Uuid, Timestamp)>,
    /// The algorithm that is to be signed with; the instance's when none.
    pub access_token_alg: Option<Algorithm>,
    /// The same of the ID token.
    pub id_token_alg: Option<Algorithm>,
}

/// Signs what goes through the browser. With an access token the client asks for the claims of its scopes itself; alone
/// the ID token has to say them (OIDC Core §5.4).
pub async fn sign_for_browser(state: &AppState, unsigned: Unsigned) -> Result<FrontChannelTokens, ApiError> {
    let grant = facts::grant(&unsigned.grant)?;
    let access_token = match unsigned.access_token {
        None => None,
        Some((jti, expires_at)) => {
            let planned = PlannedAccessToken {
                jti,
                expires_at,
                key_thumbprint: None,
                algorithm: unsigned.access_token_alg,
            };
            Some(planned.sign(state, &grant).await?)
        }
    };
    let nothing = Scopes::default();
    let told = if access_token.is_some() {
        &nothing
    } else {
        &grant.scopes
    };
    let plan = IdTokenPlan {
        occasion: Occasion::Code,
        algorithm: unsigned.id_token_alg,
    };
    let vouched_for = access_token.as_ref().map(|(token, _)| token.as_str());
    let id_token = sign_id_token(state, &grant, (unsigned.user, told), plan, vouched_for).await?;
    Ok(FrontChannelTokens {
        id_token,
        access_token: access_token.map(|(token, expires_in)| (token, token_type(None), expires_in)),
    })
}

/// What kind of token it is to whoever uses it (RFC 9449 §5).
pub fn token_type(key_thumbprint: Option<&str>) -> &'static str {
    match key_thumbprint {
        Some(_) => "DPoP",
        None => "bearer",
    }
}

/// The error of a grant whose user is gone.
pub fn no_user() -> Failure {
    OAuthError::new(
        pocket_id_oidc::error::ErrorCode::InvalidGrant,
        "The user no longer exists.",
    )
    .into()
}
