//! From a valid request and a person to a code, a screen or a refusal.

use super::{AcrDemand, AuthorizationRequest, PageError, Refusal, acr_demand, redirect_error};
use crate::acr::Acr;
use crate::client::{Client, Demand};
use crate::error::ErrorCode;
use crate::id_token;
use crate::interaction::{AskedOfUser, Progress};
use crate::jose::Jwk;
use crate::passkey::Standing;
use crate::redirect_uri::Proof;

/// Whether the user may use the client by its groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupAccess {
    /// The client is open, or the user is in one of its groups.
    Allowed,
    /// Neither.
    Denied,
}

/// Whether an ID token hint fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// None was sent, or it is about the signed-in user.
    Fits,
    /// It is about somebody else.
    OtherUser,
    /// It is not one of our ID tokens. [`check_hint`] refuses such a request earlier.
    Invalid,
}

impl Hint {
    /// Compares what [`check_hint`] found, and the `sub` the claims parameter may ask for (OIDC Core §5.5.1), with
    /// who is signed in.
    pub fn about(hint: Option<&id_token::Hint>, request: &AuthorizationRequest, subject: &str) -> Self {
        let asked = request.claims.subject();
        if hint.is_none_or(|hint| hint.subject == subject) && asked.is_none_or(|asked| asked == subject) {
            Self::Fits
        } else {
            Self::OtherUser
        }
    }
}

/// A passkey just used to allow something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreshProof {
    /// When, Unix milliseconds.
    pub at: i64,
    /// Whether it verified its owner.
    pub user_verified: bool,
    /// Whether the client takes such a passkey.
    pub passkey: Standing,
}

/// Who is signed in, and what they and the past say about the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedInUser {
    /// When they proved who they are, Unix milliseconds.
    pub authenticated_at: i64,
    /// Whether that was with a passkey.
    pub by_passkey: bool,
    /// Whether that passkey verified its owner.
    pub user_verified: bool,
    /// Whether the client takes what they signed in with.
    pub passkey: Standing,
    /// Whether they may use the client.
    pub group_access: GroupAccess,
    /// The scopes they agreed to before; none if never.
    pub consented: Option<Vec<String>>,
    /// Their passkey just used to allow something. It can stand in for the re-authentication step; if the decision relies on it, it is the decision's `auth_time`, and it must be
    /// redeemed together with issuing the code.
    pub fresh_proof: Option<FreshProof>,
    /// The ID token hint.
    pub hint: Hint,
}

impl SignedInUser {
    /// The fresh proof, unless the client wants another passkey: such a one proves nothing to it.
    fn sufficient_proof(&self) -> Option<FreshProof> {
        self.fresh_proof
            .filter(|proof| proof.passkey == Standing::Sufficient)
    }
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The client gets its code, or its tokens.
    Issue {
        /// When the user authenticated for it, Unix milliseconds.
        auth_time: i64,
        /// When the request came in, Unix milliseconds.
        requested_at: i64,
        /// How strongly.
        acr: Acr,
    },
    /// A person has to do something first.
    Interact(Progress),
    /// No.
    Refuse(Refusal),
    /// The person does not want it, and the client is told so once (OIDC Core §3.1.2.6).
    Cancelled(Refusal),
}

/// Why the passkey is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PasskeyDue {
    /// They authenticated too long ago, or the client wants it done each time.
    authentication: bool,
    /// They are signed in well enough, but not in the way that is asked for: a stronger `acr`, or a passkey of
    /// another kind.
    another_way: bool,
}

/// What a request asks of a user who is signed in.
///
/// A sign-in or passkey use after the request came in is what `prompt=login` and `max_age` ask for. A client's
/// own demand for re-authentication is met by a passkey only: one used to sign in since, or [`SignedInUser::fresh_proof`].
pub fn asked_of_user(
    request: &AuthorizationRequest,
    client: &Client,
    user: &SignedInUser,
    requested_at: i64,
    now: i64,
) -> AskedOfUser {
    let due = passkey_due(request, client, user, requested_at, now);
    let keys = request.consent_keys();
    let covered = user
        .consented
        .as_ref()
        .is_some_and(|known| keys.iter().all(|key| known.contains(key)));
    AskedOfUser {
        reauthenticate: due.authentication || due.another_way,
        // Nobody has agreed to an address that is about to become the client's.
        consent: request.prompt.consent
            || request.proof == Proof::FirstUse
            || (client.consent == Demand::Required && !covered),
    }
}

