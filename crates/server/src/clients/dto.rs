//! Clients on the wire.

use pocket_id_store::clients::{Client, ClientSecret, secret_is_active};
use pocket_id_store::groups::UserGroup;
use pocket_id_store::types::{ClientType, FederatedIdentity, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::protocol::ClientProtocolDto;
use crate::http::conditional::{EntityTag, Tagged};
use crate::http::shown_once;
use crate::http::time_format::{serde_rfc3339, serde_rfc3339_option};
use crate::users::dto::UserGroupMinimalDto;

/// What anybody may know of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientMetaDto {
    /// The `client_id`.
    pub id: String,
    /// What people read.
    pub name: String,
    /// One line, may be empty.
    pub description: String,
    /// Whether there is a logo for light mode.
    pub has_logo: bool,
    /// Whether there is a logo for dark mode.
    pub has_dark_logo: bool,
    /// Where My Apps opens it.
    #[serde(rename = "launchURL")]
    pub launch_url: Option<String>,
    /// Each authorization needs a passkey just used.
    pub requires_reauthentication: bool,
    /// `standard` or `cimd`.
    #[schema(value_type = String, example = "standard")]
    pub client_type: ClientType,
}

impl From<&Client> for ClientMetaDto {
    fn from(client: &Client) -> Self {
        Self {
            id: client.id.0.clone(),
            name: client.name.clone(),
            description: client.description.clone(),
            has_logo: client.logo_extension.is_some(),
            has_dark_logo: client.dark_logo_extension.is_some(),
            launch_url: client.launch_url.clone(),
            requires_reauthentication: client.requires_reauthentication,
            client_type: client.client_type,
        }
    }
}

/// A foreign issuer whose assertions authenticate the client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FederatedIdentityDto {
    /// The exact `iss`: an http or https URL, unless `jwks` says where the keys are.
    pub issuer: String,
    /// The `sub`; the client ID when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub subject: String,
    /// The `aud`; this provider's URL when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub audience: String,
    /// http or https URL of the key set; derived from the issuer when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub jwks: String,
    /// Whether an assertion may be used only once.
    pub replay_protection: bool,
}

impl From<FederatedIdentity> for FederatedIdentityDto {
    fn from(identity: FederatedIdentity) -> Self {
        let FederatedIdentity {
            issuer,
            subject,
            audience,
            jwks,
            replay_protection,
        } = identity;
        Self {
            issuer,
            subject,
            audience,
            jwks,
            replay_protection,
        }
    }
}

impl From<FederatedIdentityDto> for FederatedIdentity {
    fn from(identity: FederatedIdentityDto) -> Self {
        let FederatedIdentityDto {
            issuer,
            subject,
            audience,
            jwks,
            replay_protection,
        } = identity;
        Self {
            issuer,
            subject,
            audience,
            jwks,
            replay_protection,
        }
    }
}

/// A secret without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientSecretDto {
    /// Identifier.
    pub id: String,
    /// What it is called, to tell secrets apart.
    pub name: Option<String>,
    /// First four characters.
    pub prefix: String,
    /// Creation.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// End of life; null means never.
    #[serde(serialize_with = "serde_rfc3339_option::serialize")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Whether it is accepted now.
    pub is_active: bool,
}

impl ClientSecretDto {
    /// A secret as seen at a moment.
    pub fn new(secret: &ClientSecret, now: Timestamp) -> Self {
        Self {
            id: secret.id.to_string(),
            name: secret.name.clone(),
            prefix: secret.prefix.clone(),
            created_at: secret.created_at,
            expires_at: secret.expires_at,
            is_active: secret_is_active(secret, now),
        }
    }
}

/// A new secret with its value, the only time it is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreatedSecretDto {
    /// What will be known of it later.
    #[serde(flatten)]
    pub facts: ClientSecretDto,
    /// The value.
    #[serde(serialize_with = "shown_once::expose")]
    #[schema(value_type = String)]
    pub secret: SecretString,
}

/// The one secret of the older route.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReplacedSecretDto {
    /// The value.
    #[serde(serialize_with = "shown_once::expose")]
    #[schema(value_type = String)]
    pub secret: SecretString,
}

