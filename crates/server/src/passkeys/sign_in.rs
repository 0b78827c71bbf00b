//! Signing in with a passkey, and proving possession of one again.

use http::HeaderMap;
use pocket_id_store::passkeys as store;
use pocket_id_store::reauthentication_tokens::{self, ReauthenticationToken};
use pocket_id_store::types::{AuthenticationMethod, Ceremony, Timestamp, UserId};
use pocket_id_store::users::{self, User};
use pocket_id_store::{Tx, commit};

use super::ceremony::{
    AuthenticationResponse, PendingAuthentication, SignCounter, StoredPasskey, begin_authentication,
    finish_authentication,
};
use super::error::PasskeyError;
use super::service::{Remembered, policy, relying_party, remember, take};
use super::wire::{Challenge, RequestOptions, UserHandle};
use crate::audit::{self, Event, Failure};
use crate::http::access::SignedIn;
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::{Cookie, SetCookie};
use crate::secret_token::SecretToken;
use crate::sessions;
use crate::sessions::service::{Authentication, PasskeyUse};
use crate::state::AppState;

/// Seconds a proof may wait to be used.
const PROOF_LIFETIME: i64 = 180;
/// Seconds within which a passkey sign-in counts as a proof.
const FRESH_SIGN_IN: i64 = 60;

/// Starts a sign-in. No name is asked for: the passkey says whose it is.
pub async fn start(state: &AppState) -> Result<(RequestOptions, SetCookie), PasskeyError> {
    let settings = state.settings().await?;
    let challenge = Challenge::new(state.random.bytes());
    let (options, pending) = begin_authentication(
        &relying_party(state)?,
        policy(&settings).user_verification,
        challenge,
    );
    let cookie = remember(state, Ceremony::Authentication, None, &pending).await?;
    Ok((options, cookie))
}

/// Signs a user in with the response of their passkey. A passkey that does not is written down.
pub async fn finish(
    state: &AppState,
    headers: &HeaderMap,
    body: &[u8],
    origin: &RequestOrigin,
) -> Result<(User, SetCookie), PasskeyError> {
    let outcome = sign_in(state, headers, body, origin).await;
    let reason = match &outcome {
        Err(PasskeyError::NotVerified(reason)) => (*reason).to_owned(),
        Err(PasskeyError::Ceremony(error)) => error.to_string(),
        Err(PasskeyError::Disabled) => "the user is disabled".to_owned(),
        _ => return outcome,
    };
    let user = owner(state, body).await?;
    let failure = Failure {
        event: Event::SignInFailed,
        user: user.as_ref(),
        data: [
            ("reason".to_owned(), reason),
            ("method".to_owned(), "passkey".to_owned()),
        ]
        .into(),
    };
    audit::note_failure(state, origin, failure).await;
    outcome
}

/// Whose passkey a response says it is of. Nothing is proven.
async fn owner(state: &AppState, body: &[u8]) -> Result<Option<User>, PasskeyError> {
    let Ok(response) = AuthenticationResponse::parse(body) else {
        return Ok(None);
    };
    let reader = state.store.reader();
    match store::find_by_credential_id(reader, response.credential_id()).await? {
        Some(passkey) => Ok(users::find(reader, passkey.user_id).await?),
        None => Ok(None),
    }
}

async fn sign_in(
    state: &AppState,
    headers: &HeaderMap,
    body: &[u8],
    origin: &RequestOrigin,
) -> Result<(User, SetCookie), PasskeyError> {
    // An unreadable response uses the challenge up too, and is what the client hears of first.
    let taken = take(state, headers, Ceremony::Authentication).await;
    let (response, remembered) = match (AuthenticationResponse::parse(body), taken) {
        (_, Err(error @ (PasskeyError::NoChallengeCookie | PasskeyError::Store(_)))) => return Err(error),
        (Err(error), _) => return Err(error.into()),
        (Ok(response), taken) => (response, taken?),
    };
    let tx = state.store.begin().await?;
    let verified = verify(
        state,
        &tx,
        &response,
        &remembered,
        PasskeyError::NotVerified("it took too long"),
    )
    .await?;
    let user = verified.user;
    if user.disabled {
        return Err(PasskeyError::Disabled);
    }
    let cookie = sessions::service::open(
        state,
        &tx,
        user.id,
        Authentication::by_passkey(verified.passkey),
        origin,
        headers,
    )
    .await?;
    let data = verified
        .counter_went_back
        .map(|(stored, received)| ("signatureCounter", format!("{received} after {stored}")));
    audit::record(state, &tx, Event::SignIn, &user, origin, data).await?;
    commit(tx).await?;
    Ok((user, cookie))
}

