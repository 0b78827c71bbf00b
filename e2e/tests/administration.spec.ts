/* What administrators change and take away: clients, secrets, keys, sessions, settings. And what fails beside it. */
import { startPocketId } from '../support/pocket-id.js';
import { photograph } from '../support/photograph.js';
import {
	api,
	breakDown,
	createClient,
	expect,
	expectAccessible,
	expectToast,
	hold,
	openTab,
	setUp,
	test,
	useLoginLink,
	watchForBrokenPages,
	type Page
} from '../support/test.js';

test.use({ installation: 'administration' });

let page: Page;
let problems: string[];

test.beforeAll(async ({ browser, pocketId }) => {
	page = (await openTab(browser, pocketId.url)).page;
	problems = watchForBrokenPages(page);
	await setUp(page);
});

test.afterAll(async () => {
	await page.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

const configure = (changes: Record<string, string>) => api(page, 'PATCH', '/api/application-configuration', changes);

test('a client is deleted after a question', async () => {
	const client = await createClient(page, { name: 'Old wiki', callbackURLs: [] });
	await createClient(page, { name: 'New wiki', callbackURLs: [] });
	await page.goto('/settings/admin/oidc-clients');
	const row = page.getByRole('row', { name: 'Old wiki' });
	const remove = async () => {
		await row.getByRole('button').click();
		await page.getByRole('menuitem', { name: 'Delete' }).click();
	};
	await remove();
	const question = page.getByRole('alertdialog', { name: 'Delete Old wiki' });
	await expect(question).toContainText('This cannot be undone');
	await expectAccessible(page);
	await question.getByRole('button', { name: 'Cancel' }).click();
	await expect(row).toBeVisible();
	await remove();
	await question.getByRole('button', { name: 'Delete' }).click();
	await expectToast(page, 'OIDC client deleted successfully');
	await expect(row).toHaveCount(0);
	await expect(page.getByRole('row', { name: 'New wiki' })).toBeVisible();
	await page.goto(`/settings/admin/oidc-clients/${client.id}`);
	await expect(page.getByRole('heading', { name: 'Something went wrong' })).toBeVisible();
});

test('a secret is deleted after a question, and no longer lets the client in', async ({ pocketId }) => {
	const client = await createClient(page, { name: 'Rotating', callbackURLs: [] });
	const second = await api<{ secret: string }>(page, 'POST', `/api/oidc/clients/${client.id}/secrets`, {});
	/** What the token endpoint finds wrong with a request that has this secret and no valid code. */
	const refusal = async (secret: string) => {
		const body = new URLSearchParams({
			grant_type: 'authorization_code',
			code: 'none',
			redirect_uri: 'https://app.example.com/cb',
			code_verifier: 'v'.repeat(43),
			client_id: client.id,
			client_secret: secret
		});
		const response = await fetch(`${pocketId.url}/api/oidc/token`, { method: 'POST', body });
		return ((await response.json()) as { error: string }).error;
	};
	expect(await refusal(client.secret!)).toBe('invalid_grant');
	await page.goto(`/settings/admin/oidc-clients/${client.id}#credentials`);
	const rows = page.getByTestId('client-secret-row');
	await expect(rows).toHaveCount(2);
	await rows.filter({ hasText: client.secret!.slice(0, 4) }).getByRole('button', { name: 'Toggle menu' }).click();
	await page.getByRole('menuitem', { name: 'Delete' }).click();
	const question = page.getByRole('alertdialog', { name: 'Delete client secret' });
	await expect(question).toContainText('This cannot be undone');
	await question.getByRole('button', { name: 'Delete' }).click();
	await expectToast(page, 'Client secret deleted successfully');
	await expect(rows).toHaveCount(1);
	expect(await refusal(client.secret!)).toBe('invalid_client');
	expect(await refusal(second.secret)).toBe('invalid_grant');
});

test('a secret that somebody else deleted goes from the list', async () => {
	const client = await createClient(page, { name: 'Stale secret', callbackURLs: [] });
	await page.goto(`/settings/admin/oidc-clients/${client.id}#credentials`);
	const rows = page.getByTestId('client-secret-row');
	await expect(rows).toHaveCount(1);
	const [secret] = await api<{ id: string }[]>(page, 'GET', `/api/oidc/clients/${client.id}/secrets`);
	await api(page, 'DELETE', `/api/oidc/clients/${client.id}/secrets/${secret!.id}`);
	await rows.getByRole('button', { name: 'Toggle menu' }).click();
	await page.getByRole('menuitem', { name: 'Delete' }).click();
	await page.getByRole('alertdialog', { name: 'Delete client secret' }).getByRole('button', { name: 'Delete' }).click();
	await expect(page.locator('[data-type="error"]')).toHaveText('Client secret not found');
	await expect(rows).toHaveCount(0);
	await expect(page.getByTestId('client-secrets-card')).toContainText('No client secrets yet');
});

test('the document of a client that describes itself is read anew', async () => {
	// Documents come from public addresses only, which no test reaches: the answers stand in for one.
	const id = 'https://app.example/client.json';
	const encoded = `~${Buffer.from(id).toString('base64url')}`;
	await page.route(
		(url) => url.pathname === '/api/oidc/clients',
		async (route) => {
			const response = await route.fetch();
			const body = (await response.json()) as { data: { id: string }[] };
			body.data = [{ ...body.data[0]!, ...{ id, name: 'Self described', clientType: 'cimd' } }];
			await route.fulfill({ response, json: body });
		}
	);
	const asked: string[] = [];
	await page.route(
		(url) => url.pathname.endsWith('/refresh'),
		async (route) => {
			asked.push(`${route.request().method()} ${new URL(route.request().url()).pathname}`);
			if (asked.length > 1) await route.fulfill({ status: 502, json: { error: 'The document could not be fetched', code: 'x' } });
			else await route.fulfill({ json: {} });
		}
	);
	await page.goto('/settings/admin/oidc-clients');
	const row = page.getByRole('row', { name: 'Self described' });
	await expect(row).toContainText('Metadata Document');
	const refresh = async () => {
		await row.getByRole('button').click();
		await page.getByRole('menuitem', { name: 'Refresh' }).click();
	};
	await refresh();
	await expectToast(page, 'Client metadata document refreshed successfully');
	await refresh();
	await expect(page.locator('[data-type="error"]')).toHaveText('The document could not be fetched');
	expect(asked).toEqual(Array(2).fill(`POST /api/oidc/clients/${encoded}/refresh`));
	await page.unrouteAll({ behavior: 'wait' });
});

test('federated credentials are added, kept and removed', async () => {
	const client = await createClient(page, { name: 'Cluster job', callbackURLs: [] });
	await page.goto(`/settings/admin/oidc-clients/${client.id}#credentials`);
	const card = page.getByTestId('federated-credentials-card');
	await expect(card).toContainText('No federated credentials');
	await expect(card.getByRole('link', { name: 'Documentation: Federated Client Credentials' })).toHaveAttribute(
		'href',
		'https://pocket-id.org/docs'
	);
	await card.getByRole('button', { name: 'Create' }).click();
	await card.getByRole('button', { name: 'Save' }).click();
	await expect(card.getByRole('alert').first()).toBeVisible();
	for (const [label, help] of [
		['Issuer', /exactly as they say in iss\./],
		['Subject', /as they say in sub\./],
		['Audience', /as they say in aud\./],
		['JWKS URL', /Where the public keys are/]
	] as const) {
		await expect(card.getByLabel(label)).toHaveAccessibleDescription(help);
	}
	await card.getByLabel('Issuer').fill('https://kubernetes.example.com');
	await card.getByLabel('Subject').fill('system:serviceaccount:default:job');
	await card.getByLabel('JWKS URL').fill('nonsense');
	await card.getByRole('button', { name: 'Save' }).click();
	await expect(card.getByLabel('JWKS URL')).toHaveAttribute('aria-invalid', 'true');
	await card.getByLabel('JWKS URL').fill('https://kubernetes.example.com/openid/v1/jwks');
	await expect(card.getByRole('switch', { name: 'Replay Protection' })).toBeChecked();
	await card.getByRole('switch', { name: 'Replay Protection' }).click();
	await card.getByRole('button', { name: 'Add another federated client credential' }).click();
	const second = card.getByRole('group', { name: 'Identity 2' });
	await second.getByLabel('Issuer').fill('https://ci.example.com');
	await expectAccessible(page);
	await photograph(page, 'client-federated');
	await card.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'OIDC client updated successfully');

	await page.reload();
	const first = card.getByRole('group', { name: 'Identity 1' });
	await expect(first.getByLabel('Issuer')).toHaveValue('https://kubernetes.example.com');
	await expect(first.getByLabel('Subject')).toHaveValue('system:serviceaccount:default:job');
	await expect(first.getByRole('switch', { name: 'Replay Protection' })).not.toBeChecked();
	await expect(second.getByLabel('Issuer')).toHaveValue('https://ci.example.com');

	// The last one can go too.
	await second.getByRole('button', { name: 'Remove federated identity' }).click();
	await first.getByRole('button', { name: 'Remove federated identity' }).click();
	await expect(card.getByRole('button', { name: 'Add Federated Client Credential', exact: true })).toBeVisible();
	await card.getByRole('button', { name: 'Save' }).click();
	await expect(card.getByRole('button', { name: 'Save' })).toHaveCount(0);
	await page.reload();
	await expect(card).toContainText('No federated credentials');
});

test('a client that was seen using PKCE is to be held to it', async () => {
	const client = await createClient(page, { name: 'Careful', callbackURLs: [], pkceEnabled: false });
	const path = `/settings/admin/oidc-clients/${client.id}`;
	const pkce = page.getByRole('switch', { name: 'PKCE' });
	const hint = /The client uses PKCE, but does not have to/;
	await page.goto(path);
	await expect(pkce).toHaveAccessibleDescription(/Protects the sign-in/);
	await expect(pkce).not.toHaveAccessibleDescription(hint);
	await expect(page.getByRole('link', { name: 'Documentation: Callback URLs' })).toHaveAttribute(
		'href',
		'https://pocket-id.org/docs'
	);
	// As if it had signed somebody in with it.
	const ofClient = (url: URL) => url.pathname === `/api/oidc/clients/${client.id}`;
	await page.route(ofClient, async (route) => {
		const response = await route.fetch();
		const body = (await response.json()) as Record<string, unknown>;
		await route.fulfill({ response, json: { ...body, pkceSupported: true } });
	});
	await page.reload();
	await expect(pkce).toHaveAccessibleDescription(hint);
	await expectAccessible(page);
	await photograph(page, 'client-pkce-hint');
	await pkce.click();
	await expect(pkce).not.toHaveAccessibleDescription(hint);
	await page.unrouteAll({ behavior: 'wait' });
});

test('a client of the FAPI profile uses PKCE, whatever it is set to', async () => {
	const client = await createClient(page, {
		name: 'Bank',
		callbackURLs: ['https://bank.example/cb'],
		pkceEnabled: false,
		protocol: { securityProfile: 'fapi2', jwksUri: 'https://bank.example/keys' }
	});
	const ofClient = (url: URL) => url.pathname === `/api/oidc/clients/${client.id}`;
	await page.route(ofClient, async (route) => {
		if (route.request().method() !== 'GET') return route.continue();
		const response = await route.fetch();
		const body = (await response.json()) as Record<string, unknown>;
		// As if it had signed somebody in with it.
		await route.fulfill({ response, json: { ...body, pkceSupported: true } });
	});
	await page.goto(`/settings/admin/oidc-clients/${client.id}`);
	const pkce = page.getByRole('switch', { name: 'PKCE' });
	await expect(pkce).toBeChecked();
	await expect(pkce).toBeDisabled();
	await expect(pkce).toHaveAccessibleDescription('The FAPI 2.0 profile demands it.');
	await expect(page.getByText('This client supports PKCE')).toHaveCount(0);
	await page.getByRole('button', { name: 'Show more details' }).click();
	await expect(page.locator('dl > div').filter({ has: page.getByRole('term').filter({ hasText: 'PKCE' }) })).toContainText(
		'Enabled'
	);

	// The field at fault is on another tab: the focus stays.
	await page.getByRole('switch', { name: 'Public Client' }).click();
	const save = page.getByRole('tabpanel').getByRole('button', { name: 'Save' }).first();
	await save.click();
	await expect(page.locator('[data-type="error"]')).toBeVisible();
	await expect(save).toBeFocused();
	await page.unrouteAll({ behavior: 'wait' });
});

test('a public client has PKCE and no secrets', async () => {
	const client = await createClient(page, { name: 'Phone app', callbackURLs: [], pkceEnabled: false });
	await page.goto(`/settings/admin/oidc-clients/${client.id}`);
	const pkce = page.getByRole('switch', { name: 'PKCE' });
	await expect(pkce).not.toBeChecked();
	await page.getByRole('switch', { name: 'Public Client' }).click();
	await expect(pkce).toBeChecked();
	await expect(pkce).toBeDisabled();
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'OIDC client updated successfully');
	await page.getByRole('tab', { name: 'Credentials' }).click();
	const card = page.getByTestId('client-secrets-card');
	await expect(card).toContainText('A public client cannot keep a secret');
	await expect(card.getByRole('button', { name: 'Add client secret' })).toHaveCount(0);
	await page.reload();
	await expect(card).toContainText('A public client cannot keep a secret');
	expect(await api(page, 'GET', `/api/oidc/clients/${client.id}`)).toMatchObject({ isPublic: true, pkceEnabled: true });
});

