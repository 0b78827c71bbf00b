/* What the provider grew beyond a plain sign-in: devices, protocol settings, token preview, registration. */
import { createClient, expect, expectAccessible, expectToast, openTab, setUp, test, api, type Page } from '../support/test.js';
import { photograph } from '../support/photograph.js';

test.use({ installation: 'provider' });

let admin: Page;

test.beforeAll(async ({ browser, pocketId }) => {
	admin = (await openTab(browser, pocketId.url)).page;
	await setUp(admin);
});

test.afterAll(async () => {
	await admin.context().close();
});

interface Started {
	device_code: string;
	user_code: string;
	verification_uri_complete: string;
}

async function startDevice(url: string, client: { id: string; secret?: string }): Promise<Started> {
	const body = new URLSearchParams({
		client_id: client.id,
		client_secret: client.secret ?? '',
		scope: 'openid profile email'
	});
	const response = await fetch(`${url}/api/oidc/device/authorize`, { method: 'POST', body });
	expect(response.status).toBe(200);
	return (await response.json()) as Started;
}

async function poll(url: string, client: { id: string; secret?: string }, code: string) {
	const body = new URLSearchParams({
		grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
		device_code: code,
		client_id: client.id,
		client_secret: client.secret ?? ''
	});
	const response = await fetch(`${url}/api/oidc/token`, { method: 'POST', body });
	return (await response.json()) as { error?: string; access_token?: string };
}

test('a television is let in with the code it shows', async ({ pocketId }) => {
	const client = await createClient(admin, { name: 'Television', callbackURLs: [] });
	const started = await startDevice(pocketId.url, client);
	expect((await poll(pocketId.url, client, started.device_code)).error).toBe('authorization_pending');

	await admin.goto('/device');
	await expect(admin.getByRole('heading', { name: 'Authorize Device' })).toBeVisible();
	await expect(admin.getByRole('button', { name: 'Authorize' })).toBeDisabled();
	await expectAccessible(admin);
	await photograph(admin, 'device-enter');
	await admin.getByRole('textbox', { name: 'Code' }).fill(started.user_code.toLowerCase());
	await admin.getByRole('button', { name: 'Authorize' }).click();
	await expect(admin.getByTestId('scopes')).toContainText('Email');
	await expectAccessible(admin);
	await photograph(admin, 'device-consent');
	await admin.getByRole('button', { name: 'Authorize' }).click();
	await expect(admin.getByText('The device has been authorized.')).toBeVisible();
	await photograph(admin, 'device-done');
	expect((await poll(pocketId.url, client, started.device_code)).access_token).toBeTruthy();

	// Agreed to before, a link still lets nobody's device in without a click: its sender may be somebody else.
	const again = await startDevice(pocketId.url, client);
	await admin.goto(again.verification_uri_complete);
	await expect(admin.getByRole('alert')).toContainText('your device shows this code');
	await expect(admin.getByTestId('device-code')).toHaveText(
		`${again.user_code.slice(0, 4)} - ${again.user_code.slice(4)}`
	);
	await expectAccessible(admin);
	await photograph(admin, 'device-link');
	expect((await poll(pocketId.url, client, again.device_code)).error).toMatch(/authorization_pending|slow_down/);
	await admin.getByRole('button', { name: 'Authorize' }).click();
	await expect(admin.getByText('The device has been authorized.')).toBeVisible();
});