fn passkey_due(
    request: &AuthorizationRequest,
    client: &Client,
    user: &SignedInUser,
    requested_at: i64,
    now: i64,
) -> PasskeyDue {
    let proof = user.sufficient_proof();
    let proven_at = proof.map_or(user.authenticated_at, |proof| proof.at.max(user.authenticated_at));
    let too_old = request
        .max_age
        .is_some_and(|seconds| now >= proven_at.saturating_add(seconds.saturating_mul(1000)));
    let proof_due = (request.prompt.login || too_old) && proven_at <= requested_at;
    let signed_in_since_by_passkey = user.by_passkey && user.authenticated_at > requested_at;
    let client_demands =
        client.reauthentication == Demand::Required && proof.is_none() && !signed_in_since_by_passkey;
    let acr_due = match acr_demand(request, client) {
        AcrDemand::Preferred(acr) => !request.prompt.none && acr > acr_of(user, requested_at),
        AcrDemand::Required(acr) => acr > acr_of(user, requested_at),
        AcrDemand::Nothing | AcrDemand::Impossible => false,
    };
    let other_passkey_due = user.passkey == Standing::Insufficient && proof.is_none();
    PasskeyDue {
        authentication: proof_due || client_demands,
        another_way: acr_due || other_passkey_due,
    }
}

/// Whether a passkey just used answers the re-authentication step of a request.
///
/// A proof may be older than the request: the sign-in of a minute ago, or a passkey used to allow something else. Such
/// a one counts only if nothing more would be asked of its user, so that `max_age` and `prompt=login` get the
/// authentication they ask for (OIDC Core §3.1.2.1). One made since can do no better: what it lacks is for [`resume`]
/// to judge.
pub fn accepts_proof(
    request: &AuthorizationRequest,
    client: &Client,
    user: &SignedInUser,
    proof: FreshProof,
    requested_at: i64,
    now: i64,
) -> bool {
    let proven = SignedInUser {
        fresh_proof: Some(proof),
        ..user.clone()
    };
    proof.at > requested_at || !asked_of_user(request, client, &proven, requested_at, now).reauthenticate
}

/// How strongly a user is authenticated for a request: by a passkey that verified them since the request came in, or
/// was just used to allow something, or by a session.
fn acr_of(user: &SignedInUser, requested_at: i64) -> Acr {
    let signed_in_since = user.by_passkey && user.user_verified && user.authenticated_at > requested_at;
    let proven = user.sufficient_proof().is_some_and(|proof| proof.user_verified);
    if signed_in_since || proven {
        Acr::FreshPasskey
    } else {
        Acr::Remembered
    }
}

/// Reads the ID token hint of a request, so that a bad one is refused before anybody is bothered. `now` is in Unix
/// seconds.
pub fn check_hint<'k>(
    request: &AuthorizationRequest,
    keys: impl IntoIterator<Item = &'k Jwk>,
    issuer: &str,
    now: i64,
) -> Result<Option<id_token::Hint>, Refusal> {
    let Some(hint) = &request.id_token_hint else {
        return Ok(None);
    };
    id_token::read_hint(hint, keys, issuer, now)
        .map(Some)
        .map_err(|_| redirect_error(request, ErrorCode::InvalidRequest, BAD_HINT))
}

const BAD_HINT: &str = "The id_token_hint is not an ID token of this issuer.";

/// Decides a new request.
pub fn decide(
    request: &AuthorizationRequest,
    client: &Client,
    user: Option<&SignedInUser>,
    now: i64,
) -> Decision {
    let refuse = |code, description: &str| Decision::Refuse(redirect_error(request, code, description));
    let mut progress = Progress {
        authenticate: false,
        select_account: request.prompt.select_account,
        reauthenticate: false,
        consent: false,
        requested_at: now,
        reauthenticated_at: None,
        reauthentication_verified_user: false,
        reauthentication_passkey_suffices: false,
        cancelled: false,
        scopes: request.shown_scopes(),
    };
    let Some(user) = user else {
        if request.prompt.none {
            return refuse(ErrorCode::LoginRequired, "The user is not signed in.");
        }
        progress.authenticate = true;
        return Decision::Interact(progress);
    };
    if user.group_access == GroupAccess::Denied {
        return Decision::Refuse(Refusal::Page(PageError::NotAllowed));
    }
    match user.hint {
        Hint::Fits => {}
        Hint::Invalid => {
            return refuse(ErrorCode::InvalidRequest, BAD_HINT);
        }
        Hint::OtherUser if request.prompt.none => {
            return refuse(
                ErrorCode::LoginRequired,
                "Another user than the hinted one is signed in.",
            );
        }
        // The person can switch to the hinted account.
        Hint::OtherUser => progress.select_account = true,
    }
    let asked = asked_of_user(request, client, user, now, now);
    if request.prompt.none {
        if asked.consent {
            return refuse(ErrorCode::ConsentRequired, "The user has to consent.");
        }
        let due = passkey_due(request, client, user, now, now);
        if due.authentication {
            return refuse(ErrorCode::LoginRequired, "The user has to authenticate again.");
        }
        // OIDC Core §3.1.2.6: a sign-in like the last one would not do.
        if due.another_way {
            return refuse(
                ErrorCode::InteractionRequired,
                "The user has to authenticate in another way.",
            );
        }
    }
    progress.reauthenticate = asked.reauthenticate;
    progress.consent = asked.consent;
    if progress.current_step().is_some() {
        return Decision::Interact(progress);
    }
    let unproven = SignedInUser {
        fresh_proof: None,
        ..user.clone()
    };
    let relied_on = user
        .fresh_proof
        .filter(|_| asked_of_user(request, client, &unproven, now, now).reauthenticate);
    let acr = match relied_on {
        Some(_) => acr_of(user, now),
        None => acr_of(&unproven, now),
    };
    Decision::Issue {
        auth_time: relied_on.map_or(user.authenticated_at, |proof| proof.at),
        requested_at: now,
        acr,
    }
}