test('an expired API key is renewed, with a new value', async ({ pocketId }) => {
	const expiresAt = new Date(Date.now() + 4_000).toISOString();
	const { token: old } = await api<{ token: string }>(page, 'POST', '/api/api-keys', { name: 'Backup', expiresAt });
	const status = async (key: string) => (await fetch(`${pocketId.url}/api/users`, { headers: { 'X-API-Key': key } })).status;
	// The server's clock goes on until the key is too old.
	await expect.poll(() => status(old)).toBe(401);
	await page.goto('/settings/admin/api-keys');
	const row = page.getByRole('row', { name: 'Backup' });
	await expect(row.getByLabel('Expired')).toBeVisible();
	await row.getByRole('button').click();
	await page.getByRole('menuitem', { name: 'Renew' }).click();
	const dialog = page.getByRole('dialog', { name: 'Renew API Key' });
	await expectAccessible(page);
	await photograph(page, 'api-key-renew');
	await dialog.getByRole('button', { name: 'Renew' }).click();
	const renewed = page.getByRole('dialog', { name: 'API key renewed' });
	const key = (await renewed.locator('.font-mono').innerText()).trim();
	expect(key).not.toBe(old);
	await renewed.getByRole('button', { name: 'Close' }).first().click();
	await expect(row.getByLabel('Expired')).toHaveCount(0);
	expect([await status(old), await status(key)]).toEqual([401, 200]);
	await row.getByRole('button').click();
	await expect(page.getByRole('menuitem', { name: 'Renew' })).toHaveCount(0);
	await page.keyboard.press('Escape');
});

