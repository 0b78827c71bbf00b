/* Real OIDC clients sign a person in: discovery, code flow with PKCE, ID token, userinfo, refresh, logout. */
import { generateKeyPairSync } from 'node:crypto';
import { startApache, startClientApp, type AuthMethod, type Library } from '../support/client-app.js';
import type { Credential } from '../support/passkey.js';
import { freePort } from '../support/process.js';
import { api, createClient, expect, openTab, setUp, test, type Page } from '../support/test.js';

test.use({ installation: 'clients' });

let credential: Credential;
let admin: Page;

test.beforeAll(async ({ browser, pocketId }) => {
	const tab = await openTab(browser, pocketId.url);
	admin = tab.page;
	await setUp(admin);
	const [registered] = await tab.authenticator.credentials();
	expect(registered, 'the browser kept a passkey').toBeDefined();
	credential = registered!;
});

test.afterAll(async () => {
	await admin.context().close();
});

interface Claims {
	iss: string;
	sub: string;
	aud: string | string[];
	name: string;
	email: string;
	email_verified: boolean;
	preferred_username: string;
	given_name: string;
	family_name: string;
	groups?: string[];
	picture?: string;
	nonce?: string;
	exp: number;
	iat: number;
}
interface Session {
	claims: Claims;
	userinfo: Claims;
	userinfoByPost: Claims;
	tokenType: string;
	expiresIn: number;
	scope: string;
}
interface Refresh {
	rotated: boolean;
	oldAccessTokenStatus: number;
	claims: Claims;
	reuse?: string;
}

async function json<T>(page: Page, url: string): Promise<T> {
	const response = await page.goto(url);
	const text = (await response?.text()) ?? '';
	expect(response?.status(), `${url}: ${text}`).toBe(200);
	return JSON.parse(text) as T;
}

const runs: { library: Library; authMethod: AuthMethod }[] = [
	{ library: 'openid-client', authMethod: 'client_secret_basic' },
	{ library: 'openid-client', authMethod: 'client_secret_post' },
	{ library: 'openid-client', authMethod: 'client_secret_jwt' },
	{ library: 'openid-client', authMethod: 'private_key_jwt' },
	{ library: 'openid-client', authMethod: 'none' },
	{ library: 'Authlib', authMethod: 'client_secret_basic' },
	{ library: 'Authlib', authMethod: 'client_secret_post' },
	{ library: 'Authlib', authMethod: 'client_secret_jwt' },
	{ library: 'Authlib', authMethod: 'private_key_jwt' },
	{ library: 'Authlib', authMethod: 'none' },
	// This one pushes its requests (RFC 9126).
	{ library: 'requests_oauth2client', authMethod: 'client_secret_basic' },
	{ library: 'requests_oauth2client', authMethod: 'client_secret_post' },
	{ library: 'requests_oauth2client', authMethod: 'client_secret_jwt' },
	{ library: 'requests_oauth2client', authMethod: 'private_key_jwt' },
	{ library: 'requests_oauth2client', authMethod: 'none' }
];

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const clientKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** What a client has to be told for a method that is not understood without. */
function protocolFor(authMethod: AuthMethod): { protocol?: Record<string, unknown> } {
	if (authMethod === 'client_secret_jwt') return { protocol: { tokenEndpointAuthMethod: authMethod } };
	if (authMethod !== 'private_key_jwt') return {};
	const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'app', alg: 'RS256', use: 'sig' };
	return { protocol: { tokenEndpointAuthMethod: authMethod, jwks: { keys: [jwk] } } };
}

