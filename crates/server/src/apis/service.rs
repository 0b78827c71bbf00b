//! Rules of APIs and their permissions.

use pocket_id_oidc::resource;
use pocket_id_store::apis::{self, Api, ApiPermission};
use pocket_id_store::list::{ListRequest, Page};
use pocket_id_store::types::{ApiId, ApiPermissionId};
use pocket_id_store::{StoreError, Tx, commit};
use sea_orm::ConnectionTrait;

use super::dto::{ApiDto, ApiInput, ApiUpdateInput, CimdAccessInput, PermissionsInput};
use crate::audit::{self, Event};
use crate::groups::service::known_ids;
use crate::http::access::ActingAdmin;
use crate::http::conditional::{IfMatch, Tagged as _};
use crate::http::error::{ApiError, FieldError};
use crate::http::validation::{Rules, nfc};
use crate::state::AppState;

/// Scopes that are no API's, in any case.
const RESERVED: [&str; 8] = [
    "openid",
    "profile",
    "email",
    "email_verified",
    "groups",
    "phone",
    "address",
    "offline_access",
];

/// Most permissions of one API.
const MOST_PERMISSIONS: usize = 100;

/// The error for an unknown API.
pub fn not_found() -> ApiError {
    ApiError::not_found("API")
}

/// One API's row.
pub async fn row(state: &AppState, id: Option<ApiId>) -> Result<Api, ApiError> {
    let id = id.ok_or_else(not_found)?;
    apis::find(state.store.reader(), id).await?.ok_or_else(not_found)
}

/// One API.
pub async fn find(state: &AppState, id: Option<ApiId>) -> Result<ApiDto, ApiError> {
    let api = row(state, id).await?;
    Ok(described(state.store.reader(), &api).await?)
}

/// An API with its permissions, as a transaction or anybody else sees it.
async fn described(connection: &impl ConnectionTrait, api: &Api) -> Result<ApiDto, StoreError> {
    let permissions = apis::permissions_of(connection, &[api.id]).await?;
    Ok(ApiDto::new(api, &permissions))
}

/// An API nobody else changes until the transaction ends, if it still is what the caller saw.
async fn locked(tx: &Tx, id: Option<ApiId>, seen: &IfMatch) -> Result<Api, ApiError> {
    let api = apis::lock(tx, id.ok_or_else(not_found)?)
        .await?
        .ok_or_else(not_found)?;
    if seen.is_conditional() {
        seen.check(&described(tx, &api).await?.tag())?;
    }
    Ok(api)
}

/// A page of APIs; those given are left out.
pub async fn list(
    state: &AppState,
    request: &ListRequest,
    without: &[ApiId],
) -> Result<Page<ApiDto>, StoreError> {
    let reader = state.store.reader();
    let mut page = apis::list(reader, request, without).await?;
    let found = std::mem::take(&mut page.items);
    let ids: Vec<ApiId> = found.iter().map(|api| api.id).collect();
    let permissions = apis::permissions_of(reader, &ids).await?;
    let items = found.iter().map(|api| ApiDto::new(api, &permissions)).collect();
    Ok(page.with_items(items))
}

fn check_name(rules: &mut Rules, name: &str) {
    rules.required("name", name);
    rules.max("name", name, 50);
    rules.one_line("name", name);
}

/// The error for this server's own address; people are shown the text as it is.
fn reserved() -> ApiError {
    ApiError::new(
        http::StatusCode::BAD_REQUEST,
        "validation_failed",
        "Resource is reserved by Pocket ID and cannot be used for a custom API",
    )
    .with_fields(vec![FieldError {
        field: "resource".to_owned(),
        code: "reserved".to_owned(),
        message: "is reserved by Pocket ID and cannot be used for a custom API".to_owned(),
    }])
}

