//! What a client would learn of a user: the claims its tokens would have, and where each comes from.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;
use pocket_id_oidc::access_token::{self, Content, Validity};
use pocket_id_oidc::acr::Acr;
use pocket_id_oidc::claims::{by_precedence, scope_of};
use pocket_id_oidc::claims_request::RequestedClaims;
use pocket_id_oidc::grant::{self, Grant};
use pocket_id_oidc::id_token::{self, Issuance, Occasion};
use pocket_id_oidc::scope::Scopes;
use pocket_id_store::types::UserId;
use pocket_id_store::{custom_claims, groups, users};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::authorize::amr;
use super::facts;
use crate::http::access::{Admin, MaybeUser};
use crate::http::error::{ApiError, ApiResult, ErrorBody, FieldError};
use crate::http::path::decode_client_id;
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(preview))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Space-separated scopes; unknown ones are left out.
    #[param(required = true, example = "openid profile")]
    scopes: Option<String>,
}

/// Claims as they would be issued.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PreviewDto {
    /// Of the ID token.
    #[schema(value_type = Object)]
    id_token: Map<String, Value>,
    /// Of the access token.
    #[schema(value_type = Object)]
    access_token: Value,
    /// Of the userinfo endpoint.
    #[schema(value_type = Object)]
    user_info: Map<String, Value>,
    /// Where each claim of all three comes from: `user`, `custom claim of the user`, `custom claim of the group …`,
    /// `groups of the user` or `protocol`. What the ID token says of a name wins; see `reasonsOf`.
    reasons: BTreeMap<String, String>,
    /// The same, each by itself.
    reasons_of: ReasonsDto,
}

/// Where each claim comes from, by what has it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReasonsDto {
    /// Of the ID token.
    id_token: BTreeMap<String, String>,
    /// Of the access token.
    access_token: BTreeMap<String, String>,
    /// Of the userinfo endpoint.
    user_info: BTreeMap<String, String>,
}

