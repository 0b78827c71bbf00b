//! What can happen.

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A passkey sign-in.
    SignIn,
    /// A passkey was registered.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey's signature counter did not rise: it may have been copied.
    PasskeyCounterWentBack,
    /// A client was authorized with consent given before.
    ClientAuthorization,
    /// A client was authorized for the first time or for more than before.
    NewClientAuthorization,
    /// A user took back what a client had been allowed.
    ClientAuthorizationRevoked,
    /// A device was let in with consent given before.
    DeviceCodeAuthorization,
    /// A device was let in for the first time or for more than before.
    NewDeviceCodeAuthorization,
    /// A device was turned away.
    DeviceCodeDenied,
    /// A client exchanged a user's token for one of its own.
    TokenExchange,
    /// Somebody made their own account.
    AccountCreated,
    /// A token for making accounts was made.
    SignupTokenCreated,
    /// Such a token was deleted.
    SignupTokenDeleted,
    /// Somebody was signed in by their approval on another device.
    RemoteSignIn,
    /// Such a sign-in was approved; what waits has not signed in yet.
    RemoteSignInApproved,
    /// Such a sign-in was turned away.
    RemoteSignInDenied,
    /// Somebody signed in with a recovery code.
    RecoveryCodeSignIn,
    /// Somebody made recovery codes.
    RecoveryCodesCreated,
    /// Recovery codes were thrown away.
    RecoveryCodesDeleted,
    /// The first administrator was set up.
    InitialSetup,
    /// Somebody signed out.
    SignOut,
    /// A session was ended from the list of sessions.
    SessionEnded,
    /// Settings were changed.
    ConfigurationChanged,
    /// An API key was made or renewed.
    ApiKeyCreated,
    /// An API key was revoked.
    ApiKeyRevoked,
    /// A code that signs somebody in was made.
    LoginCodeCreated,
    /// Somebody signed in with such a code.
    TokenSignIn,
    /// Somebody proved that an address is theirs.
    EmailVerified,
    /// An account was made by an administrator.
    UserCreated,
    /// An account was changed.
    UserUpdated,
    /// An account was deleted.
    UserDeleted,
    /// The groups of an account were changed.
    UserGroupsUpdated,
    /// The custom claims of an account or a group were changed.
    CustomClaimsUpdated,
    /// A group was made.
    GroupCreated,
    /// A group was renamed.
    GroupUpdated,
    /// A group was deleted.
    GroupDeleted,
    /// The members of a group were changed.
    GroupMembersUpdated,
    /// The clients a group may use were changed.
    GroupClientsUpdated,
    /// A client was made.
    ClientCreated,
    /// A client was changed.
    ClientUpdated,
    /// A client was deleted.
    ClientDeleted,
    /// A client that registered itself was approved.
    ClientApproved,
    /// The groups that may use a client were changed.
    ClientGroupsUpdated,
    /// A client got a secret.
    ClientSecretCreated,
    /// A client lost a secret.
    ClientSecretDeleted,
    /// An app is told of users and groups from now on.
    ScimProviderCreated,
    /// How an app is told of them was changed.
    ScimProviderUpdated,
    /// An app is told of them no more.
    ScimProviderDeleted,
    /// An API was made.
    ApiCreated,
    /// An API or its permissions were changed.
    ApiUpdated,
    /// An API was deleted.
    ApiDeleted,
    /// What clients may do at an API was changed.
    ApiAccessUpdated,
    /// A token for clients that register themselves was made.
    RegistrationTokenCreated,
    /// Such a token was deleted.
    RegistrationTokenDeleted,
    /// A picture of a person was set.
    ProfilePictureUpdated,
    /// A picture of a person was taken away.
    ProfilePictureRemoved,
    /// The document a client is described by was read anew because an administrator wanted so.
    ClientRefreshed,
    /// A client without callback URLs got the first one it was used with.
    CallbackUrlTrusted,
    /// Somebody failed to sign in.
    SignInFailed,
    /// A client's request was refused before it could be answered to the client.
    AuthorizationRefused,
}

impl Event {
    /// Those after which somebody is signed in to their account, and was nowhere kept from it.
    pub const SIGN_INS: [Self; 6] = [
        Self::SignIn,
        Self::TokenSignIn,
        Self::RemoteSignIn,
        Self::RecoveryCodeSignIn,
        Self::AccountCreated,
        Self::InitialSetup,
    ];

