/* Passkeys beyond the first sign-in: autofill, copies, proofs asked for again, what password managers are told. */
import { photograph } from '../support/photograph.js';
import type { Authenticator } from '../support/passkey.js';
import {
	api,
	createClient,
	expect,
	expectAccessible,
	expectToast,
	openTab,
	setUp,
	signOut,
	test,
	watchForBrokenPages,
	type Page
} from '../support/test.js';

test.use({ installation: 'passkeys' });
test.describe.configure({ mode: 'serial' });

interface Signal {
	kind: string;
	options: Record<string, unknown>;
}

let ada: Page;
let reader: Authenticator;
let problems: string[];

/** What the page told password managers. */
const signals = (page: Page) => page.evaluate(() => (window as unknown as { signals: Signal[] }).signals);

async function recordSignals(page: Page): Promise<void> {
	await page.addInitScript(() => {
		if (typeof PublicKeyCredential === 'undefined') return;
		const heard: Signal[] = [];
		(window as unknown as { signals: Signal[] }).signals = heard;
		for (const kind of ['signalUnknownCredential', 'signalAllAcceptedCredentials', 'signalCurrentUserDetails']) {
			(PublicKeyCredential as unknown as Record<string, unknown>)[kind] = async (options: Record<string, unknown>) => {
				heard.push({ kind, options });
			};
		}
	});
}

test.beforeAll(async ({ browser, pocketId }) => {
	({ page: ada, authenticator: reader } = await openTab(browser, pocketId.url));
	problems = watchForBrokenPages(ada);
	await recordSignals(ada);
	await setUp(ada);
});

