//! The `openidconnect` crate as a relying party: it verifies everything a library of somebody else's verifies.

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreDeviceAuthorizationResponse, CoreGrantType, CoreIdTokenVerifier, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthorizationCode, ClientId, ClientSecret,
    CsrfToken, DeviceAuthorizationUrl, EndSessionUrl, HttpRequest, HttpResponse, IssuerUrl, LogoutRequest,
    Nonce, NonceVerifier, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadata, RedirectUrl, RevocationUrl, Scope, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::*;
use crate::support::both_engines;

/// What the library's own idea of a discovery document leaves out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the discovery document")]
struct Endpoints {
    device_authorization_endpoint: DeviceAuthorizationUrl,
    end_session_endpoint: EndSessionUrl,
    revocation_endpoint: RevocationUrl,
}

impl AdditionalProviderMetadata for Endpoints {}

type Metadata = ProviderMetadata<
    Endpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The library's way out: it only knows versions of HTTP clients that are not ours. It revokes over HTTPS only, which
/// the tests' server does not speak.
async fn send(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let url = parts.uri.to_string().replacen("https:", "http:", 1);
    let response = reqwest::Client::new()
        .request(parts.method, url)
        .headers(parts.headers)
        .body(body)
        .send()
        .await?;
    let mut answer = HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}

async fn discover(app: &TestApp) -> Metadata {
    let issuer = IssuerUrl::new(app.url.clone()).unwrap();
    Metadata::discover_async(issuer, &send).await.unwrap()
}

/// The tests' clock is the server's; the library has to go by it as well.
fn at(verifier: CoreIdTokenVerifier<'_>, millis: i64) -> CoreIdTokenVerifier<'_> {
    verifier.set_time_fn(move || chrono::DateTime::from_timestamp_millis(millis).unwrap())
}

fn check_id_token(
    tokens: &CoreTokenResponse,
    verifier: &CoreIdTokenVerifier<'_>,
    nonce: impl NonceVerifier,
) -> String {
    let id_token = tokens.id_token().unwrap();
    let claims = id_token.claims(verifier, nonce).unwrap();
    let hash = AccessTokenHash::from_token(
        tokens.access_token(),
        id_token.signing_alg().unwrap(),
        id_token.signing_key(verifier).unwrap(),
    );
    assert_eq!(claims.access_token_hash(), Some(&hash.unwrap()));
    assert_eq!(claims.preferred_username().map(|name| name.as_str()), Some("tim"));
    claims.subject().to_string()
}

/// Signs in, reads userinfo, refreshes and revokes, with one way of authenticating the client.
async fn whole_life(app: TestApp, auth_type: Option<AuthType>, protocol: Value) {
    let mut person = app.set_up().await;
    let registered = register(&mut person, |body| {
        body["isPublic"] = json!(auth_type.is_none());
        body["protocol"] = protocol;
    })
    .await;
    let metadata = discover(&app).await;
    let more = metadata.additional_metadata().clone();
    let secret = auth_type
        .is_some()
        .then(|| ClientSecret::new(registered.secret.clone()));
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(registered.id.clone()), secret)
        .set_auth_type(auth_type.unwrap_or(AuthType::RequestBody))
        .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap())
        .set_revocation_url(
            RevocationUrl::new(more.revocation_endpoint.replacen("http:", "https:", 1)).unwrap(),
        );
    let now = app.clock.now().0;

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("profile".to_owned()))
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let path = &url[url::Position::BeforePath..];
    let answer = person.get(path).await;
    let answer = interact(&mut person, &answer).await;
    assert_eq!(parameter(&answer, "state").as_ref(), Some(state.secret()));
    let code = AuthorizationCode::new(parameter(&answer, "code").unwrap());
    let tokens = client
        .exchange_code(code)
        .unwrap()
        .set_pkce_verifier(verifier)
        .request_async(&send)
        .await
        .unwrap();
    let subject = check_id_token(&tokens, &at(client.id_token_verifier(), now), &nonce);

    let info: CoreUserInfoClaims = client
        .user_info(tokens.access_token().clone(), None)
        .unwrap()
        .request_async(&send)
        .await
        .unwrap();
    assert_eq!(info.subject().as_str(), subject);
    assert_eq!(info.email().map(|email| email.as_str()), Some("tim@example.com"));

    let renewed = client
        .exchange_refresh_token(tokens.refresh_token().unwrap())
        .unwrap()
        .request_async(&send)
        .await
        .unwrap();
    assert_ne!(
        renewed.refresh_token().unwrap().secret(),
        tokens.refresh_token().unwrap().secret()
    );
    client
        .revoke_token(renewed.refresh_token().unwrap().into())
        .unwrap()
        .request_async(&send)
        .await
        .unwrap();
    let refused = client
        .exchange_refresh_token(renewed.refresh_token().unwrap())
        .unwrap()
        .request_async(&send)
        .await;
    assert!(refused.is_err());

    let out = LogoutRequest::from(more.end_session_endpoint)
        .set_id_token_hint(tokens.id_token().unwrap())
        .set_client_id(ClientId::new(registered.id))
        .set_post_logout_redirect_uri(
            PostLogoutRedirectUrl::new("https://app.example/bye".to_owned()).unwrap(),
        )
        .set_state(CsrfToken::new("out".to_owned()))
        .http_get_url();
    let answer = person.get(&out[url::Position::BeforePath..]).await;
    assert_eq!(target(&answer).0, "https://app.example/bye");
    assert_eq!(parameter(&answer, "state").as_deref(), Some("out"));
    assert_eq!(person.get("/api/users/me").await.status, StatusCode::UNAUTHORIZED);
}