test('an administrator ends the session of a user', async ({ browser, pocketId }) => {
	const grace = await api<{ id: string }>(page, 'POST', '/api/users', { username: 'grace', email: 'grace@example.com', firstName: 'Grace' });
	const signIn = async () => {
		const { token } = await api<{ token: string }>(page, 'POST', `/api/users/${grace.id}/one-time-access-token`, {});
		const tab = (await openTab(browser, pocketId.url)).page;
		await useLoginLink(tab, `/lc/${token}`);
		await tab.waitForURL('/settings/account');
		return tab;
	};
	const first = await signIn();
	await page.goto(`/settings/admin/users/${grace.id}`);
	const card = page.getByTestId('sessions-card');
	await card.getByRole('button', { name: 'End session' }).click();
	const question = page.getByRole('alertdialog', { name: 'End session' });
	await expectAccessible(page);
	await question.getByRole('button', { name: 'Cancel' }).click();
	await card.getByRole('button', { name: 'End session' }).click();
	await question.getByRole('button', { name: 'End session' }).click();
	await expectToast(page, 'Session ended');
	await expect(card).toContainText('No sessions');
	await first.goto('/settings/account');
	await first.waitForURL(/\/login/);
	await first.context().close();

	const [one, two] = [await signIn(), await signIn()];
	await page.reload();
	await card.getByRole('button', { name: 'End all' }).click();
	await page.getByRole('alertdialog', { name: 'End all' }).getByRole('button', { name: 'End all' }).click();
	await expectToast(page, 'Sessions ended');
	for (const tab of [one, two]) {
		await tab.goto('/settings/account');
		await tab.waitForURL(/\/login/);
		await tab.context().close();
	}
});