test.afterAll(async () => {
	await ada.context().close();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

test('the account page tells password managers what the account has', async () => {
	await expect(ada.getByText('Single Passkey Configured')).toBeVisible();
	const me = await api<{ id: string }>(ada, 'GET', '/api/users/me');
	const [passkey] = await api<{ credentialID: string }[]>(ada, 'GET', '/api/webauthn/credentials');
	const userId = Buffer.from(me.id).toString('base64url');
	expect(await signals(ada)).toEqual([
		{
			kind: 'signalAllAcceptedCredentials',
			options: { rpId: 'localhost', userId, allAcceptedCredentialIds: [passkey?.credentialID] }
		},
		{
			kind: 'signalCurrentUserDetails',
			options: { rpId: 'localhost', userId, name: 'ada', displayName: 'Ada Lovelace' }
		}
	]);
});

test('a new name reaches password managers at once', async () => {
	const me = await api<{ id: string }>(ada, 'GET', '/api/users/me');
	const rename = async (username: string, displayName: string) => {
		await ada.getByLabel('Username').fill(username);
		await ada.getByLabel('Display name').fill(displayName);
		await ada.getByRole('button', { name: 'Save' }).first().click();
		await expectToast(ada, 'Account details updated successfully');
		await expect
			.poll(async () => (await signals(ada)).at(-1))
			.toEqual({
				kind: 'signalCurrentUserDetails',
				options: {
					rpId: 'localhost',
					userId: Buffer.from(me.id).toString('base64url'),
					name: username,
					displayName
				}
			});
	};
	await rename('countess', 'The Countess');
	await rename('ada', 'Ada Lovelace');
});

test('the browser offers its passkeys in a field, and the button still works', async () => {
	await signOut(ada);
	const field = ada.getByRole('combobox', { name: 'Choose a saved passkey' });
	await expect(field).toHaveAttribute('autocomplete', 'username webauthn');
	await expectAccessible(ada);
	await photograph(ada, 'login-with-autofill');

	// The virtual authenticator stands for a person who picks the passkey the browser lists.
	await field.focus();
	await ada.waitForURL('/settings/account');
	await expect(ada.getByText(/Last used on/)).toBeVisible();

	await signOut(ada);
	await ada.getByRole('button', { name: 'Authenticate' }).click();
	await ada.waitForURL('/settings/account');
});

test('a waiting offer does not get into the way of the button', async () => {
	await signOut(ada);
	const [credential] = await reader.credentials();
	await reader.clear();
	const field = ada.getByRole('combobox', { name: 'Choose a saved passkey' });
	await field.focus();
	await field.pressSequentially('ada');
	await expect(field).toHaveValue('');
	// The button's own prompt takes over; with no passkey at hand it fails, and says so.
	await ada.getByRole('button', { name: 'Authenticate' }).click();
	await expect(ada.getByRole('alert')).toBeVisible();
	if (credential) await reader.add(credential);
	await ada.getByRole('button', { name: 'Try again' }).click();
	await ada.waitForURL('/settings/account');
});

test('a removal asks for the passkey again when the sign-in was too long ago', async () => {
	const [first] = await reader.credentials();
	await reader.clear();
	await ada.getByRole('button', { name: 'Add Passkey' }).click();
	const naming = ada.getByRole('dialog', { name: 'Name Passkey' });
	await naming.getByLabel('Name').fill('Spare');
	await naming.getByRole('button', { name: 'Save' }).click();
	await expectToast(ada, 'Passkey name updated successfully');
	const [spare] = await reader.credentials();
	await reader.clear();
	if (first) await reader.add(first);

	let asked = 0;
	await ada.route('**/api/webauthn/credentials/*', async (route) => {
		if (route.request().method() === 'DELETE' && asked++ === 0) {
			await route.fulfill({
				status: 401,
				json: { error: 'Reauthentication is required', code: 'reauthentication_required', request_id: '' }
			});
		} else await route.continue();
	});
	const proof = ada.waitForResponse('**/api/webauthn/reauthenticate');
	await ada.getByRole('listitem').filter({ hasText: 'Spare' }).getByRole('button', { name: 'Delete' }).click();
	await ada.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
	expect((await proof).status()).toBe(204);
	await expectToast(ada, 'Passkey deleted successfully');
	expect(asked).toBe(2);
	// What the account still has is all that password managers keep.
	await expect
		.poll(async () => (await signals(ada)).findLast(({ kind }) => kind === 'signalAllAcceptedCredentials')?.options)
		.toMatchObject({
			rpId: 'localhost',
			allAcceptedCredentialIds: [Buffer.from(first?.credentialId ?? '', 'base64').toString('base64url')]
		});
	await ada.unroute('**/api/webauthn/credentials/*');

	// The browser that still has the deleted one is told, when somebody tries it.
	await signOut(ada);
	await reader.clear();
	if (spare) await reader.add(spare);
	await ada.getByRole('button', { name: 'Authenticate' }).click();
	await expect(ada.getByRole('alert')).toBeVisible();
	expect((await signals(ada)).at(-1)).toEqual({
		kind: 'signalUnknownCredential',
		options: { rpId: 'localhost', credentialId: Buffer.from(spare?.credentialId ?? '', 'base64').toString('base64url') }
	});
	await reader.clear();
	if (first) await reader.add(first);
});

test('a copied passkey is refused, and its owner sees it', async ({ browser, pocketId }) => {
	await ada.goto('/login');
	const [copy] = await reader.credentials();
	await ada.getByRole('button', { name: 'Authenticate' }).click();
	await ada.waitForURL('/settings/account');
	await expect(ada.getByText(/may have been copied/)).toHaveCount(0);

	const { page: thief, authenticator } = await openTab(browser, pocketId.url);
	if (copy) await authenticator.copy(copy);
	await thief.goto('/login');
	await thief.getByRole('button', { name: 'Authenticate' }).click();
	await expect(thief.getByRole('alert')).toBeVisible();
	await expect(thief).toHaveURL(/\/login/);
	await thief.context().close();

	await ada.reload();
	await expect(ada.getByText(/may have been copied/)).toBeVisible();
	await expectAccessible(ada);
	await photograph(ada, 'copied-passkey');
});

test('a client that needs a passkey that stays on its device says so and takes it', async () => {
	const client = await createClient(ada, { name: 'Vault', callbackURLs: ['https://vault.example/cb'], pkceEnabled: false });
	await ada.goto(`/settings/admin/oidc-clients/${client.id}`);
	await ada.getByRole('tab', { name: 'Advanced' }).click();
	const card = ada.getByTestId('protocol-card');
	await card.getByRole('button', { name: 'Sign-in Strength', exact: true }).click();
	await card.getByRole('button', { name: 'Minimum Passkey' }).click();
	await ada.getByRole('option', { name: 'Listed authenticator models' }).click();
	const models = card.getByRole('textbox', { name: 'Authenticator Models' });
	await models.fill('YubiKey');
	await card.getByRole('button', { name: 'Save' }).click();
	await expect(card.getByText('Enter AAGUIDs, separated by commas')).toBeVisible();
	// What is not shown is not looked at.
	await card.getByRole('button', { name: 'Minimum Passkey' }).click();
	await ada.getByRole('option', { name: 'Any sign-in' }).click();
	await card.getByLabel('Maximum Age of a Sign-in (seconds)').fill('86400');
	await card.getByRole('button', { name: 'Save' }).click();
	await expectToast(ada, 'OIDC client updated successfully');
	await card.getByRole('button', { name: 'Minimum Passkey' }).click();
	await ada.getByRole('option', { name: 'Listed authenticator models' }).click();
	await models.fill('2FC0579F-8113-47EA-B116-BB5A8DB9202A');
	await expectAccessible(ada);
	await photograph(ada, 'client-minimum-passkey');
	const saved = ada.waitForResponse((response) => response.request().method() === 'PUT');
	await card.getByRole('button', { name: 'Save' }).click();
	expect((await saved).status()).toBe(200);
	const stored = await api<{ protocol: Record<string, unknown> }>(ada, 'GET', `/api/oidc/clients/${client.id}`);
	expect(stored.protocol).toMatchObject({
		minimumPasskey: 'models',
		allowedAuthenticatorModels: ['2fc0579f-8113-47ea-b116-bb5a8db9202a']
	});

	const query = new URLSearchParams({
		client_id: client.id,
		response_type: 'code',
		scope: 'openid',
		redirect_uri: 'https://vault.example/cb'
	});
	await ada.goto(`/authorize?${query}`);
	await expect(ada.getByText('Vault takes only certain models of authenticators.')).toBeVisible();
	await expectAccessible(ada);
	await photograph(ada, 'interaction-other-passkey');
	await ada.getByRole('button', { name: 'Sign in' }).click();
	await expect(ada.getByRole('alert')).toHaveText('This app does not take the passkey you used. Use another one.');

	// The administrator is content with a passkey that stays on its device: the virtual one is such.
	await api(ada, 'PUT', `/api/oidc/clients/${client.id}`, {
		name: 'Vault',
		callbackURLs: ['https://vault.example/cb'],
		protocol: { minimumPasskey: 'device_bound' }
	});
	const tab = await ada.context().newPage();
	await tab.goto(`/authorize?${query}`);
	await expect(tab.getByText('wants to access')).toBeVisible();
	// Nobody listens there; what the browser asks for is enough.
	const arrival = tab.waitForRequest((request) => request.url().startsWith('https://vault.example/cb?'));
	await tab.getByRole('button', { name: 'Sign in' }).click();
	expect(new URL((await arrival).url()).searchParams.get('code')).toBeTruthy();
	await tab.close();
});

test('rules about authenticator models are set in the application configuration', async () => {
	await ada.goto('/settings/admin/application-configuration');
	await ada.getByRole('tab', { name: 'Passkeys' }).click();
	const card = ada.locator('#application-configuration-passkeys');
	await card.getByLabel('Denied models').fill('nonsense');
	await card.getByRole('button', { name: 'Save' }).click();
	await expect(card.getByText('Enter AAGUIDs, separated by commas')).toBeVisible();
	await card.getByLabel('Denied models').fill('2fc0579f-8113-47ea-b116-bb5a8db9202a');
	await expectAccessible(ada);
	await photograph(ada, 'configuration-passkeys');
	await card.getByRole('button', { name: 'Save' }).click();
	await expectToast(ada, 'Passkey configuration updated successfully');
	const options = await api<{ attestation?: string }>(ada, 'GET', '/api/webauthn/register/start');
	expect(options.attestation).toBe('direct');
});

test('own login codes can be switched off', async () => {
	await ada.goto('/settings/admin/application-configuration');
	await ada.getByRole('switch', { name: 'Allow own login codes' }).click();
	await ada.locator('#application-configuration-general').getByRole('button', { name: 'Save' }).click();
	await expectToast(ada, 'Application configuration updated successfully');
	await photograph(ada, 'configuration-general');
	await ada.goto('/settings/account');
	await expect(ada.getByRole('heading', { name: 'Passkeys', exact: true })).toBeVisible();
	await expect(ada.getByRole('heading', { name: 'Login Code' })).toHaveCount(0);
});