both_engines!(
    the_library_signs_in_with_basic_authentication,
    |app: TestApp| async move { whole_life(app, Some(AuthType::BasicAuth), json!({})).await }
);

both_engines!(
    the_library_signs_in_with_the_secret_in_the_form,
    |app: TestApp| async move { whole_life(app, Some(AuthType::RequestBody), json!({})).await }
);

both_engines!(
    the_library_signs_in_as_a_public_client,
    |app: TestApp| async move { whole_life(app, None, json!({})).await }
);

both_engines!(the_library_verifies_other_algorithms, |app: TestApp| async move {
    // It knows no EdDSA.
    let protocol = json!({"idTokenSignedResponseAlg": "ES256"});
    whole_life(app, Some(AuthType::BasicAuth), protocol).await;
});

both_engines!(
    the_library_verifies_every_rsa_algorithm,
    |app: TestApp| async move {
        let mut person = app.set_up().await;
        for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
            let registered = register(&mut person, |body| {
                body["protocol"] = json!({"idTokenSignedResponseAlg": algorithm});
            })
            .await;
            let code = AuthorizationCode::new(code(&mut person, &registered, &[]).await);
            let client = CoreClient::from_provider_metadata(
                discover(&app).await,
                ClientId::new(registered.id),
                Some(ClientSecret::new(registered.secret)),
            )
            .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
            let tokens = client
                .exchange_code(code)
                .unwrap()
                .set_pkce_verifier(PkceCodeVerifier::new(VERIFIER.to_owned()))
                .request_async(&send)
                .await
                .unwrap();
            let id_token = tokens.id_token().unwrap().to_string();
            let header = id_token.split('.').next().unwrap();
            let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
            assert_eq!(header["alg"], algorithm);
            let verifier = at(client.id_token_verifier(), app.clock.now().0);
            check_id_token(&tokens, &verifier, &Nonce::new("nonce-1".to_owned()));
        }
    }
);

both_engines!(the_library_signs_a_device_in, |app: TestApp| async move {
    let mut person = app.set_up().await;
    let registered = register(&mut person, |_| {}).await;
    let metadata = discover(&app).await;
    let url = metadata
        .additional_metadata()
        .device_authorization_endpoint
        .clone();
    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(registered.id),
        Some(ClientSecret::new(registered.secret)),
    )
    .set_device_authorization_url(url);
    let details: CoreDeviceAuthorizationResponse = client
        .exchange_device_code()
        .add_scope(Scope::new("profile".to_owned()))
        .request_async(&send)
        .await
        .unwrap();
    let verify = format!("/api/oidc/device/verify?code={}", details.user_code().secret());
    // The person answers after the first poll, before the second.
    let person = Mutex::new(Some(person));
    let wait = |_| async {
        app.pass_seconds(10);
        if let Some(mut person) = person.lock().await.take() {
            assert_eq!(person.post_nothing(&verify).await.status, StatusCode::NO_CONTENT);
        }
    };
    let tokens = client
        .exchange_device_access_token(&details)
        .unwrap()
        .request_async(&send, wait, None)
        .await
        .unwrap();
    assert!(person.lock().await.is_none(), "the first poll was too early");
    let verifier = at(client.id_token_verifier(), app.clock.now().0);
    check_id_token(&tokens, &verifier, |nonce: Option<&Nonce>| match nonce {
        None => Ok(()),
        Some(_) => Err("nobody sent a nonce".to_owned()),
    });
});
