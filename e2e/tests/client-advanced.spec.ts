/* The advanced settings of a client: folded away until needed, saved whole, faults shown where they are. */
import { photograph } from '../support/photograph.js';
import { api, createClient, expect, expectAccessible, expectToast, hold, openTab, setUp, test, type Page } from '../support/test.js';

test.use({ installation: 'client-advanced' });

let admin: Page;

test.beforeAll(async ({ browser, pocketId }) => {
	admin = (await openTab(browser, pocketId.url)).page;
	await setUp(admin);
});

test.afterAll(async () => {
	await admin.context().close();
});

type Protocol = Record<string, unknown>;
const stored = async (id: string) => (await api<{ protocol: Protocol }>(admin, 'GET', `/api/oidc/clients/${id}`)).protocol;
const card = () => admin.getByTestId('protocol-card');
const section = (name: string) => card().getByRole('button', { name, exact: true });
const save = () => card().getByRole('button', { name: 'Save' }).click();

async function open(id: string): Promise<void> {
	await admin.goto(`/settings/admin/oidc-clients/${id}`);
	await admin.getByRole('tab', { name: 'Advanced' }).click();
}

async function choose(label: string, option: string): Promise<void> {
	await card().getByRole('button', { name: label }).click();
	await admin.getByRole('option', { name: option }).click();
}

test('everything is folded away until it is used', async () => {
	const client = await createClient(admin, { name: 'Plain', callbackURLs: [] });
	await open(client.id);
	for (const name of ['Authentication and Keys', 'Sign-in Strength', 'Requests', 'Tokens', 'Token Exchange', 'Single Logout']) {
		await expect(section(name)).toHaveAttribute('aria-expanded', 'false');
	}
	await expect(card().getByRole('switch')).toHaveCount(0);
	await expectAccessible(admin);
	await photograph(admin, 'client-advanced-folded');

	// By keyboard.
	await section('Single Logout').focus();
	await admin.keyboard.press('Enter');
	await expect(section('Single Logout')).toHaveAttribute('aria-expanded', 'true');
	await admin.keyboard.press('Tab');
	await expect(admin.getByLabel('Back-Channel Logout URL')).toBeFocused();
});

test('settings of every section are saved and shown again', async () => {
	const client = await createClient(admin, { name: 'Ledger', callbackURLs: ['https://ledger.example/cb'] });
	await open(client.id);
	await section('Authentication and Keys').click();
	await choose('Authentication Method', 'private_key_jwt');
	await admin.getByLabel('URL of Public Keys').fill('https://ledger.example/jwks');
	await section('Sign-in Strength').click();
	await choose('Minimum Authentication', 'A passkey just used');
	await admin.getByLabel('Maximum Age of a Sign-in').fill('600');
	await admin.getByRole('switch', { name: 'Allow plain PKCE' }).click();
	await expect(card().getByRole('alert')).toContainText('Plain PKCE hardly protects');
	await section('Requests').click();
	await admin.getByRole('switch', { name: 'Require signed requests' }).click();
	await admin.getByRole('switch', { name: 'Limit Grant Types' }).click();
	await admin.getByRole('checkbox', { name: 'Sign-in on a device by code' }).uncheck();
	await section('Tokens').click();
	await choose('ID Token Algorithm', 'ES256');
	await choose('Userinfo Algorithm', 'PS256');
	await admin.getByRole('switch', { name: 'Bind tokens to a key (DPoP)' }).click();
	await section('Token Exchange').click();
	await admin.getByRole('switch', { name: 'Allow token exchange (delegation)' }).click();
	await section('Single Logout').click();
	await expect(admin.getByRole('switch', { name: 'Session required (back-channel)' })).toBeDisabled();
	await admin.getByLabel('Back-Channel Logout URL').fill('https://ledger.example/logout');
	await admin.getByRole('switch', { name: 'Session required (back-channel)' }).click();
	await admin.getByLabel('Front-Channel Logout URL').fill('https://ledger.example/front');
	await expectAccessible(admin);
	await photograph(admin, 'client-advanced');
	await save();
	await expectToast(admin, 'OIDC client updated successfully');
	const saved = await stored(client.id);
	expect(saved).toMatchObject({
		tokenEndpointAuthMethod: 'private_key_jwt',
		jwksUri: 'https://ledger.example/jwks',
		minimumAcr: 'phr',
		defaultMaxAge: 600,
		allowPlainPkce: true,
		requireSignedRequestObject: true,
		grantTypes: [
			'authorization_code',
			'refresh_token',
			'client_credentials',
			'urn:ietf:params:oauth:grant-type:token-exchange'
		],
		idTokenSignedResponseAlg: 'ES256',
		userinfoSignedResponseAlg: 'PS256',
		dpopBoundAccessTokens: true,
		allowTokenDelegation: true,
		allowTokenImpersonation: false,
		backchannelLogoutUri: 'https://ledger.example/logout',
		backchannelLogoutSessionRequired: true,
		frontchannelLogoutUri: 'https://ledger.example/front',
		frontchannelLogoutSessionRequired: false
	});

	// What is in use is open, and the other forms of the page leave all of it alone.
	await admin.reload();
	await expect(section('Single Logout')).toHaveAttribute('aria-expanded', 'true');
	await expect(admin.getByLabel('Front-Channel Logout URL')).toHaveValue('https://ledger.example/front');
	await admin.getByRole('tab', { name: 'General' }).click();
	await admin.getByTestId('token-lifetimes-card').getByRole('button', { name: 'Save' }).click();
	await expectToast(admin, 'OIDC client updated successfully');
	expect(await stored(client.id)).toEqual(saved);
});