for (const { library, authMethod } of runs) {
	test(`${library} with ${authMethod} signs a person in, refreshes and signs out`, async ({ browser, pocketId }) => {
		const port = await freePort();
		const appUrl = `http://127.0.0.1:${port}`;
		const name = `${library} ${authMethod}`;
		const client = await createClient(admin, {
			name,
			callbackURLs: [`${appUrl}/callback`],
			logoutCallbackURLs: [`${appUrl}/signed-out`],
			isPublic: authMethod === 'none',
			...protocolFor(authMethod)
		});
		const app = await startClientApp(library, {
			issuer: pocketId.url,
			port,
			clientId: client.id,
			...(client.secret === undefined ? {} : { clientSecret: client.secret }),
			...(authMethod === 'private_key_jwt' ? { clientKey } : {}),
			authMethod
		});
		const { page, authenticator } = await openTab(browser, pocketId.url);
		await authenticator.add(credential);
		try {
			await test.step('signs in with the passkey and agrees', async () => {
				await page.goto(appUrl);
				await page.getByRole('link', { name: 'Log in' }).click();
				await expect(page.getByRole('heading', { name: `Sign in to ${name}` })).toBeVisible();
				await page.getByRole('button', { name: 'Sign in' }).click();
				await expect(page.getByTestId('scopes')).toContainText('Email');
				await expect(page.getByTestId('scopes')).toContainText('Profile');
				await expect(page.getByTestId('scopes')).toContainText('Groups');
				await page.getByRole('button', { name: 'Sign in' }).click();
				await expect(page.getByText('Signed in as Ada Lovelace')).toBeVisible();
			});

			let subject = '';
			await test.step('ID token and userinfo by GET and POST say the same', async () => {
				const session = await json<Session>(page, `${appUrl}/session`);
				subject = session.claims.sub;
				expect(session.claims.iss).toBe(pocketId.url);
				expect([session.claims.aud].flat()).toEqual([client.id]);
				for (const claims of [session.claims, session.userinfo, session.userinfoByPost]) {
					expect(claims).toMatchObject({
						sub: subject,
						name: 'Ada Lovelace',
						given_name: 'Ada',
						family_name: 'Lovelace',
						preferred_username: 'ada',
						email: 'ada@example.com'
					});
				}
				expect(session.userinfoByPost).toEqual(session.userinfo);
				expect(session.tokenType.toLowerCase()).toBe('bearer');
				expect(session.expiresIn).toBeGreaterThan(3500);
				expect(session.expiresIn).toBeLessThanOrEqual(3600);
				expect(session.scope.split(' ').sort()).toEqual(['email', 'groups', 'openid', 'profile']);
			});

			await test.step('a second sign-in asks nothing: signed in and agreed already', async () => {
				await page.goto(`${appUrl}/login`);
				await page.waitForURL(`${appUrl}/`);
				await expect(page.getByText('Signed in as Ada Lovelace')).toBeVisible();
			});

			await test.step('refreshing rotates both tokens', async () => {
				const refresh = await json<Refresh>(page, `${appUrl}/refresh`);
				expect(refresh.rotated).toBe(true);
				expect(refresh.oldAccessTokenStatus).toBe(401);
				expect(refresh.claims.sub).toBe(subject);
				expect(refresh.claims.nonce).toBeUndefined();
				expect(await json(page, `${appUrl}/access`)).toEqual({ status: 200 });
			});

			await test.step('an old refresh token is refused and ends everything it gave', async () => {
				const refresh = await json<Refresh>(page, `${appUrl}/refresh?reuse=yes`);
				expect(refresh.reuse).toBe('invalid_grant');
				expect(await json(page, `${appUrl}/access`)).toEqual({ status: 401 });
			});

			await test.step('signing out at the app signs out of Pocket ID and comes back', async () => {
				await page.goto(appUrl);
				await page.getByRole('link', { name: 'Log out' }).click();
				await page.waitForURL(new RegExp(`^${appUrl}/signed-out`));
				await expect(page.getByText('Signed out')).toBeVisible();
				await page.goto('/settings/account');
				await page.waitForURL(/\/login\?redirect=/);
			});
		} finally {
			await page.context().close();
			await app.stop();
		}
		expect(pocketId.log(), 'secrets stay out of the log').not.toContain(client.secret ?? 'no secret');
	});
}