test('the address of a new user counts as the configuration says', async () => {
	const create = async (username: string) => {
		await page.getByLabel('Username').fill(username);
		await page.getByLabel('Email').fill(`${username}@example.com`);
		await page.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByRole('row', { name: `${username}@example.com` })).toBeVisible();
		const { data } = await api<{ data: { emailVerified: boolean }[] }>(page, 'GET', `/api/users?search=${username}`);
		return data[0]?.emailVerified;
	};
	await page.goto('/settings/admin/users');
	await page.getByRole('button', { name: 'Add User' }).click();
	await expect(page.getByRole('button', { name: 'Mark as verified' })).toBeVisible();
	expect(await create('stranger')).toBe(false);

	await configure({ emailsVerified: 'true' });
	await page.reload();
	await page.getByRole('button', { name: 'Add User' }).click();
	await expect(page.getByRole('button', { name: 'Mark as unverified' })).toBeVisible();
	expect(await create('neighbour')).toBe(true);
	// The next form begins the same way, and the administrator has the last word.
	await page.getByRole('button', { name: 'Mark as unverified' }).click();
	expect(await create('guest')).toBe(false);
});

test('who has no address goes on without one, while new users need one', async ({ browser, pocketId }) => {
	await configure({ requireUserEmail: 'false' });
	const nora = await api<{ id: string }>(page, 'POST', '/api/users', { username: 'nora' });
	await configure({ requireUserEmail: 'true' });
	const stored = () =>
		api<{ firstName: string; email: string | null; disabled: boolean }>(page, 'GET', `/api/users/${nora.id}`);
	await page.goto('/settings/admin/users');
	const row = page.getByRole('row', { name: 'nora' });
	await row.getByRole('button', { name: 'Toggle menu' }).click();
	await page.getByRole('menuitem', { name: 'Disable' }).click();
	await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
	await expectToast(page, 'User has been disabled successfully.');
	expect((await stored()).disabled).toBe(true);
	await row.getByRole('button', { name: 'Toggle menu' }).click();
	await page.getByRole('menuitem', { name: 'Enable' }).click();
	await expectToast(page, 'User has been enabled successfully.');
	expect((await stored()).disabled).toBe(false);
	await page.getByRole('button', { name: 'Add User' }).click();
	await expect(page.getByLabel('Email', { exact: true })).toHaveAttribute('aria-required', 'true');

	await page.goto(`/settings/admin/users/${nora.id}`);
	await expect(page.getByLabel('Email', { exact: true })).not.toHaveAttribute('aria-required');
	await page.getByLabel('First name').fill('Nora');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'User updated successfully');
	expect(await stored()).toMatchObject({ firstName: 'Nora', email: null });

	// So it is where she edits herself.
	const { token } = await api<{ token: string }>(page, 'POST', `/api/users/${nora.id}/one-time-access-token`, {});
	const { page: hers } = await openTab(browser, pocketId.url);
	await useLoginLink(hers, `/lc/${token}`);
	await hers.waitForURL('/settings/account');
	await expect(hers.getByLabel('Email', { exact: true })).not.toHaveAttribute('aria-required');
	await hers.getByLabel('First name').fill('Honora');
	await hers.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(hers, 'Account details updated successfully');
	await hers.context().close();
	expect(await stored()).toMatchObject({ firstName: 'Honora', email: null });
});

