//! What a person still has to do before a client gets its code, and how each step changes that.

use serde::{Deserialize, Serialize};

use crate::authorize::FreshProof;
use crate::passkey::Standing;

/// Something a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Sign in.
    Authenticate,
    /// Say which account to use.
    SelectAccount,
    /// Use the passkey again.
    Reauthenticate,
    /// Agree to what the client gets.
    Consent,
}

/// The steps of one authorization request; kept with it between requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a set of independent steps and outcomes"
)]
pub struct Progress {
    /// Whether signing in is outstanding.
    pub authenticate: bool,
    /// Whether choosing an account is outstanding.
    pub select_account: bool,
    /// Whether using the passkey again is outstanding.
    pub reauthenticate: bool,
    /// Whether consenting is outstanding.
    pub consent: bool,
    /// When the request came in, Unix milliseconds.
    pub requested_at: i64,
    /// When the passkey was used again for this request, Unix milliseconds.
    pub reauthenticated_at: Option<i64>,
    /// Whether it verified its owner.
    #[serde(default)]
    pub reauthentication_verified_user: bool,
    /// Whether it is a passkey the client takes.
    #[serde(default)]
    pub reauthentication_passkey_suffices: bool,
    /// Whether the person cancelled.
    #[serde(default)]
    pub cancelled: bool,
    /// The scopes asked for.
    pub scopes: Vec<String>,
}

impl Progress {
    /// The outstanding steps in the order they are done.
    pub fn required_steps(&self) -> Vec<Step> {
        [
            (self.authenticate, Step::Authenticate),
            (self.select_account, Step::SelectAccount),
            (self.reauthenticate, Step::Reauthenticate),
            (self.consent, Step::Consent),
        ]
        .into_iter()
        .filter_map(|(outstanding, step)| outstanding.then_some(step))
        .collect()
    }

    /// The next step, if any is left.
    pub fn current_step(&self) -> Option<Step> {
        self.required_steps().first().copied()
    }

    /// Whether a step may be completed now.
    pub fn expects(&self, step: Step) -> bool {
        self.current_step() == Some(step)
    }

    /// Notes which account signed in or was chosen, with what is asked of it.
    pub fn bind(&mut self, asked: AskedOfUser) {
        self.authenticate = false;
        self.select_account = false;
        self.reauthenticate = asked.reauthenticate;
        self.consent = asked.consent;
        self.forget_proof();
    }

    /// Asks for the passkey anew.
    pub fn reauthenticate_again(&mut self) {
        self.reauthenticate = true;
        self.forget_proof();
    }

    fn forget_proof(&mut self) {
        self.reauthenticated_at = None;
        self.reauthentication_verified_user = false;
        self.reauthentication_passkey_suffices = false;
    }

    /// The passkey used in the step, if it was.
    pub fn proof(&self) -> Option<FreshProof> {
        self.reauthenticated_at.map(|at| FreshProof {
            at,
            user_verified: self.reauthentication_verified_user,
            passkey: if self.reauthentication_passkey_suffices {
                Standing::Sufficient
            } else {
                Standing::Insufficient
            },
        })
    }

    /// Notes that the passkey was used.
    pub fn reauthenticated(&mut self, proof: FreshProof) {
        self.reauthenticate = false;
        self.reauthenticated_at = Some(proof.at);
        self.reauthentication_verified_user = proof.user_verified;
        self.reauthentication_passkey_suffices = proof.passkey == Standing::Sufficient;
    }

    /// Notes the consent.
    pub fn consented(&mut self) {
        self.consent = false;
    }
}

/// What a request asks of one particular user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedOfUser {
    /// Their passkey again.
    pub reauthenticate: bool,
    /// Their consent.
    pub consent: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Progress {
        Progress {
            authenticate: true,
            select_account: true,
            reauthenticate: true,
            consent: true,
            requested_at: 0,
            reauthenticated_at: None,
            reauthentication_verified_user: false,
            reauthentication_passkey_suffices: false,
            cancelled: false,
            scopes: Vec::new(),
        }
    }

    #[test]
    fn steps_come_in_order_and_one_at_a_time() {
        let mut progress = everything();
        assert_eq!(
            progress.required_steps(),
            [
                Step::Authenticate,
                Step::SelectAccount,
                Step::Reauthenticate,
                Step::Consent
            ]
        );
        assert!(!progress.expects(Step::Consent));
        progress.bind(AskedOfUser {
            reauthenticate: true,
            consent: true,
        });
        assert!(progress.expects(Step::Reauthenticate));
        progress.reauthenticated(FreshProof {
            at: 5,
            user_verified: true,
            passkey: Standing::Sufficient,
        });
        assert!(progress.expects(Step::Consent));
        progress.consented();
        assert_eq!(progress.current_step(), None);
    }

    #[test]
    fn another_account_has_to_prove_itself_anew() {
        let mut progress = everything();
        progress.reauthenticated(FreshProof {
            at: 5,
            user_verified: true,
            passkey: Standing::Sufficient,
        });
        progress.bind(AskedOfUser {
            reauthenticate: true,
            consent: false,
        });
        assert_eq!(progress.reauthenticated_at, None);
        assert_eq!(progress.required_steps(), [Step::Reauthenticate]);
    }
}