test('a device can be turned away, and a wrong code is said to be wrong', async ({ pocketId }) => {
	const client = await createClient(admin, { name: 'Stranger', callbackURLs: [] });
	const started = await startDevice(pocketId.url, client);
	await admin.goto('/device');
	await admin.getByRole('textbox', { name: 'Code' }).fill('EAAAAAAA');
	await admin.getByRole('button', { name: 'Authorize' }).click();
	await expect(admin.getByRole('alert')).toHaveText('Device code is invalid. Please try again.');
	await expect(admin.getByRole('link', { name: 'Cancel' })).toBeVisible();
	await expectAccessible(admin);
	await photograph(admin, 'device-failed');
	await expect(admin.getByRole('button', { name: 'Try again' })).toBeFocused();
	await admin.getByRole('button', { name: 'Try again' }).click();
	await expect(admin.getByRole('textbox', { name: 'Code' })).toHaveValue('');
	await expect(admin.getByRole('textbox', { name: 'Code' })).toBeFocused();
	await expect(admin.getByRole('button', { name: 'Authorize' })).toBeDisabled();
	await admin.goto(started.verification_uri_complete);
	await admin.getByRole('button', { name: 'Deny' }).click();
	await expect(admin.getByRole('status')).toContainText('turned away');
	expect((await poll(pocketId.url, client, started.device_code)).error).toBe('access_denied');
});

test('the data preview says what a client would learn and why', async () => {
	const client = await createClient(admin, { name: 'Curious', callbackURLs: [] });
	for (const username of ['bob', 'carol']) {
		await api(admin, 'POST', '/api/users', { username, email: `${username}@example.com`, firstName: username });
	}
	await admin.goto(`/settings/admin/oidc-clients/${client.id}#preview`);
	await admin.getByTestId('preview-card').getByRole('button', { name: 'Show' }).click();
	const dialog = admin.getByRole('dialog', { name: 'OIDC Data Preview' });
	const claim = (name: RegExp) => dialog.getByRole('row', { name });
	await expect(dialog.getByRole('heading', { name: 'ID Token Payload' })).toBeVisible();
	await expect(claim(/^email ada@example.com User account/)).toBeVisible();
	await expect(claim(/^iss .* OIDC protocol/)).toBeVisible();
	await expect(claim(/^groups/)).toHaveCount(0);
	await expectAccessible(admin);
	await photograph(admin, 'client-preview');

	// Each choice asks again.
	await dialog.getByRole('combobox', { name: 'Users: ada' }).click();
	await admin.getByPlaceholder('Search...').fill('car');
	await expect(admin.getByRole('option')).toHaveText(['carol']);
	await admin.getByRole('option', { name: 'carol' }).click();
	await expect(claim(/^email carol@example.com User account/)).toBeVisible();
	await dialog.getByRole('combobox', { name: 'Scopes' }).click();
	await expect(admin.getByRole('option', { name: 'profile' })).toHaveAttribute('aria-checked', 'true');
	await admin.getByRole('option', { name: 'email' }).click();
	await admin.getByRole('option', { name: 'groups' }).click();
	await expectAccessible(admin);
	await admin.keyboard.press('Escape');
	await expect(claim(/^email/)).toHaveCount(0);
	await expect(claim(/^groups \[\] Groups of the user/)).toBeVisible();

	await dialog.getByRole('tab', { name: 'Userinfo' }).click();
	await expect(dialog.getByRole('heading', { name: 'Userinfo Endpoint Response' })).toBeVisible();
	await expect(dialog.getByRole('columnheader', { name: 'Comes from' })).toBeVisible();
	await expect(claim(/^sub .* User account/)).toBeVisible();
	await dialog.getByRole('button', { name: 'Copy All' }).click();
	const copied = JSON.parse(await admin.evaluate(() => navigator.clipboard.readText())) as Record<string, unknown>;
	expect(copied).toMatchObject({ preferred_username: 'carol', groups: [] });
	await claim(/^preferred_username/).getByRole('button', { name: 'carol' }).click();
	await expect.poll(() => admin.evaluate(() => navigator.clipboard.readText())).toBe('carol');
	await dialog.getByRole('tab', { name: 'Access Token' }).click();
	await expect(dialog.getByRole('heading', { name: 'Access Token Payload' })).toBeVisible();
	await expect(dialog.getByRole('columnheader', { name: 'Comes from' })).toBeVisible();
	await expect(claim(/^scope openid profile groups OIDC protocol/)).toBeVisible();
	await expect(claim(/^client_id .* OIDC protocol/)).toBeVisible();
	await expect(claim(/^sub .* User account/)).toBeVisible();
	await photograph(admin, 'client-preview-access-token');
	await dialog.getByRole('button', { name: 'Close' }).click();
	await expect(dialog).toBeHidden();
});

