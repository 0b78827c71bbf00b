/*
 * The main job, told once through the UI: install, set up, sign in, add an application, let it sign people in.
 * The steps build on each other and run in order on one product.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { startClientApp } from '../support/client-app.js';
import { freePort, type Running } from '../support/process.js';
import {
	expect,
	expectAccessible,
	expectToast,
	openTab,
	signOut,
	test,
	watchForBrokenPages,
	type Page
} from '../support/test.js';
import type { Authenticator } from '../support/passkey.js';

test.use({ installation: 'story' });

test.describe.configure({ mode: 'serial' });

let page: Page;
let authenticator: Authenticator;
let brokenPages: string[];
let app: Running | undefined;
let appUrl = '';
let clientId = '';
let clientSecret = '';

test.beforeAll(async ({ browser, pocketId }) => {
	({ page, authenticator } = await openTab(browser, pocketId.url));
	brokenPages = watchForBrokenPages(page);
	appUrl = `http://127.0.0.1:${await freePort()}`;
});

test.afterAll(async () => {
	await page?.context().close();
	await app?.stop();
});

test.afterEach(() => {
	expect(brokenPages).toEqual([]);
});

const screenshots = resolve(import.meta.dirname, '../test-results/screenshots');

/** The page in light, dark, at tablet and at phone width, each free of accessibility faults. */
async function portray(name: string): Promise<void> {
	await mkdir(screenshots, { recursive: true });
	// Tooltips and toasts come and go: neither belongs into a portrait.
	await page.mouse.move(0, 0);
	await expect(page.getByText('Copied')).toHaveCount(0);
	const looks = [
		{ look: 'light', scheme: 'light', width: 1280, height: 860 },
		{ look: 'dark', scheme: 'dark', width: 1280, height: 860 },
		{ look: 'tablet', scheme: 'light', width: 820, height: 1180 },
		{ look: 'phone', scheme: 'light', width: 375, height: 780 }
	] as const;
	for (const { look, scheme, width, height } of looks) {
		await page.emulateMedia({ colorScheme: scheme });
		await page.setViewportSize({ width, height });
		await expect(page.locator('html.dark')).toHaveCount(scheme === 'dark' ? 1 : 0);
		await expectAccessible(page);
		await page.screenshot({ path: `${screenshots}/${name}-${look}.png`, fullPage: true });
		const overflow = await page.evaluate(
			() => document.documentElement.scrollWidth - document.documentElement.clientWidth
		);
		expect(overflow, `${name} fits the ${look} width`).toBeLessThanOrEqual(0);
	}
	await page.emulateMedia({ colorScheme: 'light' });
	await page.setViewportSize({ width: 1280, height: 860 });
}

/** Renews a picture of the documentation, when asked to: UPDATE_IMAGES=1. */
async function illustrate(name: string, image: string): Promise<void> {
	if (process.env.UPDATE_IMAGES !== '1') return;
	const images = resolve(import.meta.dirname, '../../docs/images');
	await mkdir(images, { recursive: true });
	await copyFile(`${screenshots}/${name}-light.png`, `${images}/${image}.png`);
}

test('a new installation offers the set-up and says so in its log', async ({ pocketId }) => {
	await expect.poll(() => pocketId.log(), 'the log names the address').toContain(`${pocketId.url}/setup`);
	await page.goto('/setup');
	await page.waitForURL('/signup/setup');
	await expect(page).toHaveTitle('Sign Up');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sign Up to Pocket ID');
	await portray('setup');
});

test('the form refuses what it cannot take, beside the field', async () => {
	await page.getByLabel('Username').fill('-ada-');
	await page.getByLabel('Email').fill('ada@');
	await page.getByRole('button', { name: 'Sign Up' }).click();
	await expect(page.getByLabel('Username')).toHaveAttribute('aria-invalid', 'true');
	await expect(page.getByLabel('Email')).toHaveAttribute('aria-invalid', 'true');
	await expect(page.getByText('Invalid email address')).toBeVisible();
	expect(page.url()).toContain('/signup/setup');
});