test('a fault opens its section and is told at its field', async () => {
	const client = await createClient(admin, { name: 'Faulty', callbackURLs: [] });
	await open(client.id);
	await section('Authentication and Keys').click();
	await admin.getByLabel('Public Keys (JWKS)').fill('{');
	await section('Authentication and Keys').click();
	await expect(admin.getByLabel('Public Keys (JWKS)')).toBeHidden();
	await save();
	await expect(admin.getByText('This is not valid JSON.')).toBeVisible();
	await expect(admin.getByLabel('Public Keys (JWKS)')).toBeFocused();
	// What only the server can know arrives at the same place.
	await admin.getByLabel('Public Keys (JWKS)').fill('{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}');
	await save();
	await expect(admin.getByText('Must not contain private or symmetric keys', { exact: true })).toBeVisible();
	await expect(admin.getByLabel('Public Keys (JWKS)')).toHaveAttribute('aria-invalid', 'true');
	await photograph(admin, 'client-advanced-fault');
	expect((await stored(client.id)).jwks).toBeNull();
});

test('the FAPI switch says what it forces and what is missing', async () => {
	const client = await createClient(admin, { name: 'Bank', callbackURLs: ['https://bank.example/*'] });
	await open(client.id);
	await section('FAPI 2.0 Security Profile').click();
	await expect(card().getByText('Sign-in codes are good for one minute.')).toBeVisible();
	await admin.getByRole('switch', { name: 'Use the FAPI 2.0 profile' }).click();
	await save();
	await expect(card().getByText('A callback URL of this client has a wildcard')).toBeVisible();
	await expect(card().getByText("The FAPI 2.0 profile needs the application’s public keys")).toBeVisible();
	await photograph(admin, 'client-advanced-fapi');

	await admin.getByRole('tab', { name: 'General' }).click();
	await admin.getByTestId('callback-url-1').fill('https://bank.example/cb');
	await admin.locator('form').filter({ has: admin.getByLabel('Client Launch URL') }).getByRole('button', { name: 'Save' }).click();
	await expectToast(admin, 'OIDC client updated successfully');
	await open(client.id);
	await section('Authentication and Keys').click();
	await admin.getByLabel('URL of Public Keys').fill('https://bank.example/jwks');
	await section('FAPI 2.0 Security Profile').click();
	await admin.getByRole('switch', { name: 'Use the FAPI 2.0 profile' }).click();
	await section('Tokens').click();
	const bound = admin.getByRole('switch', { name: 'Bind tokens to a key (DPoP)' });
	await expect(bound).toBeChecked();
	await expect(bound).toBeDisabled();
	await save();
	await expectToast(admin, 'OIDC client updated successfully');
	expect(await stored(client.id)).toMatchObject({ securityProfile: 'fapi2', dpopBoundAccessTokens: false });
	await admin.getByRole('tab', { name: 'General' }).click();
	await admin.getByRole('button', { name: 'Show Advanced Options' }).click();
	await expect(admin.getByRole('switch', { name: 'Requires Pushed Authorization Requests' })).toBeDisabled();
});

