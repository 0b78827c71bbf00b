/* openid-client, as an application would use it: pushed and signed requests, proofs of possession, keys instead of
   secrets, registration, devices, introspection, revocation. */
import * as oidc from 'openid-client';
import { photograph } from '../support/photograph.js';
import { api, createClient, expect, openTab, setUp, test, type Page } from '../support/test.js';

test.use({ installation: 'protocol' });

/** Nobody listens there: the browser's way to it is intercepted. */
const CALLBACK = 'http://127.0.0.1:9/callback';

let admin: Page;

test.beforeAll(async ({ browser, pocketId }) => {
	admin = (await openTab(browser, pocketId.url)).page;
	await setUp(admin);
	await admin.route(`${CALLBACK}**`, (route) => route.fulfill({ body: 'back at the application' }));
});

// A test may have left the page at an application.
test.beforeEach(() => admin.goto('/settings/account'));

test.afterAll(async () => {
	await admin.context().close();
});

const plainHttp = { execute: [oidc.allowInsecureRequests] };

async function discover(url: string, id: string, auth: oidc.ClientAuth, metadata: Partial<oidc.ClientMetadata> = {}) {
	return oidc.discovery(new URL(url), id, metadata, auth, plainHttp);
}

/** Sends the person to the provider and waits for the way back. */
async function visit(url: URL): Promise<URL> {
	await admin.goto(url.href).catch(() => undefined);
	const arrived = () => admin.url().startsWith(CALLBACK);
	const signIn = admin.getByRole('button', { name: 'Sign in' });
	await expect(async () => {
		if (!arrived() && (await signIn.isVisible())) await signIn.click();
		expect(arrived()).toBe(true);
	}).toPass();
	return new URL(admin.url());
}

async function keyPair(): Promise<{ pair: CryptoKeyPair; jwk: object }> {
	const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
	const jwk = { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: 'app', alg: 'ES256', use: 'sig' };
	return { pair, jwk };
}

test('FAPI 2.0: a pushed request, a private key, proofs of possession', async ({ pocketId }) => {
	const { pair, jwk } = await keyPair();
	const client = await api<{ id: string }>(admin, 'POST', '/api/oidc/clients', {
		name: 'Bank',
		callbackURLs: [CALLBACK],
		protocol: { securityProfile: 'fapi2', jwks: { keys: [jwk] }, tokenEndpointAuthMethod: 'private_key_jwt' }
	});
	const auth = oidc.PrivateKeyJwt({ key: pair.privateKey, kid: 'app' });
	const config = await discover(pocketId.url, client.id, auth, { id_token_signed_response_alg: 'ES256' });
	const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
	const verifier = oidc.randomPKCECodeVerifier();
	const parameters = {
		redirect_uri: CALLBACK,
		scope: 'openid email offline_access',
		code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
		code_challenge_method: 'S256',
		state: oidc.randomState(),
		nonce: oidc.randomNonce()
	};
	const target = await oidc.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
	expect([...target.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
	const tokens = await oidc.authorizationCodeGrant(
		config,
		await visit(target),
		{ pkceCodeVerifier: verifier, expectedState: parameters.state, expectedNonce: parameters.nonce, idTokenExpected: true },
		undefined,
		{ DPoP }
	);
	expect(tokens.token_type).toBe('dpop');
	const claims = tokens.claims()!;
	expect(claims.email).toBe('ada@example.com');
	const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP });
	expect(userinfo.email).toBe('ada@example.com');
	// The same token without the key is worth nothing.
	await expect(oidc.fetchUserInfo(config, tokens.access_token, claims.sub)).rejects.toThrow();

	const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token!, undefined, { DPoP });
	expect(renewed.token_type).toBe('dpop');
	const seen = await oidc.tokenIntrospection(config, renewed.access_token);
	expect(seen.active).toBe(true);
	expect(seen.cnf).toBeDefined();
	await oidc.tokenRevocation(config, tokens.refresh_token!);
	await expect(oidc.refreshTokenGrant(config, tokens.refresh_token!, undefined, { DPoP })).rejects.toThrow();
});