/// How a client proves who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialsDto {
    /// Issuers whose assertions authenticate it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub federated_identities: Vec<FederatedIdentityDto>,
    /// Its secrets, oldest first.
    pub secrets: Vec<ClientSecretDto>,
}

/// A client as administrators see it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the wire format is what it is")]
pub struct ClientDto {
    /// What anybody may know.
    #[serde(flatten)]
    pub meta: ClientMetaDto,
    /// Redirect URI patterns.
    #[serde(rename = "callbackURLs")]
    pub callback_urls: Vec<String>,
    /// Post-logout redirect URI patterns.
    #[serde(rename = "logoutCallbackURLs")]
    pub logout_callback_urls: Vec<String>,
    /// No secret, PKCE mandatory.
    pub is_public: bool,
    /// PKCE mandatory.
    pub pkce_enabled: bool,
    /// Only pushed authorization requests.
    pub requires_pushed_authorization_requests: bool,
    /// No consent screen.
    pub skip_consent: bool,
    /// How it proves who it is.
    pub credentials: CredentialsDto,
    /// Only members of allowed groups.
    pub is_group_restricted: bool,
    /// PKCE was seen without being mandatory.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub pkce_supported: bool,
    /// Minutes an access token lives.
    pub access_token_duration_minutes: i32,
    /// Minutes a refresh token may stay unused.
    pub refresh_token_duration_minutes: i32,
    /// Keys, algorithms, proofs and logout addresses.
    pub protocol: ClientProtocolDto,
    /// Whether it registered itself.
    pub is_dynamic: bool,
    /// Whether an administrator stands behind it; always true for one an administrator made.
    pub is_approved: bool,
}

impl ClientDto {
    /// A client with its secrets, as seen at a moment.
    pub fn new<'s>(
        client: &Client,
        secrets: impl IntoIterator<Item = &'s ClientSecret>,
        now: Timestamp,
    ) -> Self {
        Self {
            meta: client.into(),
            callback_urls: client.callback_urls.0.clone(),
            logout_callback_urls: client.logout_callback_urls.0.clone(),
            is_public: client.is_public,
            pkce_enabled: client.pkce_enabled,
            requires_pushed_authorization_requests: client.requires_pushed_authorization_requests,
            skip_consent: client.skip_consent,
            credentials: CredentialsDto {
                federated_identities: client
                    .federated_identities
                    .0
                    .iter()
                    .cloned()
                    .map(Into::into)
                    .collect(),
                secrets: secrets
                    .into_iter()
                    .map(|secret| ClientSecretDto::new(secret, now))
                    .collect(),
            },
            is_group_restricted: client.is_group_restricted,
            pkce_supported: client.pkce_supported,
            access_token_duration_minutes: client.access_token_duration_minutes,
            refresh_token_duration_minutes: client.refresh_token_duration_minutes,
            protocol: client.into(),
            is_dynamic: client.is_dynamic,
            is_approved: client.is_approved,
        }
    }
}

/// A client with the groups that may use it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientWithGroupsDto {
    /// The client.
    #[serde(flatten)]
    pub client: ClientDto,
    /// Who may use it while it is restricted.
    pub allowed_user_groups: Vec<UserGroupMinimalDto>,
}

impl ClientWithGroupsDto {
    /// A client and its groups.
    pub fn new(client: ClientDto, groups: &[UserGroup]) -> Self {
        Self {
            client,
            allowed_user_groups: groups.iter().map(Into::into).collect(),
        }
    }
}