test('a client gets an ID of its own and pushed requests when it is made', async () => {
	await admin.goto('/settings/admin/oidc-clients');
	await admin.getByRole('button', { name: 'Add OIDC Client' }).click();
	await admin.getByLabel('Name', { exact: true }).fill('Chosen');
	await admin.getByRole('button', { name: 'Show Advanced Options' }).click();
	await admin.getByLabel('Client ID').fill('a b');
	await admin.getByRole('switch', { name: 'Requires Pushed Authorization Requests' }).click();
	await photograph(admin, 'client-create-advanced');
	await admin.getByRole('button', { name: 'Save' }).first().click();
	await expect(admin.getByLabel('Client ID')).toHaveAttribute('aria-invalid', 'true');
	await admin.getByLabel('Client ID').fill('..');
	await admin.getByRole('button', { name: 'Save' }).first().click();
	await expect(admin.getByText('An ID cannot be made of dots only')).toBeVisible();
	await admin.getByLabel('Client ID').fill('chosen-one');
	await admin.getByRole('button', { name: 'Save' }).first().click();
	await admin.waitForURL('**/oidc-clients/chosen-one**');
	const made = await api<{ requiresPushedAuthorizationRequests: boolean }>(admin, 'GET', '/api/oidc/clients/chosen-one');
	expect(made.requiresPushedAuthorizationRequests).toBe(true);
});

test('token lifetimes out of bounds are refused where they are typed', async () => {
	const client = await createClient(admin, { name: 'Lifetimes', callbackURLs: [] });
	await admin.goto(`/settings/admin/oidc-clients/${client.id}`);
	const lifetimes = admin.getByTestId('token-lifetimes-card');
	const access = lifetimes.getByLabel('Access token lifetime', { exact: true });
	const refresh = lifetimes.getByLabel('Refresh token inactivity timeout', { exact: true });
	await expect(access).toHaveAccessibleDescription(/needs a new access token\.$/);
	await expect(refresh).toHaveAccessibleDescription(/^How long the application may stay away/);
	/** The fault, after the help of the field. */
	const endsWith = (fault: string) => new RegExp(`${fault.replaceAll('.', '\\.')}$`);
	const unit = async (of: string, name: string) => {
		await lifetimes.getByRole('button', { name: `${of} unit` }).click();
		await admin.getByRole('option', { name, exact: true }).click();
	};
	const saveLifetimes = () => lifetimes.getByRole('button', { name: 'Save' }).click();
	for (const [typed, inUnit, fault] of [
		['', 'Minutes', 'Token lifetime must be at least 1 minute.'],
		['0', 'Hours', 'Token lifetime must be at least 1 minute.'],
		['-5', 'Days', 'Token lifetime must be at least 1 minute.'],
		['366', 'Days', 'Token lifetime cannot exceed 365 days.'],
		['0.7', 'Minutes', 'Token lifetime must be at least 1 minute.'],
		['1.5', 'Minutes', 'Token lifetime must use whole-minute increments.']
	] as const) {
		await unit('Access token lifetime', inUnit);
		await access.fill(typed);
		await saveLifetimes();
		await expect(access, `${typed} ${inUnit}`).toHaveAccessibleDescription(endsWith(fault));
		await expect(access).toBeFocused();
	}
	await refresh.fill('400');
	await saveLifetimes();
	await expect(refresh).toHaveAccessibleDescription(endsWith('Token lifetime cannot exceed 365 days.'));
	await expectAccessible(admin);
	await photograph(admin, 'token-lifetimes-refused');

	// Part of an hour is well if it is whole minutes; nothing of the above was kept.
	await unit('Access token lifetime', 'Hours');
	await access.fill('1.5');
	await refresh.fill('365');
	await saveLifetimes();
	await expectToast(admin, 'OIDC client updated successfully');
	expect(await api(admin, 'GET', `/api/oidc/clients/${client.id}`)).toMatchObject({
		accessTokenDurationMinutes: 90,
		refreshTokenDurationMinutes: 525_600
	});
	await admin.reload();
	await expect(access).toHaveValue('90');
});