test('a code by form post', async ({ pocketId }) => {
	const client = await createClient(admin, { name: 'Poster', callbackURLs: [CALLBACK] });
	const config = await discover(pocketId.url, client.id, oidc.ClientSecretPost(client.secret!));
	const verifier = oidc.randomPKCECodeVerifier();
	const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
	const target = oidc.buildAuthorizationUrl(config, {
		redirect_uri: CALLBACK,
		scope: 'openid email',
		response_mode: 'form_post',
		code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
		code_challenge_method: 'S256',
		state,
		nonce
	});
	const posted = admin.waitForRequest((request) => request.url() === CALLBACK && request.method() === 'POST');
	await visit(target);
	const body = (await posted).postData() ?? '';
	const request = new Request(CALLBACK, {
		method: 'POST',
		headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
		body
	});
	const tokens = await oidc.authorizationCodeGrant(config, request, {
		pkceCodeVerifier: verifier,
		expectedState: state,
		expectedNonce: nonce,
		idTokenExpected: true
	});
	expect(tokens.claims()?.email).toBe('ada@example.com');
});

test('an ID token without a code, in the fragment and by form post', async ({ pocketId }) => {
	const client = await createClient(admin, { name: 'Old page', callbackURLs: [CALLBACK] });
	const config = await discover(pocketId.url, client.id, oidc.None());
	oidc.useIdTokenResponseType(config);
	const nonce = oidc.randomNonce();
	const state = oidc.randomState();
	const parameters = { redirect_uri: CALLBACK, scope: 'openid email', state, nonce };
	const fragment = oidc.buildAuthorizationUrl(config, parameters);

	await test.step('a client has codes alone until an administrator says otherwise', async () => {
		await admin.goto(fragment.href).catch(() => undefined);
		await admin.waitForURL((url) => url.href.startsWith(`${CALLBACK}#`));
		const refused = new URL(admin.url()).hash;
		expect(new URLSearchParams(refused.slice(1)).get('error')).toBe('unauthorized_client');

		await admin.goto(`/settings/admin/oidc-clients/${client.id}`);
		await admin.getByRole('tab', { name: 'Advanced' }).click();
		const card = admin.getByTestId('protocol-card');
		await card.getByRole('button', { name: 'Requests', exact: true }).click();
		const types = card.getByRole('group', { name: 'Response Types' });
		await expect(types.getByRole('checkbox', { name: 'Authorization code' })).toBeChecked();
		await types.getByRole('checkbox', { name: 'ID token without a code (id_token)' }).check();
		await card.getByRole('button', { name: 'Add', exact: true }).click();
		await card.getByLabel('Request Object URLs 1').fill('http://app.example/request.jwt');
		await card.getByRole('button', { name: 'Save' }).click();
		await expect(card.getByText('Must be an https URL')).toBeVisible();
		await photograph(admin, 'client-response-types');
		await card.getByLabel('Request Object URLs 1').fill('https://app.example/request.jwt');
		await card.getByRole('button', { name: 'Save' }).click();
		await expect(async () => {
			const path = `/api/oidc/clients/${client.id}`;
			const { protocol } = await api<{ protocol: Record<string, unknown> }>(admin, 'GET', path);
			expect(protocol).toMatchObject({
				responseTypes: ['code', 'id_token'],
				requestUris: ['https://app.example/request.jwt']
			});
		}).toPass();
	});

	await test.step('in the fragment', async () => {
		const claims = await oidc.implicitAuthentication(config, await visit(fragment), nonce, { expectedState: state });
		expect(claims.email).toBe('ada@example.com');
		expect(claims.at_hash).toBeUndefined();
	});

	await test.step('by form post', async () => {
		const target = oidc.buildAuthorizationUrl(config, { ...parameters, response_mode: 'form_post' });
		const posted = admin.waitForRequest((request) => request.url() === CALLBACK && request.method() === 'POST');
		await visit(target);
		const request = new Request(CALLBACK, {
			method: 'POST',
			headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
			body: (await posted).postData() ?? ''
		});
		const claims = await oidc.implicitAuthentication(config, request, nonce, { expectedState: state });
		expect(claims.email).toBe('ada@example.com');
	});
});