test('opening sign-ups asks first', async () => {
	const stored = async () => {
		const entries = await api<{ key: string; value: string }[]>(page, 'GET', '/api/application-configuration/all');
		return entries.find(({ key }) => key === 'allowUserSignups')?.value;
	};
	await page.goto('/settings/admin/application-configuration#user-creation');
	await page.getByRole('button', { name: 'Enable User Signups' }).click();
	await page.getByRole('option', { name: 'Open Signup' }).click();
	const panel = page.locator('#application-configuration-signup-defaults');
	await panel.getByRole('button', { name: 'Save' }).click();
	const question = page.getByRole('alertdialog', { name: 'Open sign-ups to everybody?' });
	await expectAccessible(page);
	await photograph(page, 'open-signups');
	await question.getByRole('button', { name: 'Cancel' }).click();
	await expect(question).toHaveCount(0);
	expect(await stored()).toBe('disabled');
	await panel.getByRole('button', { name: 'Save' }).click();
	await page.keyboard.press('Escape');
	await expect(question).toHaveCount(0);
	expect(await stored()).toBe('disabled');
	await panel.getByRole('button', { name: 'Save' }).click();
	await question.getByRole('button', { name: 'Open sign-ups' }).click();
	await expectToast(page, 'User creation settings updated successfully.');
	expect(await stored()).toBe('open');
	// What is open already is no question any more.
	await page.getByLabel('Allowed Email Domains').fill('example.com');
	await panel.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'User creation settings updated successfully.');
	await expect(question).toHaveCount(0);
});