test('a client has twenty secrets at most, and is told so', async () => {
	const client = await createClient(admin, { name: 'Hoarder', callbackURLs: [] });
	for (let n = 1; n < 20; n++) await api(admin, 'POST', `/api/oidc/clients/${client.id}/secrets`, {});
	await admin.goto(`/settings/admin/oidc-clients/${client.id}`);
	await admin.getByRole('tab', { name: 'Credentials' }).click();
	await expect(admin.getByText('A client can have at most 20 secrets. Delete one to add another.')).toBeVisible();
	await expectAccessible(admin);
});

test('the data preview says so when a user may not use the client', async () => {
	const client = await createClient(admin, { name: 'Closed', callbackURLs: [], isGroupRestricted: true });
	await admin.goto(`/settings/admin/oidc-clients/${client.id}`);
	await admin.getByRole('tab', { name: 'OIDC Data Preview' }).click();
	await admin.getByRole('button', { name: 'Show', exact: true }).click();
	const dialog = admin.getByRole('dialog', { name: 'OIDC Data Preview' });
	await expect(dialog.getByRole('alert')).toContainText('Error');
	await expect(dialog.getByRole('alert')).toContainText('The user is not allowed to use this client');
	await expectAccessible(admin);
	await dialog.getByRole('button', { name: 'Close' }).click();
});

test('an app registers itself, is marked, and is approved', async ({ pocketId }) => {
	await admin.goto('/settings/admin/application-configuration#oidc');
	const card = admin.getByTestId('registration-card');
	await card.getByRole('combobox', { name: 'Who may register clients' }).or(card.getByLabel('Who may register clients')).first().click();
	await admin.getByRole('option', { name: 'Everybody' }).click();
	await expect(card.getByText('Every application that can reach this server adds itself.')).toBeVisible();
	const apply = card.getByRole('button', { name: 'Apply', exact: true });
	const question = admin.getByRole('alertdialog', { name: 'Let everybody register clients?' });
	const stored = () =>
		api<{ mode: string; requiresApproval: boolean }>(admin, 'GET', '/api/oidc/registration-policy');
	await apply.click();
	await expect(question).toContainText('People are warned');
	await expectAccessible(admin);
	await photograph(admin, 'open-registration');
	await question.getByRole('button', { name: 'Cancel' }).click();
	await expect(question).toHaveCount(0);
	expect((await stored()).mode).toBe('disabled');
	await apply.click();
	await question.getByRole('button', { name: 'Open registration' }).click();
	await expectToast(admin, 'Registration policy saved');
	expect((await stored()).mode).toBe('open');
	// What is open already is no question any more.
	await card.getByRole('switch', { name: 'Unapproved clients cannot be used' }).click();
	await apply.click();
	await expect.poll(async () => (await stored()).requiresApproval).toBe(true);
	await expect(apply).toBeEnabled();
	await card.getByRole('switch', { name: 'Unapproved clients cannot be used' }).click();
	await apply.click();
	await expect.poll(async () => (await stored()).requiresApproval).toBe(false);
	await expect(apply).toBeEnabled();
	await expect(question).toHaveCount(0);
	await expect(card.getByText('No registration tokens yet')).toBeVisible();
	await expect(card.getByLabel('Uses')).toHaveAccessibleDescription('How many clients can be registered with it.');
	await card.getByLabel('Name').fill('Continuous integration');
	await card.getByRole('button', { name: 'Create Registration Token' }).click();
	await expect(card.getByText('Copy the token now')).toBeVisible();
	await expectAccessible(admin);
	await photograph(admin, 'registration');

	const answer = await fetch(`${pocketId.url}/api/oidc/register`, {
		method: 'POST',
		headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify({ redirect_uris: ['https://self.example/cb'], client_name: 'Self made' })
	});
	expect(answer.status).toBe(201);
	const { client_id } = (await answer.json()) as { client_id: string };
	const authorize = `/authorize?client_id=${client_id}&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Fself.example%2Fcb&state=12345678`;
	await admin.goto(authorize);
	await expect(admin.getByText('This app registered itself')).toBeVisible();
	await photograph(admin, 'consent-unapproved');

	await admin.goto('/settings/admin/oidc-clients');
	await expect(admin.getByText('Unapproved', { exact: true })).toBeVisible();
	await admin.goto(`/settings/admin/oidc-clients/${client_id}`);
	await admin.getByRole('button', { name: 'Approve' }).click();
	await expectToast(admin, 'Client approved');
	await expect(admin.getByText('This app registered itself')).toBeHidden();
});