test('a signed request object and a signed userinfo answer', async ({ pocketId }) => {
	const { pair, jwk } = await keyPair();
	const client = await api<{ id: string }>(admin, 'POST', '/api/oidc/clients', {
		name: 'Signer',
		callbackURLs: [CALLBACK],
		protocol: {
			jwks: { keys: [jwk] },
			requireSignedRequestObject: true,
			userinfoSignedResponseAlg: 'EdDSA',
			idTokenSignedResponseAlg: 'ES256'
		}
	});
	const auth = oidc.PrivateKeyJwt({ key: pair.privateKey, kid: 'app' });
	const config = await discover(pocketId.url, client.id, auth, {
		id_token_signed_response_alg: 'ES256',
		userinfo_signed_response_alg: 'EdDSA'
	});
	const state = oidc.randomState();
	const verifier = oidc.randomPKCECodeVerifier();
	const target = await oidc.buildAuthorizationUrlWithJAR(
		config,
		{
			redirect_uri: CALLBACK,
			scope: 'openid email',
			state,
			code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
			code_challenge_method: 'S256'
		},
		{ key: pair.privateKey, kid: 'app' }
	);
	const tokens = await oidc.authorizationCodeGrant(config, await visit(target), {
		pkceCodeVerifier: verifier,
		expectedState: state,
		idTokenExpected: true
	});
	const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims()!.sub);
	expect(userinfo.email).toBe('ada@example.com');
});

test('an app registers itself and signs a device in', async ({ pocketId }) => {
	await api(admin, 'PUT', '/api/oidc/registration-policy', { mode: 'token' });
	const { token } = await api<{ token: string }>(admin, 'POST', '/api/oidc/registration-tokens', {
		name: 'e2e',
		expiresAt: '2100-01-01T00:00:00Z'
	});
	const config = await oidc.dynamicClientRegistration(
		new URL(pocketId.url),
		{
			client_name: 'Set-top box',
			redirect_uris: [CALLBACK],
			grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
			token_endpoint_auth_method: 'client_secret_post'
		},
		undefined,
		{ ...plainHttp, initialAccessToken: token }
	);
	const started = await oidc.initiateDeviceAuthorization(config, { scope: 'openid email' });
	const granted = oidc.pollDeviceAuthorizationGrant(config, started);
	await admin.goto(started.verification_uri_complete!);
	await admin.getByRole('button', { name: 'Authorize' }).click();
	await expect(admin.getByText('The device has been authorized.')).toBeVisible();
	expect((await granted).claims()!.email).toBe('ada@example.com');
});

test('client credentials and an assertion made from the secret', async ({ pocketId }) => {
	const client = await createClient(admin, { name: 'Robot', callbackURLs: [] });
	const config = await discover(pocketId.url, client.id, oidc.ClientSecretBasic(client.secret!));
	const tokens = await oidc.clientCredentialsGrant(config);
	expect((await oidc.tokenIntrospection(config, tokens.access_token)).sub).toBe(`client-${client.id}`);

	const sealed = await api<{ id: string }>(admin, 'POST', '/api/oidc/clients', {
		name: 'Sealed',
		protocol: { tokenEndpointAuthMethod: 'client_secret_jwt' }
	});
	const { secret } = await api<{ secret: string }>(admin, 'POST', `/api/oidc/clients/${sealed.id}/secrets`, {});
	const byJwt = await discover(pocketId.url, sealed.id, oidc.ClientSecretJwt(secret));
	expect((await oidc.clientCredentialsGrant(byJwt)).access_token).toBeTruthy();
});