test('what would be refused is not asked about, and a refusal is told at its field', async () => {
	await configure({ allowUserSignups: 'disabled' });
	await page.goto('/settings/admin/application-configuration#user-creation');
	await page.reload();
	await page.getByRole('button', { name: 'Enable User Signups' }).click();
	await page.getByRole('option', { name: 'Open Signup' }).click();
	const panel = page.locator('#application-configuration-signup-defaults');
	const question = page.getByRole('alertdialog', { name: 'Open sign-ups to everybody?' });
	await panel.getByRole('button', { name: 'Add custom claim' }).click();
	await panel.getByRole('button', { name: 'Save' }).click();
	await expect(panel.getByRole('combobox', { name: 'Key 1' })).toHaveAccessibleDescription('A claim needs a key');
	await expect(panel.getByRole('combobox', { name: 'Key 1' })).toBeFocused();
	await expect(question).toHaveCount(0);
	await panel.getByRole('button', { name: 'Remove custom claim' }).click();

	const ofConfiguration = (url: URL) => url.pathname === '/api/application-configuration';
	await page.route(ofConfiguration, (route) =>
		route.request().method() === 'PATCH'
			? route.fulfill({
					status: 400,
					json: {
						error: 'Validation failed',
						code: 'validation_failed',
						details: {
							fields: [{ field: 'signupAllowedEmailDomains', code: 'invalid_format', message: 'is no list of domains' }]
						}
					}
				})
			: route.continue()
	);
	await panel.getByRole('button', { name: 'Save' }).click();
	await question.getByRole('button', { name: 'Open sign-ups' }).click();
	await expect(panel.getByLabel('Allowed Email Domains')).toHaveAccessibleDescription(/Is no list of domains$/);
	await expect(panel.getByLabel('Allowed Email Domains')).toHaveAttribute('aria-invalid', 'true');
	await page.unroute(ofConfiguration);
	await configure({ allowUserSignups: 'open' });
});

test('who may register clients cannot be changed while it is saved', async () => {
	await page.goto('/settings/admin/application-configuration#oidc');
	await page.reload();
	const card = page.getByTestId('registration-card');
	const mode = card.getByRole('button', { name: 'Who may register clients' });
	const approval = card.getByRole('switch', { name: 'Unapproved clients cannot be used' });
	const apply = card.getByRole('button', { name: 'Apply', exact: true });
	const before = await approval.isChecked();
	await approval.click();
	const answer = await hold(page, (url) => url.pathname === '/api/oidc/registration-policy');
	await apply.click();
	await expect(mode).toBeDisabled();
	await expect(approval).toBeDisabled();
	await answer();
	await expectToast(page, 'Registration policy saved');
	await expect(mode).toBeEnabled();
	await expect(approval).toBeEnabled();
	await expect(approval).toBeChecked({ checked: !before });
	await expect(apply).toBeFocused();
});

test('a registration token that somebody else deleted goes from the list', async () => {
	await api(page, 'PUT', '/api/oidc/registration-policy', { mode: 'token' });
	const { id } = await api<{ id: string }>(page, 'POST', '/api/oidc/registration-tokens', {
		name: 'Stale token',
		maxUses: 1,
		expiresAt: new Date(Date.now() + 3_600_000).toISOString()
	});
	await page.goto('/settings/admin/application-configuration#oidc');
	await page.reload();
	const card = page.getByTestId('registration-card');
	const token = card.getByRole('listitem').filter({ hasText: 'Stale token' });
	await expect(token).toBeVisible();
	await api(page, 'DELETE', `/api/oidc/registration-tokens/${id}`);
	await token.getByRole('button', { name: 'Toggle menu' }).click();
	await page.getByRole('menuitem', { name: 'Delete' }).click();
	await page.getByRole('alertdialog', { name: 'Delete Stale token' }).getByRole('button', { name: 'Delete' }).click();
	await expect(page.locator('[data-type="error"]').last()).toContainText('not found');
	await expect(token).toHaveCount(0);
	await expect(card).toContainText('No registration tokens yet');
});