/// Adds an API.
pub async fn create(state: &AppState, by: &ActingAdmin, input: ApiInput) -> Result<ApiDto, ApiError> {
    let mut rules = Rules::new();
    check_name(&mut rules, &input.name);
    rules.required("resource", &input.resource);
    rules.max("resource", &input.resource, 350);
    let address = nfc(&input.resource);
    let address = resource::normalized(&address).to_owned();
    if !resource::is_well_formed(&address) {
        let text = "must be an absolute URI without whitespace and fragment";
        rules.fail("resource", "invalid_format", text);
    }
    let issuer = resource::normalized(state.config.app_url.as_str()).to_lowercase();
    rules.finish()?;
    if address.to_lowercase() == issuer {
        return Err(reserved());
    }
    let api = Api {
        id: ApiId(state.random.uuid()),
        name: nfc(&input.name),
        resource: address,
        allow_cimd_clients: false,
        created_at: state.now(),
        updated_at: None,
    };
    let tx = state.store.begin().await?;
    let taken = || {
        ApiError::new(
            http::StatusCode::CONFLICT,
            "already_in_use",
            "Resource is already in use",
        )
        .with("property", "resource")
    };
    if apis::find_by_resource(&tx, &api.resource).await?.is_some() {
        return Err(taken());
    }
    let api = match apis::insert(&tx, api).await {
        Ok(api) => api,
        Err(StoreError::Duplicate(_)) => return Err(taken()),
        Err(error) => return Err(error.into()),
    };
    audit::record_change(
        state,
        &tx,
        Event::ApiCreated,
        by,
        None,
        [("api", api.name.clone())],
    )
    .await?;
    commit(tx).await?;
    Ok(ApiDto::new(&api, &[]))
}

/// Renames an API; its address never changes, because tokens are for it.
pub async fn update(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<ApiId>,
    input: ApiUpdateInput,
    seen: &IfMatch,
) -> Result<ApiDto, ApiError> {
    let mut rules = Rules::new();
    check_name(&mut rules, &input.name);
    rules.finish()?;
    let tx = state.store.begin().await?;
    let mut api = locked(&tx, id, seen).await?;
    let name = nfc(&input.name);
    if api.name != name {
        api.name = name;
        let data = [("api", api.name.clone())];
        audit::record_change(state, &tx, Event::ApiUpdated, by, None, data).await?;
    }
    api.updated_at = Some(state.now());
    let api = apis::update(&tx, api).await?;
    let answer = described(&tx, &api).await?;
    commit(tx).await?;
    Ok(answer)
}

/// Removes an API with its permissions and all access to it.
pub async fn delete(state: &AppState, by: &ActingAdmin, id: Option<ApiId>) -> Result<(), ApiError> {
    let id = id.ok_or_else(not_found)?;
    let tx = state.store.begin().await?;
    let api = apis::lock(&tx, id).await?.ok_or_else(not_found)?;
    apis::delete(&tx, id).await?;
    audit::record_change(state, &tx, Event::ApiDeleted, by, None, [("api", api.name)]).await?;
    Ok(commit(tx).await?)
}

fn check_permissions(input: &PermissionsInput) -> Result<(), ApiError> {
    let mut faults: Vec<FieldError> = Vec::new();
    let mut fail = |field: String, code: &str, message: &str| {
        if !faults.iter().any(|fault| fault.field == field) {
            faults.push(FieldError {
                field,
                code: code.to_owned(),
                message: message.to_owned(),
            });
        }
    };
    if input.permissions.len() > MOST_PERMISSIONS {
        fail(
            "permissions".to_owned(),
            "too_long",
            "may have at most 100 entries",
        );
    }
    let mut seen: Vec<&str> = Vec::new();
    for (index, permission) in input.permissions.iter().enumerate() {
        let key = format!("permissions[{index}].key");
        let allowed = |byte: u8| (0x21..=0x7e).contains(&byte) && byte != b'"' && byte != b'\\';
        if permission.key.is_empty() {
            fail(key, "required", "is required");
        } else if permission.key.chars().count() > 128 {
            fail(key, "too_long", "must be at most 128 characters long");
        } else if !permission.key.bytes().all(allowed) {
            fail(key, "invalid_format", "contains characters a scope cannot have");
        } else if RESERVED.contains(&permission.key.to_lowercase().as_str()) {
            fail(key, "reserved", "is reserved");
        } else if seen.contains(&permission.key.as_str()) {
            fail(key, "duplicate", "is used more than once");
        }
        seen.push(&permission.key);
        let name = format!("permissions[{index}].name");
        if permission.name.is_empty() {
            fail(name, "required", "is required");
        } else if permission.name.chars().count() > 50 {
            fail(name, "too_long", "must be at most 50 characters long");
        }
        if permission
            .description
            .as_ref()
            .is_some_and(|text| text.chars().count() > 200)
        {
            let field = format!("permissions[{index}].description");
            fail(field, "too_long", "must be at most 200 characters long");
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ApiError::validation(faults))
    }
}

