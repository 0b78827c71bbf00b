//! An access token somebody presents: whose it is, if it is still good.

use pocket_id_oidc::access_token;
use pocket_id_store::access_tokens::{self, AccessToken};
use pocket_id_store::client_access_tokens::{self, ClientAccessToken};
use pocket_id_store::grants::Grant;
use pocket_id_store::types::ClientId;
use pocket_id_store::users::User;
use pocket_id_store::{StoreResult, users};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::state::AppState;

/// A user's access token.
pub struct UserToken {
    /// The token.
    pub token: AccessToken,
    /// What it stands for.
    pub grant: Grant,
    /// Whose it is.
    pub user: User,
}

/// A good access token.
pub enum LiveToken {
    /// A user's.
    OfUser(Box<UserToken>),
    /// One a client got for itself.
    OfClient(ClientAccessToken),
}

impl LiveToken {
    /// Whose it is.
    pub fn client_id(&self) -> &ClientId {
        match self {
            Self::OfUser(of_user) => &of_user.grant.client_id,
            Self::OfClient(token) => &token.client_id,
        }
    }

    /// Thumbprint of the key it is bound to.
    pub fn key_thumbprint(&self) -> Option<&str> {
        match self {
            Self::OfUser(of_user) => of_user.token.dpop_jkt.as_deref(),
            Self::OfClient(token) => token.dpop_jkt.as_deref(),
        }
    }
}

/// The identifier of one of our access tokens, by its signature.
pub async fn identify(
    state: &AppState,
    connection: &impl ConnectionTrait,
    token: &str,
) -> StoreResult<Option<Uuid>> {
    let issuer = state.config.app_url.as_str();
    let keys = state.signing_keys.keys_for(connection, token).await?;
    let jti = access_token::verify(token, keys.iter(), issuer).ok();
    Ok(jti.and_then(|jti| Uuid::parse_str(&jti).ok()))
}

/// The token, if it is ours, has not ended, and its user is still there and not disabled.
pub async fn find(
    state: &AppState,
    connection: &impl ConnectionTrait,
    token: &str,
) -> StoreResult<Option<LiveToken>> {
    let Some(jti) = identify(state, connection, token).await? else {
        return Ok(None);
    };
    let now = state.now();
    if let Some((token, grant)) = access_tokens::find_live(connection, jti, now).await? {
        let user = users::find(connection, grant.user_id)
            .await?
            .filter(|user| !user.disabled);
        return Ok(user.map(|user| LiveToken::OfUser(Box::new(UserToken { token, grant, user }))));
    }
    Ok(client_access_tokens::find_live(connection, jti, now)
        .await?
        .map(LiveToken::OfClient))
}