/// What a client would learn of a user. Nothing is issued or stored.
#[utoipa::path(
    get, path = "/api/oidc/clients/{id}/preview/{userId}", tag = "OIDC clients",
    params(
        ("id" = String, Path, description = "Client ID; `~` and base64url for one that is a URL"),
        ("userId" = String, Path, description = "User ID"),
        Asked
    ),
    responses(
        (status = 200, body = PreviewDto), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "Not an administrator, or the user may not use the client"),
        (status = 404, body = ErrorBody)
    )
)]
async fn preview(
    State(state): State<AppState>,
    Admin(admin): Admin,
    MaybeUser(session): MaybeUser,
    path: Result<Path<(String, String)>, PathRejection>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> ApiResult<Json<PreviewDto>> {
    let Path((client, user)) = path.map_err(|_| ApiError::not_found("OIDC client"))?;
    let client = decode_client_id(&client);
    let asked = asked
        .ok()
        .and_then(|Query(asked)| asked.scopes)
        .filter(|scopes| !scopes.is_empty());
    let Some(asked) = asked else {
        return Err(ApiError::validation(vec![FieldError {
            field: "scopes".to_owned(),
            code: "required".to_owned(),
            message: "is required".to_owned(),
        }]));
    };
    if client.0.contains('\0') {
        return Err(ApiError::not_found("OIDC client"));
    }
    let reader = state.store.reader();
    let row = facts::find_client(reader, Some(&client.0))
        .await?
        .ok_or_else(|| ApiError::not_found("OIDC client"))?;
    let unknown_user = || ApiError::new(StatusCode::NOT_FOUND, "user_not_found", "User not found");
    let id: UserId = user.parse().map_err(|_| unknown_user())?;
    let user = users::find(reader, id).await?.ok_or_else(unknown_user)?;
    if !facts::may_use(reader, &row, id).await? {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "oidc_access_denied",
            "The user is not allowed to use this client",
        ));
    }
    let scopes = Scopes::requested(&asked);
    let issuer = state.config.app_url.as_str();
    let now = state.now();
    let grant = Grant {
        id: state.random.uuid().to_string(),
        client_id: row.id.0.clone(),
        subject: id.to_string(),
        audience: grant::audience(&row.id.0, &scopes, issuer),
        scopes,
        auth_time: now.0,
        // As if the person had signed in the way who looks at this did. A program with a key signed in in no way.
        amr: session.map_or_else(Vec::new, |session| amr(&session.session, Acr::Remembered)),
        acr: None,
        nonce: None,
        requested_at: now.0,
        claims: RequestedClaims::default(),
        actor: None,
        session_id: None,
    };
    tracing::debug!(admin = %admin.id, user = %id, client = %row.id, "token preview");
    let reasons = reasons(&state, id).await?;
    let person = facts::person(&state, reader, user, &grant.scopes).await?;
    let claims = person.claims(&grant.scopes);
    let jti = state.random.uuid().to_string();
    let issuance = Issuance {
        jti: &jti,
        occasion: Occasion::Code,
        now: now.seconds(),
    };
    let id_token = id_token::claims(issuer, &grant, claims.clone(), issuance);
    let ends = now.plus_minutes(row.access_token_duration_minutes.into());
    let validity = Validity {
        jti: &jti,
        issued_at: now.seconds(),
        expires_at: ends.seconds(),
    };
    let content = Content::of_grant(&grant, None);
    let access_token =
        serde_json::to_value(access_token::claims(issuer, &content, validity)).map_err(ApiError::internal)?;
    let told = |names: &Map<String, Value>, about_user: &Map<String, Value>| -> BTreeMap<String, String> {
        let reason = |name: &String| (name.clone(), reason(name, about_user, &reasons));
        names.keys().map(reason).collect()
    };
    // Of the user, an access token says who it is and nothing more: what else is named alike is the protocol's.
    let subject: Map<String, Value> = claims
        .get_key_value("sub")
        .map(|(k, v)| (k.clone(), v.clone()))
        .into_iter()
        .collect();
    let reasons_of = ReasonsDto {
        id_token: told(&id_token, &claims),
        access_token: access_token
            .as_object()
            .map(|names| told(names, &subject))
            .unwrap_or_default(),
        user_info: told(&claims, &claims),
    };
    let mut union = reasons_of.access_token.clone();
    union.extend(reasons_of.user_info.clone());
    union.extend(reasons_of.id_token.clone());
    Ok(Json(PreviewDto {
        id_token,
        access_token,
        user_info: claims,
        reasons: union,
        reasons_of,
    }))
}

/// Where custom claims come from, by name: what counts last wins, as in tokens.
async fn reasons(state: &AppState, user: UserId) -> ApiResult<BTreeMap<String, String>> {
    let reader = state.store.reader();
    let groups = groups::of_user(reader, user).await?;
    let ids: Vec<_> = groups.iter().map(|group| group.id).collect();
    let claims = custom_claims::of_user_and_groups(reader, user, &ids).await?;
    let mut reasons = BTreeMap::new();
    for claim in by_precedence(claims, |claim| claim.user_id.is_some()) {
        let reason = if claim.user_id.is_some() {
            "custom claim of the user".to_owned()
        } else {
            let name = groups
                .iter()
                .find(|group| Some(group.id) == claim.user_group_id)
                .map_or("", |group| group.friendly_name.as_str());
            format!("custom claim of the group {name}")
        };
        reasons.insert(claim.key, reason);
    }
    Ok(reasons)
}

fn reason(name: &str, about_user: &Map<String, Value>, custom: &BTreeMap<String, String>) -> String {
    if !about_user.contains_key(name) || (name != "sub" && scope_of(name).is_none()) {
        return "protocol".to_owned();
    }
    // The user's own attributes win over custom claims of the same name.
    match name {
        "groups" => "groups of the user".to_owned(),
        "sub"
        | "name"
        | "given_name"
        | "family_name"
        | "display_name"
        | "preferred_username"
        | "picture"
        | "email"
        | "email_verified"
        | "phone_number"
        | "phone_number_verified"
        | "address" => "user".to_owned(),
        _ => custom.get(name).cloned().unwrap_or_else(|| "user".to_owned()),
    }
}