test('an app that registered itself names its policy and terms, as links and nothing more', async ({ pocketId }) => {
	const register = async (name: string, addresses: Record<string, string>) => {
		const answer = await fetch(`${pocketId.url}/api/oidc/register`, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ redirect_uris: ['https://self.example/cb'], client_name: name, ...addresses })
		});
		return { status: answer.status, body: (await answer.json()) as { client_id: string; error?: string } };
	};
	for (const address of ['javascript:alert(1)', 'data:text/html,hello', 'not an address']) {
		const refused = await register('Evil', { policy_uri: address });
		expect([refused.status, refused.body.error], address).toEqual([400, 'invalid_client_metadata']);
	}
	// Nobody answers there: an app without its logo is let in all the same, and shows none.
	const documented = await register('Self made with papers', {
		logo_uri: 'https://self.example/logo.png',
		policy_uri: 'https://self.example/policy',
		tos_uri: 'https://self.example/terms?a=1&b=2'
	});
	const bare = await register('Self made without', {});
	const authorize = (id: string) =>
		`/authorize?client_id=${id}&response_type=code&scope=openid%20email&redirect_uri=https%3A%2F%2Fself.example%2Fcb&state=12345678`;

	await admin.goto(authorize(documented.body.client_id));
	await expect(admin.getByRole('heading', { name: 'Sign in to Self made with papers' })).toBeVisible();
	for (const [name, href] of [
		['Privacy policy', 'https://self.example/policy'],
		['Terms of service', 'https://self.example/terms?a=1&b=2']
	] as const) {
		const link = admin.getByRole('link', { name, exact: true });
		await expect(link).toHaveAttribute('href', href);
		await expect(link).toHaveAttribute('target', '_blank');
		await expect(link).toHaveAttribute('rel', /\bnoopener\b/);
	}
	// Nothing of the app's own is loaded into our page: a picture would tell it who is here.
	const sources = await admin.locator('img').evaluateAll((all) => all.map((one) => (one as HTMLImageElement).src));
	expect(sources.filter((source) => new URL(source).origin !== pocketId.url)).toEqual([]);
	await expectAccessible(admin);
	await photograph(admin, 'consent-documents');

	await admin.goto(authorize(bare.body.client_id));
	await expect(admin.getByRole('heading', { name: 'Sign in to Self made without' })).toBeVisible();
	await expect(admin.getByRole('link', { name: 'Privacy policy' })).toHaveCount(0);
	await expect(admin.getByRole('link', { name: 'Terms of service' })).toHaveCount(0);
});

test('contact details stay out of the way until somebody needs them', async () => {
	const me = await api<{ id: string }>(admin, 'GET', '/api/users/me');
	await admin.goto(`/settings/admin/users/${me.id}`);
	await expect(admin.getByLabel('Phone Number')).toBeHidden();
	await admin.getByRole('button', { name: 'Add contact details' }).click();
	await admin.getByLabel('Phone Number', { exact: true }).fill('+49 30 123');
	await admin.getByLabel('City').fill('Berlin');
	await expectAccessible(admin);
	await photograph(admin, 'user-contact');
	await admin.getByTestId('contact-card').getByRole('button', { name: 'Save' }).click();
	await expectToast(admin, 'User updated successfully');
	await admin.reload();
	await expect(admin.getByLabel('City')).toHaveValue('Berlin');
});