test('requests_oauth2client signs a device in, and its requests can be nothing but pushed', async ({ browser, pocketId }) => {
	const port = await freePort();
	const appUrl = `http://127.0.0.1:${port}`;
	const client = await createClient(admin, {
		name: 'Set-top box',
		callbackURLs: [`${appUrl}/callback`],
		requiresPushedAuthorizationRequests: true
	});
	const app = await startClientApp('requests_oauth2client', {
		issuer: pocketId.url,
		port,
		clientId: client.id,
		clientSecret: client.secret!,
		authMethod: 'client_secret_basic'
	});
	const { page, authenticator } = await openTab(browser, pocketId.url);
	await authenticator.add(credential);
	try {
		const started = await json<{ userCode: string; address: string }>(page, `${appUrl}/device`);
		await page.goto(started.address);
		// Once for the passkey, once to let the device in.
		await page.getByRole('button', { name: 'Authorize' }).click();
		await expect(page.getByTestId('scopes')).toContainText('Email');
		await page.getByRole('button', { name: 'Authorize' }).click();
		await expect(page.getByText('The device has been authorized.')).toBeVisible();
		// The library polls every five seconds.
		await expect(async () => {
			const answer = await json(page, `${appUrl}/device/${started.userCode}`);
			expect(answer).toEqual({ done: true, email: 'ada@example.com' });
		}).toPass({ timeout: 20_000 });

		await page.goto(`${appUrl}/login`);
		await page.waitForURL(`${appUrl}/`);
		await expect(page.getByText('Signed in as Ada Lovelace')).toBeVisible();
		const unpushed = new URLSearchParams({
			client_id: client.id,
			response_type: 'code',
			scope: 'openid',
			redirect_uri: `${appUrl}/callback`,
			state: '12345678'
		});
		await page.goto(`/authorize?${unpushed}`);
		expect(page.url()).not.toContain('code=');
	} finally {
		await page.context().close();
		await app.stop();
	}
});

test('signing out at one app ends that app’s refresh token', async ({ browser, pocketId }) => {
	const port = await freePort();
	const appUrl = `http://127.0.0.1:${port}`;
	const client = await createClient(admin, {
		name: 'Logout app',
		callbackURLs: [`${appUrl}/callback`],
		logoutCallbackURLs: [`${appUrl}/signed-out`]
	});
	const app = await startClientApp('openid-client', {
		issuer: pocketId.url,
		port,
		clientId: client.id,
		clientSecret: client.secret!,
		authMethod: 'client_secret_basic'
	});
	const { page, authenticator } = await openTab(browser, pocketId.url);
	await authenticator.add(credential);
	try {
		await page.goto(`${appUrl}/login`);
		await page.getByRole('button', { name: 'Sign in' }).click();
		await expect(page.getByTestId('scopes')).toBeVisible();
		await page.getByRole('button', { name: 'Sign in' }).click();
		await expect(page.getByText('Signed in as')).toBeVisible();
		// A refresh in between must not loosen the tie between the ID token and the tokens.
		await json<Refresh>(page, `${appUrl}/refresh`);

		await page.goto(appUrl);
		await page.getByRole('link', { name: 'Log out' }).click();
		await expect(page.getByText('Signed out')).toBeVisible();
		expect(await json(page, `${appUrl}/after-logout`)).toEqual({ refresh: 'invalid_grant' });
	} finally {
		await page.context().close();
		await app.stop();
	}
});

test('Apache with mod_auth_openidc protects a page, refreshes and signs out', async ({ browser, pocketId }) => {
	const port = await freePort();
	const appUrl = `http://127.0.0.1:${port}`;
	const client = await createClient(admin, {
		name: 'Apache',
		callbackURLs: [`${appUrl}/protected/redirect`],
		logoutCallbackURLs: [`${appUrl}/signed-out.html`]
	});
	const apache = await startApache({
		issuer: pocketId.url,
		port,
		clientId: client.id,
		clientSecret: client.secret!,
		authMethod: 'client_secret_basic'
	});
	const { page, authenticator } = await openTab(browser, pocketId.url);
	await authenticator.add(credential);
	try {
		await page.goto(`${appUrl}/protected/`);
		await page.getByRole('button', { name: 'Sign in' }).click();
		await expect(page.getByTestId('scopes')).toBeVisible();
		await page.getByRole('button', { name: 'Sign in' }).click();
		await expect(page.getByText('Signed in as ada')).toBeVisible();
		await expect(page.getByTestId('name')).toHaveText('Ada Lovelace');
		await expect(page.getByTestId('email')).toHaveText('ada@example.com');
		await expect(page.getByTestId('iss')).toHaveText(pocketId.url);
		await expect(page.getByTestId('aud')).toHaveText(client.id);

		const tokens = async () => ({
			access: await page.getByTestId('access-token').innerText(),
			refresh: await page.getByTestId('refresh-token').innerText()
		});
		const before = await tokens();
		await page.goto(
			`${appUrl}/protected/redirect?refresh=${encodeURIComponent(`${appUrl}/protected/`)}` +
				`&access_token=${encodeURIComponent(before.access)}`
		);
		await expect(page.getByText('Signed in as ada')).toBeVisible();
		expect(page.url()).not.toContain('error');
		const after = await tokens();
		expect(after.access).not.toBe(before.access);
		expect(after.refresh).not.toBe(before.refresh);

		await page.goto(`${appUrl}/protected/redirect?logout=${encodeURIComponent(`${appUrl}/signed-out.html`)}`);
		await expect(page.getByRole('heading', { name: 'Signed out' })).toBeVisible();
		await page.goto('/settings/account');
		await page.waitForURL(/\/login\?redirect=/);
	} finally {
		await page.context().close();
		await apache.stop();
	}
});

