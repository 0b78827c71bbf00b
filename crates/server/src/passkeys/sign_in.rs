//! Signing in with a passkey, and proving possession of one again.

use http::HeaderMap;
use pocket_id_store::passkeys::{self as store, Passkey};
use pocket_id_store::reauthentication_tokens::{self, ReauthenticationToken};
use pocket_id_store::types::{AuthenticationMethod, Ceremony, PasskeyId, Timestamp, UserId};
use pocket_id_store::users::{self, User};
use pocket_id_store::{StoreResult, Tx, commit};

use super::ceremony::{
    AUTOFILL_TIMEOUT_MILLIS, AuthenticationResponse, PendingAuthentication, SignCounter, StoredPasskey,
    TIMEOUT_MILLIS, begin_authentication, finish_authentication,
};
use super::error::PasskeyError;
use super::service::{Remembered, policy, relying_party, remember, take};
use super::wire::{Challenge, RequestOptions, UserHandle};
use crate::audit::{self, Event};
use crate::http::access::SignedIn;
use crate::http::client_ip::RequestOrigin;
use crate::http::cookies::{Cookie, SetCookie};
use crate::secret_token::SecretToken;
use crate::sessions::service::{Authentication, PasskeyUse};
use crate::sessions::signing_in::SignIn;
use crate::state::AppState;

/// Seconds a proof may wait to be used.
const PROOF_LIFETIME: i64 = 180;
/// Seconds within which a passkey sign-in counts as a proof.
const FRESH_SIGN_IN: i64 = 60;

/// How the browser asks for a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mediation {
    /// At once, in a dialogue.
    Dialogue,
    /// In its autofill, whenever somebody looks there.
    Autofill,
}

impl Mediation {
    fn lifetime_millis(self) -> u32 {
        match self {
            Self::Dialogue => TIMEOUT_MILLIS,
            Self::Autofill => AUTOFILL_TIMEOUT_MILLIS,
        }
    }
}

/// Starts a sign-in. No name is asked for: the passkey says whose it is.
pub async fn start(
    state: &AppState,
    mediation: Mediation,
) -> Result<(RequestOptions, SetCookie), PasskeyError> {
    let settings = state.settings().await?;
    let challenge = Challenge::new(state.random.bytes());
    let (mut options, pending) = begin_authentication(
        &relying_party(state)?,
        policy(&settings).user_verification,
        challenge,
    );
    options.timeout = mediation.lifetime_millis();
    let cookie = remember(
        state,
        Ceremony::Authentication,
        None,
        &pending,
        mediation.lifetime_millis(),
    )
    .await?;
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
    if let Some(reason) = outcome.as_ref().err().and_then(failure) {
        let user = owner(state, body).await?;
        audit::note_failed_sign_in(state, origin, user.as_ref(), "passkey", &reason).await;
    }
    outcome
}

/// What the log says of a passkey that let nobody in. A lost challenge, or a database that fails, is not worth a word.
fn failure(error: &PasskeyError) -> Option<String> {
    match error {
        PasskeyError::NotVerified(reason) => Some((*reason).to_owned()),
        PasskeyError::UnknownPasskey => Some("unknown passkey".to_owned()),
        PasskeyError::Ceremony(error) => Some(error.to_string()),
        PasskeyError::Disabled => Some("the user is disabled".to_owned()),
        _ => None,
    }
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
    let settings = state.settings().await?;
    let tx = state.store.begin().await?;
    let too_late = PasskeyError::NotVerified("it took too long");
    let (user, passkey) = match verify(state, &tx, &response, &remembered, too_late).await? {
        Verdict::Genuine { user, passkey } => (user, passkey),
        Verdict::CounterWentBack(alarm) => return Err(alarm.raise(state, tx, origin).await),
    };
    if user.disabled {
        return Err(PasskeyError::Disabled);
    }
    let sign_in = SignIn {
        user: &user,
        authentication: Authentication::by_passkey(passkey),
        event: Event::SignIn,
        origin,
        headers,
        settings: &settings,
    };
    let written = sign_in.write(state, &tx, []).await?;
    commit(tx).await?;
    let cookie = written.announce(state);
    Ok((*user, cookie))
}

/// Proves that the signed-in user has a passkey at hand: by using it, or by having signed in with it just now.
/// Gives the cookie that carries the proof. A passkey that proves nothing is written down.
pub async fn reauthenticate(
    state: &AppState,
    signed_in: &SignedIn,
    headers: &HeaderMap,
    body: &[u8],
    origin: &RequestOrigin,
) -> Result<SetCookie, PasskeyError> {
    let outcome = prove_again(state, signed_in, headers, body, origin).await;
    if let Some(reason) = outcome.as_ref().err().and_then(failure) {
        let user = Some(&signed_in.user);
        audit::note_failed_sign_in(state, origin, user, "passkey, once more", &reason).await;
    }
    outcome
}