test('the first administrator signs up and adds a passkey', async () => {
	await page.getByLabel('Username').fill('ada');
	await page.getByLabel('Email').fill('ada@example.com');
	await page.getByLabel('First name').fill('Ada');
	await page.getByLabel('Last name').fill('Lovelace');
	await page.getByRole('button', { name: 'Sign Up' }).click();
	await page.waitForURL('/signup/add-passkey');
	await expect(page).toHaveTitle('Add Passkey');
	await expect(page.getByRole('heading', { name: 'Set up your passkey' })).toBeVisible();
	await portray('add-passkey');

	await page.getByRole('button', { name: 'Add Passkey' }).click();
	await page.waitForURL('/settings/account');
	await expect(page).toHaveTitle('Account Settings');
	await expect(page.getByText('Single Passkey Configured')).toBeVisible();

	const [credential] = await authenticator.credentials();
	expect(credential).toMatchObject({ isResidentCredential: true, rpId: 'localhost' });
});

test('the set-up is over: its page is not found', async () => {
	await page.goto('/setup');
	await page.waitForURL(/\/settings/);
	const guest = await page.context().browser()!.newContext();
	const other = await guest.newPage();
	await other.goto(new URL('/setup', page.url()).href);
	await expect(other.getByRole('heading', { name: 'Something went wrong' })).toBeVisible();
	await expect(other.getByText('Not found')).toBeVisible();
	await guest.close();
});

test('the account page keeps a passkey’s new name', async () => {
	await page.goto('/settings/account');
	await page.getByLabel('Rename').first().click();
	const dialog = page.getByRole('dialog', { name: 'Name Passkey' });
	await dialog.getByLabel('Name', { exact: true }).fill('Laptop fingerprint');
	await expectAccessible(page);
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Passkey name updated successfully');
	await page.reload();
	await expect(page.locator('[data-slot="item"]').filter({ hasText: 'Laptop fingerprint' })).toBeVisible();
});

test('the account details are saved', async () => {
	await page.getByLabel('Display Name').fill('Countess Lovelace');
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'Account details updated successfully');
	await page.reload();
	await expect(page.getByLabel('Display Name')).toHaveValue('Countess Lovelace');
	await portray('account');
	await illustrate('account', 'account');
});

test('a second passkey is added, named and deleted', async () => {
	// Another device: the same authenticator may not register twice.
	const [credential] = await authenticator.credentials();
	await authenticator.clear();
	await page.getByRole('button', { name: 'Add Passkey' }).click();
	const dialog = page.getByRole('dialog', { name: 'Name Passkey' });
	await dialog.getByLabel('Name', { exact: true }).fill('Spare key');
	await dialog.getByRole('button', { name: 'Save' }).click();
	const spare = page.locator('[data-slot="item"]').filter({ hasText: 'Spare key' });
	await expect(spare).toBeVisible();

	await spare.getByLabel('Delete').click();
	const question = page.getByRole('alertdialog', { name: 'Delete Spare key' });
	await expectAccessible(page);
	await question.getByRole('button', { name: 'Delete' }).click();
	await expectToast(page, 'Passkey deleted successfully');
	await expect(spare).toHaveCount(0);

	await authenticator.clear();
	await authenticator.add(credential!);
});

test('the language changes at once and stays', async () => {
	await page.getByLabel('Select locale').click();
	await page.getByRole('option', { name: 'Deutsch' }).click();
	await expect(page.locator('html')).toHaveAttribute('lang', 'de');
	await expect(page.getByText('Sprache', { exact: true })).toBeVisible();
	await page.reload();
	await expect(page.getByText('Sprache', { exact: true })).toBeVisible();
	await page.getByLabel('Select locale').or(page.locator('#locale')).first().click();
	await page.getByRole('option', { name: 'English' }).click();
	await expect(page.getByText('Language', { exact: true })).toBeVisible();
});

test('the theme changes at once and stays', async () => {
	const dark = page.locator('html.dark');
	await expect(dark).toHaveCount(0);
	await page.getByRole('button', { name: 'Toggle theme' }).click();
	await page.getByRole('menuitem', { name: 'Dark' }).click();
	await expect(dark).toHaveCount(1);
	await page.reload();
	await expect(dark).toHaveCount(1);
	await page.getByRole('button', { name: 'Toggle theme' }).click();
	await page.getByRole('menuitem', { name: 'System' }).click();
	await expect(dark).toHaveCount(0);
});