/// Makes the given permissions an API's only ones. Those known by key keep their grants.
pub async fn replace_permissions(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<ApiId>,
    input: PermissionsInput,
    seen: &IfMatch,
) -> Result<ApiDto, ApiError> {
    check_permissions(&input)?;
    let tx = state.store.begin().await?;
    let mut api = locked(&tx, id, seen).await?;
    let id = api.id;
    let known = apis::permissions_of(&tx, &[id]).await?;
    let gone: Vec<ApiPermissionId> = known
        .iter()
        .filter(|permission| {
            !input
                .permissions
                .iter()
                .any(|kept| nfc(&kept.key) == permission.key)
        })
        .map(|permission| permission.id)
        .collect();
    apis::delete_permissions(&tx, id, &gone).await?;
    let mut changed = !gone.is_empty();
    let now = state.now();
    for permission in input.permissions {
        let key = nfc(&permission.key);
        let existing = known.iter().find(|known| known.key == key);
        let row = ApiPermission {
            id: existing.map_or_else(|| ApiPermissionId(state.random.uuid()), |known| known.id),
            api_id: id,
            key,
            name: nfc(&permission.name),
            description: permission.description.as_deref().map(nfc),
            allowed_for_cimd_clients: existing.is_some_and(|known| known.allowed_for_cimd_clients),
            created_at: existing.map_or(now, |known| known.created_at),
        };
        if existing != Some(&row) {
            changed = true;
            apis::save_permission(&tx, row, existing.is_none()).await?;
        }
    }
    api.updated_at = Some(now);
    if changed {
        let data = [("api", api.name.clone())];
        audit::record_change(state, &tx, Event::ApiUpdated, by, None, data).await?;
    }
    let api = apis::update(&tx, api).await?;
    let answer = described(&tx, &api).await?;
    commit(tx).await?;
    Ok(answer)
}

/// Sets what clients that describe themselves may have of an API.
pub async fn set_cimd_access(
    state: &AppState,
    by: &ActingAdmin,
    id: Option<ApiId>,
    input: CimdAccessInput,
    seen: &IfMatch,
) -> Result<ApiDto, ApiError> {
    let tx = state.store.begin().await?;
    let mut api = locked(&tx, id, seen).await?;
    let mut changed = api.allow_cimd_clients != input.enabled;
    api.allow_cimd_clients = input.enabled;
    api.updated_at = Some(state.now());
    let wanted: Vec<ApiPermissionId> = known_ids(&input.permission_ids);
    for mut permission in apis::permissions_of(&tx, &[api.id]).await? {
        let allowed = wanted.contains(&permission.id);
        if permission.allowed_for_cimd_clients != allowed {
            permission.allowed_for_cimd_clients = allowed;
            apis::save_permission(&tx, permission, false).await?;
            changed = true;
        }
    }
    if changed {
        let data = [("api", api.name.clone())];
        audit::record_change(state, &tx, Event::ApiAccessUpdated, by, None, data).await?;
    }
    let api = apis::update(&tx, api).await?;
    let answer = described(&tx, &api).await?;
    commit(tx).await?;
    Ok(answer)
}