/// Decides a request that comes back after its interaction. `same_user` says whether the signed-in user is the
/// one who did the steps. [`SignedInUser::fresh_proof`] has no part in it: that is what the re-authentication step
/// takes.
pub fn resume(
    request: &AuthorizationRequest,
    client: &Client,
    user: Option<&SignedInUser>,
    progress: &Progress,
    same_user: SameUser,
    now: i64,
) -> Decision {
    if progress.cancelled {
        let refusal = redirect_error(
            request,
            ErrorCode::AccessDenied,
            "The user cancelled the sign-in.",
        );
        return Decision::Cancelled(refusal);
    }
    let mut progress = progress.clone();
    let Some(user) = user else {
        progress.authenticate = true;
        return Decision::Interact(progress);
    };
    let user = &SignedInUser {
        fresh_proof: None,
        ..user.clone()
    };
    if user.group_access == GroupAccess::Denied {
        return Decision::Refuse(Refusal::Page(PageError::NotAllowed));
    }
    if same_user == SameUser::No {
        let asked = asked_of_user(request, client, user, progress.requested_at, now);
        progress.bind(asked);
    }
    if progress.current_step().is_some() {
        return Decision::Interact(progress);
    }
    match user.hint {
        Hint::Fits => {}
        Hint::Invalid => {
            let error = redirect_error(request, ErrorCode::InvalidRequest, BAD_HINT);
            return Decision::Refuse(error);
        }
        Hint::OtherUser => {
            let error = redirect_error(
                request,
                ErrorCode::LoginRequired,
                "Another user than the hinted one signed in.",
            );
            return Decision::Refuse(error);
        }
    }
    if let Some(again) = outdated(request, client, user, &progress, now) {
        return Decision::Interact(again);
    }
    let proven = progress.reauthenticated_at.is_some() && progress.reauthentication_verified_user;
    let acr = if proven {
        Acr::FreshPasskey
    } else {
        acr_of(user, progress.requested_at)
    };
    if let AcrDemand::Required(least) = acr_demand(request, client)
        && acr < least
    {
        return Decision::Refuse(redirect_error(
            request,
            ErrorCode::UnmetAuthenticationRequirements,
            "The passkey did not verify its owner.",
        ));
    }
    // The step itself takes no other passkey; the client may have become stricter since.
    if user.passkey == Standing::Insufficient && !progress.reauthentication_passkey_suffices {
        return Decision::Refuse(redirect_error(
            request,
            ErrorCode::UnmetAuthenticationRequirements,
            "The client needs another kind of passkey.",
        ));
    }
    Decision::Issue {
        auth_time: progress
            .reauthenticated_at
            .map_or(user.authenticated_at, |at| at.max(user.authenticated_at)),
        requested_at: progress.requested_at,
        acr,
    }
}

/// The steps of a finished interaction once more, if what was proven in it, or before it, is not enough by now: a
/// screen may stay open for longer than `max_age`, and a client may have become stricter.
fn outdated(
    request: &AuthorizationRequest,
    client: &Client,
    user: &SignedInUser,
    progress: &Progress,
    now: i64,
) -> Option<Progress> {
    let accepted = match progress.proof() {
        Some(proof) => accepts_proof(request, client, user, proof, progress.requested_at, now),
        None => !asked_of_user(request, client, user, progress.requested_at, now).reauthenticate,
    };
    (!accepted).then(|| {
        let mut again = progress.clone();
        again.reauthenticate_again();
        again
    })
}

/// See [`resume`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameUser {
    /// The steps were done by who is signed in now.
    Yes,
    /// Somebody else did them, or nobody yet.
    No,
}
