//! The values columns hold: identifiers, times, closed enums and JSON documents.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use sea_orm::{DbErr, DeriveValueType, FromJsonQueryResult, TryFromU64, sea_query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// A moment, in milliseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment as whole seconds, rounded down (what tokens carry).
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `milliseconds` later; saturates at the end of time.
    #[must_use]
    pub fn plus_millis(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// The moment `seconds` later; saturates at the end of time.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    /// The moment `minutes` later; saturates at the end of time.
    #[must_use]
    pub fn plus_minutes(self, minutes: i64) -> Self {
        self.plus_seconds(minutes.saturating_mul(60))
    }
}

macro_rules! uuid_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(|id: Hyphenated| Self(id.into_uuid()))
            }
        }
    };
}

uuid_id!(
    /// A person's account; the `sub` of every token issued for them.
    UserId
);
uuid_id!(
    /// A request of a client that was refused.
    RefusedAuthorizationId
);
uuid_id!(
    /// A user group.
    GroupId
);
uuid_id!(
    /// A custom claim of a user or a group.
    CustomClaimId
);
uuid_id!(
    /// A registered passkey (not its credential ID).
    PasskeyId
);
uuid_id!(
    /// A pending WebAuthn ceremony.
    ChallengeId
);
uuid_id!(
    /// A browser sign-in session.
    SessionId
);
uuid_id!(
    /// One secret of a client.
    ClientSecretId
);
uuid_id!(
    /// A pending authorization request.
    InteractionId
);
uuid_id!(
    /// What a user let a client do in one authorization; every code and token belongs to one.
    GrantId
);
uuid_id!(
    /// A client's part of a sign-in session; the `sid` it knows.
    ClientSessionId
);
uuid_id!(
    /// Word of a sign-out to a client.
    LogoutDeliveryId
);
uuid_id!(
    /// A message to one person.
    MailId
);
uuid_id!(
    /// A request for a mailed login code.
    LoginCodeRequestId
);
uuid_id!(
    /// A token-signing key row.
    SigningKeyId
);
uuid_id!(
    /// An API.
    ApiId
);
uuid_id!(
    /// A permission of an API.
    ApiPermissionId
);
uuid_id!(
    /// A token that lets apps register themselves.
    RegistrationTokenId
);
uuid_id!(
    /// Identifies a sign-up token.
    SignupTokenId
);
uuid_id!(
    /// Identifies an API key.
    ApiKeyId
);
uuid_id!(
    /// An app that is told of users and groups.
    ScimProviderId
);
uuid_id!(
    /// An audit log row.
    AuditLogId
);

/// An OIDC client's identifier: a UUID by default, or text chosen by an administrator, or an https URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
#[serde(transparent)]
pub struct ClientId(pub String);

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFromU64 for ClientId {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("ClientId"))
    }
}

/// The SHA-256 of a secret artefact (session token, code, refresh token): all the database knows of it.
#[derive(Clone, PartialEq, Eq, Hash, DeriveValueType)]
pub struct TokenHash(pub Vec<u8>);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

impl TryFromU64 for TokenHash {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("TokenHash"))
    }
}

macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType, Serialize, Deserialize)]
        #[sea_orm(value_type = "String")]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// The text stored and sent.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str((*self).as_str())
            }
        }

        impl FromStr for $name {
            type Err = sea_query::ValueTypeErr;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(sea_query::ValueTypeErr),
                }
            }
        }
    };
}

text_enum!(
    /// How a session was authenticated; the `amr` value of its ID tokens (RFC 8176 where one fits).
    AuthenticationMethod {
        /// A passkey: phishing-resistant, `phr`.
        Passkey = "phr",
        /// A one-time code, or initial setup: `otp`.
        OneTimeCode = "otp",
        /// Approval on another device, where a passkey was used: `otp`.
        RemoteApproval = "remote",
        /// Self sign-up: nothing was proven, no `amr`.
        SignUp = "signup",
    }
);

impl AuthenticationMethod {
    /// The `amr` value, if the method has one.
    pub fn amr(self) -> Option<&'static str> {
        match self {
            Self::Passkey => Some("phr"),
            Self::OneTimeCode | Self::RemoteApproval => Some("otp"),
            Self::SignUp => None,
        }
    }
}

text_enum!(
    /// Which WebAuthn ceremony a challenge was issued for.
    Ceremony {
        /// Adding a passkey.
        Registration = "registration",
        /// Signing in or re-authenticating with one.
        Authentication = "authentication",
    }
);

text_enum!(
    /// Where a client's definition comes from.
    ClientType {
        /// Entered by an administrator.
        Standard = "standard",
        /// Read from a client ID metadata document.
        MetadataDocument = "cimd",
    }
);

