//! Rows as the protocol crate wants to see them.

use pocket_id_oidc::claims::{Address, Person, by_precedence};
use pocket_id_oidc::claims_request::RequestedClaims;
use pocket_id_oidc::client::{Approval, Client, ClientKind, Demand, Permission, Profile};
use pocket_id_oidc::client_auth::StoredSecret;
use pocket_id_oidc::grant::Grant;
use pocket_id_oidc::passkey::{Binding, MinimumPasskey as Minimum, Standing, UsedPasskey};
use pocket_id_oidc::pkce::Method;
use pocket_id_oidc::resource::{self, ApiFacts, RequestedApi};
use pocket_id_oidc::scope::Scopes;
use pocket_id_store::clients::{self, ClientSecret};
use pocket_id_store::types::{
    ClientId, ClientType, GroupId, MinimumPasskey, PasskeyId, SecretAlgorithm, SecurityProfile, SubjectType,
    Timestamp, UserId,
};
use pocket_id_store::users::User;
use pocket_id_store::{StoreError, StoreResult, apis, custom_claims, grants, groups, passkeys};

use crate::state::AppState;

fn demand(required: bool) -> Demand {
    if required {
        Demand::Required
    } else {
        Demand::Optional
    }
}

fn permission(granted: bool) -> Permission {
    if granted {
        Permission::Granted
    } else {
        Permission::Refused
    }
}

/// A choice among names we know; they were checked when they were stored.
fn chosen<T: std::str::FromStr>(name: Option<&str>) -> Option<T> {
    name.and_then(|name| name.parse().ok())
}

/// A client.
pub fn client(row: &clients::Client) -> Client {
    let mut pkce_methods = vec![Method::S256];
    if row.pkce_plain_allowed {
        pkce_methods.push(Method::Plain);
    }
    Client {
        id: row.id.0.clone(),
        kind: if row.is_public {
            ClientKind::Public
        } else {
            ClientKind::Confidential
        },
        pkce: demand(row.pkce_enabled),
        pkce_methods,
        reauthentication: demand(row.requires_reauthentication),
        pushed_requests: demand(row.requires_pushed_authorization_requests),
        consent: demand(!row.skip_consent),
        redirect_uris: row.callback_urls.0.clone(),
        learns_redirect_uri: row.learns_callback_url,
        post_logout_redirect_uris: row.logout_callback_urls.0.clone(),
        profile: match row.security_profile {
            SecurityProfile::None => Profile::OAuth,
            SecurityProfile::Fapi2 => Profile::Fapi2,
        },
        auth_method: chosen(row.token_endpoint_auth_method.as_deref()),
        assertion_alg: chosen(row.token_endpoint_auth_signing_alg.as_deref()),
        id_token_alg: chosen(row.id_token_signed_response_alg.as_deref()),
        userinfo_alg: chosen(row.userinfo_signed_response_alg.as_deref()),
        request_object_alg: chosen(row.request_object_signing_alg.as_deref()),
        request_uris: row.request_uris.0.clone(),
        request_objects: demand(row.require_signed_request_object),
        dpop_tokens: demand(row.dpop_bound_access_tokens),
        minimum_acr: chosen(row.minimum_acr.as_deref()),
        minimum_passkey: match row.minimum_passkey {
            MinimumPasskey::Any => Minimum::Any,
            MinimumPasskey::DeviceBound => Minimum::DeviceBound,
            MinimumPasskey::Models => Minimum::Models(row.allowed_authenticator_models.0.clone()),
        },
        default_max_age: row.default_max_age.map(i64::from),
        grant_types: row.grant_types.as_ref().map(|types| types.0.clone()),
        response_types: row
            .response_types
            .as_ref()
            .map(|types| types.0.iter().filter_map(|name| chosen(Some(name))).collect()),
        approval: if row.is_approved {
            Approval::Given
        } else {
            Approval::Pending
        },
        impersonation: permission(row.allow_token_impersonation),
        delegation: permission(row.allow_token_delegation),
    }
}

/// The usable secrets among some, newest first.
pub fn active_secrets(secrets: &[ClientSecret], now: Timestamp) -> Vec<StoredSecret> {
    secrets
        .iter()
        .rev()
        .filter(|secret| clients::secret_is_active(secret, now))
        .map(|secret| match secret.algorithm {
            SecretAlgorithm::Sha256 => StoredSecret::Sha256(secret.hash.clone()),
            SecretAlgorithm::Bcrypt => StoredSecret::Bcrypt(secret.hash.clone()),
        })
        .collect()
}

/// A grant.
///
/// # Errors
/// [`StoreError::Database`] when what is stored of it makes no sense.
pub fn grant(row: &grants::Grant) -> StoreResult<Grant> {
    let claims = match &row.claims {
        None => RequestedClaims::default(),
        Some(document) => serde_json::from_value(document.0.clone()).map_err(|error| {
            StoreError::Database(sea_orm::DbErr::Type(format!(
                "claims of grant {}: {error}",
                row.id
            )))
        })?,
    };
    Ok(Grant {
        id: row.id.to_string(),
        client_id: row.client_id.0.clone(),
        subject: row.user_id.to_string(),
        scopes: Scopes::from_granted(row.scope.0.clone()),
        audience: row.audience.0.clone(),
        auth_time: row.auth_time.0,
        amr: row.amr.0.clone(),
        acr: row.acr.clone(),
        nonce: row.nonce.clone(),
        requested_at: row.requested_at.0,
        claims,
        actor: row.actor.as_ref().map(|actor| actor.0.clone()),
        session_id: row.client_session_id.map(|id| id.to_string()),
    })
}