test('Apache gets codes by form post, and is told of sign-outs in the background and through the browser', async ({
	browser,
	pocketId
}) => {
	const port = await freePort();
	const appUrl = `http://127.0.0.1:${port}`;
	const redirect = `${appUrl}/protected/redirect`;
	const client = await createClient(admin, {
		name: 'Apache by post',
		callbackURLs: [redirect],
		protocol: { backchannelLogoutUri: `${redirect}?logout=backchannel`, backchannelLogoutSessionRequired: true }
	});
	const apache = await startApache({
		issuer: pocketId.url,
		port,
		clientId: client.id,
		clientSecret: client.secret!,
		authMethod: 'client_secret_post',
		responseMode: 'form_post'
	});
	const { page, authenticator } = await openTab(browser, pocketId.url);
	await authenticator.add(credential);
	const signIn = async (consent: boolean) => {
		await page.goto(`${appUrl}/protected/`);
		await page.getByRole('button', { name: 'Sign in' }).click();
		if (consent) {
			await expect(page.getByTestId('scopes')).toBeVisible();
			await page.getByRole('button', { name: 'Sign in' }).click();
		}
		await expect(page.getByText('Signed in as ada')).toBeVisible();
	};
	try {
		await signIn(true);
		await page.goto('/logout');
		await page.getByRole('button', { name: 'Sign out' }).click();
		await page.waitForURL('/login?redirect=%2F');
		// Apache has been told by Pocket ID itself: its session is gone, and it asks to sign in again.
		await expect(async () => {
			await page.goto(`${appUrl}/protected/`);
			await expect(page).toHaveURL(/\/interaction\?/, { timeout: 1000 });
		}).toPass();

		await api(admin, 'PUT', `/api/oidc/clients/${client.id}`, {
			name: 'Apache by post',
			callbackURLs: [redirect],
			logoutCallbackURLs: [],
			isPublic: false,
			pkceEnabled: true,
			protocol: { frontchannelLogoutUri: `${redirect}?logout=get`, frontchannelLogoutSessionRequired: true }
		});
		await signIn(false);
		await page.goto('/logout');
		await page.getByRole('button', { name: 'Sign out' }).click();
		await page.waitForURL('/login?redirect=%2F');
		await page.goto(`${appUrl}/protected/`);
		await expect(page).toHaveURL(/\/interaction\?/);
	} finally {
		await page.context().close();
		await apache.stop();
	}
});

for (const authMethod of ['client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'] as const) {
	test(`Apache with mod_auth_openidc authenticates with ${authMethod}`, async ({ browser, pocketId }) => {
		const port = await freePort();
		const appUrl = `http://127.0.0.1:${port}`;
		const client = await createClient(admin, {
			name: `Apache with ${authMethod}`,
			callbackURLs: [`${appUrl}/protected/redirect`],
			isPublic: authMethod === 'none',
			...protocolFor(authMethod)
		});
		const apache = await startApache({
			issuer: pocketId.url,
			port,
			clientId: client.id,
			...(client.secret === undefined ? {} : { clientSecret: client.secret }),
			...(authMethod === 'private_key_jwt' ? { clientKey } : {}),
			authMethod
		});
		const { page, authenticator } = await openTab(browser, pocketId.url);
		await authenticator.add(credential);
		try {
			await page.goto(`${appUrl}/protected/`);
			await page.getByRole('button', { name: 'Sign in' }).click();
			await expect(page.getByTestId('scopes')).toBeVisible();
			await page.getByRole('button', { name: 'Sign in' }).click();
			await expect(page.getByText('Signed in as ada')).toBeVisible();
			await expect(page.getByTestId('aud')).toHaveText(client.id);
		} finally {
			await page.context().close();
			await apache.stop();
		}
	});
}
