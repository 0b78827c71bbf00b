//! What goes to the browser and what comes back: WebAuthn's JSON forms.
//!
//! The options are written here and not by a library because their exact form is a contract: bare objects
//! without a `publicKey` wrapper, binary fields as base64url without padding, optional members left out.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use super::policy::UserVerification;

/// Writes no padding, reads with or without it: some clients pad.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Bytes that travel as base64url text.
#[derive(Clone, PartialEq, Eq)]
pub struct Base64Url(pub Vec<u8>);

impl Base64Url {
    /// Reads the text form; trailing `=` is tolerated.
    pub fn parse(text: &str) -> Option<Self> {
        BASE64URL.decode(text).ok().map(Self)
    }
}

impl fmt::Display for Base64Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL.encode(&self.0))
    }
}

impl fmt::Debug for Base64Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64Url({self})")
    }
}

impl Serialize for Base64Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("expected base64url"))
    }
}

/// The 32 random bytes an authenticator has to sign. The caller draws them, so tests can choose them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Base64Url", into = "Base64Url")]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Takes bytes drawn from a cryptographic random source.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(..)")
    }
}

impl From<Challenge> for Base64Url {
    fn from(challenge: Challenge) -> Self {
        Self(challenge.0.to_vec())
    }
}

impl TryFrom<Base64Url> for Challenge {
    type Error = &'static str;

    fn try_from(value: Base64Url) -> Result<Self, Self::Error> {
        value
            .0
            .try_into()
            .map(Self)
            .map_err(|_| "a challenge has 32 bytes")
    }
}

/// What authenticators remember an account by: the ASCII text of the user's UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserHandle(pub Uuid);

impl UserHandle {
    /// The 36 bytes given to the authenticator.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.hyphenated().to_string().into_bytes()
    }

    /// Reads what an authenticator returned; none unless it has exactly the form we hand out.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let id = Uuid::try_parse_ascii(bytes).ok()?;
        let handle = Self(id);
        (handle.to_bytes() == bytes).then_some(handle)
    }
}

/// `PublicKeyCredentialCreationOptionsJSON`: the answer that starts a registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreationOptions {
    /// Who asks.
    pub rp: RelyingPartyEntity,
    /// For whom.
    pub user: UserEntity,
    /// To be signed.
    #[schema(value_type = String)]
    pub challenge: Base64Url,
    /// Milliseconds.
    pub timeout: u32,
    /// Accepted key types, best first.
    pub pub_key_cred_params: Vec<CredentialParameter>,
    /// The user's passkeys, so that an authenticator does not register twice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude_credentials: Vec<CredentialDescriptor>,
    /// What kind of credential is wanted.
    pub authenticator_selection: AuthenticatorSelection,
    /// `direct` where something depends on the authenticator's model; browsers take its absence for `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub attestation: Option<&'static str>,
    /// Requested extensions.
    pub extensions: RegistrationExtensions,
}

/// The relying party as shown to the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RelyingPartyEntity {
    /// Application name.
    pub name: String,
    /// RP ID: the host name.
    pub id: String,
}

/// The account as shown in the authenticator's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserEntity {
    /// User name.
    pub name: String,
    /// Name for people.
    pub display_name: String,
    /// User handle.
    #[schema(value_type = String)]
    pub id: Base64Url,
}

/// One accepted key type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CredentialParameter {
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub kind: PublicKeyType,
    /// COSE algorithm identifier.
    pub alg: i64,
}

/// The only credential type there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum PublicKeyType {
    /// `public-key`
    #[serde(rename = "public-key")]
    PublicKey,
}

/// A credential the authenticator should recognise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CredentialDescriptor {
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub kind: PublicKeyType,
    /// Credential ID.
    #[schema(value_type = String)]
    pub id: Base64Url,
    /// How its authenticator can be reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
}

/// What kind of authenticator and credential is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticatorSelection {
    /// `platform`, `cross-platform`, or left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticator_attachment: Option<&'static str>,
    /// For browsers that know only the older member.
    pub require_resident_key: bool,
    /// Sign-in asks for no user name, so only discoverable credentials are of use.
    pub resident_key: &'static str,
    /// Whether the person must be verified.
    #[schema(value_type = String)]
    pub user_verification: UserVerification,
}