impl Tagged for ClientWithGroupsDto {
    fn tag(&self) -> EntityTag {
        let client = &self.client;
        let meta = &client.meta;
        let mut groups: Vec<&str> = self
            .allowed_user_groups
            .iter()
            .map(|group| group.id.as_str())
            .collect();
        groups.sort_unstable();
        let administered = (
            &meta.id,
            &meta.description,
            &meta.launch_url,
            meta.requires_reauthentication,
            client.requires_pushed_authorization_requests,
            client.skip_consent,
            client.is_approved,
            client.is_group_restricted,
            groups,
            client.access_token_duration_minutes,
            client.refresh_token_duration_minutes,
        );
        // What a metadata document says changes with the document, and no administrator can overwrite it.
        let defined = (
            &meta.name,
            &client.callback_urls,
            &client.logout_callback_urls,
            client.is_public,
            client.pkce_enabled,
            &client.credentials.federated_identities,
            &client.protocol,
        );
        let by_administrators = meta.client_type != ClientType::MetadataDocument;
        EntityTag::of(&(administered, by_administrators.then_some(defined)))
    }
}

/// A client with how many groups may use it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientWithGroupCountDto {
    /// The client.
    #[serde(flatten)]
    pub client: ClientDto,
    /// How many groups may use it while it is restricted.
    pub allowed_user_groups_count: i64,
}

/// The submitted credentials; secrets have routes of their own and are ignored here.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CredentialsInput {
    /// Replaces the list.
    #[schema(required = false)]
    pub federated_identities: Option<Vec<FederatedIdentityDto>>,
}

/// What creates or replaces a client.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the wire format is what it is")]
pub struct ClientInput {
    /// `client_id` of a new client; a random UUID when absent, ignored on update.
    #[schema(
        required = false,
        min_length = 2,
        max_length = 128,
        pattern = "^[a-zA-Z0-9._-]+$"
    )]
    pub id: String,
    /// At most 50 characters.
    #[schema(required = true, max_length = 50)]
    pub name: String,
    /// At most 150 characters.
    #[schema(required = false, max_length = 150)]
    pub description: String,
    /// Redirect URI patterns.
    #[serde(rename = "callbackURLs")]
    #[schema(required = false)]
    pub callback_urls: Vec<String>,
    /// Post-logout redirect URI patterns.
    #[serde(rename = "logoutCallbackURLs")]
    #[schema(required = false)]
    pub logout_callback_urls: Vec<String>,
    /// No secret, PKCE mandatory.
    #[schema(required = false)]
    pub is_public: bool,
    /// PKCE mandatory.
    #[schema(required = false)]
    pub pkce_enabled: bool,
    /// Each authorization needs a passkey just used.
    #[schema(required = false)]
    pub requires_reauthentication: bool,
    /// Only pushed authorization requests.
    #[schema(required = false)]
    pub requires_pushed_authorization_requests: bool,
    /// No consent screen.
    #[schema(required = false)]
    pub skip_consent: bool,
    /// Only members of allowed groups.
    #[schema(required = false)]
    pub is_group_restricted: bool,
    /// How it proves who it is.
    #[schema(required = false)]
    pub credentials: CredentialsInput,
    /// Where My Apps opens it.
    #[serde(rename = "launchURL")]
    #[schema(required = false)]
    pub launch_url: Option<String>,
    /// An address a logo is read from.
    #[schema(required = false)]
    pub logo_url: Option<String>,
    /// The same for dark mode.
    #[schema(required = false)]
    pub dark_logo_url: Option<String>,
    /// 1 to 525600; 0 or absent means 60.
    #[schema(required = false, minimum = 0, maximum = 525_600)]
    pub access_token_duration_minutes: i32,
    /// 1 to 525600; 0 or absent means 43200.
    #[schema(required = false, minimum = 0, maximum = 525_600)]
    pub refresh_token_duration_minutes: i32,
    /// Keys, algorithms, proofs and logout addresses; what is stored stays when absent.
    #[schema(required = false)]
    pub protocol: Option<ClientProtocolDto>,
}

/// What makes a secret.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretInput {
    /// At least 16 printable ASCII characters; 32 random ones when absent.
    #[schema(required = false, min_length = 16)]
    pub secret: Option<String>,
    /// End of life; never when absent.
    #[schema(required = false, format = DateTime)]
    pub expires_at: Option<String>,
    /// What to call it: where it is used, say.
    #[schema(required = false, max_length = 50, example = "Staging")]
    pub name: Option<String>,
}

impl std::fmt::Debug for SecretInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretInput")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