test('parts of a day are well if they are whole minutes, and nothing is typed over while it is saved', async () => {
	const client = await createClient(admin, { name: 'Fractions', callbackURLs: [] });
	await admin.goto(`/settings/admin/oidc-clients/${client.id}`);
	const lifetimes = admin.getByTestId('token-lifetimes-card');
	const access = lifetimes.getByLabel('Access token lifetime', { exact: true });
	await lifetimes.getByRole('button', { name: 'Access token lifetime unit' }).click();
	await admin.getByRole('option', { name: 'Days', exact: true }).click();
	await access.fill('1.1');
	const answer = await hold(admin, (url) => url.pathname === `/api/oidc/clients/${client.id}`);
	await lifetimes.getByRole('button', { name: 'Save' }).click();
	await expect(access).toBeDisabled();
	await answer();
	await expectToast(admin, 'OIDC client updated successfully');
	await expect(access).toBeEnabled();
	await expect(access).toHaveValue('1.1');
	expect(await api(admin, 'GET', `/api/oidc/clients/${client.id}`)).toMatchObject({ accessTokenDurationMinutes: 1584 });
});

test('the error of an address goes with its row', async () => {
	const client = await createClient(admin, { name: 'Addresses', callbackURLs: [] });
	await admin.goto(`/settings/admin/oidc-clients/${client.id}`);
	const urls = admin.getByRole('group', { name: 'Callback URLs', exact: true });
	const first = urls.getByRole('textbox', { name: 'Callback URLs 1' });
	await urls.getByRole('button', { name: 'Add' }).click();
	await first.fill('nonsense');
	await urls.getByRole('button', { name: 'Add another' }).click();
	await urls.getByRole('textbox', { name: 'Callback URLs 2' }).fill('https://addresses.example/cb');
	await admin.getByRole('button', { name: 'Save' }).first().click();
	await expect(first).toHaveAttribute('aria-invalid', 'true');
	await expect(first).toBeFocused();
	await urls.getByRole('button', { name: 'Remove URL nonsense' }).click();
	await expect(first).toHaveValue('https://addresses.example/cb');
	await expect(first).toHaveAttribute('aria-invalid', 'false');
	await expect(urls.getByRole('alert')).toHaveCount(0);
});

test('a new secret is shown even if the list cannot be read again', async () => {
	const client = await createClient(admin, { name: 'Once', callbackURLs: [] });
	await admin.goto(`/settings/admin/oidc-clients/${client.id}#credentials`);
	const rows = admin.getByTestId('client-secret-row');
	await expect(rows).toHaveCount(1);
	const ofSecrets = (url: URL) => url.pathname === `/api/oidc/clients/${client.id}/secrets`;
	await admin.route(ofSecrets, (route) => (route.request().method() === 'GET' ? route.abort() : route.continue()));
	await admin.getByRole('button', { name: 'Add client secret' }).click();
	await expectToast(admin, 'New client secret created successfully');
	await expect(admin.locator('[data-type="error"]').last()).toContainText('This list could not be loaded');
	await expect(rows).toHaveCount(2);
	await expect(admin.getByText('Copy the secret now')).toBeVisible();
	await expect(admin.getByTestId('client-secret').last().getByRole('button')).toContainText(/[A-Za-z0-9]{32}/);
	await admin.unroute(ofSecrets);
});