/// Extensions asked for at registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationExtensions {
    /// Firefox on Android stores a discoverable credential only when this is asked for.
    pub cred_props: bool,
}

/// `PublicKeyCredentialRequestOptionsJSON`: the answer that starts a sign-in. It names no credentials, so it
/// tells nobody whether an account exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestOptions {
    /// To be signed.
    #[schema(value_type = String)]
    pub challenge: Base64Url,
    /// Milliseconds.
    pub timeout: u32,
    /// RP ID: the host name.
    pub rp_id: String,
    /// Whether the person must be verified.
    #[schema(value_type = String)]
    pub user_verification: UserVerification,
}

/// The browser's `RegistrationResponseJSON`, as far as we look at it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegistrationResponseJson {
    /// Credential ID.
    #[schema(value_type = String)]
    pub(super) id: Base64Url,
    /// The same.
    #[schema(value_type = String)]
    pub(super) raw_id: Base64Url,
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub(super) _kind: PublicKeyType,
    /// What the authenticator made.
    pub(super) response: AttestationResponseJson,
    /// `platform` or `cross-platform`, where the browser says it.
    #[serde(default)]
    pub(super) authenticator_attachment: Option<String>,
}

/// A new passkey.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttestationResponseJson {
    /// What the browser was asked, base64url.
    #[serde(rename = "clientDataJSON")]
    #[schema(value_type = String)]
    pub(super) client_data: Base64Url,
    /// The public key and what proves the authenticator's model, base64url.
    #[schema(value_type = String)]
    pub(super) attestation_object: Base64Url,
    /// How the authenticator can be reached.
    #[serde(default)]
    pub(super) transports: Option<Vec<String>>,
}

/// The browser's `AuthenticationResponseJSON`, as far as we look at it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthenticationResponseJson {
    /// Credential ID.
    #[schema(value_type = String)]
    pub(super) id: Base64Url,
    /// The same.
    #[schema(value_type = String)]
    pub(super) raw_id: Base64Url,
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub(super) _kind: PublicKeyType,
    /// What the authenticator signed.
    pub(super) response: AssertionResponseJson,
}

/// A use of a passkey.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssertionResponseJson {
    /// What the browser was asked, base64url.
    #[serde(rename = "clientDataJSON")]
    #[schema(value_type = String)]
    pub(super) client_data: Base64Url,
    /// What the authenticator says of itself, base64url.
    #[schema(value_type = String)]
    pub(super) authenticator_data: Base64Url,
    /// Its signature over both, base64url.
    #[schema(value_type = String)]
    pub(super) signature: Base64Url,
    /// Whose passkey it is, base64url.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) user_handle: Option<Base64Url>,
}

#[cfg(test)]
mod tests {
    use uuid::uuid;

    use super::*;

    #[test]
    fn padding_is_tolerated_and_never_written() {
        for text in ["YQ", "YQ=="] {
            assert_eq!(Base64Url::parse(text), Some(Base64Url(b"a".to_vec())), "{text}");
        }
        assert_eq!(Base64Url(b"a".to_vec()).to_string(), "YQ");
        for text in ["Y", "Y=Q=", "a+b/", "YQ ", "ä"] {
            assert_eq!(Base64Url::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_user_handle_is_the_text_of_the_uuid() {
        let handle = UserHandle(uuid!("65a5f4b8-0c3e-4b0e-9d51-6e6f0d6b6a01"));
        assert_eq!(handle.to_bytes(), b"65a5f4b8-0c3e-4b0e-9d51-6e6f0d6b6a01");
        assert_eq!(UserHandle::parse(&handle.to_bytes()), Some(handle));
        for other in [
            &b""[..],
            b"65A5F4B8-0C3E-4B0E-9D51-6E6F0D6B6A01",
            b"65a5f4b80c3e4b0e9d516e6f0d6b6a01",
            b"{65a5f4b8-0c3e-4b0e-9d51-6e6f0d6b6a01}",
            b"65a5f4b8-0c3e-4b0e-9d51-6e6f0d6b6a01\0",
            &[0x65; 16],
        ] {
            assert_eq!(UserHandle::parse(other), None, "{other:?}");
        }
    }
}