    /// The name stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "SIGN_IN",
            Self::PasskeyAdded => "PASSKEY_ADDED",
            Self::PasskeyRemoved => "PASSKEY_REMOVED",
            Self::PasskeyCounterWentBack => "PASSKEY_COUNTER_WENT_BACK",
            Self::ClientAuthorization => "CLIENT_AUTHORIZATION",
            Self::NewClientAuthorization => "NEW_CLIENT_AUTHORIZATION",
            Self::ClientAuthorizationRevoked => "CLIENT_AUTHORIZATION_REVOKED",
            Self::DeviceCodeAuthorization => "DEVICE_CODE_AUTHORIZATION",
            Self::NewDeviceCodeAuthorization => "NEW_DEVICE_CODE_AUTHORIZATION",
            Self::DeviceCodeDenied => "DEVICE_CODE_DENIED",
            Self::TokenExchange => "TOKEN_EXCHANGE",
            Self::AccountCreated => "ACCOUNT_CREATED",
            Self::SignupTokenCreated => "SIGNUP_TOKEN_CREATED",
            Self::SignupTokenDeleted => "SIGNUP_TOKEN_DELETED",
            Self::RemoteSignIn => "REMOTE_SIGN_IN",
            Self::RemoteSignInApproved => "REMOTE_SIGN_IN_APPROVED",
            Self::RemoteSignInDenied => "REMOTE_SIGN_IN_DENIED",
            Self::RecoveryCodeSignIn => "RECOVERY_CODE_SIGN_IN",
            Self::RecoveryCodesCreated => "RECOVERY_CODES_CREATED",
            Self::RecoveryCodesDeleted => "RECOVERY_CODES_DELETED",
            Self::InitialSetup => "INITIAL_SETUP",
            Self::SignOut => "SIGN_OUT",
            Self::SessionEnded => "SESSION_ENDED",
            Self::ConfigurationChanged => "CONFIGURATION_CHANGED",
            Self::ApiKeyCreated => "API_KEY_CREATED",
            Self::ApiKeyRevoked => "API_KEY_REVOKED",
            Self::LoginCodeCreated => "LOGIN_CODE_CREATED",
            Self::TokenSignIn => "TOKEN_SIGN_IN",
            Self::EmailVerified => "EMAIL_VERIFIED",
            Self::UserCreated => "USER_CREATED",
            Self::UserUpdated => "USER_UPDATED",
            Self::UserDeleted => "USER_DELETED",
            Self::UserGroupsUpdated => "USER_GROUPS_UPDATED",
            Self::CustomClaimsUpdated => "CUSTOM_CLAIMS_UPDATED",
            Self::GroupCreated => "USER_GROUP_CREATED",
            Self::GroupUpdated => "USER_GROUP_UPDATED",
            Self::GroupDeleted => "USER_GROUP_DELETED",
            Self::GroupMembersUpdated => "USER_GROUP_MEMBERS_UPDATED",
            Self::GroupClientsUpdated => "USER_GROUP_CLIENTS_UPDATED",
            Self::ClientCreated => "CLIENT_CREATED",
            Self::ClientUpdated => "CLIENT_UPDATED",
            Self::ClientDeleted => "CLIENT_DELETED",
            Self::ClientApproved => "CLIENT_APPROVED",
            Self::ClientGroupsUpdated => "CLIENT_GROUPS_UPDATED",
            Self::ClientSecretCreated => "CLIENT_SECRET_CREATED",
            Self::ClientSecretDeleted => "CLIENT_SECRET_DELETED",
            Self::ScimProviderCreated => "SCIM_PROVIDER_CREATED",
            Self::ScimProviderUpdated => "SCIM_PROVIDER_UPDATED",
            Self::ScimProviderDeleted => "SCIM_PROVIDER_DELETED",
            Self::ApiCreated => "API_CREATED",
            Self::ApiUpdated => "API_UPDATED",
            Self::ApiDeleted => "API_DELETED",
            Self::ApiAccessUpdated => "API_ACCESS_UPDATED",
            Self::RegistrationTokenCreated => "REGISTRATION_TOKEN_CREATED",
            Self::RegistrationTokenDeleted => "REGISTRATION_TOKEN_DELETED",
            Self::ProfilePictureUpdated => "PROFILE_PICTURE_UPDATED",
            Self::ProfilePictureRemoved => "PROFILE_PICTURE_REMOVED",
            Self::ClientRefreshed => "CLIENT_REFRESHED",
            Self::CallbackUrlTrusted => "CALLBACK_URL_TRUSTED",
            Self::SignInFailed => "SIGN_IN_FAILED",
            Self::AuthorizationRefused => "AUTHORIZATION_REFUSED",
        }
    }
}