test('signing out and in again with the passkey, no name typed', async () => {
	await signOut(page);
	await expect(page).toHaveTitle('Sign in');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sign in to Pocket ID');
	await expect(page.getByRole('textbox')).toHaveCount(0);
	await portray('login');
	await page.getByRole('button', { name: 'Authenticate' }).click();
	await page.waitForURL('/settings/account');
	await expect(page.getByLabel('Username')).toHaveValue('ada');
});

test('a person without the passkey does not get in', async () => {
	await signOut(page);
	await authenticator.setUserVerified(false);
	await page.getByRole('button', { name: 'Authenticate' }).click();
	await expect(page.getByRole('alert')).toContainText('Please try to sign in again.');
	await expectAccessible(page);
	await authenticator.setUserVerified(true);
	await page.getByRole('button', { name: 'Try again' }).click();
	await page.waitForURL('/settings/account');
});

test('the whole sign-in works with the keyboard alone, and returns to the page wanted', async () => {
	await signOut(page);
	await page.goto('/settings/admin/users');
	await page.waitForURL('/login?redirect=%2Fsettings%2Fadmin%2Fusers');
	// The button has the focus from the start.
	await expect(page.getByRole('button', { name: 'Authenticate' })).toBeFocused();
	await page.keyboard.press('Enter');
	await page.waitForURL(/\/settings\/admin\/users(\?|$)/);
	await expect(page.getByRole('heading', { name: 'Manage Users' })).toBeVisible();
});

test('users are created, found, edited, disabled and deleted', async () => {
	await page.getByRole('button', { name: 'Add User' }).click();
	await page.getByLabel('Username').fill('grace');
	await page.getByLabel('Email').fill('grace@example.com');
	await page.getByLabel('First name').fill('Grace');
	await page.getByLabel('Last name').fill('Hopper');
	await portray('user-create');
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'User created successfully');
	const row = page.getByRole('row', { name: 'grace@example.com' });
	await expect(row).toContainText('Grace Hopper');

	// The same again is refused with words that name the field.
	await page.getByLabel('Username').fill('grace');
	await page.getByLabel('Email').fill('other@example.com');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.locator('[data-type="error"]').last()).toHaveText('Username is already in use');
	await page.reload();

	await page.getByRole('searchbox').or(page.getByPlaceholder('Search...')).first().fill('hopp');
	await expect(page.getByRole('row', { name: 'ada@example.com' })).toHaveCount(0);
	await expect(row).toBeVisible();
	await row.getByRole('button').click();
	await page.getByRole('menuitem', { name: 'Edit' }).click();
	await expect(page).toHaveTitle('User Details Grace Hopper');
	await page.getByLabel('Last name').fill('Brewster Hopper');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'User updated successfully');
	await portray('user');

	await page.getByRole('button', { name: 'Back' }).or(page.getByRole('link', { name: 'Back' })).first().click();
	await page.waitForURL(/\/settings\/admin\/users(\?|$)/);
	await row.getByRole('button').click();
	await page.getByRole('menuitem', { name: 'Disable' }).click();
	await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
	await expectToast(page, 'User has been disabled successfully.');
	await expect(row).toContainText('Disabled');
	await row.getByRole('button').click();
	await page.getByRole('menuitem', { name: 'Enable' }).click();
	await expectToast(page, 'User has been enabled successfully.');
	await portray('users');

	await row.getByRole('button').click();
	await page.getByRole('menuitem', { name: 'Delete' }).click();
	await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
	await expectToast(page, 'User deleted successfully');
	await expect(row).toHaveCount(0);
});

