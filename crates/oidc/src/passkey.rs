//! What kind of passkey a client's users need.

/// Whether a key can leave the device it was made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// It cannot: the authenticator says so in what it signs.
    Device,
    /// It may be copied to other devices.
    Synced,
}

/// A passkey somebody used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedPasskey {
    /// Where its key may be.
    pub binding: Binding,
    /// Its model (AAGUID), if its maker's certificate proves it. What an authenticator merely says of itself is none.
    pub proven_model: Option<String>,
}

/// What a client insists on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MinimumPasskey {
    /// Nothing: any sign-in will do.
    #[default]
    Any,
    /// A passkey that cannot leave its device.
    DeviceBound,
    /// A passkey of one of these models.
    Models(Vec<String>),
}

/// Whether what somebody used is enough for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Sufficient,
    /// Another passkey is needed.
    Insufficient,
}

impl MinimumPasskey {
    /// Judges a passkey, or its absence: somebody may have signed in with a code, or removed the passkey since.
    pub fn judge(&self, used: Option<&UsedPasskey>) -> Standing {
        let suffices = match (self, used) {
            (Self::Any, _) => true,
            (Self::DeviceBound | Self::Models(_), None) => false,
            (Self::DeviceBound, Some(passkey)) => passkey.binding == Binding::Device,
            (Self::Models(models), Some(passkey)) => passkey
                .proven_model
                .as_ref()
                .is_some_and(|model| models.iter().any(|known| known.eq_ignore_ascii_case(model))),
        };
        if suffices {
            Standing::Sufficient
        } else {
            Standing::Insufficient
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Binding::{Device, Synced};
    use super::*;

    const MODEL: &str = "2fc0579f-8113-47ea-b116-bb5a8db9202a";

    #[test]
    fn each_minimum_takes_what_is_at_least_that() {
        let models = |models: &[&str]| {
            MinimumPasskey::Models(models.iter().map(|model| (*model).to_owned()).collect())
        };
        let used = |binding, model: Option<&str>| {
            Some(UsedPasskey {
                binding,
                proven_model: model.map(str::to_owned),
            })
        };
        for (minimum, passkey, suffices) in [
            (MinimumPasskey::Any, None, true),
            (MinimumPasskey::Any, used(Synced, None), true),
            (MinimumPasskey::DeviceBound, None, false),
            (MinimumPasskey::DeviceBound, used(Synced, Some(MODEL)), false),
            (MinimumPasskey::DeviceBound, used(Device, None), true),
            (models(&[MODEL]), None, false),
            (models(&[MODEL]), used(Device, None), false),
            (models(&[MODEL]), used(Device, Some(MODEL)), true),
            (models(&[MODEL]), used(Synced, Some(MODEL)), true),
            (
                models(&["another", &MODEL.to_uppercase()]),
                used(Device, Some(MODEL)),
                true,
            ),
            (models(&["another"]), used(Device, Some(MODEL)), false),
            (models(&[]), used(Device, Some(MODEL)), false),
        ] {
            let expected = if suffices {
                Standing::Sufficient
            } else {
                Standing::Insufficient
            };
            assert_eq!(
                minimum.judge(passkey.as_ref()),
                expected,
                "{minimum:?} {passkey:?}"
            );
        }
    }
}