test('cards whose facts cannot be had say so, and try again', async () => {
	await configure({ allowRecoveryCodes: 'true' });
	const client = await createClient(page, { name: 'Shy', callbackURLs: ['https://shy.example.com/cb'] });
	const cases = [
		{
			address: '/settings/admin/application-configuration#oidc',
			path: '/api/oidc/registration-policy',
			card: page.getByTestId('registration-card'),
			then: 'Who may register clients'
		},
		{
			address: `/settings/admin/oidc-clients/${client.id}`,
			path: `/api/oidc/clients/${client.id}/refused-authorizations`,
			card: page.getByTestId('refused-authorizations-card'),
			then: null
		},
		{
			address: '/settings/account',
			path: '/api/users/me/recovery-codes',
			card: page.locator('section', { has: page.getByRole('heading', { name: 'Recovery Codes' }) }),
			then: 'Create'
		}
	];
	for (const { address, path, card, then } of cases) {
		const repair = await breakDown(page, path);
		await page.goto(address);
		await page.reload();
		await expect(card.getByRole('alert')).toContainText('The server cannot be reached');
		if (then === 'Create') await expect(card.getByRole('button', { name: 'Create' })).toHaveCount(0);
		await expectAccessible(page);
		await photograph(page, `failed-${path.split('/').at(-1)}`);
		await card.getByRole('button', { name: 'Try again' }).click();
		await expect(card.getByRole('alert')).toBeVisible();
		// The attempt is over, or what is repaired now would let it succeed.
		await expect(card.getByRole('button', { name: 'Try again' })).toBeEnabled();
		await repair();
		await card.getByRole('button', { name: 'Try again' }).click();
		if (then === null) await expect(card).toHaveCount(0);
		else await expect(card).toContainText(then);
		await expect(card.getByRole('alert')).toHaveCount(0);
	}
});

test('settings of the environment are shown and cannot be changed', async ({ browser }) => {
	const fixed = await startPocketId({ DISABLE_RATE_LIMITING: 'true', UI_CONFIG_DISABLED: 'true', APP_NAME: 'Fixed ID' });
	try {
		const { page: tab } = await openTab(browser, fixed.url);
		await setUp(tab);
		await tab.goto('/settings/admin/application-configuration');
		await expect(tab.getByRole('alert')).toContainText('UI Configuration Disabled');
		await expect(tab.getByLabel('Application Name')).toHaveValue('Fixed ID');
		await expect(tab.getByLabel('Application Name')).toBeDisabled();
		await expectAccessible(tab);
		await photograph(tab, 'configuration-fixed');
		for (const [name, field] of [
			['General', 'Session Duration'],
			['User Creation', 'Allowed Email Domains'],
			['Email', 'SMTP Host'],
			['LDAP', 'LDAP URL']
		] as const) {
			await tab.getByRole('tab', { name }).click();
			await expect(tab.getByLabel(field)).toBeDisabled();
		}
		for (const name of ['General', 'User Creation', 'Passkeys', 'Email']) {
			await tab.getByRole('tab', { name }).click();
			await expect(tab.getByRole('tabpanel').getByRole('button', { name: 'Save' }).first()).toBeDisabled();
		}
		await expect(tab.getByRole('combobox', { name: 'User Groups' })).toHaveCount(0);
		await tab.getByRole('tab', { name: 'User Creation' }).click();
		await expect(tab.getByRole('combobox', { name: 'User Groups' })).toBeDisabled();
		await expect(tab.getByRole('button', { name: 'Enable User Signups' })).toBeDisabled();
		await tab.getByRole('tab', { name: 'OIDC' }).click();
		const registration = tab.getByTestId('registration-card');
		await expect(registration.getByRole('button', { name: 'Apply', exact: true })).toBeDisabled();
		await expect(registration.getByRole('button', { name: 'Who may register clients' })).toBeDisabled();
		await tab.context().close();
	} finally {
		await fixed.stop();
	}
});