test('an OIDC client is added with callback URLs and PKCE', async () => {
	await page.getByRole('link', { name: 'OIDC Clients' }).click();
	await expect(page).toHaveTitle('OIDC Clients');
	await page.getByRole('button', { name: 'Add OIDC Client' }).click();
	await page.getByLabel('Name').fill('Example app');
	await page.getByRole('button', { name: 'Add' }).first().click();
	await page.getByTestId('callback-url-1').first().fill('not a url');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Invalid redirect URL')).toBeVisible();
	await page.getByTestId('callback-url-1').first().fill(`${appUrl}/callback`);
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await page.getByTestId('callback-url-1').last().fill(`${appUrl}/signed-out`);
	await page.getByRole('switch', { name: 'PKCE' }).click();
	await portray('client-create');
	await page.getByRole('button', { name: 'Save' }).click();
	await expectToast(page, 'OIDC client created successfully');
	await page.waitForURL(/\/settings\/admin\/oidc-clients\/[^#]+/);
	await expect(page).toHaveTitle('OIDC Client Example app');
});

test('the client secret is shown once', async () => {
	await page.getByRole('tab', { name: 'Credentials' }).click();
	const rows = page.getByTestId('client-secret-row');
	const before = await rows.count();
	await page.getByRole('button', { name: 'Add client secret' }).click();
	await expectToast(page, 'New client secret created successfully');
	await expect(rows).toHaveCount(before + 1);
	const shown = page.getByTestId('client-secret').first();
	await shown.getByRole('button').click();
	clientSecret = await page.evaluate(() => navigator.clipboard.readText());
	expect(clientSecret).toMatch(/^[A-Za-z0-9]{32}$/);
	await portray('client-credentials');

	await page.reload();
	await expect(page.getByTestId('client-secret').first()).toContainText(`${clientSecret.slice(0, 4)}••••••••`);
	expect(await page.content()).not.toContain(clientSecret);
});

test('the endpoints panel gives an application what it asks for', async ({ pocketId }) => {
	await page.getByRole('tab', { name: 'General' }).click();
	clientId = (await page.getByTestId('client-id').innerText()).trim();
	expect(clientId).toMatch(/^[0-9a-f-]{36}$/);
	await page.getByRole('button', { name: 'Show more details' }).click();
	const panel = page.locator('dl');
	for (const [label, path] of [
		['Issuer URL', ''],
		['Authorization URL', '/authorize'],
		['OIDC Discovery URL', '/.well-known/openid-configuration'],
		['Token URL', '/api/oidc/token'],
		['Userinfo URL', '/api/oidc/userinfo'],
		['Logout URL', '/api/oidc/end-session'],
		['Certificate URL', '/.well-known/jwks.json']
	] as const) {
		await expect(panel.getByText(label, { exact: true })).toBeVisible();
		await expect(panel.getByRole('button', { name: pocketId.url + path, exact: true })).toBeVisible();
	}
	await panel.getByRole('button', { name: `${pocketId.url}/api/oidc/token` }).click();
	expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${pocketId.url}/api/oidc/token`);
	await portray('client');
	await illustrate('client', 'oidc-client');
});

test('the client is edited and the list shows it', async () => {
	await page.getByLabel('Description').fill('An app for the tests');
	await page.getByRole('button', { name: 'Save' }).first().click();
	await expectToast(page, 'OIDC client updated successfully');
	await page.reload();
	await expect(page.getByLabel('Description')).toHaveValue('An app for the tests');
	await expect(page.getByRole('switch', { name: 'PKCE' })).toBeChecked();
	await page.getByRole('link', { name: 'OIDC Clients' }).click();
	await expect(page.getByRole('row', { name: 'Example app' })).toBeVisible();
	await portray('clients');
});

test('the application signs the person in, after asking for consent', async ({ pocketId }) => {
	app = await startClientApp('openid-client', {
		issuer: pocketId.url,
		port: Number(new URL(appUrl).port),
		clientId,
		clientSecret,
		authMethod: 'client_secret_basic'
	});
	await page.goto(appUrl);
	await page.getByRole('link', { name: 'Log in' }).click();
	await expect(page).toHaveTitle('Sign in to Example app');
	const scopes = page.getByTestId('scopes');
	await expect(scopes).toContainText('Email');
	await expect(scopes).not.toContainText('openid');
	await portray('consent');
	await illustrate('consent', 'consent');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.waitForURL(`${appUrl}/`);
	await expect(page.getByText('Signed in as Ada Lovelace')).toBeVisible();
});

test('a redirect address that is not registered never gets anything', async ({ pocketId }) => {
	const foreign = 'https://evil.example.com/callback';
	await page.goto(
		`${pocketId.url}/authorize?response_type=code&client_id=${clientId}&scope=openid` +
			`&redirect_uri=${encodeURIComponent(foreign)}&state=abcdefgh`
	);
	expect(new URL(page.url()).origin).toBe(pocketId.url);
	await expect(page).toHaveTitle('Error');
	await expect(page.getByText(foreign)).toBeVisible();
	await expect(page.getByText(`${appUrl}/callback`)).toBeVisible();
	await portray('redirect-error');
});

test('an application nobody registered is refused on our page', async ({ pocketId }) => {
	await page.goto(
		`${pocketId.url}/authorize?response_type=code&client_id=nobody&scope=openid` +
			`&redirect_uri=${encodeURIComponent(`${appUrl}/callback`)}&state=abcdefgh`
	);
	expect(new URL(page.url()).origin).toBe(pocketId.url);
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Error');
});

test('a replayed code is refused by the application’s library', async () => {
	// Signing in again needs no click; the callback address is then used a second time.
	let callback = '';
	page.on('request', (request) => {
		if (request.url().startsWith(`${appUrl}/callback?`)) callback ||= request.url();
	});
	await page.goto(`${appUrl}/login`);
	await page.waitForURL(`${appUrl}/`);
	expect(callback).toContain('code=');
	const again = await page.goto(callback);
	expect(again?.status()).toBe(500);
});

test('an administrator can neither disable nor delete himself', async () => {
	await page.goto('/settings/admin/users');
	await page.getByRole('row', { name: 'ada@example.com' }).getByRole('button').click();
	await expect(page.getByRole('menuitem', { name: 'Disable' })).toHaveAttribute('aria-disabled', 'true');
	await expect(page.getByRole('menuitem', { name: 'Delete' })).toHaveAttribute('aria-disabled', 'true');
	await page.keyboard.press('Escape');
});

test('a sign-in that has expired or never began says so', async () => {
	await page.goto('/interaction?interaction=00000000-0000-4000-8000-000000000000');
	await expect(page.getByRole('heading', { name: 'Something went wrong' })).toBeVisible();
	await expectAccessible(page);
	await page.goto('/interaction');
	await expect(page.getByText('Missing authorize interaction')).toBeVisible();
});

test('signing out at the application comes back to it', async () => {
	await page.goto(appUrl);
	await page.getByRole('link', { name: 'Log out' }).click();
	await page.waitForURL(/\/signed-out/);
	await expect(page.getByText('Signed out')).toBeVisible();
	await page.goto('/settings/account');
	await page.waitForURL(/\/login\?redirect=/);
});

test('the sign-out page asks first', async () => {
	await page.getByRole('button', { name: 'Authenticate' }).click();
	await page.waitForURL('/settings/account');
	await page.goto('/logout');
	await expect(page).toHaveTitle('Logout');
	await expect(page.getByRole('paragraph').filter({ hasText: 'ada' })).toBeVisible();
	await portray('logout');
	await page.getByRole('button', { name: 'Sign out' }).click();
	await page.waitForURL('/login?redirect=%2F');
	// Where applications send people that are signed out.
	await page.goto('/logout');
	await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
	await page.getByRole('link', { name: 'Sign in' }).click();
	await page.waitForURL('/login');
});

test('an unknown address says so', async () => {
	await page.goto('/nowhere');
	await page.waitForURL(/\/login\?redirect=%2Fnowhere/);
	await page.getByRole('button', { name: 'Authenticate' }).click();
	await expect(page.getByRole('heading', { name: 'Something went wrong' })).toBeVisible();
	await expect(page.getByText('Not Found')).toBeVisible();
	await portray('not-found');
});

test('everything is still there after a restart, also the session', async ({ pocketId }) => {
	await pocketId.restart();
	await page.goto('/settings/admin/oidc-clients');
	await expect(page.getByRole('row', { name: 'Example app' })).toBeVisible();
	await page.goto(`${appUrl}/login`);
	await page.waitForURL(`${appUrl}/`);
	await expect(page.getByText('Signed in as Ada Lovelace')).toBeVisible();
});

test('the log holds no code, no token and no secret', async ({ pocketId }) => {
	const log = pocketId.log();
	expect(log).toContain('HTTP request completed');
	expect(log).not.toContain(clientSecret);
	expect(log).not.toMatch(/[?&](code|id_token_hint|state)=/);
});