/// What a client may have of the API a request names, and which permissions it holds at all. Asks the database only
/// for requests that have anything to do with APIs.
pub async fn apis(
    connection: &impl sea_orm::ConnectionTrait,
    client: &clients::Client,
    subject_type: SubjectType,
    resource: Option<&str>,
    scope: Option<&str>,
) -> StoreResult<ApiFacts> {
    if !resource::needs_facts(resource, scope) {
        return Ok(ApiFacts::default());
    }
    let mut grants = apis::grants_of_client(connection, &client.id).await?;
    let open = if client.client_type == ClientType::MetadataDocument {
        apis::open_to_metadata_documents(connection).await?
    } else {
        Vec::new()
    };
    for api in &open {
        grants.entry(api.id).or_default().for_users = true;
    }
    let ids: Vec<_> = grants.keys().copied().collect();
    let permissions = apis::permissions_of(connection, &ids).await?;
    let is_open = |id| open.iter().any(|api| api.id == id);
    let holds = |permission: &apis::ApiPermission, subject: SubjectType| {
        let Some(grant) = grants.get(&permission.api_id) else {
            return false;
        };
        match subject {
            SubjectType::User => {
                grant.user_permissions.contains(&permission.id)
                    || (is_open(permission.api_id) && permission.allowed_for_cimd_clients)
            }
            SubjectType::Client => grant.client_permissions.contains(&permission.id),
        }
    };
    let held = permissions
        .iter()
        .filter(|permission| holds(permission, SubjectType::User) || holds(permission, SubjectType::Client))
        .map(|permission| permission.key.clone())
        .collect();
    let mut requested = None;
    if let Some(resource) = resource
        && let Some(api) = apis::find_by_resource(connection, resource::normalized(resource)).await?
    {
        let has_access = grants.get(&api.id).is_some_and(|grant| match subject_type {
            SubjectType::User => grant.for_users,
            SubjectType::Client => grant.for_itself,
        });
        requested = Some(RequestedApi {
            resource: api.resource,
            permissions: has_access.then(|| {
                permissions
                    .iter()
                    .filter(|permission| permission.api_id == api.id && holds(permission, subject_type))
                    .map(|permission| permission.key.clone())
                    .collect()
            }),
        });
    }
    Ok(ApiFacts { requested, held })
}

/// Whether a user may use a client by its groups.
pub async fn may_use(
    connection: &impl sea_orm::ConnectionTrait,
    client: &clients::Client,
    user: UserId,
) -> StoreResult<bool> {
    if !client.is_group_restricted {
        return Ok(true);
    }
    clients::user_in_allowed_group(connection, &client.id, user).await
}

/// Whether a client takes the passkey a user signed in with, or proved something with.
pub async fn standing(
    connection: &impl sea_orm::ConnectionTrait,
    client: &clients::Client,
    user: UserId,
    passkey: Option<PasskeyId>,
) -> StoreResult<Standing> {
    if client.minimum_passkey == MinimumPasskey::Any {
        return Ok(Standing::Sufficient);
    }
    // One that was removed since counts no more.
    let stored = match passkey {
        Some(id) => passkeys::find(connection, user, id).await?,
        None => None,
    };
    let used = stored.map(|stored| UsedPasskey {
        binding: if stored.backup_eligible {
            Binding::Synced
        } else {
            Binding::Device
        },
        proven_model: stored
            .aaguid
            .filter(|_| stored.model_verified)
            .map(|aaguid| aaguid.to_string()),
    });
    Ok(self::client(client).minimum_passkey.judge(used.as_ref()))
}

/// A person with what the scopes need to know about them.
pub async fn person(
    state: &AppState,
    connection: &impl sea_orm::ConnectionTrait,
    user: User,
    scopes: &Scopes,
) -> StoreResult<Person> {
    let settings = state.settings().await?;
    let wants_profile = scopes.contains("profile");
    let groups = if wants_profile || scopes.contains("groups") {
        groups::of_user(connection, user.id).await?
    } else {
        Vec::new()
    };
    let mut custom = Vec::new();
    if wants_profile {
        let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
        let claims = custom_claims::of_user_and_groups(connection, user.id, &ids).await?;
        custom = by_precedence(claims, |claim| claim.user_id.is_some())
            .map(|claim| (claim.key, claim.value))
            .collect();
    }
    Ok(Person {
        picture: state
            .config
            .app_url
            .join(&format!("/api/users/{}/profile-picture.png", user.id)),
        subject: user.id.to_string(),
        username: user.username,
        email_verified: user.email_verified || settings.emails_verified(),
        email: user.email,
        first_name: user.first_name,
        last_name: user.last_name,
        display_name: user.display_name,
        phone_number: user.phone_number,
        phone_number_verified: user.phone_number_verified,
        address: user.address.map(|address| Address {
            street_address: address.street_address,
            locality: address.locality,
            region: address.region,
            postal_code: address.postal_code,
            country: address.country,
        }),
        groups: groups.into_iter().map(|group| group.name).collect(),
        custom_claims: custom,
    })
}

/// The client of a request, if the database has it; [`crate::clients::resolve`] also knows those that describe
/// themselves.
pub async fn find_client(
    connection: &impl sea_orm::ConnectionTrait,
    id: Option<&str>,
) -> StoreResult<Option<clients::Client>> {
    match id {
        Some(id) => clients::find(connection, &ClientId(id.to_owned())).await,
        None => Ok(None),
    }
}