text_enum!(
    /// A set of rules a client's requests must keep to.
    SecurityProfile {
        /// Those of OAuth and OpenID Connect.
        None = "none",
        /// FAPI 2.0 Security Profile.
        Fapi2 = "fapi2",
    }
);

text_enum!(
    /// What kind of passkey a client's users need.
    MinimumPasskey {
        /// Whatever they signed in with will do.
        Any = "any",
        /// One that cannot leave its device.
        DeviceBound = "device_bound",
        /// One of listed models, proven by its maker.
        Models = "models",
    }
);

text_enum!(
    /// How a client secret is hashed.
    SecretAlgorithm {
        /// Hex SHA-256 of the UTF-8 bytes; for generated, high-entropy secrets.
        Sha256 = "sha256",
        /// bcrypt, as older installations stored them.
        Bcrypt = "bcrypt",
    }
);

text_enum!(
    /// On whose behalf a client calls an API.
    SubjectType {
        /// A user's.
        User = "user",
        /// Its own.
        Client = "client",
    }
);

impl sea_orm::TryFromU64 for SubjectType {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("SubjectType"))
    }
}

text_enum!(
    /// Where a device's sign-in stands.
    DeviceRequestStatus {
        /// Nobody has answered it.
        Pending = "pending",
        /// Somebody agreed.
        Approved = "approved",
        /// Somebody refused.
        Denied = "denied",
        /// The device has its tokens.
        Redeemed = "redeemed",
    }
);

text_enum!(
    /// What a mail is about.
    MailKind {
        /// A sign-in from where its user never was.
        NewDevice = "login-with-new-device",
        /// Something that opens its user's account was changed.
        AccountChanged = "account-changed",
        /// A code that signs its user in.
        LoginCode = "one-time-access",
        /// A link that proves an address.
        EmailVerification = "email-verification",
        /// An API key that ends soon.
        ApiKeyExpiring = "api-key-expiring-soon",
    }
);

text_enum!(
    /// Where the delivery of something stands.
    DeliveryState {
        /// It is attempted, or will be again.
        Pending = "pending",
        /// Its receiver took it.
        Delivered = "delivered",
        /// Nobody tries any more.
        Failed = "failed",
    }
);

text_enum!(
    /// What an app is told of.
    ScimKind {
        /// A person.
        User = "user",
        /// A group.
        Group = "group",
    }
);

impl sea_orm::TryFromU64 for ScimKind {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("ScimKind"))
    }
}

text_enum!(
    /// How something at an app came to stand for one of ours.
    ScimOrigin {
        /// We made it, and may delete it.
        Created = "created",
        /// It was there before.
        Found = "found",
    }
);

text_enum!(
    /// The life of a signing key.
    SigningKeyState {
        /// Signs new tokens.
        Active = "active",
        /// Only verifies tokens it signed before.
        Retired = "retired",
    }
);

text_enum!(
    /// What a signing key is there for.
    SigningKeyRole {
        /// The installation's own: signs all that nobody wants otherwise.
        Instance = "instance",
        /// Made because a client asks for its algorithm.
        Client = "client",
    }
);

/// A postal address (OIDC Core §5.1.1); parts that are not known are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(default)]
pub struct PostalAddress {
    /// House, street, box.
    pub street_address: String,
    /// City.
    pub locality: String,
    /// State, province.
    pub region: String,
    /// Postal code.
    pub postal_code: String,
    /// Country.
    pub country: String,
}

/// A JSON array of strings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct StringList(pub Vec<String>);

/// A JSON object of strings, in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct StringMap(pub BTreeMap<String, String>);

/// Any JSON document whose shape another crate owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct JsonDocument(pub serde_json::Value);

/// A foreign issuer whose signed assertions authenticate a client (RFC 7523).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FederatedIdentity {
    /// The exact `iss` of the assertion.
    pub issuer: String,
    /// The `sub` expected; the client ID when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The `aud` expected; this provider's URL when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub audience: String,
    /// The URL of the key set; derived from the issuer when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub jwks: String,
    /// Whether a `jti` may be used only once.
    #[serde(default)]
    pub replay_protection: bool,
}

/// The federated identities of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct FederatedIdentities(pub Vec<FederatedIdentity>);

#[expect(
    clippy::derivable_impls,
    reason = "the macro derives for enums without a default"
)]
impl Default for MinimumPasskey {
    fn default() -> Self {
        Self::Any
    }
}

#[expect(
    clippy::derivable_impls,
    reason = "the macro derives for enums without a default"
)]
impl Default for SecurityProfile {
    fn default() -> Self {
        Self::None
    }
}