async fn prove_again(
    state: &AppState,
    signed_in: &SignedIn,
    headers: &HeaderMap,
    body: &[u8],
    origin: &RequestOrigin,
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
        let proof = Proof {
            used_at: session.authenticated_at,
            user_verified: session.user_verified,
            passkey: session.passkey_id,
        };
        let cookie = prove(state, &tx, signed_in.user.id, proof).await?;
        commit(tx).await?;
        return Ok(cookie);
    };
    let remembered = take(state, headers, Ceremony::Authentication).await?;
    // A challenge that may wait in the browser's autofill proves nothing about this minute.
    if now >= remembered.began_at.plus_millis(i64::from(TIMEOUT_MILLIS)) {
        return Err(PasskeyError::UnknownChallenge);
    }
    let tx = state.store.begin().await?;
    let verdict = verify(state, &tx, &response, &remembered, PasskeyError::UnknownChallenge).await?;
    let (user, passkey) = match verdict {
        Verdict::Genuine { user, passkey } => (user, passkey),
        Verdict::CounterWentBack(alarm) => return Err(alarm.raise(state, tx, origin).await),
    };
    if user.id != signed_in.user.id {
        return Err(PasskeyError::NotVerified("the passkey is another user's"));
    }
    let proof = Proof {
        used_at: now,
        user_verified: passkey.user_verified,
        passkey: Some(passkey.id),
    };
    let cookie = prove(state, &tx, user.id, proof).await?;
    commit(tx).await?;
    Ok(cookie)
}

/// A passkey's use to be written down as a proof.
struct Proof {
    used_at: Timestamp,
    user_verified: bool,
    passkey: Option<PasskeyId>,
}

async fn prove(state: &AppState, tx: &Tx, user: UserId, proof: Proof) -> Result<SetCookie, PasskeyError> {
    let token = SecretToken::generate(state.random);
    reauthentication_tokens::insert(
        tx,
        ReauthenticationToken {
            token_hash: token.hash,
            user_id: user,
            created_at: proof.used_at,
            expires_at: state.now().plus_seconds(PROOF_LIFETIME),
            user_verified: proof.user_verified,
            passkey_id: proof.passkey,
        },
    )
    .await?;
    Ok(Cookie::Reauthentication.set(&state.config.app_url, &token.value, PROOF_LIFETIME))
}

/// What a response that proves possession of a passkey's key means.
enum Verdict {
    /// Its owner used it.
    Genuine { user: Box<User>, passkey: PasskeyUse },
    /// There may be a second copy of the key.
    CounterWentBack(Box<Alarm>),
}

/// A signature counter that did not rise (WebAuthn §6.1.1, §7.2 step 22).
struct Alarm {
    user: User,
    passkey: Passkey,
    received: u32,
}

impl Alarm {
    /// Writes down what happened, with the transaction's blessing: it says nothing else. Gives what the person hears.
    async fn raise(self, state: &AppState, tx: Tx, origin: &RequestOrigin) -> PasskeyError {
        match self.write(state, tx, origin).await {
            Ok(()) => PasskeyError::CounterWentBack,
            Err(error) => error.into(),
        }
    }

    async fn write(self, state: &AppState, tx: Tx, origin: &RequestOrigin) -> StoreResult<()> {
        let Self {
            user,
            passkey,
            received,
        } = self;
        tracing::warn!(
            user = %user.id, passkey = %passkey.id, stored = passkey.sign_count, received,
            "the signature counter of a passkey did not rise; it may have been copied"
        );
        store::record_regression(&tx, passkey.id, state.now()).await?;
        let counter = format!("{received} after {}", passkey.sign_count);
        let mut data = super::service::facts(&passkey);
        data.push(("signatureCounter", counter));
        audit::record(state, &tx, Event::PasskeyCounterWentBack, &user, origin, data).await?;
        commit(tx).await
    }
}

/// Whose passkey signed a response. Notes the use of the passkey.
async fn verify(
    state: &AppState,
    tx: &Tx,
    response: &AuthenticationResponse,
    remembered: &Remembered<PendingAuthentication>,
    too_late: PasskeyError,
) -> Result<Verdict, PasskeyError> {
    if remembered.expired {
        return Err(too_late);
    }
    let handle = response.user_handle()?;
    // The passkey first: whether it is known says nothing about whether there is a user of the name it comes with.
    let passkey = store::find_by_credential_id(tx, response.credential_id())
        .await?
        .ok_or(PasskeyError::UnknownPasskey)?;
    if passkey.user_id != UserId(handle.0) {
        return Err(PasskeyError::NotVerified("another user's passkey"));
    }
    let user = users::find(tx, passkey.user_id)
        .await?
        .ok_or(PasskeyError::NotVerified("unknown user"))?;
    let stored = StoredPasskey {
        credential_id: &passkey.credential_id,
        owner: UserHandle(passkey.user_id.0),
        public_key: &passkey.public_key,
        sign_count: u32::try_from(passkey.sign_count).unwrap_or(0),
        backup_eligible: passkey.backup_eligible,
    };
    let assertion = finish_authentication(&relying_party(state)?, &remembered.pending, response, &stored)?;
    let genuine = match assertion.counter {
        SignCounter::Unsupported | SignCounter::Advanced => {
            let count = i64::from(assertion.sign_count);
            // Somebody else may have shown this very count since it was read.
            store::record_use(tx, passkey.id, count, assertion.backup_state, state.now()).await?
        }
        SignCounter::Regressed { .. } => false,
    };
    if !genuine {
        return Ok(Verdict::CounterWentBack(Box::new(Alarm {
            user,
            passkey,
            received: assertion.sign_count,
        })));
    }
    Ok(Verdict::Genuine {
        user: Box::new(user),
        passkey: PasskeyUse {
            id: passkey.id,
            user_verified: assertion.user_verified,
            can_be_synced: passkey.backup_eligible,
        },
    })
}