/// Proves that the signed-in user has a passkey at hand: by using it, or by having signed in with it just now.
/// Gives the cookie that carries the proof.
pub async fn reauthenticate(
    state: &AppState,
    signed_in: &SignedIn,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<SetCookie, PasskeyError> {
    if Cookie::Session.read(headers, &state.config.app_url).is_none() {
        return Err(PasskeyError::NoChallengeCookie);
    }
    let now = state.now();
    let Ok(response) = AuthenticationResponse::parse(body) else {
        let session = &signed_in.session;
        let fresh = session.method == AuthenticationMethod::Passkey
            && now <= session.authenticated_at.plus_seconds(FRESH_SIGN_IN);
        if !fresh {
            return Err(PasskeyError::NotFresh);
        }
        let tx = state.store.begin().await?;
        // The proof is as old as the sign-in it stands for.
        let verified = session.user_verified;
        let cookie = prove(state, &tx, signed_in.user.id, session.authenticated_at, verified).await?;
        commit(tx).await?;
        return Ok(cookie);
    };
    let remembered = take(state, headers, Ceremony::Authentication).await?;
    let tx = state.store.begin().await?;
    let Verified { user, passkey, .. } =
        verify(state, &tx, &response, &remembered, PasskeyError::UnknownChallenge).await?;
    if user.id != signed_in.user.id {
        return Err(PasskeyError::NotVerified("the passkey is another user's"));
    }
    let cookie = prove(state, &tx, user.id, now, passkey.user_verified).await?;
    commit(tx).await?;
    Ok(cookie)
}

async fn prove(
    state: &AppState,
    tx: &Tx,
    user: UserId,
    used_at: Timestamp,
    user_verified: bool,
) -> Result<SetCookie, PasskeyError> {
    let token = SecretToken::generate(state.random);
    reauthentication_tokens::insert(
        tx,
        ReauthenticationToken {
            token_hash: token.hash,
            user_id: user,
            created_at: used_at,
            expires_at: state.now().plus_seconds(PROOF_LIFETIME),
            user_verified,
        },
    )
    .await?;
    Ok(Cookie::Reauthentication.set(&state.config.app_url, &token.value, PROOF_LIFETIME))
}

/// A passkey's proof, believed.
struct Verified {
    user: User,
    passkey: PasskeyUse,
    /// The signature counter seen before and this one, when it did not go up.
    counter_went_back: Option<(u32, u32)>,
}

/// Whose passkey signed a response. Notes the use of the passkey.
async fn verify(
    state: &AppState,
    tx: &Tx,
    response: &AuthenticationResponse,
    remembered: &Remembered<PendingAuthentication>,
    too_late: PasskeyError,
) -> Result<Verified, PasskeyError> {
    if remembered.expired {
        return Err(too_late);
    }
    let handle = response.user_handle()?;
    // One answer for an unknown user, an unknown passkey and a bad signature.
    let user = users::find(tx, UserId(handle.0))
        .await?
        .ok_or(PasskeyError::NotVerified("unknown user"))?;
    let passkey = store::find_by_credential_id(tx, response.credential_id())
        .await?
        .filter(|passkey| passkey.user_id == user.id)
        .ok_or(PasskeyError::NotVerified("unknown passkey"))?;
    let stored = StoredPasskey {
        credential_id: &passkey.credential_id,
        owner: UserHandle(passkey.user_id.0),
        public_key: &passkey.public_key,
        sign_count: u32::try_from(passkey.sign_count).unwrap_or(0),
        backup_eligible: passkey.backup_eligible,
    };
    let assertion = finish_authentication(&relying_party(state)?, &remembered.pending, response, &stored)?;
    let counter_went_back = match assertion.counter {
        SignCounter::Unsupported | SignCounter::Advanced => None,
        SignCounter::Regressed { stored, received } => {
            // WebAuthn §6.1.1 leaves the policy to us. Some authenticators count badly, and the signature is
            // good, so the owner is not locked out; the operator is told, and a sign-in's audit entry says so.
            tracing::warn!(
                user = %user.id, passkey = %passkey.id, stored, received,
                "the signature counter of a passkey went back; it may have been copied"
            );
            Some((stored, received))
        }
    };
    // The higher count is kept, so that a copy stays visible.
    let sign_count = i64::from(assertion.sign_count).max(passkey.sign_count);
    store::record_use(tx, passkey.id, sign_count, assertion.backup_state, state.now()).await?;
    Ok(Verified {
        user,
        passkey: PasskeyUse {
            user_verified: assertion.user_verified,
            can_be_synced: passkey.backup_eligible,
        },
        counter_went_back,
    })
}
